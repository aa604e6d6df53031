"""Many askers, one question: whoever asks while an answer is being fetched shares the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar
from uuid import UUID

V = TypeVar("V")
Fetch = Callable[[Collection[UUID]], Awaitable[Mapping[UUID, V]]]


class Gathering(Generic[V]):
    """Fetches what is asked for in batches, one at a time, without making a lone asker wait."""

    def __init__(self, fetch: Fetch[V]) -> None:
        self._fetch = fetch
        self._one_at_a_time = asyncio.Lock()
        self._wanted: set[UUID] = set()
        self._next: asyncio.Task[Mapping[UUID, V]] | None = None

    async def get(self, key: UUID) -> V | None:
        """What is known of `key` at a moment after this call; errors reach everybody who shared it."""
        if self._next is None:
            self._next = asyncio.create_task(self._answer())
        self._wanted.add(key)
        found = await asyncio.shield(self._next)
        return found.get(key)

    async def _answer(self) -> Mapping[UUID, V]:
        async with self._one_at_a_time:
            wanted, self._wanted, self._next = self._wanted, set(), None
            return await self._fetch(wanted)

"""Natural batching: what comes while work is in hand goes together into the next. No timer, no waiting.

A lone asker is served at once; the busier it is, the more share one round trip and one flush.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

I = TypeVar("I")  # noqa: E741 - an item, as R is what comes of it
R = TypeVar("R")

Work = Callable[[Sequence[I]], Awaitable[Sequence[R]]]


class Batches(Generic[I, R]):
    """Runs `work` over at most `largest` items, `at_once` batches at a time. Each asker gets their own."""

    def __init__(self, work: Work[I, R], *, largest: int = 64, at_once: int = 1) -> None:
        self._work = work
        self._largest = largest
        self._free = at_once
        self._queue: deque[tuple[I, asyncio.Future[R]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def put(self, item: I) -> R:
        """What comes of `item`. Who goes away before its batch began leaves nothing behind; an error of
        the whole batch reaches everybody in it."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.append((item, answer))
        if self._free:
            self._free -= 1
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await answer

    def stop(self) -> None:
        """What is in hand is broken off, and whoever waits for it goes with it."""
        for task in self._running:
            task.cancel()

    async def _run(self) -> None:
        """One batch after another until nothing is left. Nothing here belongs to any one of the askers."""
        try:
            while batch := self._next():
                await self._serve(batch)
        finally:
            self._free += 1

    async def _serve(self, batch: "list[tuple[I, asyncio.Future[R]]]") -> None:
        try:
            came = await self._work([item for item, _ in batch])
        except Exception as error:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        except asyncio.CancelledError:
            for _, answer in batch:
                answer.cancel()
            raise
        for (_, answer), outcome in zip(batch, came, strict=True):
            if not answer.done():
                answer.set_result(outcome)

    def _next(self) -> "list[tuple[I, asyncio.Future[R]]]":
        batch: list[tuple[I, asyncio.Future[R]]] = []
        while self._queue and len(batch) < self._largest:
            item, answer = self._queue.popleft()
            if not answer.done():
                batch.append((item, answer))
        return batch

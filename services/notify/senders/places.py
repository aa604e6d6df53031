"""How many conversations a provider is led into at once, not counting those in which it has gone silent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Places:
    """At most `lively` conversations that get on. One that does not end for `patience` seconds gives up its
    place to another, until `silent` of them wait in silence: a provider that leaves a few messages hanging
    holds up no others.
    """

    def __init__(self, *, lively: int, silent: int, patience: float) -> None:
        self.silent = 0
        self._most_silent = silent
        self._patience = patience
        self._free = asyncio.Semaphore(lively)

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        await self._free.acquire()
        place = _Place(self)
        try:
            yield
        finally:
            place.leave()

    def give_up(self) -> bool:
        """For one that has gone silent; False while too many have."""
        if self.silent >= self._most_silent:
            return False
        self.silent += 1
        self._free.release()
        return True

    def leave(self, *, silent: bool) -> None:
        if silent:
            self.silent -= 1
        else:
            self._free.release()

    @property
    def patience(self) -> float:
        return self._patience


class _Place:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._silent = False
        self._watch()

    def leave(self) -> None:
        self._timer.cancel()
        self._places.leave(silent=self._silent)

    def _watch(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._places.patience, self._fall_silent)

    def _fall_silent(self) -> None:
        self._silent = self._places.give_up()
        if not self._silent:
            self._watch()

"""How many conversations a provider is led into at once, not counting those in which it has gone silent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

# Silent is who takes so many times as long as half of the others did, but nobody sooner than that.
TIMES_AS_LONG = 8
SOONEST = 0.25
STEP = 1.2


class Places:
    """At most `lively` conversations that get on. One that does not end when others would have gives up its
    place to another, after `patience` seconds at the latest, until `silent` of them wait in silence: a
    provider that leaves a few messages hanging holds up no others.
    """

    def __init__(self, *, lively: int, silent: int, patience: float) -> None:
        self.silent = 0
        self._most_silent = silent
        self._longest = patience
        self._usual = patience / TIMES_AS_LONG
        self._free = asyncio.Semaphore(lively)

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        await self._free.acquire()
        place = _Place(self)
        try:
            yield
            place.learn()
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

    def learn(self, took: float) -> None:
        """A step towards what half of the conversations take: the few that hang do not move it."""
        usual = self._usual * (STEP if took > self._usual else 1 / STEP)
        self._usual = min(self._longest, max(SOONEST, usual * TIMES_AS_LONG)) / TIMES_AS_LONG

    @property
    def patience(self) -> float:
        return TIMES_AS_LONG * self._usual


class _Place:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._silent = False
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._watch()

    def learn(self) -> None:
        """Only of a conversation that ended well: one that never began, since the provider rests, was not
        quick."""
        self._places.learn(self._loop.time() - self._since)

    def leave(self) -> None:
        self._timer.cancel()
        self._places.leave(silent=self._silent)

    def _watch(self) -> None:
        self._timer = self._loop.call_later(self._places.patience, self._fall_silent)

    def _fall_silent(self) -> None:
        self._silent = self._places.give_up()
        if not self._silent:
            self._watch()

"""What happens because time passed: loops that know when they are next needed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from services.contracts.refusals import Unavailable
from services.runtime.clock import Clock

log = structlog.get_logger()

SHORTEST_PAUSE = 0.05  # whatever goes wrong with a due moment or a wake: no loop spins
FIRST_WAIT = 0.5  # for a server that is away; twice as long each time
LONGEST_WAIT = 30.0
FIRST_LOOK_SECONDS = 1.0


class Job:
    """Runs `work` now, when it asked to be run next, when woken, and at least `every` so often.

    `work` answers with the moment it is next due, or None. A missing server is
    waited for; any other error ends the process, which is then started anew.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[datetime | None]],
        *,
        every: timedelta,
        clock: Clock,
        pause: float = SHORTEST_PAUSE,
    ) -> None:
        self.name = name
        self._work = work
        self._every = every.total_seconds()
        self._clock = clock
        self._pause = pause
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running = asyncio.Lock()
        self._looked = asyncio.Event()

    def wake(self) -> None:
        """Something may have become due earlier than was known."""
        self._woken.set()

    async def run(self, *, after: "Job | None" = None) -> None:
        """For ever, beginning when `after` has looked for the first time, if that comes soon: all at once
        at the start, each would have a connection opened that nobody needs afterwards.
        """
        if after:
            await _told(after._looked, FIRST_LOOK_SECONDS)
        async with self._running:
            wait = FIRST_WAIT
            while not self._stopping.is_set():
                self._woken.clear()
                try:
                    due = await self._look()
                except Unavailable as error:
                    log.warning("job.waits", job=self.name, exc_info=error)
                    await _told(self._stopping, min(wait, self._every))
                    wait = min(2 * wait, LONGEST_WAIT)
                else:
                    wait = FIRST_WAIT
                    await asyncio.sleep(self._pause)
                    await _told(self._woken, self._pause_until(due))

    async def stop(self, grace: float) -> None:
        """Begin nothing new, and return when what is under way has ended or the grace is over."""
        self._stopping.set()
        self.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace), self._running:
                pass

    async def _look(self) -> datetime | None:
        try:
            return await self._work()
        finally:
            self._looked.set()

    def _pause_until(self, due: datetime | None) -> float:
        if due is None:
            return self._every
        return min(self._every, (due - self._clock.now()).total_seconds())


async def _told(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

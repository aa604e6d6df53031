"""What happens because time passed: loops that know when they are next needed."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from services.contracts.refusals import Unavailable
from services.runtime.clock import Clock

log = structlog.get_logger()


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
    ) -> None:
        self.name = name
        self._work = work
        self._every = every
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may have become due earlier than was known."""
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            try:
                due = await self._work()
            except Unavailable as error:
                log.warning("job.waits", job=self.name, exc_info=error)
                await asyncio.sleep(0.5)
                continue
            await self._rest_until(due)

    async def _rest_until(self, due: datetime | None) -> None:
        pause = self._every.total_seconds()
        if due is not None:
            pause = min(pause, (due - self._clock.now()).total_seconds())
        if pause > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

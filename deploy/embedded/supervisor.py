"""Keeps parts running: starts again what ended, sooner at first and later more slowly."""

import asyncio
from collections.abc import Callable
from time import monotonic

from deploy.embedded.parts import Part
from deploy.embedded.processes import NotReadyError

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 2.0
LONG_ENOUGH = 30.0


class Supervisor:
    """Watches started parts until `stop`. `changed` is called when one runs again, with a new pid."""

    def __init__(self, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        self._changed = changed
        self._say = say
        self.pids: dict[str, int] = {}  # of what is ready, or was last
        self._parts: list[Part] = []
        self._watches: list[asyncio.Task[None]] = []

    async def start(self, *parts: Part) -> None:
        """Start them side by side and wait for all; then keep them running."""
        self._parts += parts
        starts = [asyncio.create_task(part.start()) for part in parts]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
        self.pids |= {part.name: part.pid for part in parts}
        self._watches += [asyncio.create_task(self._keep(part)) for part in parts]

    async def stop(self, *groups: list[Part]) -> None:
        """Stop group after group, the parts of one side by side."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for group in groups:
            known = [part for part in group if part in self._parts]
            await asyncio.gather(*(part.stop() for part in known))

    async def kill(self) -> None:
        """End everything now."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*(part.kill() for part in self._parts), return_exceptions=True)

    async def _keep(self, part: Part) -> None:
        pause, since = 0.0, monotonic()
        while True:
            code = await part.wait()
            up = monotonic() - since
            pause = next_pause(pause, up=up)
            self._say(f"{part.name} ended with {code}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            since = monotonic()
            try:
                await part.start()
            except NotReadyError as error:
                self._say(str(error))
                await part.kill()
            else:
                self.pids[part.name] = part.pid
                self._changed()
                self._say(f"{part.name} runs again")


def next_pause(last: float, *, up: float) -> float:
    """How long to wait before the next start of a part that was up for `up` seconds."""
    if last == 0 or up >= LONG_ENOUGH:
        return FIRST_PAUSE
    return min(last * 2, LONGEST_PAUSE)

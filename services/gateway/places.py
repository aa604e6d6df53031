"""Places for requests in hand, and the line of those who wait for one.

A whole room comes at one moment, and would find every place taken: they wait for less time than they would
need to ask again. How long the line may become is for the gate to say, before anything is spent on anybody.
"""

import asyncio

from services.contracts.refusals import Code, Refusal

LONGEST = 1024
PATIENCE_SECONDS = 5.0


class Places:
    """Whoever waits is let in by the order of coming."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self.in_line = 0

    async def __aenter__(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        if self.in_line >= LONGEST:
            raise too_much()
        self.in_line += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._free.acquire()
        except TimeoutError as error:
            raise too_much() from error
        finally:
            self.in_line -= 1

    async def __aexit__(self, *_: object) -> None:
        self._free.release()


def too_much() -> Refusal:
    return Refusal(Code.OVERLOADED, "Too many requests at once. Try again in a moment.")

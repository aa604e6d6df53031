"""A queue before a row that only one transaction at a time can have.

Who waits for it inside a transaction keeps a connection from everybody else. Who waits here keeps nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any
from weakref import WeakValueDictionary

from services.contracts.envelope import Request
from services.runtime.call import Call, Handler

AT_ONCE = 2  # one is under way while the next one begins
About = Callable[[Any], Awaitable[Hashable | None]]


class Turns:
    """Lets a few at a time through for each thing that they are about, in the order of their coming."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._queues: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()

    def in_turn(self, handler: Handler, about: About) -> Handler:
        """`handler`, waited for by all whose requests are about the same; about None is about nothing."""

        async def handle(request: Request[Any], call: Call) -> Any:
            what = await about(request)
            if what is None:
                return await handler(request, call)
            async with self._queue(what):
                return await handler(request, call)

        return handle

    def _queue(self, what: Hashable) -> asyncio.Semaphore:
        """One for each thing, as long as somebody is in it."""
        queue = self._queues.get(what)
        if queue is None:
            queue = self._queues[what] = asyncio.Semaphore(self._at_once)
        return queue

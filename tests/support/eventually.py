"""Waiting for something to become true, instead of sleeping and hoping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar, overload

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which it is a failure. So many cost nothing: who waits goes on as soon as it is so."""


@overload
async def eventually(check: Callable[[], Awaitable[T]], *, within: float = PATIENCE) -> T: ...
@overload
async def eventually(check: Callable[[], T], *, within: float = PATIENCE) -> T: ...
async def eventually(check: Callable[[], T | Awaitable[T]], *, within: float = PATIENCE) -> T:
    """Repeat `check` until it answers with something true; return that answer.

    An AssertionError counts as "not yet". When time runs out, the last one is raised, so that a
    failing test says what was missing instead of only that it took too long.
    """
    deadline = monotonic() + within
    while True:
        last: AssertionError | None = None
        try:
            answer = check()
            settled: T = await answer if inspect.isawaitable(answer) else answer
            if settled:
                return settled
        except AssertionError as error:
            last = error
        if monotonic() >= deadline:
            raise last or AssertionError(f"still not true after {within:g} s")
        await asyncio.sleep(0.01)

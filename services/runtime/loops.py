"""Tasks that run until they are ended."""

import asyncio
from collections.abc import Sequence
from typing import Any


async def end(loops: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel until it holds: a library may swallow a cancellation that meets its own timeout."""
    while living := [task for task in loops if not task.done()]:
        for task in living:
            task.cancel()
        await asyncio.wait(living, timeout=0.2)

"""What is kept for a time only, forgotten in small portions: no statement runs long, none keeps a request
waiting, and copies of a service share the work, each passing over what another has in hand."""

from collections.abc import Awaitable, Callable

from services.runtime.db import Database, Tx

AT_ONCE = 500

ForgetSome = Callable[[Tx, int], Awaitable[int]]
"""Forgets at most so many rows and says how many it has; rows that are locked are passed over."""


async def forget_all(db: Database, forget_some: ForgetSome) -> int:
    """Repeat it, each portion in a transaction of its own, until one is not full."""
    total = 0
    while True:
        number = await db.transact(lambda tx: forget_some(tx, AT_ONCE))
        total += number
        if number < AT_ONCE:
            return total

"""What happens because time passed: meetings long over are forgotten, with who was in them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from services.rooms.store import places
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx

KEPT = timedelta(days=90)
NAMES_KEPT = timedelta(days=1)


def forgetting(db: Database, clock: Clock) -> Callable[[], Awaitable[datetime | None]]:
    """The work of a job. By then the organisations' figures are made, from booking's own facts."""

    async def work() -> datetime | None:
        async def forget(tx: Tx) -> None:
            await places.forget_names_before(tx, clock.now() - NAMES_KEPT)
            await places.forget_before(tx, clock.now() - KEPT)

        await db.transact(forget)
        return None

    return work

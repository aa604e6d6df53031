"""What happens because time passed: meetings long over are forgotten, with who was in them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from services.rooms.store import places
from services.runtime.clock import Clock
from services.runtime.db import Database
from services.runtime.forgetting import forget_all

KEPT = timedelta(days=90)
NAMES_KEPT = timedelta(days=1)


def forgetting(
    db: Database, clock: Clock, kept: timedelta = KEPT
) -> Callable[[], Awaitable[datetime | None]]:
    """The work of a job. By then the organisations' figures are made, from booking's own facts."""

    async def work() -> datetime | None:
        names, rooms = clock.now() - NAMES_KEPT, clock.now() - kept
        await forget_all(db, lambda tx, most: places.forget_names_before(tx, names, most))
        await forget_all(db, lambda tx, most: places.forget_before(tx, rooms, most))
        await forget_all(db, lambda tx, most: places.forget_called_off_before(tx, rooms, most))
        return None

    return work

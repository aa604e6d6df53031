"""PostgreSQL thinks once about how to take a seat, and not at every lone booking again."""

from datetime import timedelta

from services.booking.store.appointments import together
from services.runtime import db as database
from services.runtime.db import Database
from tests.integration.booking.test_together import LATER, Counter
from tests.support.house import House, a_booking

# Five plans are made for the values of the day before one for all of them is compared with those.
TRIED_FIRST = 5
AFTERWARDS = 3
PLANNED = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement = $1"


async def test_lone_bookings_share_a_plan_that_was_made_once(house: House) -> None:
    host = await house.expert()
    db = await database.connect(house.system.database_url("booking"), schema="booking")
    try:
        counter = Counter(house, db)
        for hour in range(TRIED_FIRST + AFTERWARDS):
            slot = await house.slot(host, LATER + timedelta(hours=hour))
            await counter.ask(counter.together, a_booking(slot.id), f"plan-{hour}")
        assert counter.fell_back == 0
        assert await _plans(db, together.LOOK) == (TRIED_FIRST, AFTERWARDS)
        assert await _plans(db, together.BOOK) == (TRIED_FIRST, AFTERWARDS)
    finally:
        await db.close()


async def _plans(db: Database, statement: str) -> tuple[int, int]:
    """Those for the values of one execution, and executions of the one for all. On the one connection
    that whoever asks alone is given each time.
    """
    [row] = await db.statement(PLANNED, statement)
    return row["custom_plans"], row["generic_plans"]

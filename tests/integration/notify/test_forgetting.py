"""Which messages were owed and what came of them is kept for a time only; what is still owed stays."""

from datetime import timedelta

from services.contracts.booking.events import BookingConfirmed
from services.notify.jobs import forgetting
from services.runtime import db
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news
from tests.support.eventually import eventually
from tests.support.facts import NOW
from tests.support.system import System

KEPT = timedelta(days=20)
COUNTED = """
    SELECT (SELECT count(*) FROM notify.message WHERE state IN ('sent', 'skipped')) AS said,
           (SELECT count(*) FROM notify.message WHERE state = 'planned') AS owed,
           (SELECT count(*) FROM notify.receipt) AS receipts,
           (SELECT count(*) FROM notify.meeting) AS meetings
"""


async def test_what_was_said_is_forgotten_and_what_is_owed_is_not(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mail()
    await eventually(lambda: settled(notify))
    await notify.stop("notify")
    database = await db.connect(notify.database_url("notify"), schema="notify", largest=2)
    forget = forgetting(database, notify.clock, KEPT)

    counts = []
    for moment in (NOW + KEPT - timedelta(hours=1), NOW + KEPT + timedelta(hours=1)):
        notify.clock.set(moment)
        await forget()
        counts.append(tuple((await notify.sql(COUNTED))[0]))
    notify.clock.set(facts.slot.ends_at + KEPT + timedelta(hours=1))
    await forget()
    counts.append(tuple((await notify.sql(COUNTED))[0]))
    await database.close()

    assert counts == [(1, 3, 1, 1), (0, 3, 0, 1), (0, 3, 0, 0)]


async def settled(notify: System) -> bool:
    return bool(tuple((await notify.sql(COUNTED))[0])[:3] == (1, 3, 1))

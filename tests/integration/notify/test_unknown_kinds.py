"""A message of a kind that only another release can write: it waits, and the others go."""

from datetime import timedelta
from uuid import UUID, uuid4

from structlog.testing import capture_logs

from services.contracts.booking.events import BookingConfirmed
from services.contracts.envelope import Role, Staff
from services.contracts.notify import ListFailedMessages, ListMessages
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.system import System

COORDINATOR = Staff(person_id=uuid4(), role=Role.COORDINATOR)
OWE = """
    INSERT INTO notify.message (id, kind, about, occasion, booking_id, due_at, not_after, give_up_at,
        next_try_at, state)
    VALUES ($1, 'from_tomorrow', $1, 0, $2, $3, $4, $4, $3, $5)
"""


async def owe(system: System, booking_id: UUID, *, state: str = "planned") -> None:
    due = system.clock.now() - timedelta(seconds=1)
    await system.sql(OWE, uuid4(), booking_id, due, due + timedelta(days=1), state)


async def test_the_others_are_sent(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    facts = neighbours.has()
    for _ in range(10):  # more than are claimed at once
        await owe(notify, facts.booking_id)

    await neighbours.tell(news(BookingConfirmed, facts))

    await mailroom.mail()
    rows = await notify.sql("SELECT state, attempts FROM notify.message WHERE kind = 'from_tomorrow'")
    assert {tuple(row) for row in rows} == {("planned", 0)}


async def test_it_is_told_as_an_error(system: System, neighbours: Neighbours, mailroom: Mailroom) -> None:
    await owe(system, uuid4())

    with capture_logs() as logs:
        await system.start("notify", SMTP_URL=mailroom.url)
        await eventually(
            lambda: [e["count"] for e in logs if e["event"] == "messages.of_unknown_kind"] == [1]
        )


async def test_lists_leave_it_out(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    facts = neighbours.has()
    await owe(notify, facts.booking_id)
    await owe(notify, facts.booking_id, state="failed")
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mail()

    listed = await notify.ask(ListMessages(booking_id=facts.booking_id), COORDINATOR)
    failed = await notify.ask(ListFailedMessages(), COORDINATOR)

    assert len(listed.items) == 4
    assert failed.items == []

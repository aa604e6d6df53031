"""Many due at one moment: asked about and written down together, each still judged by itself."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from services.contracts.booking.appointments import DescribeMessages, MessageFacts
from services.contracts.booking.slots import BookingStatus
from services.contracts.notify import MessageKind
from services.notify import domain, sending, store
from services.runtime import db as database
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import STARTS
from tests.support.system import System

COUNT = 60
STATES = "SELECT booking_id, state, last_error, attempts FROM notify.message WHERE kind = 'reminder_hour'"
RECEIPTS = """
    SELECT count(*) AS n FROM notify.receipt r JOIN notify.message ON message.id = message_id
    WHERE kind = 'reminder_hour' AND outcome = state
        AND (state <> 'sent' OR at = sent_at AND r.channel = message.channel)
"""


CURSE = (
    "CREATE TABLE notify.cursed (id uuid)",
    "GRANT SELECT ON notify.cursed TO notify",
    """CREATE FUNCTION notify.curse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF EXISTS (SELECT FROM notify.cursed WHERE id = new.message_id) THEN RAISE 'cursed'; END IF;
           RETURN new;
       END $$""",
    "CREATE TRIGGER curse BEFORE INSERT ON notify.receipt FOR EACH ROW EXECUTE FUNCTION notify.curse()",
)


async def owe(system: System, facts: list[MessageFacts]) -> None:
    """An hour's reminder of each, due now."""
    due = STARTS - timedelta(hours=1)
    owed = [
        domain.Owed(
            kind=MessageKind.REMINDER_HOUR,
            about=each.booking_id,
            booking_id=each.booking_id,
            starts_at=each.slot.starts_at,
            due_at=due,
            not_after=STARTS,
            give_up_at=STARTS,
        )
        for each in facts
    ]
    db = await database.connect(system.database_url("notify"), schema="notify")
    await db.transact(lambda tx: store.plan(tx, owed))
    await db.close()


async def all_ended(system: System) -> dict[UUID, tuple[str, str | None, int]]:
    rows = await system.sql(STATES)
    assert {row["state"] for row in rows} <= {"sent", "skipped", "failed"}
    return {row["booking_id"]: (row["state"], row["last_error"], row["attempts"]) for row in rows}


@pytest.mark.parametrize("knows", ["several at once", "one at a time"])
async def test_each_is_sent_once_or_not_at_all_as_its_owner_says(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock, knows: str
) -> None:
    """An older release of the owner does not know the question about several."""
    if knows == "one at a time":
        server = neighbours._buses["booking"]._server
        del server._by_subject[DescribeMessages.subject]
    live = [neighbours.has(email=f"a{number}@example.org") for number in range(COUNT)]
    off = [neighbours.has(status=BookingStatus.CANCELLED) for _ in range(5)]
    gone = [msgspec.structs.replace(live[0], booking_id=uuid4()) for _ in range(5)]
    clock.set(STARTS - timedelta(minutes=59))
    await owe(notify, [*live, *off, *gone])
    await neighbours.nudge()

    ended = await eventually(lambda: all_ended(notify), within=60)

    assert sorted(mail.to for mail in mailroom.taken) == sorted(facts.email or "" for facts in live)
    assert {ended[facts.booking_id] for facts in live} == {("sent", None, 1)}
    assert {ended[facts.booking_id] for facts in off} == {("skipped", "cancelled", 1)}
    assert {ended[facts.booking_id] for facts in gone} == {("skipped", "not_found", 1)}
    assert (await notify.sql(RECEIPTS))[0]["n"] == len(ended)


async def test_who_is_cancelled_after_the_asking_and_long_before_the_sending_gets_nothing(
    notify: System,
    neighbours: Neighbours,
    mailroom: Mailroom,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All are asked about together, and what was said is good for a while: here a shorter one than that
    after which a line in silence gives way to another."""
    monkeypatch.setattr(sending, "FRESH_SECONDS", 1.0)
    facts = [neighbours.has(email=f"a{number}@example.org") for number in range(20)]

    async def slowly(_: object) -> None:
        """From the first mail on everybody is off; the second round begins too late for what was known."""
        for each in facts:
            neighbours.has(msgspec.structs.replace(each, status=BookingStatus.CANCELLED))
        await asyncio.sleep(2.2)

    mailroom.on_data = slowly
    clock.set(STARTS - timedelta(minutes=59))
    await owe(notify, facts)
    await neighbours.nudge()

    await eventually(lambda: all_ended(notify), within=60)
    assert len(mailroom.taken) <= 4  # one for each line


async def test_one_whose_outcome_cannot_be_written_down_keeps_no_other(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    facts = [neighbours.has(email=f"a{number}@example.org") for number in range(20)]
    for statement in CURSE:
        await notify.sql(statement)
    clock.set(STARTS - timedelta(minutes=59))
    await owe(notify, facts)
    (cursed,) = await notify.sql(
        "SELECT id, booking_id FROM notify.message WHERE starts_at IS NOT NULL LIMIT 1"
    )
    await notify.sql("INSERT INTO notify.cursed VALUES ($1)", cursed["id"])
    await neighbours.nudge()

    async def others_ended() -> bool:
        rows = await notify.sql(STATES)
        states = [row["state"] for row in rows if row["booking_id"] != cursed["booking_id"]]
        assert set(states) == {"sent"}, states
        return True

    await eventually(others_ended)
    (row,) = await notify.sql("SELECT state FROM notify.message WHERE id = $1", cursed["id"])
    assert row["state"] == "sending"

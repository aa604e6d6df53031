"""Cancelled, moved, over: nothing is sent that is no longer so."""

import asyncio
import random
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from services.contracts.booking.appointments import MessageFacts
from services.contracts.booking.events import BookingCancelled, BookingConfirmed, BookingMoved
from services.contracts.booking.slots import BookingStatus
from services.notify import sending
from services.notify.senders import email
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import STARTS, a_slot
from tests.support.system import System

ROUNDS = 30
LATER = STARTS + timedelta(days=3)


@pytest.fixture(autouse=True)
def no_more_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """None that waits for an answer gives way to another, however slow the machine."""
    monkeypatch.setattr(email, "SILENT_SECONDS", 60)


async def test_a_reminder_of_a_cancelled_meeting_is_not_sent(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """Also when the news of it has not come yet: the owner is asked."""
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mail()

    neighbours.has(msgspec.structs.replace(facts, status=BookingStatus.CANCELLED))
    clock.set(STARTS - timedelta(minutes=59))
    await neighbours.nudge()

    await eventually(lambda: ended(notify, facts.booking_id, "reminder_hour", "skipped", "cancelled"))
    assert len(mailroom.taken) == 1


async def test_a_live_meetings_reminders_are_sent(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mails(1)

    for number, before in ((2, timedelta(hours=24)), (3, timedelta(minutes=60))):
        clock.set(STARTS - before + timedelta(seconds=1))
        await neighbours.nudge()
        await mailroom.mails(number)

    assert [mail.subject for mail in mailroom.taken[1:]] == [
        "Muistutus: varauksesi ti 12.1. klo 13.00",
        "Aikasi alkaa pian: klo 13.00",
    ]


async def test_after_the_meeting_who_came_is_asked_how_it_was(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    came, stayed_away = neighbours.has(), neighbours.has(email="eero@example.org")
    for facts in (came, stayed_away):
        await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mails(2)
    neighbours.has(msgspec.structs.replace(came, status=BookingStatus.ATTENDED))
    neighbours.has(msgspec.structs.replace(stayed_away, status=BookingStatus.NO_SHOW))

    clock.set(STARTS + timedelta(minutes=106))
    await neighbours.nudge()

    await eventually(lambda: ended(notify, stayed_away.booking_id, "feedback", "skipped", "no_show"))
    mails = await mailroom.mails(3)
    assert [(mail.to, mail.subject) for mail in mails[2:]] == [("anna@example.org", "Miten meni?")]


async def test_nothing_is_handed_over_after_a_cancellation(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    """The confirmation and the cancellation race; whatever the owner is asked after, it says so."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    too_late: list[str] = []

    async def one_round(number: int) -> None:
        facts = neighbours.has(email=f"resident-{number}@example.org")
        await neighbours.tell(news(BookingConfirmed, facts, version=1))
        await asyncio.sleep(chance.uniform(0, 0.03))  # who comes first is the point
        cancelled = neighbours.has(
            msgspec.structs.replace(
                facts, status=BookingStatus.CANCELLED, cancelled_by="resident", sequence=1
            )
        )
        await neighbours.tell(news(BookingCancelled, cancelled, version=2, by="resident"))

    await asyncio.gather(*(one_round(number) for number in range(ROUNDS)))
    await eventually(lambda: all_ended(notify, ROUNDS), within=60)

    for number in range(ROUNDS):
        subjects = [mail.subject for mail in mailroom.taken if mail.to == f"resident-{number}@example.org"]
        last = "Varauksesi ti 12.1. klo 13.00 on peruttu"
        if subjects.count(last) != 1 or len(subjects) > 2:
            too_late.append(f"{number}: {subjects}")
    assert too_late == [], f"seed {seed}"
    assert await planned_ahead(notify) == 0


async def test_whoever_moves_is_told_the_new_time(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    """That what waits is asked about again, and not sent with the old time, has a test of its own below."""
    await races_of_moves(notify, neighbours, mailroom)


async def races_of_moves(notify: System, neighbours: Neighbours, mailroom: Mailroom) -> float:
    """How long after the move the last mail with the old time was handed over: what was asked a moment
    before the move may still be on its way, and nothing else."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    moved_at: dict[str, float] = {}
    came_at: list[tuple[str, str, float]] = []
    now = asyncio.get_running_loop().time

    async def note(mail: object) -> None:
        came_at.append((mailroom.taken[-1].to, mailroom.taken[-1].subject, now()))

    mailroom.on_data = note

    async def one_round(number: int) -> None:
        address = f"resident-{number}@example.org"
        facts = neighbours.has(email=address)
        await neighbours.tell(news(BookingConfirmed, facts, version=1))
        await asyncio.sleep(chance.uniform(0, 0.03))  # who comes first is the point
        moved = neighbours.has(msgspec.structs.replace(facts, slot=a_slot(LATER), sequence=1))
        moved_at[address] = now()
        await neighbours.tell(news(BookingMoved, moved, version=2, from_slot_id=uuid4()))

    await asyncio.gather(*(one_round(number) for number in range(ROUNDS)))
    await eventually(lambda: all_ended(notify, ROUNDS), within=60)

    new = {to for to, subject, _ in came_at if subject == "Aikasi on siirretty: pe 15.1. klo 13.00"}
    assert new == set(moved_at), f"seed {seed}"
    return max((at - moved_at[to] for to, subject, at in came_at if "12.1." in subject), default=0.0)


@pytest.mark.parametrize(
    ("good_for", "state", "reason", "taken"),
    [(0.0, "skipped", "moved", 4), pytest.param(60.0, "sent", None, 5, id="without the guard")],
)
async def test_a_message_that_waited_for_the_mail_server_is_asked_about_again(
    notify: System,
    neighbours: Neighbours,
    mailroom: Mailroom,
    monkeypatch: pytest.MonkeyPatch,
    good_for: float,
    state: str,
    reason: str | None,
    taken: int,
) -> None:
    """Four slow messages hold all connections; the fifth booking is moved while its message waits."""
    monkeypatch.setattr(sending, "FRESH_SECONDS", good_for)
    go_on = asyncio.Event()

    async def hold_up(_: object) -> None:
        await go_on.wait()

    mailroom.on_data = hold_up
    for number in range(4):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"slow-{number}@example.org")))
    await mailroom.mails(4)
    fifth = neighbours.has()
    asked = neighbours.asked
    await neighbours.tell(news(BookingConfirmed, fifth))
    await eventually(lambda: neighbours.asked > asked)
    neighbours.has(msgspec.structs.replace(fifth, slot=a_slot(LATER), sequence=1))

    go_on.set()

    await eventually(lambda: ended(notify, fifth.booking_id, "confirmation", state, reason))
    assert len(mailroom.taken) == taken


async def test_a_booking_that_is_gone_is_not_written_about(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts: MessageFacts = neighbours.has()
    del neighbours.bookings[facts.booking_id]

    await neighbours.tell(news(BookingConfirmed, facts))

    await eventually(lambda: ended(notify, facts.booking_id, "confirmation", "skipped", "not_found"))


async def all_ended(system: System, bookings: int) -> bool:
    """Both events of each booking have been heard, and what they announce has been dealt with."""
    (heard,) = await system.sql("SELECT count(*) FROM notify.inbox")
    (owed,) = await system.sql(
        "SELECT count(*) FROM notify.message WHERE state IN ('planned', 'sending') "
        "AND kind IN ('confirmation', 'cancellation', 'change')"
    )
    return bool(heard[0] == 2 * bookings and owed[0] == 0)


async def planned_ahead(system: System) -> int:
    (row,) = await system.sql("SELECT count(*) FROM notify.message WHERE state IN ('planned', 'sending')")
    return int(row[0])

"""Words to everybody in a session or a group: who may send them, who gets them, and how many."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.booking.service.groups.announcements import forget_announcements
from services.contracts.booking.appointments import CancelBooking
from services.contracts.booking.enrolment import DescribeAnnouncement, SendAnnouncement
from services.contracts.booking.events import AnnouncementMade
from services.contracts.booking.slots import CancelSlot
from services.contracts.booking.staffing import AcceptDuty, AssignHost
from services.contracts.envelope import Anyone, Staff
from services.contracts.refusals import Code, Refusal
from services.runtime.call import own_call
from services.runtime.db import Database
from tests.support.house import A_TUESDAY, House, resident
from tests.support.sessions import a_group, a_session, a_volunteer, news, with_database

STARTS = A_TUESDAY + timedelta(days=2)
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
WORDS = "Ottakaa kahvikuppi mukaan.\nNähdään!"


async def refusal_of(asking: object) -> Code:
    with pytest.raises(Refusal) as caught:
        await asking  # type: ignore[misc]
    return caught.value.code


async def send(
    house: House,
    actor: Staff,
    words: str = WORDS,
    *,
    slot_id: UUID | None = None,
    group_id: UUID | None = None,
) -> None:
    request = SendAnnouncement(words=words, slot_id=slot_id, group_id=group_id)
    await house.system.ask(request, actor, key=str(uuid4()))


async def test_words_to_a_session_reach_each_who_comes_and_nobody_else(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    slot_id, other = [await a_session(house, group_id, host, STARTS + n * WEEK) for n in range(2)]
    coming, gone = [await house.book(slot_id, email=f"{who}@posti.example") for who in ("a", "b")]
    await house.system.ask(CancelBooking(booking_id=gone.id), resident(gone))
    await house.book(other, email="c@posti.example")

    await send(house, host, slot_id=slot_id)

    (told,) = await news(house, AnnouncementMade)
    assert told.booking_id == coming.id
    facts = await house.system.ask(DescribeAnnouncement(announcement_id=told.announcement_id))
    assert (facts.words, facts.holds) == (WORDS, True)
    house.system.clock.set(STARTS + timedelta(hours=1))
    facts = await house.system.ask(DescribeAnnouncement(announcement_id=told.announcement_id))
    assert facts.holds is False


async def test_words_to_a_group_reach_each_enrolment_once_by_its_next_session(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    first, second = [await a_session(house, group_id, host, STARTS + n * WEEK) for n in range(2)]
    soon, later = await house.book(first), await house.book(second, email="b@posti.example")

    await send(house, host, group_id=group_id)

    told = {event.booking_id: event.slot_id for event in await news(house, AnnouncementMade)}
    assert told == {soon.id: first, later.id: second}


async def test_only_those_who_lead_may_send_and_what_they_send_is_plain_text(house: House) -> None:
    facilitator, host, helper, stranger = [await a_volunteer(house) for _ in range(4)]
    group_id = await a_group(house, facilitator)
    slot_id = await a_session(house, group_id, host, STARTS)
    naming = AssignHost(slot_id=slot_id, person_id=helper.person_id, co_host=True)
    await house.system.ask(naming, house.coordinator)
    assert await refusal_of(send(house, helper, slot_id=slot_id)) is Code.NOT_FOUND
    await house.system.ask(AcceptDuty(slot_id=slot_id), helper)

    assert await refusal_of(send(house, stranger, slot_id=slot_id)) is Code.NOT_FOUND
    assert await refusal_of(send(house, stranger, group_id=group_id)) is Code.NOT_FOUND
    for request in (
        SendAnnouncement(words=WORDS, slot_id=slot_id),
        SendAnnouncement(words=WORDS, group_id=group_id),
    ):
        assert await refusal_of(house.system.ask(request, Anyone())) is Code.NOT_FOUND
    for words, code in (
        ("  ", Code.FIELD_INVALID),
        ("a" * 2001, Code.FIELD_INVALID),
        ("\x1b[2J", Code.TEXT_INVALID),
    ):
        assert await refusal_of(send(house, host, words, slot_id=slot_id)) is code
    assert await refusal_of(send(house, host)) is Code.FIELD_INVALID
    await send(house, facilitator, slot_id=slot_id)
    await send(house, helper, slot_id=slot_id)
    await send(house, house.coordinator, group_id=group_id)


async def test_there_are_at_most_three_a_day_of_one_group_even_at_once(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    slot_id = await a_session(house, group_id, host, STARTS)

    async def one() -> str:
        try:
            await send(house, host, slot_id=slot_id)
        except Refusal as refusal:
            return str(refusal.code)
        return "sent"

    assert Counter(await asyncio.gather(*(one() for _ in range(8)))) == {"sent": 3, Code.TOO_MANY: 5}
    house.system.clock.advance(timedelta(days=1, minutes=1))
    assert await one() == "sent"


async def test_words_are_forgotten_a_day_after_they_were_made_and_of_no_use_any_more(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    soon, later = [await a_session(house, group_id, host, A_TUESDAY + n * HOUR) for n in (2, 30)]
    for slot_id in (soon, later):
        await send(house, host, slot_id=slot_id)

    kept = []
    for hours in (20, 25, 56):
        house.system.clock.set(A_TUESDAY + hours * HOUR)
        await forget(house)
        kept.append(len(await house.system.sql("SELECT FROM booking.announcement")))

    assert kept == [2, 1, 0]


async def forget(house: House) -> None:
    call = own_call("booking", house.system.clock.now())

    async def work(database: Database) -> None:
        await database.transact(lambda tx: forget_announcements(tx, call))

    await with_database(house, work)


async def test_nothing_is_said_of_a_session_that_is_off_or_over(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    slot_id, off = [await a_session(house, group_id, host, STARTS + n * WEEK) for n in range(2)]
    await house.book(off)
    await send(house, host, slot_id=off)
    await house.system.ask(CancelSlot(slot_id=off, reason="Sairastuin."), host)

    (told,) = await news(house, AnnouncementMade)
    facts = await house.system.ask(DescribeAnnouncement(announcement_id=told.announcement_id))
    assert facts.holds is False
    assert await refusal_of(send(house, host, slot_id=off)) is Code.SLOT_CLOSED
    house.system.clock.set(STARTS + timedelta(hours=2))
    assert await refusal_of(send(house, host, slot_id=slot_id)) is Code.ALREADY_STARTED
    assert await refusal_of(send(house, host, group_id=group_id)) is Code.SLOT_CLOSED
    unknown = await house.system.ask(DescribeAnnouncement(announcement_id=uuid4()))
    assert (unknown.words, unknown.holds) == ("", False)

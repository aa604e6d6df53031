"""Who came to a session: as rooms has seen it, and as those who led it know better."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.booking.subscribers import note_joined
from services.contracts.booking.appointments import ReadContact, RecordOutcome
from services.contracts.booking.events import OutcomeRecorded
from services.contracts.booking.groups import Staffing
from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.slots import BookingStatus, GetSlot
from services.contracts.booking.staffing import AcceptDuty, AssignHost
from services.contracts.envelope import Told, raw
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import AttendeeJoined, CloseRoom, Join
from services.runtime.db import Database, Tx
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House, resident
from tests.support.sessions import a_group, a_session, a_volunteer, duty_of, news, run_job, with_database

STARTS = A_TUESDAY + timedelta(hours=3)
OVER = STARTS + timedelta(hours=1, seconds=1)


async def refusal_of(asking: object) -> Code:
    with pytest.raises(Refusal) as caught:
        await asking  # type: ignore[misc]
    return caught.value.code


async def joins(house: House, slot_id: UUID, booking_id: UUID) -> None:
    """News of rooms that somebody was let in."""
    event = AttendeeJoined(slot_id=slot_id, booking_id=booking_id, at=house.system.clock.now())
    told = Told(event_id=uuid4(), at=house.system.clock.now(), body=raw(event))

    async def work(database: Database) -> None:
        async def note(tx: Tx) -> None:
            await note_joined(tx, event, told)

        await database.transact(note)

    await with_database(house, work)


async def status(house: House, booking_id: UUID) -> str:
    rows = await house.system.sql("SELECT status FROM booking.booking WHERE id = $1", booking_id)
    found: str = rows[0]["status"]
    return found


async def test_after_a_session_it_is_noted_of_everybody_whether_they_came(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    came, absent = [await house.book(slot_id, email=f"{who}@posti.example") for who in ("a", "b")]
    await joins(house, slot_id, came.id)
    await run_job(house, "note-attendance")
    assert await status(house, came.id) == BookingStatus.CONFIRMED

    house.system.clock.set(OVER)
    await run_job(house, "note-attendance")
    await run_job(house, "note-attendance")

    assert await status(house, came.id) == BookingStatus.ATTENDED
    assert await status(house, absent.id) == BookingStatus.NO_SHOW
    told = {event.booking_id: event.attended for event in await news(house, OutcomeRecorded)}
    assert told == {came.id: True, absent.id: False}
    assert len(await news(house, OutcomeRecorded)) == 2
    assert {event.version for event in await news(house, OutcomeRecorded)} == {2}
    await house.system.check_invariants()


async def test_who_is_heard_of_late_came_unless_the_host_said_otherwise(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    late, denied = [await house.book(slot_id, email=f"{who}@posti.example") for who in ("a", "b")]
    house.system.clock.set(OVER)
    await run_job(house, "note-attendance")
    absent = RecordOutcome(booking_id=denied.id, status=BookingStatus.NO_SHOW)
    await house.system.ask(absent, host)

    await joins(house, slot_id, late.id)
    await joins(house, slot_id, denied.id)

    assert await status(house, late.id) == BookingStatus.ATTENDED
    assert await status(house, denied.id) == BookingStatus.NO_SHOW
    assert (await news(house, OutcomeRecorded))[-1].booking_id == late.id


async def test_of_a_session_that_nobody_opened_nobody_is_said_to_have_missed_it(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS, Staffing.NEEDS_HOST)
    booking = await house.book(slot_id)

    house.system.clock.set(OVER)
    await run_job(house, "note-attendance")

    assert await status(house, booking.id) == BookingStatus.CONFIRMED
    assert (await house.system.ask(ListOpenOutcomes(), host)).items == []


async def test_what_was_noted_of_an_appointment_is_its_hosts_alone_to_say(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, STARTS)
    booking = await house.book(slot.id)

    house.system.clock.set(OVER)
    await run_job(house, "note-attendance")

    assert await status(house, booking.id) == BookingStatus.CONFIRMED


async def test_all_who_lead_can_correct_it_and_who_only_helps_reads_no_contacts(house: House) -> None:
    facilitator, host, helper, stranger = [await a_volunteer(house) for _ in range(4)]
    group_id = await a_group(house, facilitator)
    slot_id = await a_session(house, group_id, host, STARTS)
    naming = AssignHost(slot_id=slot_id, person_id=helper.person_id, co_host=True)
    await house.system.ask(naming, house.coordinator)
    booking = await house.book(slot_id)
    outcome = RecordOutcome(booking_id=booking.id, status=BookingStatus.ATTENDED)
    house.system.clock.set(STARTS)
    assert await refusal_of(house.system.ask(outcome, helper)) is Code.NOT_FOUND  # only asked as yet
    await house.system.ask(AcceptDuty(slot_id=slot_id), helper)

    for person in (facilitator, host, helper):
        await house.system.ask(outcome, person)
        assert (await house.system.ask(GetSlot(slot_id=slot_id), person)).id == slot_id
    assert await refusal_of(house.system.ask(outcome, stranger)) is Code.NOT_FOUND

    contact = ReadContact(booking_id=booking.id)
    for anybody in (helper, stranger, resident(booking)):
        assert await refusal_of(house.system.ask(contact, anybody)) is Code.NOT_FOUND
    for person in (facilitator, host, house.coordinator):
        assert (await house.system.ask(contact, person)).email == "kielo@posti.example"
    assert (await duty_of(house, slot_id, facilitator)).facilitating
    assert not (await duty_of(house, slot_id, helper)).facilitating


async def test_a_session_that_its_host_ends_early_is_over_and_who_was_let_in_came(house: House) -> None:
    """From the news of rooms itself."""
    await house.system.start("rooms")
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    came, absent = [await house.book(slot_id, email=f"{who}@posti.example") for who in ("a", "b")]
    house.system.clock.set(STARTS)
    await house.system.ask(Join(slot_id=slot_id, display_name="Aino"), host)
    await house.system.ask(Join(display_name="Kielo"), resident(came))
    await house.system.ask(CloseRoom(slot_id=slot_id), host)

    async def noted() -> bool:
        await run_job(house, "note-attendance")
        both = [await status(house, booking.id) for booking in (came, absent)]
        return both == [BookingStatus.ATTENDED, BookingStatus.NO_SHOW]

    await eventually(noted)

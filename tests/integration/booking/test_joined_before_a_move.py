"""Whoever was let in before their meeting was moved has not been to the new one, whenever that is heard."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.booking.subscribers import note_joined
from services.contracts.booking.appointments import MoveBooking
from services.contracts.booking.groups import MoveSession
from services.contracts.booking.slots import BookingStatus, GetSlot
from services.contracts.envelope import Told, raw
from services.contracts.rooms import AttendeeJoined
from services.runtime.db import Database, Tx
from tests.support.enrolling import DAY, Circle
from tests.support.house import A_TUESDAY, House, resident
from tests.support.sessions import run_job, with_database

STARTS = A_TUESDAY + DAY
MOVED = STARTS + DAY
HOUR, SHORTLY = timedelta(hours=1), timedelta(minutes=10)


async def hear_joined(house: House, slot_id: UUID, booking_id: UUID, starts_at: datetime | None) -> None:
    """News of rooms that somebody was let into the meeting that was to start then."""
    now = house.system.clock.now()
    event = AttendeeJoined(slot_id=slot_id, booking_id=booking_id, at=now, starts_at=starts_at)

    async def work(database: Database) -> None:
        async def note(tx: Tx) -> None:
            await note_joined(tx, event, Told(event_id=uuid4(), at=now, body=raw(event)))

        await database.transact(note)

    await with_database(house, work)


async def status(house: House, booking_id: UUID) -> str:
    [row] = await house.system.sql("SELECT status FROM booking.booking WHERE id = $1", booking_id)
    found: str = row["status"]
    return found


@pytest.mark.parametrize("heard", ["before", "after", "after its end"])
async def test_who_was_let_into_a_session_before_it_was_moved_has_not_come_to_it(
    house: House, heard: str
) -> None:
    circle = await Circle.build(house, STARTS)
    [slot_id] = circle.sessions
    mine, other = [await circle.enrol(email=f"{who}@posti.example") for who in ("a", "b")]
    house.system.clock.set(STARTS - SHORTLY)
    if heard == "before":
        await hear_joined(house, slot_id, mine.booking_id, STARTS)
    to = MoveSession(slot_id=slot_id, starts_at=MOVED, ends_at=MOVED + HOUR)
    await house.system.ask(to, circle.host)
    if heard == "after":
        await hear_joined(house, slot_id, mine.booking_id, STARTS)

    house.system.clock.set(MOVED)
    await hear_joined(house, slot_id, other.booking_id, MOVED)
    house.system.clock.set(MOVED + HOUR)
    await run_job(house, "note-attendance")
    if heard == "after its end":
        await hear_joined(house, slot_id, mine.booking_id, STARTS)

    assert await status(house, mine.booking_id) == BookingStatus.NO_SHOW
    assert await status(house, other.booking_id) == BookingStatus.ATTENDED
    await house.system.check_invariants()


@pytest.mark.parametrize("heard", ["before", "after"])
async def test_who_was_let_in_and_then_took_another_time_has_not_come_to_that(
    house: House, heard: str
) -> None:
    host = await house.expert()
    former, later = await house.slot(host, STARTS), await house.slot(host, MOVED)
    booked = await house.book(former.id)
    house.system.clock.set(STARTS - SHORTLY)
    if heard == "before":
        await hear_joined(house, former.id, booked.id, STARTS)
    await house.system.ask(MoveBooking(booking_id=booked.id, slot_id=later.id), resident(booked))
    if heard == "after":
        await hear_joined(house, former.id, booked.id, None)

    [seen] = (await house.system.ask(GetSlot(slot_id=later.id), host)).bookings
    assert not seen.joined
    await hear_joined(house, later.id, booked.id, None)
    [seen] = (await house.system.ask(GetSlot(slot_id=later.id), host)).bookings
    assert seen.joined

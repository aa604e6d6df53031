"""A session that its host ended before its hour has been held, and what was ended is the hour it had then.
Whoever wishes to be forgotten while a meeting goes on stays forgotten when it is called off after all.
"""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.booking.subscribers import end_slot
from services.contracts.booking.appointments import CancelBooking, MoveBooking
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.groups import EndGroup, MoveSession, Series, SetSeries
from services.contracts.booking.own_data import EraseResident
from services.contracts.booking.receptions import ChangeReception
from services.contracts.booking.slots import AddSlot, CancelSlot, SlotState
from services.contracts.envelope import Service, Staff, Told, raw
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import RoomClosed
from services.runtime.db import Database, Tx
from tests.support.enrolling import DAY, Circle
from tests.support.house import A_TUESDAY, ZONE, House, hours, resident
from tests.support.sessions import with_database

STARTS = A_TUESDAY + DAY
HOUR, SHORTLY = timedelta(hours=1), timedelta(minutes=10)


async def hear_end(house: House, slot_id: UUID, starts_at: datetime | None) -> None:
    """News of rooms that a host has ended the meeting that was to start then."""
    now = house.system.clock.now()
    event = RoomClosed(slot_id=slot_id, starts_at=starts_at)

    async def work(database: Database) -> None:
        async def end(tx: Tx) -> None:
            await end_slot(tx, event, Told(event_id=uuid4(), at=now, body=raw(event)))

        await database.transact(end)

    await with_database(house, work)


async def make_series(house: House, circle: Circle, starts: time) -> None:
    """On the days of its sessions, which it takes for its own."""
    days = [moment.astimezone(ZONE).date() for moment in (STARTS, STARTS + DAY)]
    series = Series(starts=starts, ends=starts.replace(starts.hour + 1), dates=days)
    await house.system.ask(SetSeries(group_id=circle.id, series=series), house.coordinator)


async def row_of(house: House, table: str, row_id: UUID) -> Any:
    [row] = await house.system.sql(f"SELECT * FROM booking.{table} WHERE id = $1", row_id)  # noqa: S608
    return row


@pytest.mark.parametrize("of", ["its hour", "an hour not told"])
async def test_what_was_ended_before_its_hour_is_neither_moved_nor_called_off_with_its_group(
    house: House, of: str
) -> None:
    circle = await Circle.build(house, STARTS, STARTS + DAY)
    mine = [await circle.enrol(session) for session in (0, 1)]
    await make_series(house, circle, time(9))
    house.system.clock.set(STARTS - SHORTLY)
    await hear_end(house, circle.sessions[0], STARTS if of == "its hour" else None)

    await make_series(house, circle, time(10))
    stand = [(await row_of(house, "slot", slot_id))["starts_at"] for slot_id in circle.sessions]
    assert stand == [STARTS, STARTS + DAY + HOUR]
    await house.system.ask(EndGroup(group_id=circle.id, reason="Ryhmä loppui."), house.coordinator)

    states = [(await row_of(house, "slot", slot_id))["state"] for slot_id in circle.sessions]
    assert states == [SlotState.OPEN, SlotState.CANCELLED]
    statuses = [(await row_of(house, "booking", each.booking_id))["status"] for each in mine]
    assert statuses == ["confirmed", "cancelled"]
    await house.system.check_invariants()


async def test_news_of_an_end_that_comes_after_a_move_ends_nothing(house: House) -> None:
    circle = await Circle.build(house, STARTS)
    [slot_id] = circle.sessions
    house.system.clock.set(STARTS - SHORTLY)
    to = STARTS + 2 * DAY
    await house.system.ask(MoveSession(slot_id=slot_id, starts_at=to, ends_at=to + HOUR), circle.host)

    await hear_end(house, slot_id, STARTS)

    assert (await row_of(house, "slot", slot_id))["ended_at"] is None
    await hear_end(house, slot_id, to)
    assert (await row_of(house, "slot", slot_id))["ended_at"] is not None


async def test_a_session_that_was_ended_keeps_nobody_from_having_fewer_places(house: House) -> None:
    circle = await Circle.build(house, STARTS, STARTS + DAY, capacity=3)
    for who in "abc":
        await circle.enrol(0, email=f"{who}@posti.example")
    house.system.clock.set(STARTS - SHORTLY)
    with pytest.raises(Refusal) as refused:
        await circle.set_capacity(2)
    await hear_end(house, circle.sessions[0], STARTS)

    await circle.set_capacity(2)

    assert refused.value.code is Code.CAPACITY_TOO_SMALL
    assert [(await row_of(house, "slot", each))["capacity"] for each in circle.sessions] == [3, 2]


async def test_who_has_only_what_was_ended_does_not_come_to_what_is_added(house: House) -> None:
    circle = await Circle.build(house, STARTS, STARTS + DAY, whole_series=True)
    mine = await circle.enrol(None)
    [ahead] = await house.system.sql(
        "SELECT id FROM booking.booking WHERE slot_id = $1", circle.sessions[1]
    )
    await house.system.ask(CancelBooking(booking_id=ahead["id"]), house.coordinator)
    house.system.clock.set(STARTS - SHORTLY)
    await hear_end(house, circle.sessions[0], STARTS)

    third = AddSlot(
        theme="omaishoito",
        starts_at=STARTS + 2 * DAY,
        ends_at=STARTS + 2 * DAY + HOUR,
        languages=["fi"],
        group_id=circle.id,
    )
    added = await house.system.ask(third, circle.host)

    assert (await row_of(house, "booking", mine.booking_id))["status"] == "confirmed"
    assert (await row_of(house, "slot", added.id))["taken"] == 0


async def test_who_is_forgotten_during_a_session_stays_so_when_it_is_called_off(house: House) -> None:
    circle = await Circle.build(house, STARTS)
    mine, other = [await circle.enrol(email=f"{who}@posti.example") for who in ("a", "b")]

    await forget_then_call_off(house, circle.sessions[0], circle.host, STARTS, mine.booking_id)

    assert (await row_of(house, "booking", other.booking_id))["cancel_reason"] == "Sairastuin."


async def test_who_is_forgotten_during_an_appointment_stays_so_when_it_is_called_off(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, STARTS)
    booking = await house.book(slot.id)

    await forget_then_call_off(house, slot.id, host, STARTS, booking.id)


async def forget_then_call_off(
    house: House, slot_id: UUID, host: Staff, starts_at: datetime, booking_id: UUID
) -> None:
    house.system.clock.set(starts_at + SHORTLY)
    await house.system.ask(EraseResident(booking_id=booking_id), Service(name="gateway"))
    assert (await row_of(house, "booking", booking_id))["status"] == "confirmed"

    await house.system.ask(CancelSlot(slot_id=slot_id, reason="Sairastuin."), host)

    forgotten = await row_of(house, "booking", booking_id)
    assert (forgotten["status"], forgotten["cancel_reason"]) == ("cancelled", None)
    await house.system.check_invariants()


@pytest.mark.parametrize("ended", ["while free", "while it was given back", "with places left"])
async def test_nobody_books_a_time_whose_room_its_host_has_closed(house: House, ended: str) -> None:
    host = await house.expert()
    places = 3 if ended == "with places left" else 1
    kind = SlotKind.DROP_IN if places > 1 else SlotKind.APPOINTMENT
    slot, other = [await house.slot(host, at, kind=kind, capacity=places) for at in (STARTS, STARTS + DAY)]
    mine = await house.book(other.id)
    house.system.clock.set(STARTS - SHORTLY)
    if ended != "while free":
        booked = await house.book(slot.id, email="a@posti.example")
        if ended == "while it was given back":
            await house.system.ask(CancelBooking(booking_id=booked.id), resident(booked))
    assert slot.id in [free.id for free in await house.free()]

    await hear_end(house, slot.id, STARTS)

    assert slot.id not in [free.id for free in await house.free()]
    for asking in (
        house.book(slot.id),
        house.system.ask(MoveBooking(booking_id=mine.id, slot_id=slot.id), resident(mine)),
    ):
        with pytest.raises(Refusal) as refused:
            await asking
        assert refused.value.code is Code.SLOT_CLOSED
    await house.system.check_invariants()


async def test_what_was_ended_stays_closed_when_its_hours_may_be_booked_later(house: House) -> None:
    host = await house.expert()
    published = await house.hours(host, notice_hours=1)
    first = min(await house.free(), key=lambda free: free.starts_at)
    house.system.clock.set(first.starts_at - SHORTLY)
    await hear_end(house, first.id, first.starts_at)

    await house.system.ask(
        ChangeReception(reception_id=published.reception.id, hours=hours(notice_hours=0)), host
    )

    assert first.id not in [free.id for free in await house.free()]


@pytest.mark.parametrize(("is_open", "at"), [(True, STARTS + SHORTLY), (False, STARTS - SHORTLY)])
async def test_a_groups_session_that_was_ended_is_no_free_time(
    house: House, is_open: bool, at: datetime
) -> None:
    circle = await Circle.build(house, STARTS, STARTS + DAY, open=is_open)
    house.system.clock.set(at)
    await hear_end(house, circle.sessions[0], STARTS)
    to = STARTS + 2 * DAY

    await house.system.ask(
        MoveSession(slot_id=circle.sessions[1], starts_at=to, ends_at=to + HOUR), circle.host
    )

    found = await house.free(from_at=STARTS - DAY)
    assert circle.sessions[0] not in [free.id for free in found]
    assert not is_open or [free.id for free in found] == [circle.sessions[1]]

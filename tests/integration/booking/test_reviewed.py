"""What went wrong once in an unlikely order of things, and must not again."""

import asyncio
from datetime import time, timedelta
from uuid import uuid4

import pytest

from services.contracts.booking.appointments import (
    CancelBooking,
    Companion,
    CompanionKind,
    ConfirmBooking,
    MoveBooking,
    RecordOutcome,
    RenewLink,
)
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.people import DisablePerson
from services.contracts.booking.receptions import GetReception
from services.contracts.booking.slots import BookingStatus, CancelSlot, GetSlot, ListHostSlots
from services.contracts.envelope import Resident
from services.contracts.refusals import Code, Refusal
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House, resident
from tests.support.system import System

TWO_HOURS = timedelta(hours=2)


async def test_the_link_of_a_cancelled_booking_is_not_renewed(house: House) -> None:
    """News of a new link would come after the news of the cancelling, and might overtake it."""
    host = await house.expert()
    booking = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    await house.system.ask(CancelBooking(booking_id=booking.id), resident(booking))

    with pytest.raises(Refusal) as refused:
        await house.system.ask(RenewLink(booking_id=booking.id), resident(booking))

    assert refused.value.code is Code.ALREADY_CANCELLED


async def test_hours_that_grow_beyond_the_limit_later_are_extended_all_the_same(house: House) -> None:
    """The limit is for publishing: in the nightly extension it ended the service again and again."""
    host = await house.expert()
    far = (A_TUESDAY + timedelta(days=392)).date()
    published = await house.hours(
        host, starts=time(6), ends=time(22), slot_minutes=5, gap_minutes=0, valid_from=far, horizon_days=400
    )
    house.system.clock.advance(timedelta(days=200))
    await house.system.stop("booking")

    await house.system.start("booking")

    async def extended() -> bool:
        rows = await house.system.sql("SELECT count(*) AS slots FROM booking.slot")
        return bool(rows[0]["slots"] > 2500)

    await eventually(extended, within=60)
    assert published.slots_total < 2500


async def test_a_year_of_hours_is_answered_within_one_message(house: House) -> None:
    """The reply would have been too large for the message server, after everything was committed."""
    host = await house.expert(display_name="N" * 80)

    published = await house.hours(host, starts=time(8), ends=time(16), slot_minutes=30, horizon_days=400)

    assert published.slots_total > 300 == len(published.slots)
    again = await house.system.ask(GetReception(reception_id=published.reception.id), host)
    assert again.slots_total == published.slots_total


async def test_a_week_with_a_large_evening_is_still_shown_to_its_host(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS, kind=SlotKind.EVENT, capacity=1000)
    await house.system.sql(
        """
        INSERT INTO booking.booking (id, slot_id, status, seats, display_name, email, language, note,
                                     created_at, changed_at)
        SELECT gen_random_uuid(), $1, 'confirmed', 1, repeat('ä', 80), 'a@posti.example', 'fi',
               repeat('ö', 500), now(), now() FROM generate_series(1, 1000)
        """,
        slot.id,
    )
    await house.system.sql("UPDATE booking.slot SET taken = 1000 WHERE id = $1", slot.id)

    seen = await house.system.ask(GetSlot(slot_id=slot.id), host)
    week = await house.system.ask(
        ListHostSlots(from_at=A_TUESDAY, to_at=A_TUESDAY + timedelta(days=7)), host
    )

    assert seen.seats_left == 0
    assert len(week.items[0].bookings) == len(seen.bookings) == 150


async def test_two_who_wait_for_each_other_are_told_apart_and_one_goes_on(house: House) -> None:
    """A deadlock is found out before a lock is given up, and the loser repeats."""
    host = await house.expert()
    slots = [await house.group(host, A_TUESDAY + TWO_HOURS * n, capacity=50) for n in range(1, 4)]
    bookings = [await house.book(slots[n % 3].id) for n in range(12)]

    moves = [
        house.system.ask(
            MoveBooking(booking_id=booking.id, slot_id=slots[(n + 1) % 3].id), resident(booking)
        )
        for n, booking in enumerate(bookings)
    ]
    disable = house.system.ask(DisablePerson(person_id=host.person_id), house.coordinator)
    outcomes = await asyncio.gather(*moves, disable, return_exceptions=True)

    assert {type(outcome).__name__ for outcome in outcomes} <= {"Booking", "Refusal", "Nothing"}


async def test_an_outcome_is_not_overwritten_by_calling_the_time_off(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)
    booking = await house.book(slot.id)
    house.system.clock.set(slot.starts_at)
    attended = RecordOutcome(booking_id=booking.id, status=BookingStatus.ATTENDED)
    await house.system.ask(attended, host)

    await house.system.ask(CancelSlot(slot_id=slot.id, reason="Väärä nappi."), host)

    rows = await house.system.sql("SELECT status FROM booking.booking")
    assert rows[0]["status"] == "attended"
    await house.system.check_invariants()


@pytest.fixture
async def asking_house(system: System) -> House:
    system.clock.set(A_TUESDAY)
    await system.start("booking", BOOKING_MODE="confirm")
    return await House.build(system)


async def test_one_who_comes_along_does_not_confirm_for_the_other(asking_house: House) -> None:
    """Else they would hold a confirmed place in a meeting that nobody confirmed."""
    host = await asking_house.expert()
    slot = await asking_house.slot(host, A_TUESDAY + TWO_HOURS)
    friend = Companion(
        display_name="Ystävä", email="ystava@posti.example", comes_as=CompanionKind.CLOSE_PERSON
    )
    held = await asking_house.book(slot.id, companions=[friend])
    rows = await asking_house.system.sql("SELECT id FROM booking.booking WHERE accompanies = $1", held.id)
    theirs = Resident(booking_id=rows[0]["id"], link_version=1)

    with pytest.raises(Refusal) as refused:
        await asking_house.system.ask(ConfirmBooking(booking_id=theirs.booking_id), theirs)

    assert refused.value.code is Code.FORBIDDEN
    await asking_house.system.ask(ConfirmBooking(booking_id=held.id), resident(held))
    states = await asking_house.system.sql("SELECT DISTINCT status FROM booking.booking")
    assert [row["status"] for row in states] == ["confirmed"]


async def test_a_held_time_is_confirmed_before_it_is_moved(asking_house: House) -> None:
    """The mail with the button is about the first time; a moved hold would have no button at all."""
    host = await asking_house.expert()
    held = await asking_house.book((await asking_house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    other = await asking_house.slot(host, A_TUESDAY + 2 * TWO_HOURS)

    with pytest.raises(Refusal) as refused:
        await asking_house.system.ask(
            MoveBooking(booking_id=held.id, slot_id=other.id), resident(held), key=str(uuid4())
        )

    assert refused.value.code is Code.FORBIDDEN

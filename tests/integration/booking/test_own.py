"""What those who serve do for themselves: profile, calendar, outcomes; and meetings ended early."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.contracts.booking.appointments import CancelBooking, GiveFeedback, MoveBooking, RecordOutcome
from services.contracts.booking.own import (
    ChangeProfile,
    DescribeCalendar,
    FindCalendar,
    ListOpenOutcomes,
    RenewCalendar,
)
from services.contracts.booking.people import DisablePerson, Identify
from services.contracts.booking.slots import BookingStatus, CancelSlot, GetSlot
from services.contracts.envelope import Anyone, Staff
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import CloseRoom, Join
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House, resident

SOON = timedelta(hours=3)


async def refusal_of(asking: object) -> Code:
    with pytest.raises(Refusal) as caught:
        await asking  # type: ignore[misc]
    return caught.value.code


async def test_everybody_may_change_their_own_name_and_languages_and_nothing_else(house: House) -> None:
    expert, other = await house.expert(), await house.expert()

    changed = await house.system.ask(ChangeProfile(display_name=" Aino ", languages=["sv", "fi"]), expert)

    assert (changed.display_name, changed.languages) == ("Aino", ["sv", "fi"])
    assert (changed.role, changed.organisation_id) == (expert.role, expert.organisation_id)
    assert (await house.system.ask(Identify(person_id=other.person_id))).display_name != "Aino"
    nameless = ChangeProfile(display_name=" ", languages=["fi"])
    assert await refusal_of(house.system.ask(nameless, expert)) is Code.NAME_INVALID
    silent = ChangeProfile(display_name="Aino", languages=[])
    assert await refusal_of(house.system.ask(silent, expert)) is Code.FIELD_INVALID
    stranger = ChangeProfile(display_name="Aino", languages=["fi"])
    assert await refusal_of(house.system.ask(stranger, Anyone())) is Code.FORBIDDEN


async def test_a_calendar_has_ones_own_open_times_and_nobodys_name(house: House) -> None:
    expert, other = await house.expert(languages=["ru", "sv"]), await house.expert()
    free, booked, off = [
        await house.slot(expert, A_TUESDAY + timedelta(hours=hours)) for hours in (3, 4, 5)
    ]
    await house.slot(other, A_TUESDAY + SOON)
    await house.book(booked.id)
    await house.system.ask(CancelSlot(slot_id=off.id, reason="Sairastuin."), expert)
    version = (await house.system.ask(FindCalendar(), expert)).version

    calendar = await house.system.ask(DescribeCalendar(person_id=expert.person_id, version=version))

    assert [(entry.slot_id, entry.booked) for entry in calendar.entries] == [
        (free.id, False),
        (booked.id, True),
    ]
    assert calendar.language == "sv"
    assert "Kielo" not in repr(calendar)


async def test_a_renewed_calendar_and_that_of_a_disabled_person_are_closed(house: House) -> None:
    expert = await house.expert()
    old = DescribeCalendar(
        person_id=expert.person_id, version=(await house.system.ask(FindCalendar(), expert)).version
    )
    await house.system.ask(old)

    renewed = await house.system.ask(RenewCalendar(), expert, key=str(uuid4()))

    assert await refusal_of(house.system.ask(old)) is Code.LINK_EXPIRED
    new = DescribeCalendar(person_id=expert.person_id, version=renewed.version)
    await house.system.ask(new)
    await house.system.ask(DisablePerson(person_id=expert.person_id), house.coordinator)
    assert await refusal_of(house.system.ask(new)) is Code.LINK_EXPIRED
    assert await refusal_of(house.system.ask(RenewCalendar(), expert)) is Code.NOT_FOUND


async def owed(house: House, host: Staff) -> list[object]:
    return [slot.id for slot in (await house.system.ask(ListOpenOutcomes(), host)).items]


async def test_past_meetings_are_owed_an_outcome_until_they_have_one(house: House) -> None:
    expert = await house.expert()
    free, booked = [await house.slot(expert, A_TUESDAY + timedelta(hours=hours)) for hours in (3, 4)]
    booking = await house.book(booked.id)
    assert await owed(house, expert) == []

    house.system.clock.set(booked.ends_at)
    assert await owed(house, expert) == [booked.id]
    assert await owed(house, await house.expert()) == []

    outcome = RecordOutcome(
        booking_id=booking.id, status=BookingStatus.ATTENDED, guided_to=["Kela", "Asumisneuvonta"]
    )
    await house.system.ask(outcome, expert)
    assert await owed(house, expert) == []
    seen = (await house.system.ask(GetSlot(slot_id=booked.id), expert)).bookings[0]
    assert (seen.status, seen.guided_to) == (BookingStatus.ATTENDED, ["Asumisneuvonta", "Kela"])
    assert free.id not in await owed(house, expert)


async def test_a_meeting_ended_before_its_hour_has_been_held(house: House) -> None:
    """From the news of rooms: nothing can be cancelled or moved, and it can be said how it was."""
    await house.system.start("rooms")
    expert = await house.expert()
    slot, later = [await house.slot(expert, A_TUESDAY + timedelta(hours=hours)) for hours in (3, 6)]
    booking = await house.book(slot.id)
    house.system.clock.set(slot.starts_at - timedelta(minutes=10))
    feedback = GiveFeedback(booking_id=booking.id, useful=5)
    attended = RecordOutcome(booking_id=booking.id, status=BookingStatus.ATTENDED)
    assert await refusal_of(house.system.ask(feedback, resident(booking))) is Code.NOT_STARTED
    assert await refusal_of(house.system.ask(attended, expert)) is Code.NOT_STARTED

    await house.system.ask(Join(slot_id=slot.id, display_name="Aino"), expert)
    await house.system.ask(CloseRoom(slot_id=slot.id), expert)

    async def known() -> bool:
        return (await house.system.ask(GetSlot(slot_id=slot.id), expert)).ended_at is not None

    await eventually(known)
    off = CancelSlot(slot_id=slot.id, reason="Peru.")
    move = MoveBooking(booking_id=booking.id, slot_id=later.id)
    assert await refusal_of(house.system.ask(off, expert)) is Code.ALREADY_STARTED
    assert await refusal_of(house.system.ask(move, resident(booking))) is Code.ALREADY_STARTED
    cancel = CancelBooking(booking_id=booking.id)
    assert await refusal_of(house.system.ask(cancel, resident(booking))) is Code.ALREADY_STARTED
    assert await owed(house, expert) == [slot.id]
    await house.system.ask(feedback, resident(booking))
    await house.system.ask(attended, expert)
    assert await owed(house, expert) == []

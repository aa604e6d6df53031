"""Who may open a session of a group: those who have promised, as booking last told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Request, Role, Staff
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import (
    CloseRoom,
    Join,
    Leave,
    ListOwnRooms,
    Look,
    LookAtSlots,
    RoomState,
)
from tests.integration.rooms.conftest import NOON, Rooms
from tests.integration.rooms.jitsi import Jitsi, room_of
from tests.integration.rooms.neighbour import ABooking, ASlot, expert


async def a_session(rooms: Rooms, *hosts: UUID) -> ABooking:
    """A booking in a session of a group, of which rooms knows who has promised to open it."""
    booked = await rooms.a_meeting(SlotKind.GROUP)
    await rooms.booking.tell(booked.slot.changed(*hosts, version=1))
    return booked


async def is_refused(rooms: Rooms, booked: ABooking, who: UUID) -> bool:
    try:
        await rooms.host_joins(booked, expert(who), name="Kaino")
    except Refusal as refusal:
        return refusal.code is Code.NOT_FOUND
    return False


async def test_every_host_who_has_promised_may_open_and_nobody_else(rooms: Rooms) -> None:
    first, second, asked = uuid4(), uuid4(), uuid4()
    booked = await a_session(rooms, first, second)

    assert await is_refused(rooms, booked, asked)
    assert await is_refused(rooms, booked, booked.slot.host_id), "who is answerable has not promised"
    assert (await rooms.resident_joins(booked)).state is RoomState.WAITING
    assert not await is_refused(rooms, booked, second)
    assert (await rooms.resident_joins(booked)).state is RoomState.OPEN
    assert not await is_refused(rooms, booked, first)


async def test_a_slot_of_which_no_hosts_were_told_is_its_hosts_own(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)

    assert not await is_refused(rooms, booked, booked.slot.host_id)
    assert await is_refused(rooms, booked, uuid4())


async def test_a_session_nobody_has_promised_to_open_is_a_coordinators_to_save(rooms: Rooms) -> None:
    booked = await a_session(rooms)

    assert await is_refused(rooms, booked, booked.slot.host_id)
    joined = await rooms.host_joins(booked, Staff(person_id=uuid4(), role=Role.COORDINATOR))

    assert joined.state is RoomState.OPEN


async def test_a_session_is_known_before_anybody_books_it_and_its_bookings_say_nothing_of_it(
    rooms: Rooms,
) -> None:
    slot = ASlot(starts_at=NOON, kind=SlotKind.GROUP)
    host = uuid4()
    rooms.clock.set(NOON)

    await rooms.booking.tell(slot.changed(host, version=4))
    opened = await rooms.system.ask(Join(slot_id=slot.id, display_name="Aino"), expert(host))
    other_hour = replace(slot, starts_at=NOON + timedelta(hours=5), host_id=uuid4())
    booked = ABooking(slot=other_hour)
    await rooms.booking.tell(booked.confirmed(), at=NOON + timedelta(minutes=1))

    assert opened.state is RoomState.OPEN
    assert (await rooms.resident_looks(booked)).starts_at == NOON
    assert await is_refused(rooms, booked, other_hour.host_id)


async def test_a_replaced_host_is_out_at_once_and_residents_wait(rooms: Rooms) -> None:
    before, after = uuid4(), uuid4()
    booked = await a_session(rooms, before)
    await rooms.host_joins(booked, expert(before))

    await rooms.booking.tell(booked.slot.changed(after, version=2))

    assert (await rooms.resident_joins(booked)).state is RoomState.WAITING
    assert await is_refused(rooms, booked, before)
    requests: list[Request[Any]] = [
        Look(slot_id=booked.slot.id),
        Leave(slot_id=booked.slot.id),
        CloseRoom(slot_id=booked.slot.id),
    ]
    for request in requests:
        with pytest.raises(Refusal) as refused:
            await rooms.system.ask(request, expert(before))
        assert refused.value.code is Code.NOT_FOUND
    assert (await rooms.news(booked))[:2] == ["host_arrived", "host_left"]
    assert not await is_refused(rooms, booked, after)


async def test_older_news_of_a_session_brings_no_replaced_host_back(rooms: Rooms) -> None:
    before, after = uuid4(), uuid4()
    booked = await a_session(rooms, after)

    await rooms.booking.tell(booked.slot.changed(after, version=3))
    await rooms.booking.tell(booked.slot.changed(before, version=2))

    assert await is_refused(rooms, booked, before)
    assert not await is_refused(rooms, booked, after)


async def test_nobody_waits_when_one_of_two_hosts_is_replaced(rooms: Rooms) -> None:
    before, stays = uuid4(), uuid4()
    booked = await a_session(rooms, before, stays)
    await rooms.host_joins(booked, expert(before))
    await rooms.host_joins(booked, expert(stays), name="Kaino")

    await rooms.booking.tell(booked.slot.changed(stays, version=2))

    assert (await rooms.resident_joins(booked)).state is RoomState.OPEN
    assert "host_left" not in await rooms.news(booked)


async def test_a_coordinator_who_stands_in_stays_whoever_is_named(rooms: Rooms) -> None:
    booked = await a_session(rooms)
    await rooms.host_joins(booked, Staff(person_id=uuid4(), role=Role.COORDINATOR))

    await rooms.booking.tell(booked.slot.changed(uuid4(), version=2))

    assert (await rooms.resident_joins(booked)).state is RoomState.OPEN


async def test_jitsi_seeing_a_replaced_host_opens_nothing(rooms: Rooms, jitsi: Jitsi) -> None:
    before = uuid4()
    booked = await a_session(rooms, before)
    joined = await rooms.host_joins(booked, expert(before))
    await rooms.booking.tell(booked.slot.changed(uuid4(), version=2))

    await jitsi.saw("joined", joined)

    assert (await rooms.resident_joins(booked)).state is RoomState.WAITING
    await rooms.booking.tell(booked.slot.changed(before, version=3))
    await jitsi.saw("joined", joined, connection="two")
    assert (await rooms.resident_joins(booked)).state is RoomState.OPEN


async def test_a_moved_session_is_another_meeting(rooms: Rooms) -> None:
    host = uuid4()
    booked = await a_session(rooms, host)
    await rooms.host_joins(booked, expert(host))
    await rooms.resident_joins(booked)
    await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), expert(host))

    week = timedelta(weeks=1)
    moved = replace(booked.slot, starts_at=NOON + week)
    await rooms.booking.tell(moved.changed(host, version=2))

    seen = await rooms.resident_looks(booked)
    assert (seen.state, seen.starts_at, seen.host_present) == (RoomState.BEFORE, NOON + week, False)
    rooms.clock.set(NOON + week)
    assert (await rooms.resident_joins(booked)).state is RoomState.WAITING
    assert (await rooms.host_joins(booked, expert(host))).state is RoomState.OPEN


async def test_who_waited_for_a_session_that_is_moved_waits_no_longer(rooms: Rooms) -> None:
    host = uuid4()
    booked = await a_session(rooms, host)
    await rooms.resident_joins(booked)

    await rooms.booking.tell(
        replace(booked.slot, starts_at=NOON + timedelta(days=1)).changed(host, version=2)
    )

    assert not (await rooms.resident_looks(booked)).here


async def test_what_booking_answers_about_a_session_counts_like_its_news(rooms: Rooms) -> None:
    host = uuid4()
    booked = ABooking(slot=ASlot(starts_at=NOON, kind=SlotKind.GROUP))
    rooms.booking.knows(booked, hosts=[host], room_limit=40, slot_version=3)
    await rooms.booking.answer()
    rooms.clock.set(NOON)

    assert (await rooms.resident_looks(booked)).state is RoomState.WAITING
    assert await is_refused(rooms, booked, booked.slot.host_id)
    assert not await is_refused(rooms, booked, host)
    await rooms.booking.tell(booked.slot.changed(booked.slot.host_id, version=3))
    assert await is_refused(rooms, booked, booked.slot.host_id), "the same version is no news"


async def test_a_co_host_finds_the_session_among_their_own(rooms: Rooms) -> None:
    co_host, asked = uuid4(), uuid4()
    booked = await rooms.a_meeting(SlotKind.GROUP)
    await rooms.booking.tell(booked.slot.changed(booked.slot.host_id, co_host, version=1))
    today = ListOwnRooms(from_at=NOON - timedelta(hours=1), to_at=NOON + timedelta(hours=1))

    for who, finds in ((co_host, [booked.slot.id]), (asked, [])):
        own = await rooms.system.ask(today, expert(who))
        seen = await rooms.system.ask(LookAtSlots(slot_ids=[booked.slot.id]), expert(who))
        assert [item.slot_id for item in own.items] == finds
        assert [item.slot_id for item in seen.items] == finds


@pytest.mark.parametrize("told", [True, False])
async def test_a_room_is_as_large_as_booking_says(rooms: Rooms, jitsi: Jitsi, told: bool) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    if told:
        await rooms.booking.tell(booked.slot.changed(booked.slot.host_id, version=1, room_limit=44))

    _, said = await jitsi.reserves(room_of(await rooms.host_joins(booked)))

    assert said["max_occupants"] == (44 if told else 75)

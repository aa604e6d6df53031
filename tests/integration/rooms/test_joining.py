"""Pressing join: who is let in, who waits, who is refused."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.contracts.envelope import Request, Role, Staff, Told
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import AttendeeJoined, CloseRoom, Join, Leave, Look, RoomState
from tests.integration.rooms.conftest import NOON, Rooms


async def test_a_resident_waits_until_the_host_is_in(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()

    early = await rooms.resident_joins(booked)
    await rooms.host_joins(booked)
    later = await rooms.resident_joins(booked)

    assert (early.state, early.video) == (RoomState.WAITING, None)
    assert later.state is RoomState.OPEN
    assert later.video is not None
    assert await rooms.news(booked) == ["attendee_waiting", "host_arrived", "attendee_joined"]


async def test_the_host_is_let_in_at_once_and_sees_how_many_wait(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    other = await rooms.another_in(booked)
    await rooms.resident_joins(booked)
    await rooms.resident_joins(other)

    joined = await rooms.host_joins(booked)

    assert joined.state is RoomState.OPEN
    assert joined.view.waiting == 2
    assert joined.video is not None
    assert joined.video.room
    assert (joined.video.domain, joined.video.url, joined.video.script) == ("", "", "")


async def test_a_resident_is_not_told_who_else_waits(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    other = await rooms.another_in(booked)
    await rooms.resident_joins(other)

    assert (await rooms.resident_joins(booked)).view.waiting == 0
    assert (await rooms.resident_looks(booked)).waiting == 0
    assert (await rooms.host_looks(booked)).waiting == 2


async def test_pressing_again_and_again_is_announced_once_a_visit(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()

    for _ in range(3):
        await rooms.resident_joins(booked)
    for _ in range(3):
        await rooms.host_joins(booked)
    for _ in range(3):
        await rooms.resident_joins(booked)

    assert await rooms.news(booked) == ["attendee_waiting", "host_arrived", "attendee_joined"]
    assert await rooms.attendance(booked) == [("page", "waiting"), ("page", "joined"), ("page", "joined")]


@pytest.mark.parametrize("before", [timedelta(minutes=16), -timedelta(minutes=75)])
async def test_outside_its_hours_nobody_is_let_in_and_the_hours_are_told(
    rooms: Rooms, before: timedelta
) -> None:
    booked = await rooms.a_meeting()
    rooms.clock.set(NOON - before)

    for asks in (rooms.resident_joins, rooms.host_joins):
        with pytest.raises(Refusal) as refused:
            await asks(booked)

        assert refused.value.code is Code.ROOM_NOT_OPEN
        assert refused.value.facts == {
            "opens_at": "2027-03-02T09:45:00+00:00",
            "closes_at": "2027-03-02T11:15:00+00:00",
        }


async def test_the_host_comes_and_goes_and_residents_wait_in_between(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.host_joins(booked)

    await rooms.system.ask(Leave(slot_id=booked.slot.id), booked.slot.host)
    without = await rooms.resident_joins(booked)
    await rooms.host_joins(booked)
    again = await rooms.resident_joins(booked)

    assert without.state is RoomState.WAITING
    assert again.video is not None
    assert await rooms.news(booked) == [
        "host_arrived",
        "host_left",
        "attendee_waiting",
        "host_arrived",
        "attendee_joined",
    ]


async def test_a_resident_who_leaves_is_not_counted_as_waiting(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.resident_joins(booked)

    await rooms.system.ask(Leave(), booked.resident)

    assert (await rooms.host_looks(booked)).waiting == 0


async def test_a_closed_room_is_over_for_everybody(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.host_joins(booked)

    closed = await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), booked.slot.host)
    twice = await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), booked.slot.host)

    assert closed == twice
    assert closed.state is RoomState.OVER
    assert not closed.host_present
    assert (await rooms.resident_looks(booked)).state is RoomState.OVER
    for asks in (rooms.resident_joins, rooms.host_joins):
        with pytest.raises(Refusal) as refused:
            await asks(booked)
        assert refused.value.code is Code.ROOM_CLOSED
    assert await rooms.news(booked) == ["host_arrived", "room_closed"]


async def test_a_room_cannot_be_closed_before_it_opened(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(open_now=False)

    with pytest.raises(Refusal) as refused:
        await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), booked.slot.host)

    assert refused.value.code is Code.ROOM_NOT_OPEN


@pytest.mark.parametrize("role", [Role.VOLUNTEER, Role.EXPERT])
async def test_to_another_host_the_meeting_does_not_exist(rooms: Rooms, role: Role) -> None:
    booked = await rooms.a_meeting()
    stranger = Staff(person_id=uuid4(), role=role)

    requests: list[Request[Any]] = [
        Look(slot_id=booked.slot.id),
        Join(slot_id=booked.slot.id, display_name="Aino"),
        Leave(slot_id=booked.slot.id),
        CloseRoom(slot_id=booked.slot.id),
    ]
    for request in requests:
        with pytest.raises(Refusal) as refused:
            await rooms.system.ask(request, stranger)
        assert refused.value.code is Code.NOT_FOUND


async def test_a_coordinator_may_stand_in_for_the_host(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    coordinator = Staff(person_id=uuid4(), role=Role.COORDINATOR)

    await rooms.host_joins(booked, coordinator)

    assert (await rooms.resident_joins(booked)).video is not None


async def test_one_of_two_hosts_may_leave_without_anybody_waiting(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    coordinator = Staff(person_id=uuid4(), role=Role.COORDINATOR)
    await rooms.host_joins(booked)
    await rooms.host_joins(booked, coordinator)

    await rooms.system.ask(Leave(slot_id=booked.slot.id), booked.slot.host)

    assert (await rooms.resident_joins(booked)).state is RoomState.OPEN
    assert "host_left" not in await rooms.news(booked)


async def test_nobody_known_is_refused(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()

    with pytest.raises(Refusal) as refused:
        await rooms.system.ask(Look(slot_id=booked.slot.id))

    assert refused.value.code is Code.FORBIDDEN


async def test_an_address_is_refused_as_a_name(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()

    with pytest.raises(Refusal) as refused:
        await rooms.resident_joins(booked, "aino@example.org")

    assert refused.value.code is Code.NICKNAME_INVALID
    assert await rooms.news(booked) == []


async def test_news_of_a_coming_says_to_which_hour(rooms: Rooms) -> None:
    """Or, heard after the booking was moved, it would be taken for a coming to the new one."""
    booked = await rooms.a_meeting()
    await rooms.host_joins(booked)

    await rooms.resident_joins(booked)

    [row] = await rooms.system.sql(
        "SELECT body FROM rooms.outbox WHERE subject = $1 ORDER BY id DESC LIMIT 1", AttendeeJoined.subject
    )
    told = msgspec.json.decode(row["body"], type=Told)
    joined = msgspec.json.decode(told.body, type=AttendeeJoined)
    assert (joined.booking_id, joined.starts_at) == (booked.id, NOON)

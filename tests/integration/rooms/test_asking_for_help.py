""" "I cannot get in", and who counts as waiting while their page comes and goes."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import AskForHelp, CloseRoom, Leave
from tests.integration.rooms.conftest import NOON, Rooms


async def test_the_host_is_told_at_once_and_once(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.host_joins(booked)

    for _ in range(3):
        await rooms.resident_asks_for_help(booked)

    assert (await rooms.host_looks(booked)).cannot_get_in == [booked.id]
    assert await rooms.news(booked) == ["host_arrived", "help_asked"]
    assert await rooms.attendance(booked) == [("page", "joined"), ("page", "help")]


async def test_no_resident_learns_who_cannot_get_in(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    other = await rooms.another_in(booked)

    assert (await rooms.resident_asks_for_help(booked)).cannot_get_in == []

    assert (await rooms.resident_looks(other)).cannot_get_in == []
    assert (await rooms.resident_joins(other)).view.cannot_get_in == []


async def test_closing_the_page_does_not_take_the_call_for_help_back(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.resident_joins(booked)
    await rooms.resident_asks_for_help(booked)

    await rooms.system.ask(Leave(), booked.resident)

    seen = await rooms.host_looks(booked)
    assert (seen.waiting, seen.cannot_get_in) == (0, [booked.id])


async def test_after_the_end_nobody_is_said_to_be_outside(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.host_joins(booked)
    await rooms.resident_asks_for_help(booked)

    await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), booked.slot.host)

    assert (await rooms.host_looks(booked)).cannot_get_in == []


async def test_help_is_for_the_hours_of_the_room_and_for_residents(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(open_now=False)

    with pytest.raises(Refusal) as early:
        await rooms.resident_asks_for_help(booked)
    assert early.value.code is Code.ROOM_NOT_OPEN

    rooms.clock.set(NOON + timedelta(minutes=5))
    with pytest.raises(Refusal) as stranger:
        await rooms.system.ask(AskForHelp(), booked.slot.host)
    assert stranger.value.code is Code.FORBIDDEN
    assert await rooms.news(booked) == []


async def test_a_page_that_is_gone_ends_waiting_and_not_a_meeting(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    other = await rooms.another_in(booked)
    await rooms.resident_joins(other)
    assert (await rooms.resident_looks(other)).here
    assert not (await rooms.resident_looks(booked)).here
    await rooms.host_joins(booked)
    await rooms.resident_joins(booked)

    for who in (booked, other):
        await rooms.system.ask(Leave(only_waiting=True), who.resident)

    assert (await rooms.host_looks(booked)).waiting == 0
    assert not (await rooms.resident_looks(other)).here
    assert ("page", "left") in await rooms.attendance(booked)
    assert (await rooms.attendance(booked)).count(("page", "left")) == 1


async def test_a_call_for_help_is_of_the_hour_at_which_the_session_was_then(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    host = booked.slot.host_id
    await rooms.booking.tell(booked.slot.changed(host, version=1))
    await rooms.resident_asks_for_help(booked)
    assert (await rooms.host_looks(booked)).cannot_get_in == [booked.id]

    day = timedelta(days=1)
    await rooms.booking.tell(replace(booked.slot, starts_at=NOON + day).changed(host, version=2))
    rooms.clock.set(NOON + day)

    assert (await rooms.host_looks(booked)).cannot_get_in == []
    await rooms.resident_asks_for_help(booked)
    assert (await rooms.host_looks(booked)).cannot_get_in == [booked.id]
    assert (await rooms.news(booked)).count("help_asked") == 2


async def test_another_host_of_the_same_hour_hears_who_cannot_get_in(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    await rooms.booking.tell(booked.slot.changed(booked.slot.host_id, version=1))
    await rooms.resident_asks_for_help(booked)

    await rooms.booking.tell(booked.slot.changed(booked.slot.host_id, uuid4(), version=2))

    assert (await rooms.host_looks(booked)).cannot_get_in == [booked.id]

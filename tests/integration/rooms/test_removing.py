"""Sending somebody out of a session, and seeing who is here."""

from typing import Any
from uuid import uuid4

import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Request, Resident
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import ListPresence, RemoveParticipant, RoomState
from tests.integration.rooms.conftest import NOON, Rooms
from tests.integration.rooms.jitsi import Jitsi
from tests.integration.rooms.neighbour import ABooking, ASlot, expert


async def code_of(rooms: Rooms, who: ABooking | Resident) -> Code:
    with pytest.raises(Refusal) as refused:
        await rooms.resident_joins(who)
    return refused.value.code


async def a_group(rooms: Rooms) -> tuple[ABooking, ABooking]:
    """Two who are in, with their host."""
    booked = await rooms.a_meeting(SlotKind.GROUP)
    other = await rooms.another_in(booked)
    await rooms.host_joins(booked)
    await rooms.resident_joins(booked)
    await rooms.resident_joins(other)
    return booked, other


async def test_who_was_sent_out_stays_out_until_let_back(rooms: Rooms) -> None:
    sent_out, other = await a_group(rooms)

    await rooms.removes(sent_out)
    await rooms.removes(sent_out)

    assert await code_of(rooms, sent_out) is Code.REMOVED
    seen = await rooms.resident_looks(sent_out)
    assert (seen.removed, seen.here, seen.state) == (True, False, RoomState.OPEN)
    assert not (await rooms.resident_looks(other)).removed
    assert (await rooms.resident_joins(other)).video is not None
    await rooms.removes(sent_out, back=True)
    assert not (await rooms.resident_looks(sent_out)).removed
    assert (await rooms.resident_joins(sent_out)).video is not None


async def test_one_of_whom_and_of_whose_meeting_no_news_has_come_is_sent_out_at_the_first_press(
    rooms: Rooms,
) -> None:
    booked = ABooking(slot=ASlot(starts_at=NOON, kind=SlotKind.GROUP))
    rooms.booking.knows(booked)
    await rooms.booking.answer()
    rooms.clock.set(NOON)

    await rooms.removes(booked)

    assert await code_of(rooms, booked) is Code.REMOVED
    assert len(rooms.booking.asked) == 2


async def test_a_new_link_lets_nobody_back_who_was_sent_out(rooms: Rooms) -> None:
    sent_out, _ = await a_group(rooms)
    await rooms.removes(sent_out)

    renewed = sent_out.later(link_version=2)
    await rooms.booking.tell(renewed.renewed())

    assert await code_of(rooms, renewed) is Code.REMOVED


async def test_another_session_is_open_to_who_was_sent_out_of_this_one(rooms: Rooms) -> None:
    sent_out, _ = await a_group(rooms)
    await rooms.removes(sent_out)
    next_time = ABooking(slot=ASlot(starts_at=NOON, kind=SlotKind.GROUP))

    await rooms.booking.tell(next_time.confirmed())

    assert (await rooms.resident_joins(next_time)).state is RoomState.WAITING


async def test_somebody_may_be_kept_out_before_they_come(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)

    await rooms.removes(booked)

    assert await code_of(rooms, booked) is Code.REMOVED
    assert await rooms.news(booked) == []
    assert await rooms.attendance(booked) == []


async def test_who_was_sent_out_cannot_call_for_help_nor_waits(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    await rooms.resident_joins(booked)
    await rooms.resident_asks_for_help(booked)

    await rooms.removes(booked)

    seen = await rooms.host_looks(booked)
    assert (seen.waiting, seen.cannot_get_in) == (0, [])
    with pytest.raises(Refusal) as refused:
        await rooms.resident_asks_for_help(booked)
    assert refused.value.code is Code.REMOVED


async def test_only_those_who_may_host_send_out_or_see_who_is_here(rooms: Rooms) -> None:
    booked, other = await a_group(rooms)
    elsewhere = await rooms.a_meeting(SlotKind.GROUP)

    requests: list[Request[Any]] = [
        RemoveParticipant(slot_id=booked.slot.id, booking_id=booked.id),
        ListPresence(slot_id=booked.slot.id),
    ]
    for request in requests:
        for actor, code in (
            (expert(uuid4()), Code.NOT_FOUND),
            (elsewhere.slot.host, Code.NOT_FOUND),
            (other.resident, Code.FORBIDDEN),
        ):
            with pytest.raises(Refusal) as refused:
                await rooms.system.ask(request, actor)
            assert refused.value.code is code
    assert (await rooms.resident_joins(booked)).video is not None


async def test_a_host_sends_nobody_out_of_another_meeting(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    elsewhere = await rooms.a_meeting(SlotKind.GROUP)

    with pytest.raises(Refusal) as refused:
        await rooms.system.ask(
            RemoveParticipant(slot_id=booked.slot.id, booking_id=elsewhere.id), booked.slot.host
        )

    assert refused.value.code is Code.NOT_FOUND
    assert (await rooms.resident_joins(elsewhere)).state is RoomState.WAITING


async def test_a_booking_too_new_to_be_known_can_be_sent_out(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    new = ABooking(slot=booked.slot)
    rooms.booking.knows(new)
    await rooms.booking.answer()

    await rooms.removes(new)

    assert await code_of(rooms, new) is Code.REMOVED


async def test_who_was_sent_out_and_is_seen_inside_counts_as_away(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    await rooms.host_joins(booked)
    joined = await rooms.resident_joins(booked)
    await rooms.removes(booked)
    before = await rooms.news(booked)

    assert await jitsi.saw("joined", joined) == 200

    here = (await rooms.presence(booked))[booked.id]
    assert (here.presence, here.removed) == ("away", True)
    assert await rooms.news(booked) == before
    await rooms.removes(booked, back=True)
    await jitsi.saw("joined", joined, connection="two")
    assert (await rooms.presence(booked))[booked.id].presence == "joined"
    assert (await rooms.news(booked)).count("attendee_joined") == 2


async def test_hosts_see_who_is_here_waits_went_and_was_sent_out(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.GROUP)
    inside, gone, out = [await rooms.another_in(booked) for _ in range(3)]
    never = await rooms.another_in(booked)
    await rooms.resident_joins(booked)
    assert {who: here.presence for who, here in (await rooms.presence(booked)).items()} == {
        booked.id: "waiting"
    }

    await rooms.host_joins(booked)
    for who in (inside, gone, out):
        await rooms.resident_joins(who)
    await rooms.leaves(gone)
    await rooms.removes(out)
    seen = await rooms.presence(booked)

    assert {who: (here.presence, here.hosts, here.removed) for who, here in seen.items()} == {
        booked.slot.host_id: ("joined", True, False),
        booked.id: ("waiting", False, False),
        inside.id: ("joined", False, False),
        gone.id: ("away", False, False),
        out.id: ("away", False, True),
    }
    assert never.id not in seen
    assert next(iter(seen)) == booked.slot.host_id, "hosts first"

"""A time that was given back is somebody else's, and so is its room: a token outlives a place."""

from datetime import timedelta

from services.contracts.booking.catalogue import SlotKind
from services.contracts.rooms import RoomState
from tests.integration.rooms.conftest import NOON, Rooms
from tests.integration.rooms.jitsi import Jitsi, room_of
from tests.integration.rooms.neighbour import ABooking, ASlot


async def test_whoever_gave_the_time_back_has_no_token_for_the_room_of_the_next(
    rooms: Rooms, jitsi: Jitsi
) -> None:
    first = await rooms.a_meeting()
    await rooms.host_joins(first)
    old = room_of(await rooms.resident_joins(first))

    await rooms.booking.tell(first.later().cancelled())
    second = await rooms.another_in(first)
    await rooms.host_joins(second)
    new = room_of(await rooms.resident_joins(second))

    assert new != old
    assert (await jitsi.reserves(old))[0] == 403
    assert (await jitsi.reserves(new))[0] == 200


async def test_a_move_to_another_time_is_the_same(rooms: Rooms) -> None:
    first = await rooms.a_meeting()
    await rooms.host_joins(first)
    old = room_of(await rooms.resident_joins(first))
    elsewhere = ASlot(starts_at=NOON + timedelta(hours=3), host_id=first.slot.host_id)

    await rooms.booking.tell(first.later(slot=elsewhere).moved(away_from=first.slot))

    assert room_of(await rooms.host_joins(first)) != old


async def test_the_host_in_the_old_room_is_not_taken_for_one_in_the_new(rooms: Rooms, jitsi: Jitsi) -> None:
    first = await rooms.a_meeting()
    host = await rooms.host_joins(first)
    await jitsi.saw("joined", host)
    await rooms.resident_joins(first)

    await rooms.booking.tell(first.later().cancelled())
    second = await rooms.another_in(first)

    assert (await rooms.resident_joins(second)).state is RoomState.WAITING
    assert (await rooms.host_looks(second)).waiting == 1
    assert (await rooms.news(second))[-2:] == ["host_left", "attendee_waiting"]
    await rooms.host_joins(second)
    await jitsi.saw("left", host)  # the old room, at last
    assert (await rooms.resident_joins(second)).state is RoomState.OPEN


async def test_the_hosts_old_connection_does_not_keep_them_in_the_new_room(
    rooms: Rooms, jitsi: Jitsi
) -> None:
    first = await rooms.a_meeting()
    host = await rooms.host_joins(first)
    await jitsi.saw("joined", host, "in the old room")
    await rooms.resident_joins(first)
    await rooms.booking.tell(first.later().cancelled())
    second = await rooms.another_in(first)

    again = await rooms.host_joins(second)
    await jitsi.saw("joined", again, "in the new room")
    await jitsi.saw("left", again, "in the new room")

    assert (await rooms.host_looks(second)).host_present is False


async def test_what_nobody_left_keeps_its_name(rooms: Rooms) -> None:
    """Who was never let in knows none; a new link is no other place; others in a group stay together."""
    waiting = await rooms.a_meeting()
    await rooms.resident_joins(waiting)
    before = room_of(await rooms.host_joins(waiting))
    await rooms.booking.tell(waiting.later().cancelled())
    assert room_of(await rooms.host_joins(waiting)) == before

    renewing = await rooms.a_meeting()
    await rooms.host_joins(renewing)
    before = room_of(await rooms.resident_joins(renewing))
    renewed = renewing.later(link_version=2)
    await rooms.booking.tell(renewed.renewed())
    assert room_of(await rooms.resident_joins(renewed)) == before

    in_a_group: ABooking = await rooms.a_meeting(SlotKind.GROUP)
    other = await rooms.another_in(in_a_group)
    await rooms.host_joins(in_a_group)
    before = room_of(await rooms.resident_joins(in_a_group))
    await rooms.booking.tell(in_a_group.later().cancelled())
    assert room_of(await rooms.resident_joins(other)) == before

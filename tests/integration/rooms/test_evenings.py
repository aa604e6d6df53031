"""Evenings for many: listeners come in quiet, and their tokens allow less."""

import pytest

from services.contracts.booking.catalogue import SlotKind
from tests.integration.rooms.conftest import Rooms
from tests.integration.rooms.jitsi import claims_of

CUT = {"screen-sharing", "send-private-message", "create-polls"}


@pytest.mark.parametrize(
    ("kind", "room_limit", "quiet"),
    [
        (SlotKind.EVENT, 600, True),
        (SlotKind.GROUP, 31, True),
        (SlotKind.GROUP, 30, False),
    ],
)
async def test_listeners_come_in_quiet_and_hosts_as_they_like(
    rooms: Rooms, kind: SlotKind, room_limit: int, quiet: bool
) -> None:
    booked = await rooms.a_meeting(kind)
    await rooms.booking.tell(booked.slot.changed(booked.slot.host_id, version=1, room_limit=room_limit))

    assert (await rooms.resident_joins(booked)).quiet is quiet
    assert not (await rooms.host_joins(booked)).quiet
    assert (await rooms.resident_joins(booked)).quiet is quiet
    assert (await rooms.resident_joins(booked)).quiet is quiet, "pressed again"


@pytest.mark.parametrize("kind", list(SlotKind))
async def test_only_listeners_tokens_are_cut(rooms: Rooms, kind: SlotKind) -> None:
    booked = await rooms.a_meeting(kind)
    hosts = claims_of(await rooms.host_joins(booked))["context"]["features"]
    residents = claims_of(await rooms.resident_joins(booked))["context"]["features"]

    assert {feature for feature, allowed in hosts.items() if allowed} == CUT | {"send-groupchat"}
    cut = {feature for feature, allowed in hosts.items() if allowed and not residents[feature]}
    assert cut == (CUT if kind is SlotKind.EVENT else set())
    assert residents.keys() == hosts.keys()


async def test_people_of_a_large_evening_are_counted_for_the_host(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(SlotKind.EVENT)
    others = [await rooms.another_in(booked) for _ in range(4)]
    for who in (booked, *others):
        await rooms.resident_joins(who)

    joined = await rooms.host_joins(booked)

    assert joined.view.waiting == 5
    assert len(await rooms.presence(booked)) == 6

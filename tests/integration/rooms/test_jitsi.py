"""What Jitsi asks of rooms and tells it, over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from uuid import uuid4

import jwt
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from services.contracts.booking.catalogue import SlotKind
from services.contracts.rooms import CloseRoom, RoomState
from services.rooms import tokens
from services.rooms.domain import Hours
from services.rooms.http import LARGEST_BODY, application
from services.rooms.keys import rsa_keys
from services.rooms.service import Means
from services.runtime import db
from services.runtime.config import Secret
from tests.integration.rooms.conftest import NOON, Rooms
from tests.integration.rooms.jitsi import CALLBACK_SECRET, SHOWN, Jitsi, room_of, user_of
from tests.integration.rooms.neighbour import called_off
from tests.support.rsa_keys import private_pem


async def test_a_room_is_reserved_until_it_closes(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    room = room_of(await rooms.host_joins(booked))

    status, said = await jitsi.reserves(room.upper())

    assert status == 200
    assert (said["name"], said["mail_owner"]) == (room, "x@meet.jitsi")
    assert said["id"] == str(booked.slot.id)
    starts_at = datetime.fromisoformat(said["start_time"])
    assert starts_at + timedelta(seconds=said["duration"]) == booked.slot.ends_at + timedelta(minutes=30)
    assert said["max_occupants"] == 12
    assert await jitsi.asks("GET", f"/conference/{said['id']}") == (200, said | {"mail_owner": ""})
    assert (await jitsi.asks("DELETE", f"/conference/{said['id']}"))[0] == 200
    assert (await jitsi.reserves(room))[0] == 200


async def test_whoever_is_seen_in_the_room_after_asking_for_help_has_got_in(
    rooms: Rooms, jitsi: Jitsi
) -> None:
    booked = await rooms.a_meeting()
    await rooms.host_joins(booked)
    joined = await rooms.resident_joins(booked)
    before = jitsi.a_minute_later()
    await rooms.resident_asks_for_help(booked)

    await jitsi.saw("joined", joined, at=before - timedelta(minutes=1))
    assert (await rooms.host_looks(booked)).cannot_get_in == [booked.id], "that was before they asked"
    await jitsi.saw("joined", joined, connection="two")

    assert (await rooms.host_looks(booked)).cannot_get_in == []


async def test_an_evening_for_hundreds_has_a_room_for_hundreds(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting(SlotKind.EVENT)

    _, said = await jitsi.reserves(room_of(await rooms.host_joins(booked)))

    assert said["max_occupants"] == 500


@pytest.mark.parametrize("how", ["early", "late", "closed", "cancelled", "unknown", "unnamed"])
async def test_no_room_is_reserved_that_nobody_may_enter(rooms: Rooms, jitsi: Jitsi, how: str) -> None:
    booked = await rooms.a_meeting()
    room = room_of(await rooms.host_joins(booked))
    assert (await jitsi.reserves(room))[0] == 200
    match how:
        case "early":
            rooms.clock.set(NOON - timedelta(minutes=16))
        case "late":
            rooms.clock.set(booked.slot.ends_at + timedelta(minutes=30))
        case "closed":
            await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), booked.slot.host)
        case "cancelled":
            await rooms.booking.tell(called_off(booked.slot))
        case "unknown":
            room = "0" * 40
        case "unnamed":
            room = ""

    status, said = await jitsi.reserves(room)

    assert status == 403
    assert said["message"]
    if how not in ("unknown", "unnamed"):
        assert (await jitsi.asks("GET", f"/conference/{booked.slot.id}"))[0] == 404


async def test_an_unknown_conference_is_not_found(jitsi: Jitsi) -> None:
    for unknown in (str(uuid4()), "x", "..%2f", "%00"):
        assert (await jitsi.asks("GET", f"/conference/{unknown}"))[0] == 404


ROUTES = [
    ("POST", "/conference"),
    ("GET", "/conference/0e5a4f0e-6d4b-4c43-8d0e-8f4a4f0f6a11"),
    ("DELETE", "/conference/0e5a4f0e-6d4b-4c43-8d0e-8f4a4f0f6a11"),
    ("POST", "/events/room/created"),
    ("POST", "/events/room/destroyed"),
    ("POST", "/events/occupant/joined"),
    ("POST", "/events/occupant/left"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", CALLBACK_SECRET, "Bearer ä"]
)
async def test_nothing_is_answered_without_the_secret(
    jitsi: Jitsi, method: str, path: str, authorization: str | None
) -> None:
    jitsi.headers = {} if authorization is None else {"Authorization": authorization}

    status, _ = await jitsi.asks(method, path, data=b"{}")

    assert status == 401


async def test_without_the_secret_nobody_comes_or_goes(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)

    jitsi.headers = {"Authorization": "Bearer wrong"}
    refused = await jitsi.saw("left", host)
    still = await rooms.host_looks(booked)
    jitsi.headers = SHOWN
    taken = await jitsi.saw("left", host)

    assert (refused, still.host_present) == (401, True)
    assert (taken, (await rooms.host_looks(booked)).host_present) == (200, False)


async def test_bad_bodies_are_refused_and_too_large_ones_unread(jitsi: Jitsi) -> None:
    for path in ("/events/occupant/joined", "/events/room/destroyed", "/events/room/created"):
        for body in (b"", b"{", b"[]", b"\xff", b"[" * 50_000):
            assert (await jitsi.asks("POST", path, data=body))[0] == 400
        assert (await jitsi.asks("POST", path, data=BytesIO(b" " * (LARGEST_BODY + 1))))[0] == 413
    assert (await jitsi.asks("POST", "/conference", data=b"name=\xff"))[0] == 400
    assert (await jitsi.asks("POST", "/conference", data=b"a=1&" * 50))[0] == 400


async def test_residents_wait_after_the_host_dropped_out_of_the_call(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    await jitsi.saw("joined", host)

    await jitsi.saw("left", host)
    await jitsi.saw("left", host)

    assert (await rooms.resident_joins(booked)).state is RoomState.WAITING
    assert await rooms.news(booked) == ["host_arrived", "host_left", "attendee_waiting"]


async def test_a_host_who_comes_back_into_the_call_is_there_again(rooms: Rooms, jitsi: Jitsi) -> None:
    """A connection that was lost comes back by itself, without anybody pressing join."""
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    await jitsi.saw("joined", host)
    await jitsi.saw("left", host)

    await jitsi.saw("joined", host, "two")

    assert (await rooms.resident_joins(booked)).state is RoomState.OPEN
    assert await rooms.news(booked) == ["host_arrived", "host_left", "host_arrived", "attendee_joined"]


async def test_a_host_with_another_connection_is_still_there(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    await jitsi.saw("joined", host, "one")
    await jitsi.saw("joined", host, "two")

    await jitsi.saw("left", host, "one")
    one_left = await rooms.host_looks(booked)
    await jitsi.saw("left", host, "two")

    assert one_left.host_present
    assert not (await rooms.host_looks(booked)).host_present


async def test_a_joining_told_after_its_leaving_brings_nobody_back(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    came = jitsi.a_minute_later()

    await jitsi.saw("left", host)
    await jitsi.saw("joined", host, at=came)
    await jitsi.saw("joined", host)

    assert not (await rooms.host_looks(booked)).host_present
    assert await rooms.attendance(booked) == [("page", "joined"), ("jitsi", "joined"), ("jitsi", "left")]


async def test_a_leaving_from_before_the_host_pressed_join_again_is_no_leaving(
    rooms: Rooms, jitsi: Jitsi
) -> None:
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    earlier = jitsi.a_minute_later()
    await jitsi.saw("left", host)
    jitsi.a_minute_later()
    again = await rooms.host_joins(booked)

    await jitsi.saw("left", again, "two", at=earlier)

    assert (await rooms.host_looks(booked)).host_present
    await jitsi.saw("left", again, "three")
    assert not (await rooms.host_looks(booked)).host_present


async def test_a_resident_seen_in_the_call_has_joined_once(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    resident = await rooms.resident_joins(booked)
    assert user_of(resident) != user_of(host)

    for _ in range(3):
        await jitsi.saw("joined", resident)
    await jitsi.saw("left", resident)
    await jitsi.saw("joined", resident, "two")

    assert await rooms.news(booked) == ["host_arrived", "attendee_joined", "attendee_joined"]
    assert (await rooms.attendance(booked))[2:] == [
        ("jitsi", what) for what in ("joined", "left", "joined")
    ]


async def test_a_closed_meeting_is_not_opened_by_who_is_still_in_the_call(
    rooms: Rooms, jitsi: Jitsi
) -> None:
    booked = await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), booked.slot.host)

    assert await jitsi.saw("joined", host) == 200

    assert (await rooms.host_looks(booked)).state is RoomState.OVER
    assert await rooms.news(booked) == ["host_arrived", "room_closed"]


async def test_when_the_call_ended_the_host_is_away_and_the_room_may_open_again(
    rooms: Rooms, jitsi: Jitsi
) -> None:
    booked = await rooms.a_meeting()
    waiting = await rooms.another_in(booked)
    await rooms.resident_joins(waiting)
    host = await rooms.host_joins(booked)
    await jitsi.saw("joined", host)
    end = {"room_name": room_of(host), "destroyed_at": int(jitsi.a_minute_later().timestamp())}

    assert await jitsi.tells("room/destroyed", **end, all_occupants={}) == 200
    ended = await rooms.host_looks(booked)
    await rooms.host_joins(booked)

    assert (ended.state, ended.host_present, ended.waiting) == (RoomState.WAITING, False, 1)
    assert (await rooms.resident_joins(waiting)).state is RoomState.OPEN
    assert await jitsi.tells("room/destroyed", **end, all_occupants={}) == 200
    assert (await rooms.host_looks(booked)).host_present  # older news than the host's new press


async def test_the_end_of_a_call_tells_what_was_not_heard_before(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    stranger = await rooms.a_meeting()
    elsewhere = user_of(await rooms.host_joins(stranger))
    host = await rooms.host_joins(booked)
    came, went = (int(jitsi.a_minute_later().timestamp()) for _ in range(2))
    everybody = [
        {"id": user_of(host), "occupant_jid": "a@b/c", "joined_at": came, "left_at": went},
        {"id": elsewhere, "occupant_jid": "d@e/f", "joined_at": came},
        {"occupant_jid": "g@h/i"},
        None,
    ]

    for _ in range(2):
        told = {"room_name": room_of(host), "destroyed_at": went, "all_occupants": everybody}
        assert await jitsi.tells("room/destroyed", **told) == 200

    seen = [("page", "joined"), ("jitsi", "joined"), ("jitsi", "left")]
    assert await rooms.attendance(booked) == seen
    assert await rooms.attendance(stranger) == [("page", "joined")]


async def test_news_of_strangers_other_rooms_and_side_rooms_is_ignored(rooms: Rooms, jitsi: Jitsi) -> None:
    booked, other = await rooms.a_meeting(), await rooms.a_meeting()
    host = await rooms.host_joins(booked)
    elsewhere = room_of(await rooms.host_joins(other))
    jitsi.a_minute_later()
    mine = {"id": user_of(host), "occupant_jid": "a@b/c"}

    statuses = {
        await jitsi.tells("occupant/left", room_name=elsewhere, occupant=mine),
        await jitsi.tells("occupant/left", room_name=room_of(host), occupant={"id": str(uuid4())}),
        await jitsi.tells("occupant/left", room_name=room_of(host), occupant={"id": "focus"}),
        await jitsi.tells("occupant/left", room_name=room_of(host)),
        await jitsi.tells("occupant/left", is_breakout=True, room_name=room_of(host), occupant=mine),
        await jitsi.tells("room/destroyed", is_breakout=True, room_name=room_of(host)),
        await jitsi.tells("room/destroyed", room_name="0" * 40),
        await jitsi.tells("room/destroyed"),
        await jitsi.tells("room/created", room_name="0" * 40),
        await jitsi.tells("occupant/joined"),
    }

    assert statuses == {200}
    assert (await rooms.host_looks(booked)).host_present
    assert await jitsi.tells("occupant/left", occupant=mine) == 200  # enough to know who it was
    assert not (await rooms.host_looks(booked)).host_present


async def test_no_address_of_a_connection_is_kept(rooms: Rooms, jitsi: Jitsi) -> None:
    booked = await rooms.a_meeting()
    await jitsi.saw("joined", await rooms.host_joins(booked), "traceable")

    kept = await rooms.system.sql("SELECT connection FROM rooms.attendance WHERE source = 'jitsi'")

    assert kept
    assert not any(b"traceable" in row["connection"] for row in kept)


@pytest.fixture
async def key_server(rooms: Rooms) -> AsyncIterator[TestServer]:
    """Rooms' HTTP side with two key pairs, and with no callback secret set."""
    keys = rsa_keys(f"kid: 2027\n{private_pem('2027')}kid: 2026\n{private_pem('2026')}")
    own = {"issuer": "digiaula", "audience": "jitsi", "subject": "meet.jitsi", "domain": ""}
    means = Means(hours=Hours(before=timedelta(), after=timedelta()), signer=tokens.key_pair(keys, **own))
    database = await db.connect(rooms.system.database_url("rooms"), schema="rooms")
    server = TestServer(application(database, rooms.clock, means, callback_secret=Secret("")))
    await server.start_server()
    yield server
    await server.close()
    await database.close()


async def test_public_keys_are_there_under_the_digest_of_their_id(
    key_server: TestServer, http: ClientSession
) -> None:
    for key_id in ("2027", "2026"):
        name = sha256(key_id.encode()).hexdigest()
        async with http.get(key_server.make_url(f"/keys/{name}.pem")) as response:
            pem = await response.read()

        assert response.status == 200
        signed = jwt.encode({"a": 1}, private_pem(key_id), algorithm="RS256")
        assert jwt.decode(signed, pem, algorithms=["RS256"]) == {"a": 1}
        assert b"PRIVATE" not in pem


@pytest.mark.parametrize("name", ["2027", "0" * 64, "..%2f..%2fetc%2fpasswd", "%00", ""])
async def test_no_other_key_is_there(key_server: TestServer, http: ClientSession, name: str) -> None:
    async with http.get(key_server.make_url(f"/keys/{name}.pem")) as response:
        assert response.status == 404


async def test_with_a_shared_secret_there_is_no_key_to_fetch(jitsi: Jitsi) -> None:
    assert (await jitsi.asks("GET", f"/keys/{sha256(b'').hexdigest()}.pem"))[0] == 404


@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer", "", "Bearer None"])
async def test_with_no_callback_secret_set_nobody_is_answered(
    key_server: TestServer, http: ClientSession, authorization: str
) -> None:
    headers = {"Authorization": authorization}

    async with http.post(key_server.make_url("/conference"), headers=headers) as response:
        assert response.status == 401

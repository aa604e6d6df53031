"""Two of the same name in one room are told apart; nobody has a host's name; no name is kept."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import msgspec

from services.contracts.booking.catalogue import SlotKind
from services.contracts.rooms import Joined
from services.rooms.jobs import NAMES_KEPT, forgetting
from services.runtime import db
from tests.integration.rooms.conftest import Rooms
from tests.integration.rooms.jitsi import claims_of, user_of
from tests.integration.rooms.neighbour import ABooking, expert
from tests.support.eventually import eventually

TAKE_THE_NEXT = """
    INSERT INTO participant
        (participant_id, slot_id, who_id, hosts, presence, since, name_digest, name_number)
    SELECT $1, slot_id, $2, false, 'waiting', since, name_digest, 2
    FROM participant WHERE slot_id = $3 AND who_id = $4
"""


async def a_group(rooms: Rooms, people: int) -> list[ABooking]:
    """People in a session whose host, Aino, is in."""
    first = await rooms.a_meeting(SlotKind.GROUP)
    others = [await rooms.another_in(first) for _ in range(people - 1)]
    await rooms.host_joins(first, name="Aino")
    return [first, *others]


def named(joined: Joined) -> str:
    """As the answer says and the token carries."""
    name: str = claims_of(joined)["context"]["user"]["name"]
    assert name == joined.display_name
    return name


async def test_the_same_names_are_told_apart_and_others_stay_as_they_are(rooms: Rooms) -> None:
    people = await a_group(rooms, 6)
    typed = ["Kielo", "kielo ", "ＫＩＥＬＯ", "Kielo 2", "Pihla", "Mummo 75"]

    shown = [named(await rooms.resident_joins(*each)) for each in zip(people, typed, strict=True)]

    assert shown == ["Kielo", "kielo 2", "ＫＩＥＬＯ 3", "Kielo 4", "Pihla", "Mummo 75"]
    here = await rooms.presence(people[0])
    assert [here[each.id].number for each in people] == [1, 2, 3, 4, 1, 75], "the desk tells them apart too"


async def test_a_number_is_ones_own_through_the_session(rooms: Rooms) -> None:
    first, second = await a_group(rooms, 2)
    await rooms.resident_joins(first, "Kielo")
    assert named(await rooms.resident_joins(second, "Kielo")) == "Kielo 2"

    await rooms.leaves(first)
    await rooms.leaves(second)

    assert named(await rooms.resident_joins(second, "KIELO")) == "KIELO 2"
    assert named(await rooms.resident_joins(second, "KIELO")) == "KIELO 2"
    assert named(await rooms.resident_joins(first, "Kielo")) == "Kielo"


async def test_who_waits_first_has_the_name_and_another_name_is_free_to_take(rooms: Rooms) -> None:
    first = await rooms.a_meeting(SlotKind.GROUP)
    second = await rooms.another_in(first)

    waits = await rooms.resident_joins(first, "Kielo")
    also_waits = await rooms.resident_joins(second, "Kielo")
    await rooms.host_joins(first)
    other_name = await rooms.resident_joins(first, "Pihla")

    assert (waits.display_name, also_waits.display_name) == ("Kielo", "Kielo 2")
    assert named(other_name) == "Pihla"
    assert named(await rooms.resident_joins(await rooms.another_in(first), "Kielo")) == "Kielo"


async def test_nobody_goes_by_a_hosts_name_whoever_came_first(rooms: Rooms) -> None:
    early, late = await a_group(rooms, 2)
    co_host = uuid4()
    await rooms.booking.tell(early.slot.changed(early.slot.host_id, co_host, version=1))

    assert named(await rooms.resident_joins(late, "aino")) == "aino 2"
    assert named(await rooms.resident_joins(early, "Kaino")) == "Kaino"
    assert named(await rooms.host_joins(early, expert(co_host), name="Kaino")) == "Kaino"
    assert named(await rooms.resident_joins(early, "Kaino")) == "Kaino 2"


async def test_two_hosts_of_one_name_are_told_apart_too(rooms: Rooms) -> None:
    [booked] = await a_group(rooms, 1)
    co_host = uuid4()
    await rooms.booking.tell(booked.slot.changed(booked.slot.host_id, co_host, version=1))

    assert named(await rooms.host_joins(booked, expert(co_host), name="Aino")) == "Aino 2"
    assert named(await rooms.host_joins(booked, name="Aino")) == "Aino"


async def test_forty_of_the_same_name_at_once_have_forty_names(rooms: Rooms) -> None:
    people = await a_group(rooms, 40)

    joined = await asyncio.gather(*(rooms.resident_joins(who, "Kielo") for who in people))

    expected = {"Kielo", *(f"Kielo {number}" for number in range(2, 41))}
    assert {named(each) for each in joined} == expected


async def test_a_number_given_to_another_in_the_same_moment_is_not_given_twice(rooms: Rooms) -> None:
    """The other one has its number without our knowing, and commits while we are about to take the same."""
    first, second = await a_group(rooms, 2)
    await rooms.resident_joins(first, "Kielo")
    other = await asyncpg.connect(rooms.system.database_url("rooms"))
    taking = other.transaction()
    await taking.start()
    await other.execute(TAKE_THE_NEXT, uuid4(), uuid4(), first.slot.id, first.id)

    async def somebody_waits() -> bool:
        return bool(await rooms.system.sql("SELECT FROM pg_locks WHERE NOT granted"))

    pressed = asyncio.create_task(rooms.resident_joins(second, "Kielo"))
    await eventually(somebody_waits)
    await taking.commit()
    await other.close()

    assert named(await pressed) == "Kielo 3"


async def test_pressing_often_at_once_takes_one_number(rooms: Rooms) -> None:
    first, second = await a_group(rooms, 2)

    pressed = await asyncio.gather(*(rooms.resident_joins(first, "Kielo") for _ in range(10)))

    assert {named(each) for each in pressed} == {"Kielo"}
    assert named(await rooms.resident_joins(second, "Kielo")) == "Kielo 2"
    assert (await rooms.attendance(first)).count(("page", "joined")) == 3, "the host and two residents"


async def test_no_name_is_kept_and_what_is_kept_differs_from_room_to_room(rooms: Rooms) -> None:
    here, elsewhere = (await a_group(rooms, 1))[0], (await a_group(rooms, 1))[0]
    await rooms.resident_joins(here, "Sinivuokko")
    await rooms.resident_joins(elsewhere, "Sinivuokko")

    rows = await rooms.system.sql("SELECT * FROM rooms.participant")
    digests = {
        row["slot_id"]: row["name_digest"]
        for row in rows
        if row["who_id"] in (here.id, elsewhere.id) and row["name_digest"]
    }

    assert len(set(digests.values())) == len(digests) == 2
    assert "sinivuokko" not in str([dict(row) for row in rows]).casefold()


async def test_what_tells_names_apart_is_forgotten_a_day_after_the_meeting(rooms: Rooms) -> None:
    [booked] = await a_group(rooms, 1)
    await rooms.resident_joins(booked, "Kielo")
    database = await db.connect(rooms.system.database_url("rooms"), schema="rooms")
    forget = forgetting(database, rooms.clock)
    kept = (
        "SELECT count(name_digest) AS names, count(*) AS people FROM rooms.participant WHERE slot_id = $1"
    )

    counts = []
    for later in (NAMES_KEPT - timedelta(minutes=1), NAMES_KEPT + timedelta(minutes=1)):
        rooms.clock.set(booked.slot.ends_at + later)
        await forget()
        [row] = await rooms.system.sql(kept, booked.slot.id)
        counts.append((row["names"], row["people"]))
    await database.close()

    assert counts == [(2, 2), (0, 2)]


async def test_a_participant_learns_a_nickname_and_a_random_id_of_another_and_nothing_else(
    rooms: Rooms,
) -> None:
    """What Jitsi shows of A to B comes out of A's token; what rooms says to B, out of its answers."""
    a, b = await a_group(rooms, 2)
    of_a = await rooms.resident_joins(a, "Kielo")
    told_b = [await rooms.resident_joins(b, "Pihla"), await rooms.resident_looks(b)]
    await rooms.resident_asks_for_help(a)
    told_b.append(await rooms.resident_looks(b))

    claims = claims_of(of_a)
    user = claims["context"]["user"]
    assert user == {
        "id": user_of(of_a),
        "name": "Kielo",
        "moderator": False,
        "affiliation": "member",
    }
    assert claims.keys() == {"iss", "aud", "sub", "room", "iat", "nbf", "exp", "context"}
    assert claims["context"].keys() == {"user", "features"}
    shown = str(claims)
    for secret in (a.id, a.slot.id, a.slot.host_id):
        assert str(secret) not in shown
        assert secret.hex not in shown
    said = str([msgspec.json.encode(each) for each in told_b])
    for fact in ("Kielo", str(a.id), user_of(of_a)):
        assert fact not in said
    assert str(b.slot.id) in said, "looking here finds what there is"


async def test_the_id_others_see_is_another_in_every_session(rooms: Rooms) -> None:
    host = uuid4()
    ids = set()
    for _ in range(2):
        booked = await rooms.a_meeting(SlotKind.GROUP)
        await rooms.booking.tell(booked.slot.changed(host, version=1))
        ids.add(user_of(await rooms.host_joins(booked, expert(host))))

    assert len(ids) == 2
    assert str(host) not in ids

"""What rooms knows of places: from news that comes twice, late or in any order, and by asking."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Resident, Role, Staff, Told
from services.contracts.refusals import Code, Refusal, Unavailable
from services.contracts.rooms import Join, Leave, ListOwnRooms, Look, LookAtSlots, RoomState
from services.rooms.jobs import KEPT, forgetting
from services.runtime import db
from tests.integration.rooms.conftest import NOON, Rooms
from tests.integration.rooms.neighbour import ABooking, ASlot, called_off
from tests.support.eventually import eventually


async def room_of(rooms: Rooms, booked: ABooking) -> str:
    [row] = await rooms.system.sql("SELECT name FROM rooms.room WHERE slot_id = $1", booked.slot.id)
    name: str = row["name"]
    return name


async def code_of(rooms: Rooms, who: Resident) -> Code:
    with pytest.raises(Refusal) as refused:
        await rooms.resident_joins(who)
    return refused.value.code


async def test_joining_does_not_need_booking(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()

    await rooms.host_joins(booked)

    assert (await rooms.resident_joins(booked)).video is not None
    assert rooms.booking.asked == []


async def test_a_place_too_new_is_asked_for_once_and_remembered(rooms: Rooms) -> None:
    new = ABooking(slot=ASlot(starts_at=NOON))
    rooms.booking.knows(new)
    await rooms.booking.answer()
    rooms.clock.set(NOON)

    asked = await rooms.resident_joins(new)
    await rooms.booking.go_away()
    remembered = await rooms.resident_looks(new)

    assert (asked.state, remembered.state) == (RoomState.WAITING, RoomState.WAITING)
    assert [question.booking_id for question in rooms.booking.asked] == [new.id]


async def test_a_host_may_open_a_slot_nobody_has_booked(rooms: Rooms) -> None:
    slot = ASlot(starts_at=NOON)
    rooms.booking.knows(slot)
    await rooms.booking.answer()
    rooms.clock.set(NOON)

    joined = await rooms.system.ask(Join(slot_id=slot.id, display_name="Aino"), slot.host)

    assert joined.video is not None
    assert [question.slot_id for question in rooms.booking.asked] == [slot.id]


async def test_an_unknown_place_is_unavailable_while_booking_is_away(rooms: Rooms) -> None:
    new = ABooking(slot=ASlot(starts_at=NOON))

    with pytest.raises(Unavailable):
        await rooms.resident_looks(new)


async def test_what_booking_does_not_know_is_not_found(rooms: Rooms) -> None:
    await rooms.booking.answer()

    assert await code_of(rooms, Resident(booking_id=uuid4(), link_version=1)) is Code.NOT_FOUND


async def test_a_slot_that_booking_says_is_off_is_cancelled(rooms: Rooms) -> None:
    new = ABooking(slot=ASlot(starts_at=NOON))
    rooms.booking.knows(new, live=False)
    await rooms.booking.answer()

    assert (await rooms.resident_looks(new)).state is RoomState.CANCELLED


async def test_news_told_twice_changes_nothing(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    room = await room_of(rooms, booked)
    await rooms.resident_joins(booked)

    same = await rooms.booking.tell(booked.confirmed())
    await rooms.booking.tell(booked.confirmed(), event_id=same)

    assert await room_of(rooms, booked) == room
    assert (await rooms.host_looks(booked)).waiting == 1


async def test_older_news_does_not_undo_newer(rooms: Rooms) -> None:
    booked = ABooking(slot=ASlot(starts_at=NOON))
    cancelled = booked.later()

    await rooms.booking.tell(cancelled.cancelled())
    await rooms.booking.tell(booked.confirmed())
    assert (await rooms.resident_looks(booked)).state is RoomState.CANCELLED


async def test_a_cancellation_overtaken_by_a_renewed_link_ends_the_place(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    cancelled = booked.later()
    renewed = cancelled.later(link_version=2)

    await rooms.booking.tell(renewed.renewed())
    assert (await rooms.resident_looks(renewed)).state is RoomState.WAITING
    await rooms.booking.tell(cancelled.cancelled())

    assert (await rooms.resident_looks(renewed)).state is RoomState.CANCELLED
    assert await code_of(rooms, renewed.resident) is Code.ROOM_CLOSED
    assert await code_of(rooms, booked.resident) is Code.LINK_EXPIRED


async def test_nothing_revives_a_cancelled_place(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    cancelled = booked.later()
    await rooms.booking.tell(cancelled.cancelled())

    await rooms.booking.tell(cancelled.later().confirmed())

    assert (await rooms.resident_looks(booked)).state is RoomState.CANCELLED


async def test_a_cancelled_place_is_shown_as_such_and_opens_nothing(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.resident_joins(booked)

    await rooms.booking.tell(booked.later().cancelled())

    assert (await rooms.resident_looks(booked)).state is RoomState.CANCELLED
    assert await code_of(rooms, booked.resident) is Code.ROOM_CLOSED
    assert (await rooms.host_looks(booked)).waiting == 0


async def test_a_moved_booking_waits_in_its_new_room_only(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.resident_joins(booked)
    later = ASlot(starts_at=NOON + timedelta(hours=3), host_id=booked.slot.host_id)
    moved = booked.later(slot=later)

    await rooms.booking.tell(moved.moved(away_from=booked.slot))

    assert (await rooms.resident_looks(moved)).starts_at == later.starts_at
    assert await code_of(rooms, moved.resident) is Code.ROOM_NOT_OPEN
    assert (await rooms.host_looks(booked)).waiting == 0
    assert await room_of(rooms, moved) != await room_of(rooms, booked)


async def test_a_replaced_link_opens_nothing_and_the_new_one_does(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    renewed = booked.later(link_version=2)

    assert (await rooms.resident_joins(renewed)).state is RoomState.WAITING  # known from the link itself
    await rooms.booking.tell(renewed.renewed())

    assert await code_of(rooms, booked.resident) is Code.LINK_EXPIRED
    with pytest.raises(Refusal):
        await rooms.resident_looks(booked)
    assert (await rooms.resident_joins(renewed)).state is RoomState.WAITING


async def test_a_new_link_does_not_revive_a_cancelled_place(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    cancelled = booked.later()
    await rooms.booking.tell(cancelled.cancelled())

    await rooms.booking.tell(cancelled.later(link_version=2).renewed())

    newest = cancelled.later(link_version=2)
    assert (await rooms.resident_looks(newest)).state is RoomState.CANCELLED


async def test_a_slot_called_off_before_anything_else_is_heard_of_it_stays_off(rooms: Rooms) -> None:
    booked = ABooking(slot=ASlot(starts_at=NOON))
    rooms.clock.set(NOON)

    await rooms.booking.tell(called_off(booked.slot))
    await rooms.booking.tell(booked.confirmed())

    assert (await rooms.host_looks(booked)).state is RoomState.CANCELLED
    assert await code_of(rooms, booked.resident) is Code.ROOM_CLOSED


async def test_when_a_slot_is_called_off_nobody_is_there_any_more(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.host_joins(booked)
    await rooms.resident_joins(booked)

    await rooms.booking.tell(called_off(booked.slot))

    seen = await rooms.host_looks(booked)
    assert (seen.state, seen.host_present, seen.waiting) == (RoomState.CANCELLED, False, 0)


async def test_a_slots_hours_are_those_told_last(rooms: Rooms) -> None:
    booked = await rooms.a_meeting(open_now=False)
    told_at = rooms.clock.now()
    other_hour = ABooking(slot=replace(booked.slot, starts_at=NOON + timedelta(hours=2)))
    stale_hour = ABooking(slot=replace(booked.slot, starts_at=NOON - timedelta(hours=2)))

    await rooms.booking.tell(other_hour.confirmed(), at=told_at + timedelta(minutes=1))
    await rooms.booking.tell(stale_hour.confirmed(), at=told_at - timedelta(minutes=1))

    assert (await rooms.host_looks(booked)).starts_at == NOON + timedelta(hours=2)


async def test_rooms_cannot_be_guessed(rooms: Rooms) -> None:
    first, second = await rooms.a_meeting(), await rooms.a_meeting()

    names = {await room_of(rooms, first), await room_of(rooms, second)}

    assert len(names) == 2
    assert all(re.fullmatch(r"[0-9a-f]{40}", name) for name in names)  # 160 random bits
    assert not any(str(first.slot.id).replace("-", "") in name for name in names)


async def test_a_host_sees_many_slots_at_once_and_only_their_own(rooms: Rooms) -> None:
    mine, other = await rooms.a_meeting(), await rooms.a_meeting()
    unknown = uuid4()
    ids = [mine.slot.id, other.slot.id, unknown]

    seen = await rooms.system.ask(LookAtSlots(slot_ids=ids), mine.slot.host)
    seen_by_coordinator = await rooms.system.ask(
        LookAtSlots(slot_ids=ids), Staff(person_id=uuid4(), role=Role.COORDINATOR)
    )

    assert [item.slot_id for item in seen.items] == [mine.slot.id]
    assert {item.slot_id for item in seen_by_coordinator.items} == {mine.slot.id, other.slot.id}
    with pytest.raises(Refusal):
        await rooms.system.ask(LookAtSlots(slot_ids=[uuid4()] * 101), mine.slot.host)


async def test_a_host_finds_their_own_coming_meetings_without_booking(rooms: Rooms) -> None:
    mine, other, off = [await rooms.a_meeting(open_now=False) for _ in range(3)]
    off = ABooking(slot=replace(off.slot, id=uuid4(), host_id=mine.slot.host_id))
    await rooms.booking.tell(off.confirmed())
    await rooms.booking.tell(called_off(off.slot))
    today = ListOwnRooms(from_at=NOON - timedelta(hours=2), to_at=NOON + timedelta(hours=20))

    found = await rooms.system.ask(today, mine.slot.host)

    assert [item.slot_id for item in found.items] == [mine.slot.id]
    assert other.slot.id not in [item.slot_id for item in found.items]
    earlier = ListOwnRooms(from_at=NOON - timedelta(hours=2), to_at=NOON)
    assert (await rooms.system.ask(earlier, mine.slot.host)).items == []
    long = ListOwnRooms(from_at=NOON, to_at=NOON + timedelta(days=3))
    with pytest.raises(Refusal):
        await rooms.system.ask(long, mine.slot.host)
    with pytest.raises(Refusal):
        await rooms.system.ask(today, mine.resident)


async def test_twenty_presses_at_once_are_one_visit(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()

    await asyncio.gather(*(rooms.resident_joins(booked) for _ in range(20)))

    assert await rooms.news(booked) == ["attendee_waiting"]
    assert await rooms.attendance(booked) == [("page", "waiting")]


async def test_nobody_is_left_waiting_behind_a_host_who_was_announced(rooms: Rooms) -> None:
    """Whoever waits was told so before the news of the host; whoever comes after it is let in."""
    booked = await rooms.a_meeting()
    residents = [booked, *[await rooms.another_in(booked) for _ in range(11)]]

    half = len(residents) // 2
    answers = await asyncio.gather(
        *(rooms.resident_joins(resident) for resident in residents[:half]),
        rooms.host_joins(booked),
        *(rooms.resident_joins(resident) for resident in residents[half:]),
    )

    news = await rooms.news(booked)
    arrival = news.index("host_arrived")
    assert set(news[:arrival]) <= {"attendee_waiting"}
    assert set(news[arrival + 1 :]) <= {"attendee_joined"}
    assert len(news) == len(answers) == 13


async def test_who_presses_while_the_host_is_coming_in_is_let_in(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    host = await asyncpg.connect(rooms.system.database_url("rooms"))
    coming = host.transaction()
    await coming.start()
    await host.execute("SELECT FROM room WHERE slot_id = $1 FOR UPDATE", booked.slot.id)
    await host.execute(
        "INSERT INTO participant VALUES ($1, $2, $3, true, 'joined', now())",
        *(uuid4(), booked.slot.id, booked.slot.host_id),
    )

    async def somebody_waits() -> bool:
        return bool(await rooms.system.sql("SELECT FROM pg_locks WHERE NOT granted"))

    pressed = asyncio.create_task(rooms.resident_joins(booked))
    await eventually(somebody_waits)
    await coming.commit()
    await host.close()

    assert (await pressed).state is RoomState.OPEN


async def test_no_token_is_kept_even_when_the_press_has_a_key(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    press = Join(slot_id=booked.slot.id, display_name="Aino")
    key = str(uuid4())

    first = await rooms.system.ask(press, booked.slot.host, key=key)
    again = await rooms.system.ask(press, booked.slot.host, key=key)
    await rooms.system.ask(Leave(slot_id=booked.slot.id), booked.slot.host, key=str(uuid4()))

    assert first.video is not None
    assert again.video is not None
    kept = await rooms.system.sql("SELECT reply FROM rooms.command WHERE key = $1", key)
    assert kept == []
    others = await rooms.system.sql("SELECT convert_from(reply, 'UTF8') AS reply FROM rooms.command")
    assert others  # the other press was kept, so looking here finds what there is
    assert not any("eyJ" in row["reply"] for row in others)


async def test_what_is_announced_holds_ids_and_times_alone(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.resident_joins(booked, "Salainen Nimi")
    await rooms.host_joins(booked)
    await rooms.resident_joins(booked, "Salainen Nimi")

    rows = await rooms.system.sql("SELECT body FROM rooms.outbox")
    fields = {
        field
        for row in rows
        for field in msgspec.json.decode(msgspec.json.decode(row["body"], type=Told).body)
    }

    assert fields == {"slot_id", "booking_id", "at", "starts_at"}
    assert not any(b"Salainen" in row["body"] for row in rows)


async def test_meetings_long_over_are_forgotten_and_others_are_not(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    await rooms.resident_joins(booked)
    database = await db.connect(rooms.system.database_url("rooms"), schema="rooms")
    forget = forgetting(database, rooms.clock)
    counted = "SELECT count(*) AS n FROM rooms.participant WHERE slot_id = $1"

    rooms.clock.set(booked.slot.ends_at + KEPT - timedelta(hours=1))
    await forget()
    [kept] = await rooms.system.sql(counted, booked.slot.id)
    rooms.clock.set(booked.slot.ends_at + KEPT + timedelta(hours=1))
    await forget()
    [gone] = await rooms.system.sql(counted, booked.slot.id)
    await database.close()

    assert (kept["n"], gone["n"]) == (1, 0)


async def test_looking_changes_nothing(rooms: Rooms) -> None:
    booked = await rooms.a_meeting()
    tables = ("room", "place", "participant", "attendance", "outbox", "command")

    async def everything() -> list[str]:
        return [
            str(await rooms.system.sql(f"SELECT * FROM rooms.{table} ORDER BY 1"))  # noqa: S608
            for table in tables
        ]

    before = await everything()
    for actor in (booked.resident, booked.slot.host):
        await rooms.system.ask(Look(slot_id=booked.slot.id), actor)
    unchanged = await everything()
    await rooms.resident_joins(booked)

    assert unchanged == before
    assert await everything() != before


async def test_who_waits_for_a_seat_is_let_in_once_it_is_theirs(rooms: Rooms) -> None:
    """Looking at one's page asks booking, long before there is a seat."""
    waiting = ABooking(slot=ASlot(starts_at=NOON, kind=SlotKind.GROUP), seated=False)
    rooms.booking.knows(waiting, booking_live=False)
    await rooms.booking.answer()
    rooms.clock.set(NOON)

    assert (await rooms.resident_looks(waiting)).state is RoomState.CANCELLED
    assert await code_of(rooms, waiting.resident) is Code.ROOM_CLOSED
    seated = waiting.later(seated=True)
    await rooms.booking.tell(seated.confirmed())

    assert (await rooms.resident_joins(seated)).state is RoomState.WAITING


async def test_moving_a_session_or_a_new_link_gives_no_seat_to_who_waits(rooms: Rooms) -> None:
    waiting = ABooking(slot=ASlot(starts_at=NOON, kind=SlotKind.GROUP), seated=False)
    rooms.clock.set(NOON)

    await rooms.booking.tell(waiting.moved(away_from=waiting.slot))
    assert await code_of(rooms, waiting.resident) is Code.ROOM_CLOSED
    renewed = waiting.later(link_version=2)
    await rooms.booking.tell(renewed.renewed())

    assert await code_of(rooms, renewed.resident) is Code.ROOM_CLOSED

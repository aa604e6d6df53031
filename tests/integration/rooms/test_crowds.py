"""Coming in with a crowd is coming in: the same rows, news and answers as alone, whoever else comes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Told
from services.contracts.refusals import Code, Refusal, Unavailable
from services.contracts.rooms import Join, Joined
from services.rooms import crowds, joining, tokens
from services.rooms.domain import Hours
from services.rooms.service import Means
from services.runtime import db as database
from services.runtime.bus import AnswerFailed
from services.runtime.call import Call
from services.runtime.db import Database, Tx
from tests.integration.rooms.conftest import NOON, Rooms
from tests.integration.rooms.neighbour import ABooking
from tests.support.eventually import eventually
from tests.support.system import FIXED_SETTINGS

NAMES = ["Kielo", "kielo", "Kielo 2", "Kielo 3", "Aino", "aino 2", "Pihla", "+358401234567", " "]
CAME = """
    SELECT who_id, hosts, stands_in, presence, since, name_number, removed_at, help_asked_at, source, what,
        at
    FROM rooms.participant LEFT JOIN rooms.attendance USING (participant_id)
    WHERE slot_id = $1 ORDER BY attendance.id
"""
EARLIEST = timedelta(minutes=5)
SECRET = FIXED_SETTINGS["DIGIAULA_JITSI_APP_SECRET"].encode()
MEANS = Means(
    hours=Hours(before=timedelta(minutes=15), after=timedelta(minutes=30)),
    signer=tokens.shared_secret([SECRET], issuer="us", audience="us", subject="us", domain=""),
)
CURSE = (
    "CREATE TABLE rooms.cursed (id uuid)",
    "GRANT SELECT ON rooms.cursed TO rooms",
    """CREATE FUNCTION rooms.curse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF EXISTS (SELECT FROM rooms.cursed WHERE id = new.who_id) THEN RAISE 'cursed'; END IF;
           RETURN new;
       END $$""",
    "CREATE TRIGGER curse BEFORE INSERT ON rooms.participant FOR EACH ROW EXECUTE FUNCTION rooms.curse()",
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lock."""
    known = database._server_settings
    monkeypatch.setattr(
        database, "_server_settings", lambda schema: known(schema) | {"lock_timeout": "300ms"}
    )


@pytest.fixture
async def db(rooms: Rooms) -> AsyncIterator[Database]:
    db = await database.connect(rooms.system.database_url("rooms"), schema="rooms")
    yield db
    await db.close()


def asked_by(who: ABooking, name: str, number: int) -> tuple[Join, Call]:
    """A second after the one before."""
    now = NOON + EARLIEST + timedelta(seconds=number)
    call = Call(actor=who.resident, now=now, deadline=now + timedelta(seconds=5), request_id=f"r{number}")
    return Join(display_name=name, language="sv"), call


async def alone(db: Database, request: Join, call: Call) -> Joined | None:
    try:
        return await db.transact(lambda tx: joining.join(tx, request, call, MEANS))
    except Refusal:
        return None


async def together(
    db: Database, asked: list[tuple[Join, Call]], people: list[ABooking]
) -> list[Joined | None]:
    return await db.transact(lambda tx: crowds.let_in(tx, people[0].slot.id, asked, MEANS))


async def a_room(rooms: Rooms, *, host: bool) -> list[ABooking]:
    """Sixteen with a seat: some wait already, have left, called for help, were sent out, or are off."""
    first = await rooms.a_meeting(SlotKind.GROUP)
    people = [first, *[await rooms.another_in(first) for _ in range(15)]]
    for who, name in zip(people[:6], ["Kielo", "Pihla", "Kielo", "Kielo", "aino", "Pihla"], strict=True):
        await rooms.resident_joins(who, name)
    await rooms.leaves(people[1])
    await rooms.removes(people[2])
    await rooms.resident_asks_for_help(people[7])
    await rooms.booking.tell(people[8].later().cancelled())
    if host:
        await rooms.host_joins(first)
    return people


async def told_of(rooms: Rooms, people: list[ABooking]) -> list[Any]:
    """What news these presses have made, with whom it is about as a number."""
    numbers = {str(who.id): number for number, who in enumerate(people)}
    found = []
    for row in await rooms.system.sql("SELECT subject, body FROM rooms.outbox ORDER BY id"):
        told = msgspec.json.decode(row["body"], type=Told)
        body = msgspec.json.decode(told.body)
        if body.pop("slot_id") == str(people[0].slot.id) and told.at >= NOON + EARLIEST:
            found.append((row["subject"], numbers[body.pop("booking_id")], told.at, told.request_id, body))
    return found


async def rows_of(rooms: Rooms, people: list[ABooking]) -> list[Any]:
    numbers = {who.id: number for number, who in enumerate(people)}
    rows = await rooms.system.sql(CAME, people[0].slot.id)
    return [
        (
            numbers.get(row["who_id"], "host"),
            *(None if _is_earlier(said) else said for said in list(row)[1:]),
        )
        for row in rows
    ]


def _is_earlier(said: Any) -> bool:
    """Before anybody pressed, the clock ran as it likes."""
    return isinstance(said, datetime) and said < NOON + EARLIEST


async def somebody_waits(rooms: Rooms) -> bool:
    return bool(await rooms.system.sql("SELECT FROM pg_locks WHERE NOT granted"))


def as_seen(joined: Joined | None, people: list[ABooking]) -> Any:
    """Without what is another's in each room."""
    if joined is None:
        return None
    assert joined.view.slot_id == people[0].slot.id
    view = msgspec.structs.replace(joined.view, slot_id=UUID(int=0))
    return joined.display_name, joined.state, joined.quiet, joined.video is not None, view


@pytest.mark.parametrize("host", [True, False])
@pytest.mark.parametrize("seed", range(4))
async def test_a_crowd_comes_in_as_each_would_alone(
    rooms: Rooms, db: Database, seed: int, host: bool
) -> None:
    random = Random(seed)
    order = random.sample(range(16), 16)
    wishes = [random.choice(NAMES) for _ in order]
    one_by_one, at_once = await a_room(rooms, host=host), await a_room(rooms, host=host)

    def asked(people: list[ABooking]) -> list[tuple[Join, Call]]:
        pairs = enumerate(zip(order, wishes, strict=True))
        return [asked_by(people[which], name, number) for number, (which, name) in pairs]

    expected = [await alone(db, *each) for each in asked(one_by_one)]
    came = await together(db, asked(at_once), at_once)

    assert [as_seen(each, at_once) for each in came] == [as_seen(each, one_by_one) for each in expected]
    assert None in came
    assert any(came)
    assert await rows_of(rooms, at_once) == await rows_of(rooms, one_by_one)
    assert await told_of(rooms, at_once) == await told_of(rooms, one_by_one)


async def test_who_asks_twice_and_who_has_moved_away_is_not_let_in_here(rooms: Rooms, db: Database) -> None:
    here, other = await a_room(rooms, host=True), await a_room(rooms, host=True)
    asked = [
        asked_by(here[10], "Kielo", 1),
        asked_by(here[10], "Esikko", 2),
        asked_by(other[11], "Pihla", 3),
    ]

    came = await together(db, asked, here)

    assert [joined and joined.display_name for joined in came] == ["Kielo 4", None, None]
    assert other[11].id not in await rooms.presence(other[0])


async def test_a_number_that_another_takes_meanwhile_is_given_to_nobody_of_the_crowd(
    rooms: Rooms, db: Database
) -> None:
    """Then each comes in alone, past the number that was taken."""
    people = await a_room(rooms, host=True)
    crowd = crowds.Crowds(db, MEANS, partial(alone, db))  # type: ignore[arg-type]
    other = await asyncpg.connect(rooms.system.database_url("rooms"))
    taking = other.transaction()
    await taking.start()
    await other.execute(
        "UPDATE participant SET name_number = 5 WHERE slot_id = $1 AND who_id = $2",
        *(people[0].slot.id, people[3].id),
    )
    asked = [asked_by(people[9], "Kielo 5", 1), asked_by(people[10], "Pihla 7", 2)]
    slot_id = people[0].slot.id

    pressed = asyncio.create_task(crowd._serve(slot_id, asked))

    await eventually(lambda: somebody_waits(rooms))
    await taking.commit()
    await other.close()

    assert await pressed == [None, None]
    assert not {people[9].id, people[10].id} & (await rooms.presence(people[0])).keys()
    assert [(await crowd.join(slot_id, *each)).display_name for each in asked] == ["Kielo 3", "Pihla 7"]


async def test_crowds_of_two_copies_come_in_one_after_the_other(rooms: Rooms, db: Database) -> None:
    """Both have people of the same names."""
    people = await a_room(rooms, host=True)
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Tx) -> list[Joined | None]:
        asked = [asked_by(people[9], "Esikko", 1), asked_by(people[10], "Lilja", 2)]
        came = await crowds.let_in(tx, people[0].slot.id, asked, MEANS)
        written.set()
        await go_on.wait()
        return came

    first = asyncio.create_task(db.transact(slowly))
    await written.wait()
    others = [asked_by(people[11], "Lilja", 3), asked_by(people[12], "Esikko", 4)]
    second = asyncio.create_task(together(db, others, people))

    await eventually(lambda: somebody_waits(rooms))
    go_on.set()

    came = [*await first, *await second]
    assert [joined and joined.display_name for joined in came] == ["Esikko", "Lilja", "Lilja 2", "Esikko 2"]


async def test_whose_row_cannot_be_written_takes_nobody_of_the_crowd_along(rooms: Rooms) -> None:
    people = await a_room(rooms, host=True)
    for statement in CURSE:
        await rooms.system.sql(statement)
    await rooms.system.sql("INSERT INTO rooms.cursed VALUES ($1)", people[12].id)

    came = await asyncio.gather(
        *(rooms.resident_joins(who, "Esikko") for who in people[9:]), return_exceptions=True
    )
    await rooms.system.sql("DROP TRIGGER curse ON rooms.participant")

    assert isinstance(came.pop(3), AnswerFailed)
    names = {each.display_name for each in came if isinstance(each, Joined)}
    assert len(names) == 6
    # Nobody waits for a number that somebody else is just taking, and one of the seven is given up.
    assert names < {"Esikko", *(f"Esikko {number}" for number in range(2, 8))}


async def test_one_whom_somebody_holds_keeps_nobody_of_the_crowd_out(
    impatient: None, rooms: Rooms, db: Database
) -> None:
    people = await a_room(rooms, host=True)
    slot_id = people[0].slot.id
    crowd = crowds.Crowds(db, MEANS, partial(alone, db))  # type: ignore[arg-type]
    other = await asyncpg.connect(rooms.system.database_url("rooms"))
    held = int.from_bytes(people[9].id.bytes[8:], "big", signed=True)
    await other.execute("SELECT pg_advisory_lock($1)", held)
    asked = [asked_by(people[9], "Esikko", 1), asked_by(people[10], "Lilja", 2)]

    assert await crowd._serve(slot_id, asked) == [None, None]
    assert (await crowd.join(slot_id, *asked[1])).display_name == "Lilja"
    with pytest.raises(Unavailable):
        await crowd.join(slot_id, *asked[0])
    await other.close()


async def test_one_of_a_crowd_who_is_refused_hears_why(rooms: Rooms) -> None:
    people = await a_room(rooms, host=True)

    came = await asyncio.gather(
        *(rooms.resident_joins(who, "Esikko") for who in people), return_exceptions=True
    )

    refused = {number: each.code for number, each in enumerate(came) if isinstance(each, Refusal)}
    assert refused == {2: Code.REMOVED, 8: Code.ROOM_CLOSED}
    assert len({each.display_name for each in came if isinstance(each, Joined)}) == 14

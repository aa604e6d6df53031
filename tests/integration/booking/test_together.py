"""Booking together is booking: the same rows, news and answers as alone, whoever else is in the batch."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from services.booking.service.appointments import booking as use_case
from services.booking.service.appointments.together import book_together
from services.booking.service.deps import Deps
from services.booking.store.appointments import together
from services.contracts.booking.appointments import Book, Booked, Companion, CompanionKind
from services.contracts.booking.people import DisablePerson
from services.contracts.booking.slots import CancelSlot
from services.contracts.envelope import Anyone
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime import db as database
from services.runtime.call import Call, Handler
from services.runtime.commands import in_transaction
from services.runtime.db import Database, NotDone
from tests.support.house import A_TUESDAY, ZONE, House, a_booking

LATER = A_TUESDAY + timedelta(hours=2)
ROWS = """
    SELECT slot.taken, slot.capacity, b.status, b.seats, b.accompanies IS NULL AS main, b.comes_as,
           b.display_name, b.email, b.phone, b.language, b.municipality, b.age_group, b.note, b.version,
           b.link_version, b.sequence, b.held_until, b.created_at, b.changed_at, c.what, c.by_kind, c.by_id,
           c.from_slot_id, c.at, b.id
    FROM booking.slot LEFT JOIN booking.booking b ON b.slot_id = slot.id
    LEFT JOIN booking.booking_change c ON c.booking_id = b.id
    WHERE slot.id = ANY ($1::uuid[]) ORDER BY array_position($1, slot.id), b.email, c.id
"""
NEWS = "SELECT subject, body FROM booking.outbox WHERE convert_from(body, 'utf8') LIKE '%' || $1 || '%'"
KEPT = """
    SELECT key, scope, reply IS NOT NULL AS answered FROM booking.command
    WHERE key LIKE $1 || '%' ORDER BY key
"""


class Counter:
    """Both ways of booking over one database: `alone` is the reference."""

    def __init__(self, house: House, db: Database, **settings: Any) -> None:
        self.now = house.system.clock.now()
        deps = Deps(
            zone=ZONE,
            confirm_first=settings.get("confirm_first", False),
            hold=timedelta(minutes=60),
            link_life=timedelta(days=7),
        )
        self.alone: Handler = in_transaction(db, deps, use_case.book)
        self.fell_back = 0
        self.together = book_together(db, deps, self._counted, largest=64)

    async def _counted(self, request: Book, call: Call) -> Booked:
        self.fell_back += 1
        answer: Booked = await self.alone(request, call)
        return answer

    def call(self, key: str | None) -> Call:
        deadline = self.now + timedelta(seconds=5)
        return Call(actor=Anyone(), now=self.now, deadline=deadline, request_id="test", key=key)

    async def ask(self, way: Handler, request: Book, key: str | None) -> Booked | Code:
        try:
            answer: Booked = await way(request, self.call(key))
        except Refusal as refusal:
            return refusal.code
        return answer


@pytest.fixture
async def db(house: House) -> Any:
    db = await database.connect(house.system.database_url("booking"), schema="booking")
    yield db
    await db.close()


async def twins(house: House) -> tuple[list[UUID], list[UUID]]:
    """Two sets of times that are alike, some of which nobody can have any more."""
    made = []
    for _ in range(2):
        host, gone = await house.expert(display_name="Neuvoja"), await house.expert(display_name="Poissa")
        start = LATER
        ids = [(await house.slot(host, start + timedelta(hours=hour))).id for hour in range(6)]
        ids.append((await house.group(host, start + timedelta(days=1), capacity=3)).id)
        off = await house.slot(host, start + timedelta(days=2))
        await house.system.ask(CancelSlot(slot_id=off.id, reason="Sairas"), host)
        past = await house.slot(host, house.system.clock.now() + timedelta(minutes=1))
        orphan = await house.slot(gone, start)
        await house.system.ask(DisablePerson(person_id=gone.person_id), house.coordinator)
        made.append([*ids, off.id, past.id, orphan.id])
    house.system.clock.advance(timedelta(minutes=2))
    return made[0], made[1]


def wishes(random: Random, slot_ids: Sequence[UUID]) -> list[tuple[int, dict[str, Any], str | None]]:
    """Which time, what is told, and the key's number; keys come twice now and then."""
    found: list[tuple[int, dict[str, Any], str | None]] = []
    for number in range(60):
        told: dict[str, Any] = {
            "display_name": random.choice(["Kielo", "  Esko ", "Åsa-Maria"]),
            "email": f"asukas{number:02}@posti.example",
            "language": random.choice(["fi", "sv", "en"]),
            "note": random.choice([None, "Tulen pyörätuolilla."]),
            "municipality": random.choice([None, "Kuopio"]),
        }
        match random.randrange(12):
            case 0:
                told["companions"] = [
                    Companion(
                        display_name="Sisko", email="s@posti.example", comes_as=CompanionKind.CLOSE_PERSON
                    )
                ]
            case 1:
                told["display_name"] = ""
            case 2:
                told |= {"email": None, "phone": f"+3584012345{number:02}"}
        key = random.choice([None, f"{number}", f"{number}", f"{number // 2}"])
        found.append((random.randrange(len(slot_ids)), told, key))
    return found


@pytest.mark.parametrize("confirm_first", [False, True])
async def test_together_leaves_what_alone_leaves(house: House, db: Database, confirm_first: bool) -> None:
    """The same wishes, one after another and in batches of one arrival order: every row is the same."""
    first, second = await twins(house)
    counter = Counter(house, db, confirm_first=confirm_first)
    seed = 11 + confirm_first
    asked = wishes(Random(seed), first)

    alone = [
        await counter.ask(counter.alone, a_booking(first[slot], **told), key and f"a-{key}")
        for slot, told, key in asked
    ]
    one_by_one = []
    for slot, told, key in asked:
        one_by_one.append(
            await counter.ask(counter.together, a_booking(second[slot], **told), key and f"b-{key}")
        )

    assert [outcome(answer) for answer in one_by_one] == [outcome(answer) for answer in alone], seed
    assert await rows(house, second) == await rows(house, first), seed
    assert await kept(house, "b-") == await kept(house, "a-"), seed
    assert [await news(house, answer) for answer in one_by_one] == [
        await news(house, answer) for answer in alone
    ], seed
    assert sum(isinstance(answer, Booked) for answer in alone) > 5
    assert counter.fell_back < len(asked)


async def test_a_batch_gives_the_seats_there_are_and_every_other_a_reason(
    house: House, db: Database
) -> None:
    """All at once, several for each time: as many are booked as there are seats, and nobody is lost."""
    _, ids = await twins(house)
    counter = Counter(house, db)

    answers = await asyncio.gather(
        *(
            counter.ask(
                counter.together,
                a_booking(ids[number % len(ids)], email=f"asukas{number}@posti.example"),
                str(number),
            )
            for number in range(200)
        )
    )

    booked = [answer for answer in answers if isinstance(answer, Booked)]
    assert len(booked) == 6 + 3
    assert {answer for answer in answers if isinstance(answer, Code)} == {
        Code.SLOT_TAKEN,
        Code.GROUP_FULL,
        Code.SLOT_CLOSED,
    }
    await house.system.check_invariants()
    for answer in booked:
        assert await news(house, answer) is not None


async def test_many_who_come_too_late_are_told_at_once_what_each_would_hear_alone(
    house: House, db: Database
) -> None:
    """But for one who repeats what was booked: they meet the first answer."""
    host = await house.expert()
    times = [await house.slot(host, LATER + timedelta(hours=hour)) for hour in range(6)]
    taken, free = times[:3], times[3:]
    first = [await house.book(slot.id, key=f"ensin-{n}") for n, slot in enumerate(taken)]
    counter = Counter(house, db)
    wishes = [a_booking(taken[number % 3].id) for number in range(8)]
    keys = [*(f"{number}" for number in range(7)), "ensin-1"]

    async def ask(way: Handler, number: int) -> Any:
        call = counter.call(keys[number])
        try:
            return await way(wishes[number], call)
        except Refusal as refusal:
            return refusal.code, str(refusal), refusal.facts

    alone = [await ask(counter.alone, number) for number in range(8)]
    served = await asyncio.gather(*(ask(counter.together, number) for number in range(8)))

    assert served == alone
    assert served[7] == first[1]
    assert [each.id for each in served[0][2]["next"]] == [slot.id for slot in free]
    assert counter.fell_back == 1  # the one who repeats


@pytest.mark.parametrize("error", [Unavailable("away"), NotDone()])
async def test_who_is_booked_hears_so_also_when_the_reasons_of_others_cannot_be_found(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    host = await house.expert()
    taken, free = [await house.slot(host, LATER + timedelta(hours=hour)) for hour in range(2)]
    await house.book(taken.id)
    counter = Counter(house, db)

    async def breaks(*_: object) -> set[int]:
        raise error

    monkeypatch.setattr(together, "taken", breaks)

    answers = await asyncio.gather(
        *(counter.ask(counter.together, a_booking(slot.id), None) for slot in (taken, taken, free))
    )

    assert answers[:2] == [Code.SLOT_TAKEN] * 2
    assert isinstance(answers[2], Booked)
    assert counter.fell_back == 2


async def test_what_the_database_objects_to_disturbs_nobody_else_in_the_batch(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zero byte is no text to PostgreSQL, whatever let it through: the others get their times."""
    monkeypatch.setattr("services.booking.service.appointments.together.attendees.check", lambda **_: None)
    counter = Counter(house, db)
    host = await house.expert()
    slots = [await house.slot(host, LATER + timedelta(hours=hour)) for hour in range(4)]

    answers = await asyncio.gather(
        *(
            counter.ask(counter.together, a_booking(slot.id, note="\0" if slot is slots[1] else None), None)
            for slot in slots
        ),
        return_exceptions=True,
    )

    assert [isinstance(answer, Booked) for answer in answers] == [True, False, True, True]
    await house.system.check_invariants()


async def test_a_time_that_changed_since_it_was_read_is_not_told_as_it_was(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is made before the seat is taken; a host who changed their name meanwhile is a reason
    to ask again."""
    counter = Counter(house, db)
    host = await house.expert(display_name="Vanha Nimi")
    slot = await house.slot(host, LATER)
    book = together.book

    async def meanwhile(db: Database, drafts: Any) -> set[int]:
        await house.system.sql("UPDATE booking.person SET display_name = 'Uusi Nimi'")
        return await book(db, drafts)

    monkeypatch.setattr(together, "book", meanwhile)

    answer = await counter.ask(counter.together, a_booking(slot.id), "avain")

    assert isinstance(answer, Booked)
    assert answer.slot.host.display_name == "Uusi Nimi"
    assert counter.fell_back == 1


async def test_a_key_that_another_copy_claims_meanwhile_meets_that_ones_answer(
    house: House, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(house, db)
    host = await house.expert()
    slots = [await house.slot(host, LATER + timedelta(hours=hour)) for hour in range(2)]
    book = together.book
    first: list[Booked] = []

    async def meanwhile(db: Database, drafts: Any) -> set[int]:
        if not first:
            first.append(await house.book(slots[0].id, key="avain"))
        return await book(db, drafts)

    monkeypatch.setattr(together, "book", meanwhile)
    other = str(uuid4())

    answers = await asyncio.gather(
        counter.ask(counter.together, a_booking(slots[0].id), "avain"),
        counter.ask(counter.together, a_booking(slots[1].id), other),
    )

    assert answers[0] == first[0]
    assert isinstance(answers[1], Booked)
    await house.system.check_invariants()


def outcome(answer: Booked | Code) -> Any:
    """The answer without what is every booking's own."""
    if not isinstance(answer, Booked):
        return answer
    slot = answer.slot
    return (
        answer.status,
        answer.link_version,
        answer.held_until,
        slot.starts_at,
        slot.kind,
        slot.host.display_name,
    )


async def rows(house: House, slot_ids: Sequence[UUID]) -> list[Any]:
    return [list(row.values())[:-1] for row in await house.system.sql(ROWS, slot_ids)]


async def kept(house: House, keys: str) -> list[Any]:
    return [(row["key"][2:], row["scope"], row["answered"]) for row in await house.system.sql(KEPT, keys)]


async def news(house: House, answer: Booked | Code) -> Any:
    """What was promised of a booking, without ids."""
    if not isinstance(answer, Booked):
        return None
    (row,) = await house.system.sql(NEWS, str(answer.id))
    told = msgspec.json.decode(row["body"])
    facts = {name: value for name, value in told["body"].items() if not name.endswith("_id")}
    return row["subject"], told["at"], told["request_id"], facts

"""One key, one effect: a double click and a retry meet the first answer."""

import asyncio
from uuid import UUID, uuid4

import pytest

from services.contracts.envelope import Actor, Anyone, Resident, Role, Service, Staff
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call
from services.runtime.commands import in_transaction
from services.runtime.db import Database, Tx
from tests.integration.runtime.conftest import Pieces
from tests.integration.runtime.words import Done, DoSomething

ANNA, BEA = UUID(int=1), UUID(int=2)
ACTORS: list[Actor] = [
    Anyone(),
    Resident(booking_id=ANNA, link_version=1),
    Resident(booking_id=BEA, link_version=1),
    Staff(person_id=ANNA, role=Role.EXPERT),
    Staff(person_id=BEA, role=Role.EXPERT),
    Service(name="rooms"),
]


class Ledger:
    """A use case whose effect is a row, and whose answer is another one every time."""

    def __init__(self) -> None:
        self.refuses = False

    async def write(self, tx: Tx, request: DoSomething, call: Call, _: None) -> Done:
        await tx.execute(
            "INSERT INTO inbox (consumer, event_id) VALUES ($1, gen_random_uuid())", request.what
        )
        await tx.fetchval("SELECT pg_sleep(0.02)")
        if self.refuses:
            raise Refusal(Code.SLOT_TAKEN, "Taken.")
        return Done(f"{request.what} {uuid4()}")


@pytest.fixture
async def db(pieces: Pieces) -> Database:
    await pieces.system.sql("TRUNCATE booking.inbox, booking.command")
    return await pieces.db("booking")


async def effects(pieces: Pieces) -> int:
    count: int = (await pieces.system.sql("SELECT count(*) AS n FROM booking.inbox"))[0]["n"]
    return count


async def test_twenty_presses_are_one(pieces: Pieces, db: Database) -> None:
    press = in_transaction(db, None, Ledger().write)
    call = pieces.call(key="k")

    replies = await asyncio.gather(*(press(DoSomething(), call) for _ in range(20)))

    assert len({reply.what for reply in replies}) == 1
    assert await effects(pieces) == 1


async def test_without_a_key_twenty_presses_are_twenty(pieces: Pieces, db: Database) -> None:
    """The control of the test above."""
    press = in_transaction(db, None, Ledger().write)

    replies = await asyncio.gather(*(press(DoSomething(), pieces.call()) for _ in range(20)))

    assert len({reply.what for reply in replies}) == 20
    assert await effects(pieces) == 20


async def test_a_repetition_much_later_meets_the_first_answer(pieces: Pieces, db: Database) -> None:
    press = in_transaction(db, None, Ledger().write)
    first = await press(DoSomething(), pieces.call(key="k"))
    await pieces.system.sql("UPDATE booking.command SET at = at - interval '23 hours'")

    assert await press(DoSomething(), pieces.call(key="k")) == first


async def test_a_key_used_for_something_else_is_refused(pieces: Pieces, db: Database) -> None:
    press = in_transaction(db, None, Ledger().write)
    await press(DoSomething(what="one"), pieces.call(key="k"))

    with pytest.raises(Refusal) as refused:
        await press(DoSomething(what="other"), pieces.call(key="k"))

    assert refused.value.code is Code.KEY_REUSED
    assert await effects(pieces) == 1


async def test_a_refusal_leaves_no_key_behind(pieces: Pieces, db: Database) -> None:
    ledger = Ledger()
    ledger.refuses = True
    press = in_transaction(db, None, ledger.write)
    with pytest.raises(Refusal):
        await press(DoSomething(), pieces.call(key="k"))
    assert await effects(pieces) == 0
    ledger.refuses = False

    reply = await press(DoSomething(), pieces.call(key="k"))

    assert reply.what.startswith("something")
    assert await effects(pieces) == 1


async def test_presses_behind_one_that_is_refused_are_judged_anew(pieces: Pieces, db: Database) -> None:
    ledger = Ledger()
    ledger.refuses = True
    press = in_transaction(db, None, ledger.write)

    outcomes = await asyncio.gather(
        *(press(DoSomething(), pieces.call(key="k")) for _ in range(5)), return_exceptions=True
    )

    assert [getattr(outcome, "code", outcome) for outcome in outcomes] == [Code.SLOT_TAKEN] * 5


async def test_nobody_meets_anothers_answer_by_the_same_key(pieces: Pieces, db: Database) -> None:
    press = in_transaction(db, None, Ledger().write)

    replies = [await press(DoSomething(), pieces.call(key="k", actor=actor)) for actor in ACTORS]

    assert len({reply.what for reply in replies}) == len(ACTORS)


async def test_a_renewed_link_is_still_the_same_resident(pieces: Pieces, db: Database) -> None:
    press = in_transaction(db, None, Ledger().write)

    replies = [
        await press(DoSomething(), pieces.call(key="k", actor=Resident(booking_id=ANNA, link_version=n)))
        for n in (1, 2)
    ]

    assert replies[0] == replies[1]

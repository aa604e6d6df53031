"""The connection at hand: lent again without the pool, and never to the harm of anybody."""

import asyncio

import asyncpg

from services.runtime.db import Tx
from tests.integration.runtime.conftest import Pieces
from tests.support.eventually import eventually

OWN = "SELECT pg_backend_pid()"


async def test_one_after_another_use_the_same_connection(pieces: Pieces) -> None:
    db = await pieces.db("booking", largest=2)

    pids = {(await db.statement(OWN))[0][0] for _ in range(5)}

    assert len(pids) == 1
    assert db._pool.get_idle_size() == db._pool.get_size()


async def test_whoever_waits_gets_what_is_given_back(pieces: Pieces) -> None:
    """Kept at hand, it would be nobody's until the next comes."""
    db = await pieces.db("booking", largest=1)
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold(_: Tx) -> None:
        held.set()
        await let_go.wait()

    holder = pieces.run(db.transact(hold))
    await held.wait()
    waiting = pieces.run(db.ping())
    await eventually(lambda: db._pool._waiting)
    let_go.set()

    async with asyncio.timeout(30):
        await asyncio.gather(holder, waiting)


async def test_a_connection_that_the_server_ended_meanwhile_is_not_lent_again(pieces: Pieces) -> None:
    db = await pieces.db("booking", largest=2)
    [[pid]] = await db.statement(OWN)
    (connection,) = db._pool._at_hand

    await pieces.system.sql("SELECT pg_terminate_backend($1)", pid)
    await eventually(lambda: is_gone(connection))

    [[other]] = await db.statement(OWN)
    assert other != pid


async def test_what_was_left_open_is_undone_before_the_next(pieces: Pieces) -> None:
    db = await pieces.db("booking", largest=1)

    [[pid]] = await db.statement(OWN)

    await db.statement("BEGIN")

    [[state]] = await pieces.system.sql("SELECT state FROM pg_stat_activity WHERE pid = $1", pid)
    assert state == "idle"


async def test_closing_takes_the_one_at_hand_along(pieces: Pieces) -> None:
    db = await pieces.db("booking", largest=2)
    [[pid]] = await db.statement(OWN)

    await db.close()

    async def ended() -> bool:
        return not await pieces.system.sql("SELECT 1 FROM pg_stat_activity WHERE pid = $1", pid)

    await eventually(ended)


def is_gone(connection: asyncpg.Connection) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True

"""Transactions: done again when others were in the way, in vain when the server is away; bugs travel."""

import asyncio
from typing import Any

import asyncpg
import pytest

from services.contracts.refusals import Unavailable
from services.runtime import db as database
from services.runtime.db import DatabaseMisused, Tx
from services.runtime.log import describe
from tests.integration.runtime.conftest import Pieces
from tests.support.cable import cable
from tests.support.eventually import eventually

STILL_THERE = "SELECT pid FROM pg_stat_activity WHERE pid = ANY($1)"
ADD = "INSERT INTO command (scope, key, fingerprint) VALUES ($1, $2, '')"


async def test_a_changed_table_costs_one_repetition(pieces: Pieces) -> None:
    """Statements prepared before a migration fail inside a transaction after it, where asyncpg cannot
    prepare them again by itself."""
    await pieces.system.sql("CREATE TABLE booking.test_shape (a integer)")
    await pieces.system.sql("GRANT SELECT ON booking.test_shape TO booking")
    db = await pieces.db("booking", largest=2)
    runs = 0
    both_connections = asyncio.Barrier(2)

    async def look(tx: Tx) -> list[str]:
        nonlocal runs
        runs += 1
        return [str(row) for row in await tx.fetch("SELECT * FROM test_shape")]

    async def look_together(tx: Tx) -> list[str]:
        await both_connections.wait()
        return await look(tx)

    await asyncio.gather(db.transact(look_together), db.transact(look_together))
    runs = 0
    await pieces.system.sql("ALTER TABLE booking.test_shape ADD COLUMN b integer")

    await asyncio.gather(db.transact(look), db.transact(look))

    assert 2 < runs <= 4


async def test_a_glance_of_one_statement_is_no_transaction_and_one_of_two_sees_one_moment(
    pieces: Pieces,
) -> None:
    db = await pieces.db("booking")
    runs = 0

    async def one(tx: Tx) -> bool:
        nonlocal runs
        runs += 1
        await tx.fetchval("SELECT 1")
        return bool(tx._connection.is_in_transaction())

    async def two(tx: Tx) -> tuple[Any, Any]:
        nonlocal runs
        runs += 1
        return await tx.fetchval("SELECT now()"), await tx.fetchval("SELECT now()")

    assert not await db.glance(one)
    assert await db.transact(one)
    assert runs == 2

    first, second = await db.glance(two)

    assert first == second
    assert runs == 4


async def test_a_glance_writes_nothing_outside_of_a_transaction(pieces: Pieces) -> None:
    """Whoever writes after all does so as one: both rows, or none."""
    db = await pieces.db("booking")

    async def write(tx: Tx) -> None:
        await tx.execute(ADD, "g", "1")
        await tx.execute(ADD, "g", "1")

    with pytest.raises(asyncpg.UniqueViolationError):
        await db.glance(write)

    assert await pieces.system.sql("SELECT 1 FROM booking.command WHERE scope = 'g'") == []


async def test_two_that_wait_for_each_other_both_get_done(pieces: Pieces) -> None:
    db = await pieces.db("booking")
    for key in ("a", "b"):
        await pieces.system.sql(
            "INSERT INTO booking.command (scope, key, fingerprint) VALUES ('d', $1, '')", key
        )
    both_hold = asyncio.Barrier(2)
    runs = 0

    async def change(first: str, second: str) -> None:
        async def work(tx: Tx) -> None:
            nonlocal runs
            runs += 1
            await tx.execute("UPDATE command SET at = now() WHERE scope = 'd' AND key = $1", first)
            if runs <= 2:
                await both_hold.wait()
            await tx.execute("UPDATE command SET at = now() WHERE scope = 'd' AND key = $1", second)

        await db.transact(work)

    await asyncio.gather(change("a", "b"), change("b", "a"))

    assert runs == 3


async def test_a_statement_that_takes_too_long_ends_as_unavailable(pieces: Pieces) -> None:
    db = await pieces.db("booking")

    async def dawdle(tx: Tx) -> None:
        await tx.execute("SET LOCAL statement_timeout = '50ms'")
        await tx.fetchval("SELECT pg_sleep(5)")

    with pytest.raises(Unavailable):
        await db.transact(dawdle)


async def test_a_lock_that_is_not_given_up_ends_as_unavailable(pieces: Pieces) -> None:
    db = await pieces.db("booking")
    await pieces.system.sql("INSERT INTO booking.command (scope, key, fingerprint) VALUES ('l', 'l', '')")
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.execute("UPDATE command SET at = now() WHERE scope = 'l'")
        held.set()
        await let_go.wait()

    async def want(tx: Tx) -> None:
        await tx.execute("SET LOCAL lock_timeout = '50ms'")
        await tx.execute("UPDATE command SET at = now() WHERE scope = 'l'")

    holder = pieces.run(db.transact(hold))
    await held.wait()
    with pytest.raises(Unavailable):
        await db.transact(want)
    let_go.set()
    await holder


async def test_nobody_waits_for_ever_for_a_connection(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """acquire() of asyncpg knows no end unless it is told one; command_timeout does not cover it."""
    monkeypatch.setattr(database, "ACQUIRE_SECONDS", 0.1)
    db = await pieces.db("booking", largest=2)
    held, let_go = asyncio.Barrier(3), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await held.wait()
        await let_go.wait()

    holders = [pieces.run(db.transact(hold)) for _ in range(2)]
    await held.wait()
    async with asyncio.timeout(30):
        with pytest.raises(Unavailable):
            await db.ping()
    let_go.set()
    await asyncio.gather(*holders)


async def test_closing_does_not_wait_for_what_never_ends(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pool.close() waits for every connection that is out, however long."""
    monkeypatch.setattr(database, "CLOSE_SECONDS", 0.1)
    db = await pieces.db("booking")
    inside = asyncio.Event()

    async def hang(tx: Tx) -> None:
        inside.set()
        await asyncio.Event().wait()

    pieces.run(db.transact(hang))
    await inside.wait()
    async with asyncio.timeout(30):
        await db.close()

    with pytest.raises(Unavailable):
        await db.ping()


async def test_a_connection_lost_in_between_ends_as_unavailable_and_the_next_works(pieces: Pieces) -> None:
    db = await pieces.db("booking")

    async def lose(tx: Tx) -> None:
        pid = await tx.fetchval("SELECT pg_backend_pid()")
        await pieces.system.sql("SELECT pg_terminate_backend($1)", pid)
        await tx.fetchval("SELECT 1")

    with pytest.raises(Unavailable):
        await db.transact(lose)

    await db.ping()


async def test_a_client_that_lost_count_of_its_messages_is_replaced(pieces: Pieces) -> None:
    """Cut off at the wrong moment, asyncpg says for ever that a statement is under way."""
    db = await pieces.db("booking", largest=2)

    async def lose_count(tx: Tx) -> None:
        raise asyncpg.InternalClientError

    for _ in range(3):
        with pytest.raises(Unavailable):
            await db.transact(lose_count)

    await db.ping()


async def test_a_server_that_comes_back_is_used_again(pieces: Pieces) -> None:
    async with cable(pieces.system.postgres.port) as line:
        db = await pieces.db("booking", port=line.port)
        await line.cut()
        with pytest.raises(Unavailable):
            await db.ping()
        await line.mend()

        await eventually(lambda: answers(db))


async def answers(db: database.Database) -> bool:
    try:
        await db.ping()
    except Unavailable:
        return False
    return True


@pytest.mark.parametrize("sql", ["SELECT $1::integer", "SELECT 1 / 0", "SELECT missing"])
async def test_a_bug_is_not_called_an_absence(pieces: Pieces, sql: str) -> None:
    db = await pieces.db("booking")

    async def stumble(tx: Tx) -> None:
        await tx.fetchval(sql)

    with pytest.raises((DatabaseMisused, asyncpg.PostgresError)):
        await db.transact(stumble)


async def test_two_statements_at_once_on_one_connection_are_a_bug(pieces: Pieces) -> None:
    """asyncpg says so with the same error as for a connection that was lost."""
    db = await pieces.db("booking")

    async def both(tx: Tx) -> None:
        await asyncio.gather(tx.fetchval("SELECT pg_sleep(0.2)"), tx.fetchval("SELECT 1"))

    with pytest.raises(DatabaseMisused):
        await db.transact(both)


async def test_the_text_of_a_database_error_is_not_logged(pieces: Pieces) -> None:
    """asyncpg quotes the values of a broken key, or of a number that is none."""
    db = await pieces.db("booking")
    said: list[BaseException] = []

    async def twice(tx: Tx) -> None:
        await tx.execute(ADD, "anna@example.fi", "k")
        await tx.execute(ADD, "anna@example.fi", "k")

    async def no_number(tx: Tx) -> None:
        await tx.fetchval("SELECT $1::text::integer", "anna@example.fi")

    async def no_uuid(tx: Tx) -> None:
        await tx.fetchval("SELECT $1::uuid", "anna@example.fi")

    works: list[Any] = [twice, no_number, no_uuid]
    for work in works:
        with pytest.raises(asyncpg.PostgresError) as caught:
            await db.transact(work)
        said.append(caught.value)

    for error in said:
        assert "anna@example.fi" in str(error)  # the control: this is what must not be logged
        assert "anna" not in "\n".join(describe(error))
    assert "23505 command_once" in describe(said[0])[0]


async def test_news_promised_in_a_transaction_wake_the_relay_after_it(pieces: Pieces) -> None:
    db = await pieces.db("booking")

    async def promise(tx: Tx) -> None:
        tx.promised = True

    async def nothing(_: Tx) -> None:
        return None

    await db.transact(nothing)
    assert not db.promised.is_set()

    await db.transact(promise)
    assert db.promised.is_set()


async def test_sessions_nobody_needs_any_more_are_closed_but_for_one(pieces: Pieces) -> None:
    """What a session has read of tables and plans is memory of the server's for as long as it is open."""
    db = await pieces.db("booking", largest=3, idle=0.05)
    all_there = asyncio.Barrier(3)

    async def own(tx: Tx) -> int:
        await all_there.wait()
        return int(await tx.fetchval("SELECT pg_backend_pid()"))

    used = await asyncio.gather(*(db.transact(own) for _ in range(3)))
    assert len(set(used)) == 3

    async def one_is_left() -> bool:
        return len(await pieces.system.sql(STILL_THERE, used)) == 1

    await eventually(one_is_left)
    await db.ping()

"""Claiming what is due among a million messages that wait."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bench.figures import Figure, beside
from bench.stage import ROUNDS, run_script, system
from services.notify import store
from services.runtime import db as database
from services.runtime.db import Database
from tests.support.stack import Stack

AT_A_TIME = 100
CLAIMS = 20  # of each round
PENDING = """
    SET session_replication_role = replica;
    DELETE FROM notify.message;
    INSERT INTO notify.message (id, kind, about, occasion, booking_id, starts_at, due_at, not_after,
                                give_up_at, next_try_at)
    SELECT gen_random_uuid(), 'reminder_hour', id, 0, id, far, due, far, far, due
    FROM (SELECT gen_random_uuid() AS id, now() + interval '90 days' AS far,
                 now() + CASE WHEN n <= {due} THEN interval '-1 second' ELSE interval '30 days' END AS due
          FROM generate_series(1, {count}) n) messages;
    ANALYZE notify.message
"""


async def measure() -> list[Figure]:
    claimed: dict[int, tuple[Database, list[float]]] = {}
    async with system() as many, system() as few:
        await _still(many, few)
        for stack, count in ((many, 1_000_000), (few, 10_000)):
            due = (ROUNDS + 1) * CLAIMS * AT_A_TIME
            await run_script(stack, PENDING.format(count=max(count, due), due=due))
            claimed[count] = (await database.connect(stack.state["database"], schema="notify"), [])
            await _claims(claimed[count][0])
        for _ in range(ROUNDS):
            for db, rounds in claimed.values():
                rounds.append(await _claims(db))
        for db, _ in claimed.values():
            await db.close()
    return [
        beside(
            "due messages claimed, 1,000,000 pending",
            claimed[1_000_000][1],
            claimed[10_000][1],
            unit="/s",
            limit="10,000 pending",
            target=0.9,
        )
    ]


async def _still(*stacks: Stack) -> None:
    """Only the claims made here are to be seen: notify itself is held still."""
    for stack in stacks:
        os.kill(stack.state["services"]["notify"]["pid"], signal.SIGSTOP)


async def _claims(db: Database) -> float:
    now = datetime.now(UTC)
    began = time.perf_counter()
    for _ in range(CLAIMS):
        taken = await db.transact(
            lambda tx: store.claim(
                tx, uuid4(), now=now, until=now + timedelta(seconds=30), besides=[], most=AT_A_TIME
            )
        )
        assert len(taken) == AT_A_TIME
    return CLAIMS * AT_A_TIME / (time.perf_counter() - began)

"""Claiming what is due among a million messages that wait."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bench.figures import Figure, beside
from bench.stage import ROUNDS, held_still, run_script, system
from services.notify import store
from services.runtime import db as database
from services.runtime.db import Database
from tests.support.stack import Stack

AT_A_TIME = 100
CLAIMS = 15  # of each round: less than 10,000 in all
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
    async with system() as many, system() as few:
        with held_still("notify", of=(many, few)):
            claimed = await _compare(many, few)
    return [
        beside(
            "due messages claimed, 1,000,000 pending",
            *claimed,
            unit="/s",
            limit="10,000 pending",
            target=0.9,
        )
    ]


async def _compare(many: Stack, few: Stack) -> tuple[list[float], list[float]]:
    due = (ROUNDS + 1) * CLAIMS * AT_A_TIME
    rounds: tuple[list[float], list[float]] = [], []
    databases = []
    for stack, count in ((many, 1_000_000), (few, 10_000)):
        await run_script(stack, PENDING.format(count=max(count, due), due=due))
        databases.append(await database.connect(stack.state["database"], schema="notify"))
        await _claims(databases[-1])
    for _ in range(ROUNDS):
        for seen, db in zip(rounds, databases, strict=True):
            seen.append(await _claims(db))
    for db in databases:
        await db.close()
    return rounds


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

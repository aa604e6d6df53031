"""Messages that could not be handled: how often each was tried, and those that were given up.

A dead letter stays until it is handled after all: a coordinator's page asks for that, or
`python -m services.<name> redrive`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.contracts import letters
from services.runtime.db import Database, Tx, changed

COUNT_TRY = """
    INSERT INTO delivery_try (consumer, event_id, tries) VALUES ($1, $2, 1)
    ON CONFLICT ON CONSTRAINT delivery_try_pkey DO UPDATE SET tries = delivery_try.tries + 1, at = now()
    RETURNING tries
"""
FORGIVE_TRY = "UPDATE delivery_try SET tries = tries - 1 WHERE consumer = $1 AND event_id = $2"
BURY = """
    INSERT INTO dead_letter (consumer, event_id, subject, body, reason) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT ON CONSTRAINT dead_letter_once
    DO UPDATE SET reason = $5, dead_at = now(), redrive_at = NULL, settled_at = NULL
"""
TO_REDRIVE = """
    SELECT event_id, subject, body FROM dead_letter
    WHERE consumer = $1 AND redrive_at IS NOT NULL AND settled_at IS NULL ORDER BY id LIMIT 100
"""
SETTLE = "UPDATE dead_letter SET settled_at = now() WHERE consumer = $1 AND event_id = $2"
KEEP = "UPDATE dead_letter SET redrive_at = NULL, reason = $3 WHERE consumer = $1 AND event_id = $2"
REDRIVE_ALL = "UPDATE dead_letter SET redrive_at = now() WHERE settled_at IS NULL"
REDRIVE_SOME = """
    UPDATE dead_letter SET redrive_at = now() WHERE settled_at IS NULL AND id = ANY($1::bigint[])
"""
UNSETTLED = """
    SELECT id, consumer, event_id, subject, reason, dead_at AS since, redrive_at IS NOT NULL AS trying
    FROM dead_letter WHERE settled_at IS NULL ORDER BY id LIMIT $1
"""
COUNT = "SELECT count(*) FROM dead_letter WHERE settled_at IS NULL"
FORGET_SETTLED = """
    DELETE FROM dead_letter WHERE id IN (
        SELECT id FROM dead_letter WHERE settled_at < now() - interval '30 days'
        LIMIT $1 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True)
class DeadLetter:
    event_id: str
    subject: str
    body: bytes


async def count_try(tx: Tx, consumer: str, event_id: str) -> int:
    tries: int = await tx.fetchval(COUNT_TRY, consumer, event_id)
    return tries


async def forgive_try(tx: Tx, consumer: str, event_id: str) -> None:
    await tx.execute(FORGIVE_TRY, consumer, event_id)


async def bury(tx: Tx, consumer: str, letter: DeadLetter, reason: str) -> None:
    await tx.execute(BURY, consumer, letter.event_id, letter.subject, letter.body, reason)


async def to_redrive(tx: Tx, consumer: str) -> Sequence[DeadLetter]:
    return [
        DeadLetter(row["event_id"], row["subject"], row["body"])
        for row in await tx.fetch(TO_REDRIVE, consumer)
    ]


async def settle(tx: Tx, consumer: str, letter: DeadLetter) -> None:
    """It has been handled."""
    await tx.execute(SETTLE, consumer, letter.event_id)


async def keep(tx: Tx, consumer: str, letter: DeadLetter, reason: str) -> None:
    """It failed again, and waits until somebody asks once more."""
    await tx.execute(KEEP, consumer, letter.event_id, reason)


async def unsettled(tx: Tx, most: int) -> list[letters.DeadLetter]:
    """Everything about them but what they say."""
    return [letters.DeadLetter(**row) for row in map(dict, await tx.fetch(UNSETTLED, most))]


async def count(tx: Tx) -> int:
    number: int = await tx.fetchval(COUNT)
    return number


async def redrive_all(tx: Tx) -> int:
    """Ask for every dead letter of the service to be handled again; returns how many there are."""
    return changed(await tx.execute(REDRIVE_ALL))


async def redrive_some(tx: Tx, letter_ids: Sequence[int]) -> int:
    return changed(await tx.execute(REDRIVE_SOME, list(letter_ids)))


async def redrive(db: Database) -> int:
    """The same from the command line."""
    return await db.transact(redrive_all)


async def forget_settled(tx: Tx, most: int) -> int:
    """What was handled in the end is kept for a month, for whoever asks what had happened."""
    return changed(await tx.execute(FORGET_SETTLED, most))

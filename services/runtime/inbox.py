"""The inbox: a consumer does a thing once by remembering that it did."""

from uuid import UUID

from services.runtime.db import Tx, changed

TAKE = """
    INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT inbox_once DO NOTHING
    RETURNING true
"""
FORGET = """
    DELETE FROM inbox WHERE (consumer, event_id) IN (
        SELECT consumer, event_id FROM inbox WHERE taken_at < now() - interval '30 days'
        LIMIT $1 FOR UPDATE SKIP LOCKED)
"""
FORGET_TRIES = """
    DELETE FROM delivery_try WHERE (consumer, event_id) IN (
        SELECT consumer, event_id FROM delivery_try WHERE at < now() - interval '30 days'
        LIMIT $1 FOR UPDATE SKIP LOCKED)
"""


async def first_time(tx: Tx, consumer: str, event_id: UUID) -> bool:
    """True once per consumer and event; the row shares the transaction of the effect."""
    return bool(await tx.fetchval(TAKE, consumer, event_id))


async def forget_old_news(tx: Tx, most: int) -> int:
    """Kept longer than the outbox keeps what it may publish again."""
    return changed(await tx.execute(FORGET, most))


async def forget_tries(tx: Tx, most: int) -> int:
    return changed(await tx.execute(FORGET_TRIES, most))

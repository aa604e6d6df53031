"""The inbox: a consumer does a thing once by remembering that it did."""

from uuid import UUID

from services.runtime.db import Tx

TAKE = """
    INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT inbox_once DO NOTHING
    RETURNING true
"""
FORGET = "DELETE FROM inbox WHERE taken_at < now() - interval '30 days'"
FORGET_TRIES = "DELETE FROM delivery_try WHERE at < now() - interval '30 days'"


async def first_time(tx: Tx, consumer: str, event_id: UUID) -> bool:
    """True once per consumer and event; the row shares the transaction of the effect."""
    return bool(await tx.fetchval(TAKE, consumer, event_id))


async def forget_old_news(tx: Tx) -> None:
    """Kept longer than the outbox keeps what it may publish again."""
    await tx.execute(FORGET)
    await tx.execute(FORGET_TRIES)

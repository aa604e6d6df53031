"""The inbox: a consumer does a thing once by remembering that it did."""

from collections.abc import Sequence
from uuid import UUID

from services.runtime.db import Tx, changed

TAKE = """
    INSERT INTO inbox (consumer, event_id) VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT inbox_once DO NOTHING
    RETURNING true
"""
# In one order, so that copies which hear the same wait for each other and never in a circle.
TAKE_ALL = """
    INSERT INTO inbox (consumer, event_id)
    SELECT $1, event_id FROM unnest($2::uuid[]) AS told (event_id) ORDER BY event_id
    ON CONFLICT ON CONSTRAINT inbox_once DO NOTHING
    RETURNING event_id
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


async def first_times(tx: Tx, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them that were not taken before, once each; the rows share the transaction."""
    return {row["event_id"] for row in await tx.fetch(TAKE_ALL, consumer, event_ids)}


async def forget_old_news(tx: Tx, most: int) -> int:
    """Kept longer than the outbox keeps what it may publish again."""
    return changed(await tx.execute(FORGET, most))


async def forget_tries(tx: Tx, most: int) -> int:
    return changed(await tx.execute(FORGET_TRIES, most))

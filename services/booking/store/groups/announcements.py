"""Words of those who lead a session to those who come, for as long as they are of use."""

from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from services.runtime.db import Tx

GROUP_OF_SESSION = """
    SELECT group_id, state, ends_at, ended_at FROM slot WHERE id = $1 AND group_id IS NOT NULL
"""
LEADS_GROUP = """
    SELECT EXISTS (SELECT FROM group_facilitator WHERE group_id = $1 AND person_id = $2)
        OR EXISTS (SELECT FROM slot s
                   LEFT JOIN co_host c ON c.slot_id = s.id AND c.person_id = $2 AND c.live
                   WHERE s.group_id = $1 AND s.state = 'open' AND s.ends_at > $3
                     AND (s.host_id = $2 AND s.staffing <> 'needs_host' OR c.accepted_at IS NOT NULL))
"""
GROUP_EXISTS = "SELECT true FROM peer_group WHERE id = $1"
# The last of a group's sessions in the next week, or the next one if there is none so soon.
LAST_END = """
    SELECT coalesce(max(ends_at) FILTER (WHERE ends_at < $2::timestamptz + interval '7 days'), min(ends_at))
    FROM slot WHERE group_id = $1 AND state = 'open' AND ends_at > $2 AND ended_at IS NULL
"""
MADE_SINCE = "SELECT count(*) FROM announcement WHERE group_id = $1 AND made_at > $2"
ADD = """
    INSERT INTO announcement (id, group_id, slot_id, by_id, words, made_at, until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
ANNOUNCEMENT = """
    SELECT a.words, a.until, s.state IS NULL OR s.state = 'open' AS stands
    FROM announcement a LEFT JOIN slot s ON s.id = a.slot_id WHERE a.id = $1
"""
FORGET = "DELETE FROM announcement WHERE until < $1 AND made_at < $2"


async def session(tx: Tx, slot_id: UUID) -> Record | None:
    """Its group, state and end; None for a slot that is no group's."""
    return await tx.fetchrow(GROUP_OF_SESSION, slot_id)


async def leads_group(tx: Tx, group_id: UUID, person_id: UUID, *, now: datetime) -> bool:
    """Whether they facilitate it, or lead a session of it that is ahead."""
    return bool(await tx.fetchval(LEADS_GROUP, group_id, person_id, now))


async def group_exists(tx: Tx, group_id: UUID) -> bool:
    return bool(await tx.fetchval(GROUP_EXISTS, group_id))


async def last_end(tx: Tx, group_id: UUID, *, now: datetime) -> datetime | None:
    """Until when words to a whole group are of use; None without a session ahead."""
    moment: datetime | None = await tx.fetchval(LAST_END, group_id, now)
    return moment


async def made_since(tx: Tx, group_id: UUID, since: datetime) -> int:
    return int(await tx.fetchval(MADE_SINCE, group_id, since))


async def add(
    tx: Tx,
    announcement_id: UUID,
    *,
    group_id: UUID,
    slot_id: UUID | None,
    by: UUID,
    words: str,
    until: datetime,
    now: datetime,
) -> None:
    await tx.execute(ADD, announcement_id, group_id, slot_id, by, words, now, until)


async def announcement(tx: Tx, announcement_id: UUID) -> Record | None:
    return await tx.fetchrow(ANNOUNCEMENT, announcement_id)


async def forget(tx: Tx, *, now: datetime, counted_for: timedelta) -> None:
    """Those of no use any more, which no limit counts."""
    await tx.execute(FORGET, now, now - counted_for)

"""Whom to ask to host a session, and what has been done about it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain.staffing import ASKED_AT_ONCE, REMINDED, Session
from services.booking.store.staffing.staffing import FREE, SESSION_COLUMNS, SUITS, TRAINED, session_of
from services.runtime.db import Tx

_SESSIONS = "FROM slot s WHERE s.state = 'open' AND s.group_id IS NOT NULL AND s.ended_at IS NULL"
UNSTAFFED = f"""
    SELECT {SESSION_COLUMNS} {_SESSIONS} AND s.ends_at > $1 AND s.staffing <> 'accepted'
      AND (s.staffing <> 'asked' OR s.asked_at IS NULL OR s.starts_at <= $2)
    ORDER BY s.starts_at, s.id LIMIT 1000
"""
_OTHERS = "FROM slot s JOIN person p ON p.id <> s.host_id WHERE s.id = $1 AND p.disabled_at IS NULL"
_UNASKED = """
    NOT EXISTS (SELECT FROM stand_in_asked a WHERE a.slot_id = s.id AND a.person_id = p.id)
    AND NOT EXISTS (SELECT FROM co_host c
                    WHERE c.slot_id = s.id AND c.person_id = p.id AND c.live AND c.accepted_at IS NULL)
"""
# Who leads the group or helps to lead the session knows it; of the others those asked least of late.
_IN_ORDER = """
    EXISTS (SELECT FROM co_host c WHERE c.slot_id = s.id AND c.person_id = p.id AND c.live) DESC,
    EXISTS (SELECT FROM group_facilitator f WHERE f.group_id = s.group_id AND f.person_id = p.id) DESC,
    (SELECT count(*) FROM stand_in_asked a
     WHERE a.person_id = p.id AND a.asked_at > $2::timestamptz - interval '30 days'),
    p.id
"""
FITTING = f"""
    SELECT p.id {_OTHERS} AND {TRAINED} AND {SUITS} AND {FREE} AND {_UNASKED}
    ORDER BY {_IN_ORDER} LIMIT {ASKED_AT_ONCE}
"""
UNASKED_CO_HOSTS = """
    SELECT DISTINCT c.slot_id FROM co_host c JOIN slot s ON s.id = c.slot_id
    WHERE c.live AND c.accepted_at IS NULL AND c.asked_at IS NULL
      AND s.state = 'open' AND s.starts_at > $1 LIMIT 1000
"""
ASK_CO_HOSTS = """
    UPDATE co_host SET asked_at = $2
    WHERE slot_id = $1 AND live AND accepted_at IS NULL AND asked_at IS NULL RETURNING person_id
"""
NOTE_ASKED = """
    INSERT INTO stand_in_asked (slot_id, person_id, round, asked_at)
    SELECT $1, person_id, $3, $4 FROM unnest($2::uuid[]) AS asked (person_id)
"""
NEXT_ROUND = "UPDATE slot SET asked_round = asked_round + 1 WHERE id = $1 RETURNING asked_round"
NOTE_STEP = """
    UPDATE slot SET asked_at = coalesce($2, asked_at), alerted_at = coalesce($3, alerted_at),
                    told_missing_at = coalesce($4, told_missing_at)
    WHERE id = $1
"""


async def unstaffed(tx: Tx, *, now: datetime) -> Sequence[Session]:
    """Those for which something may be due, or will be before long."""
    return [session_of(row) for row in await tx.fetch(UNSTAFFED, now, now + max(REMINDED))]


async def fitting(tx: Tx, slot_id: UUID, *, now: datetime) -> list[UUID]:
    """The next few who could host the session and have not been asked to."""
    return [row["id"] for row in await tx.fetch(FITTING, slot_id, now)]


async def with_unasked_co_hosts(tx: Tx, *, now: datetime) -> list[UUID]:
    return [row["slot_id"] for row in await tx.fetch(UNASKED_CO_HOSTS, now)]


async def ask_co_hosts(tx: Tx, slot_id: UUID, *, now: datetime) -> list[UUID]:
    """Those named as co-hosts of this session whom nobody has asked yet; they have been from now on."""
    return [row["person_id"] for row in await tx.fetch(ASK_CO_HOSTS, slot_id, now)]


async def note_asked(tx: Tx, slot_id: UUID, people: Sequence[UUID], *, asking: int, now: datetime) -> None:
    await tx.execute(NOTE_ASKED, slot_id, people, asking, now)


async def next_round(tx: Tx, slot_id: UUID) -> int:
    """Each asking and alerting about one session has a number of its own."""
    number: int = await tx.fetchval(NEXT_ROUND, slot_id)
    return number


async def note_step(
    tx: Tx,
    slot_id: UUID,
    *,
    asked_at: datetime | None,
    alerted_at: datetime | None,
    told_missing_at: datetime | None,
) -> None:
    await tx.execute(NOTE_STEP, slot_id, asked_at, alerted_at, told_missing_at)

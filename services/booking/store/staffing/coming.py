"""The bookings of one session, many at once: what news of them says, and who came."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.contracts.booking.catalogue import SlotKind
from services.runtime.db import Tx

# Named as the fields of the news.
_FACTS = """
    b.id AS booking_id, b.slot_id, s.host_id, s.kind, s.starts_at, s.ends_at, s.time_zone, b.version,
    b.link_version, b.sequence, b.enrolment_id
"""
_FROM = "FROM booking b JOIN slot s ON s.id = b.slot_id"
COMING = f"""
    SELECT {_FACTS} {_FROM}
    WHERE b.slot_id = $1 AND b.status IN ('held', 'confirmed') ORDER BY b.id
"""
REACHED_IN_SLOT = f"""
    SELECT {_FACTS} {_FROM}
    WHERE b.slot_id = $1 AND b.status = 'confirmed' AND num_nonnulls(b.email, b.phone) > 0 ORDER BY b.id
"""
REACHED_IN_GROUP = f"""
    SELECT DISTINCT ON (coalesce(b.enrolment_id, b.id)) {_FACTS} {_FROM}
    WHERE s.group_id = $1 AND s.state = 'open' AND s.ends_at > $2 AND s.ended_at IS NULL
      AND b.status = 'confirmed' AND num_nonnulls(b.email, b.phone) > 0
    ORDER BY coalesce(b.enrolment_id, b.id), s.starts_at, b.id
"""
OVER_WITHOUT_ATTENDANCE = """
    SELECT id FROM slot
    WHERE state = 'open' AND group_id IS NOT NULL AND attendance_at IS NULL
      AND (ends_at <= $1 OR ended_at <= $1)
    ORDER BY ends_at LIMIT 100
"""
NEXT_END = """
    SELECT min(ends_at) FROM slot WHERE state = 'open' AND group_id IS NOT NULL AND attendance_at IS NULL
"""
MARK_ATTENDANCE = """
    UPDATE slot SET attendance_at = $2
    WHERE id = $1 AND state = 'open' AND attendance_at IS NULL RETURNING staffing
"""
_NOTED = """
    WITH noted AS (
        UPDATE booking SET status = CASE WHEN joined_at IS NULL THEN 'no_show' ELSE 'attended' END,
                           version = version + 1, changed_at = $2
        WHERE slot_id = $1 AND status = 'confirmed' AND ($3 OR joined_at IS NOT NULL) RETURNING *
    ), written AS (
        INSERT INTO booking_change (booking_id, what, by_kind, at)
        SELECT id, status, 'system', $2 FROM noted
    )
"""
_FROM_NOTED = "FROM noted b JOIN slot s ON s.id = b.slot_id"
NOTE_ATTENDANCE = f"""
    {_NOTED} SELECT {_FACTS}, b.status = 'attended' AS attended {_FROM_NOTED} ORDER BY b.id
"""
_CAME_AFTER_ALL = """
    WITH noted AS (
        UPDATE booking SET status = 'attended', version = version + 1, changed_at = $2
        WHERE id = $1 AND status = 'no_show'
          AND EXISTS (SELECT FROM slot s WHERE s.id = slot_id AND s.group_id IS NOT NULL)
          AND NOT EXISTS (
              SELECT FROM booking_change c
              WHERE c.booking_id = $1 AND c.what IN ('attended', 'no_show') AND c.by_kind <> 'system')
        RETURNING *
    ), written AS (
        INSERT INTO booking_change (booking_id, what, by_kind, at)
        SELECT id, status, 'system', $2 FROM noted
    )
"""
CAME_AFTER_ALL = f"{_CAME_AFTER_ALL} SELECT {_FACTS}, true AS attended {_FROM_NOTED}"

Facts = dict[str, Any]


async def coming(tx: Tx, slot_id: UUID) -> list[Facts]:
    """Everybody who would come to this session."""
    return await _facts(tx, COMING, slot_id)


async def reached_in_slot(tx: Tx, slot_id: UUID) -> list[Facts]:
    return await _facts(tx, REACHED_IN_SLOT, slot_id)


async def reached_in_group(tx: Tx, group_id: UUID, *, now: datetime) -> list[Facts]:
    """The next session of each who is enrolled."""
    return await _facts(tx, REACHED_IN_GROUP, group_id, now)


async def over_without_attendance(tx: Tx, *, now: datetime) -> list[UUID]:
    return [row["id"] for row in await tx.fetch(OVER_WITHOUT_ATTENDANCE, now)]


async def next_end(tx: Tx) -> datetime | None:
    moment: datetime | None = await tx.fetchval(NEXT_END)
    return moment


async def mark_attendance(tx: Tx, slot_id: UUID, *, now: datetime) -> str | None:
    """How the session was staffed; None when it was done before."""
    staffing: str | None = await tx.fetchval(MARK_ATTENDANCE, slot_id, now)
    return staffing


async def note_attendance(tx: Tx, slot_id: UUID, *, absent_too: bool, now: datetime) -> list[Facts]:
    """Whoever was let in attended; of the others it is noted that they did not where `absent_too`."""
    return await _facts(tx, NOTE_ATTENDANCE, slot_id, now, absent_too)


async def came_after_all(tx: Tx, booking_id: UUID, *, now: datetime) -> list[Facts]:
    """News of somebody's coming came after they had been noted as absent. Whoever said so knows better."""
    return await _facts(tx, CAME_AFTER_ALL, booking_id, now)


async def _facts(tx: Tx, query: str, *args: object) -> list[Facts]:
    return [{**row, "kind": SlotKind(row["kind"])} for row in await tx.fetch(query, *args)]

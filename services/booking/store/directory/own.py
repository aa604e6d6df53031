"""What those who serve ask about themselves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.booking.store.slots import SLOT_COLUMNS, SLOT_FROM, SlotRow, slot_row
from services.runtime.db import Tx

CHANGE_PROFILE = """
    UPDATE person SET display_name = $2, languages = $3, version = version + 1 WHERE id = $1
"""
CALENDAR_VERSION = "SELECT calendar_version FROM person WHERE id = $1 AND disabled_at IS NULL"
RENEW_CALENDAR = """
    UPDATE person SET calendar_version = calendar_version + 1
    WHERE id = $1 AND disabled_at IS NULL RETURNING calendar_version
"""
CALENDAR_ENTRIES = """
    SELECT id, starts_at, ends_at, taken > 0 AS booked FROM slot
    WHERE (host_id = $1 AND staffing <> 'needs_host'
           OR id = ANY (ARRAY(SELECT slot_id FROM co_host WHERE person_id = $1 AND live
                              AND accepted_at IS NOT NULL AND starts_at >= $2)))
      AND state = 'open' AND starts_at >= $2 ORDER BY starts_at, id LIMIT $3
"""
OPEN_OUTCOMES = f"""
    SELECT {SLOT_COLUMNS} {SLOT_FROM}
    WHERE s.host_id = $1 AND s.state = 'open' AND s.starts_at >= $2
      AND s.staffing IN ('accepted', 'stand_in_wanted')
      AND (s.ends_at <= $3 OR s.ended_at IS NOT NULL)
      AND EXISTS (SELECT FROM booking b
                  WHERE b.slot_id = s.id AND b.status = 'confirmed' AND b.accompanies IS NULL)
    ORDER BY s.starts_at, s.id LIMIT $4
"""  # noqa: S608


async def change_profile(tx: Tx, person_id: UUID, display_name: str, languages: Sequence[str]) -> None:
    await tx.execute(CHANGE_PROFILE, person_id, display_name, languages)


async def calendar_version(tx: Tx, person_id: UUID) -> int | None:
    """None for one who is disabled or was never there."""
    version: int | None = await tx.fetchval(CALENDAR_VERSION, person_id)
    return version


async def renew_calendar(tx: Tx, person_id: UUID) -> int | None:
    version: int | None = await tx.fetchval(RENEW_CALENDAR, person_id)
    return version


async def calendar_entries(tx: Tx, host_id: UUID, *, since: datetime, limit: int) -> Sequence[Record]:
    return await tx.fetch(CALENDAR_ENTRIES, host_id, since, limit)


async def open_outcomes(
    tx: Tx, host_id: UUID, *, since: datetime, now: datetime, limit: int
) -> Sequence[SlotRow]:
    return [slot_row(row) for row in await tx.fetch(OPEN_OUTCOMES, host_id, since, now, limit)]

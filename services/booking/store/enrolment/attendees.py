"""Who is in a session, in pages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.runtime.db import Tx

ATTENDEES = """
    SELECT b.id, coalesce(e.place, 0) AS place, b.created_at, b.display_name, b.language, b.status, b.note,
           b.accompanies, b.comes_as, b.joined_at,
           ARRAY(SELECT service FROM guidance WHERE booking_id = b.id ORDER BY service) AS guided_to
    FROM booking b LEFT JOIN enrolment e ON e.id = b.enrolment_id
    WHERE b.slot_id = $1 AND b.status NOT IN ('cancelled', 'expired')
      AND ($2::bigint IS NULL
           OR (coalesce(e.place, 0), b.created_at, b.id) > ($2, $3::timestamptz, $4::uuid))
    ORDER BY coalesce(e.place, 0), b.created_at, b.id LIMIT $5
"""


async def attendees(tx: Tx, slot_id: UUID, *, after: tuple[Any, ...], limit: int) -> Sequence[Record]:
    """In the order of coming: parties by their place, which those who come along follow directly."""
    return await tx.fetch(ATTENDEES, slot_id, *after, limit)

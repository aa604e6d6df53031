"""Names of those who come and of those whom they meet."""

from collections.abc import Collection, Sequence
from uuid import UUID

from asyncpg import Record

from services.runtime.db import Tx

# An array made by a subquery looks alike to the planner whatever is in it: one plan is kept for all.
NAMES = """
    SELECT b.id, b.display_name, b.language, b.link_version, p.display_name AS host_name,
        CASE WHEN b.enrolment_id IS NULL THEN s.ends_at ELSE (
            SELECT max(t.ends_at) FROM booking x JOIN slot t ON t.id = x.slot_id
            WHERE x.enrolment_id = b.enrolment_id) END AS last_ends_at
    FROM booking b JOIN slot s ON s.id = b.slot_id JOIN person p ON p.id = s.host_id
    WHERE b.id = ANY (ARRAY(SELECT unnest($1::uuid[]))) AND b.forgotten_at IS NULL
"""


async def names(tx: Tx, booking_ids: Collection[UUID]) -> Sequence[Record]:
    """Of the bookings that are there and not forgotten; `last_ends_at` as of a `BookingRow`."""
    return await tx.fetch(NAMES, booking_ids)

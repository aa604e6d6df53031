"""What coordinators look through, across all hosts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.booking.store.slots import SlotRow, slot_row
from services.contracts.booking.coordination import BookingLine, Change, SearchBookings, SearchSlots
from services.contracts.booking.slots import BookingStatus
from services.runtime.db import Tx

After = tuple[datetime | None, UUID | None]

_SLOT_COLUMNS = """
    s.id, s.kind, s.state, s.starts_at, s.ends_at, s.time_zone, s.theme_id, s.languages, s.capacity,
    s.taken, s.bookable_until, s.reception_id, s.group_id, s.host_id, s.ended_at, p.display_name,
    p.organisation_id, coalesce(o.name, '') AS organisation
"""
_SLOTS = """
    FROM slot s JOIN person p ON p.id = s.host_id LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE s.starts_at >= $1 AND s.starts_at < $2
      AND ($3::uuid IS NULL OR p.organisation_id = $3)
      AND ($4::uuid IS NULL OR s.host_id = $4)
      AND ($5::text IS NULL OR s.theme_id = $5)
      AND CASE $6::text
          WHEN 'free' THEN s.state = 'open' AND s.taken < s.capacity
          WHEN 'booked' THEN s.state = 'open' AND s.taken > 0
          WHEN 'cancelled' THEN s.state = 'cancelled'
          WHEN 'withdrawn' THEN s.state = 'withdrawn'
          ELSE s.state <> 'withdrawn' END
"""
SLOTS = f"""
    SELECT {_SLOT_COLUMNS} {_SLOTS}
      AND ($7::timestamptz IS NULL OR (s.starts_at, s.id) > ($7, $8::uuid))
    ORDER BY s.starts_at, s.id LIMIT $9
"""
COUNT_SLOTS = f"SELECT count(*) {_SLOTS}"
_BOOKINGS = """
    FROM booking b JOIN slot s ON s.id = b.slot_id JOIN person p ON p.id = s.host_id
    LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE s.starts_at >= $1 AND s.starts_at < $2
      AND ($3::uuid IS NULL OR p.organisation_id = $3)
      AND ($4::uuid IS NULL OR s.host_id = $4)
      AND ($5::text IS NULL OR s.theme_id = $5)
      AND ($6::text IS NULL OR b.status = $6)
"""
BOOKINGS = f"""
    SELECT b.id AS booking_id, b.status, b.display_name AS resident_name, b.language, b.accompanies,
           b.comes_as, {_SLOT_COLUMNS} {_BOOKINGS}
      AND ($7::timestamptz IS NULL OR (s.starts_at, b.id) > ($7, $8::uuid))
    ORDER BY s.starts_at, b.id LIMIT $9
"""
COUNT_BOOKINGS = f"SELECT count(*) {_BOOKINGS}"
HISTORY = """
    SELECT c.at, c.what, c.by_kind, p.id AS person_id, p.display_name, s.starts_at AS from_starts_at
    FROM booking_change c
    LEFT JOIN person p ON p.id = c.by_id AND c.by_kind <> 'resident'
    LEFT JOIN slot s ON s.id = c.from_slot_id
    WHERE c.booking_id = $1 ORDER BY c.id
"""


@dataclass(frozen=True)
class Listed:
    """A booking's line and what it is sorted by."""

    line: BookingLine
    starts_at: datetime


async def slots(tx: Tx, wanted: SearchSlots, *, after: After, limit: int) -> Sequence[SlotRow]:
    return [slot_row(row) for row in await tx.fetch(SLOTS, *_filters(wanted), *after, limit)]


async def count_slots(tx: Tx, wanted: SearchSlots) -> int:
    return int(await tx.fetchval(COUNT_SLOTS, *_filters(wanted)))


async def bookings(tx: Tx, wanted: SearchBookings, *, after: After, limit: int) -> Sequence[Listed]:
    found = []
    for row in await tx.fetch(BOOKINGS, *_filters(wanted), *after, limit):
        line = BookingLine(
            id=row["booking_id"],
            status=BookingStatus(row["status"]),
            display_name=row["resident_name"],
            language=row["language"],
            slot=slot_row(row).booked,
            accompanies=row["accompanies"],
            comes_as=row["comes_as"],
        )
        found.append(Listed(line, row["starts_at"]))
    return found


async def count_bookings(tx: Tx, wanted: SearchBookings) -> int:
    return int(await tx.fetchval(COUNT_BOOKINGS, *_filters(wanted)))


async def history(tx: Tx, booking_id: UUID) -> Sequence[Change]:
    return [
        Change(
            at=row["at"],
            what=row["what"],
            by=row["by_kind"],
            person_id=row["person_id"],
            person_name=row["display_name"],
            from_starts_at=row["from_starts_at"],
        )
        for row in await tx.fetch(HISTORY, booking_id)
    ]


def _filters(wanted: SearchSlots | SearchBookings) -> tuple[object, ...]:
    return (
        wanted.from_at,
        wanted.to_at,
        wanted.organisation,
        wanted.host,
        wanted.theme,
        wanted.status,
    )

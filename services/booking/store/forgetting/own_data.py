"""All rows about one resident, and their erasure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.booking.store.forgetting.forgetting import NAMELESS
from services.booking.store.slots import SLOT_COLUMNS, slot_row
from services.contracts.booking.catalogue import Words
from services.contracts.booking.own_data import OwnBooking, OwnChange
from services.contracts.booking.slots import BookingStatus
from services.runtime.db import Tx

# One is who one is reached as: by mail, or by phone who gave no address. All of an enrolment is one's own.
OF_RESIDENT = """
    WITH asked AS (SELECT id, enrolment_id, email, phone FROM booking WHERE id = $1)
    SELECT id FROM asked
    UNION SELECT o.id FROM asked JOIN booking o ON o.enrolment_id = asked.enrolment_id
    UNION SELECT o.id FROM asked JOIN booking o ON lower(o.email) = lower(asked.email)
    UNION SELECT o.id FROM asked JOIN booking o ON o.phone = asked.phone
        WHERE asked.email IS NULL AND o.email IS NULL
"""
LOCK_GROUPS = """
    SELECT id FROM peer_group WHERE id IN (
        SELECT e.group_id FROM booking b JOIN enrolment e ON e.id = b.enrolment_id
        WHERE b.id = ANY ($1::uuid[]))
    ORDER BY id FOR UPDATE
"""
OWN = f"""
    SELECT b.id AS booking_id, b.status, b.display_name AS resident_name, b.email, b.phone, b.language,
           b.municipality, b.age_group, b.note, b.comes_as, b.walked_in, b.cancelled_by, b.cancel_reason,
           b.joined_at, b.feedback_given_at, b.enrolment_id, b.link_version, b.created_at, b.changed_at,
           g.name_fi, g.name_sv, g.name_en, s.staffing IN ('accepted', 'stand_in_wanted') AS staffed,
           ARRAY(SELECT service FROM guidance WHERE booking_id = b.id ORDER BY service) AS guided_to,
           {SLOT_COLUMNS}
    FROM booking b JOIN slot s ON s.id = b.slot_id JOIN person p ON p.id = s.host_id
    LEFT JOIN organisation o ON o.id = p.organisation_id LEFT JOIN peer_group g ON g.id = s.group_id
    WHERE b.id = ANY ($1::uuid[]) AND b.forgotten_at IS NULL ORDER BY s.starts_at, b.id
"""  # noqa: S608
CHANGES = """
    SELECT booking_id, at, what, by_kind FROM booking_change WHERE booking_id = ANY ($1::uuid[]) ORDER BY id
"""
FORGET_REQUESTS = """
    DELETE FROM link_request r USING booking b
    WHERE b.id = ANY ($1::uuid[])
      AND (r.booking_id = b.id OR lower(r.email) = lower(b.email) OR r.phone = b.phone)
"""
FORGET_GUIDANCE = "DELETE FROM guidance WHERE booking_id = ANY ($1::uuid[])"
ERASE = f"""
    WITH erased AS (
        UPDATE booking SET display_name = '{NAMELESS}', email = NULL, phone = NULL, note = NULL,
            municipality = NULL, age_group = NULL, cancel_reason = NULL, feedback_given_at = NULL,
            forgotten_at = $2, version = version + 1, link_version = link_version + 1, changed_at = $2
        WHERE id = ANY ($1::uuid[]) AND forgotten_at IS NULL RETURNING id
    )
    INSERT INTO booking_change (booking_id, what, by_kind, by_id, at)
    SELECT id, 'erased', $3, $4::uuid, $2 FROM erased
"""  # noqa: S608 - a word of ours


async def of_resident(tx: Tx, booking_id: UUID) -> list[UUID]:
    """Everything that the one with this booking has; nothing if there is no such booking."""
    return [row["id"] for row in await tx.fetch(OF_RESIDENT, booking_id)]


async def lock_groups(tx: Tx, booking_ids: Sequence[UUID]) -> None:
    """Those in which these are: nobody is brought along to another session of them until the commit."""
    await tx.fetch(LOCK_GROUPS, booking_ids)


async def own_bookings(tx: Tx, booking_ids: Sequence[UUID]) -> list[OwnBooking]:
    """Of those of whom anything is known."""
    rows = await tx.fetch(OWN, booking_ids)
    changes: dict[UUID, list[OwnChange]] = {row["booking_id"]: [] for row in rows}
    for row in await tx.fetch(CHANGES, list(changes)):
        changes[row["booking_id"]].append(OwnChange(at=row["at"], what=row["what"], by=row["by_kind"]))
    return [_own(row, changes[row["booking_id"]]) for row in rows]


async def erase(tx: Tx, booking_ids: Sequence[UUID], *, by: tuple[str, UUID | None], now: datetime) -> None:
    """What was known of them, and what they asked for and others noted about them: last of all, when nobody
    notes anything more without seeing that they are forgotten."""
    await tx.execute(FORGET_REQUESTS, booking_ids)
    await tx.execute(ERASE, booking_ids, now, *by)
    await tx.execute(FORGET_GUIDANCE, booking_ids)


def _own(row: Record, changes: list[OwnChange]) -> OwnBooking:
    plain: dict[str, Any] = {
        name: row[name]
        for name in (
            *("email", "phone", "language", "municipality", "age_group", "note", "comes_as", "walked_in"),
            *("cancelled_by", "cancel_reason", "joined_at", "feedback_given_at", "enrolment_id"),
            *("link_version", "changed_at", "guided_to", "staffed"),
        )
    }
    named = row["name_fi"] is not None
    return OwnBooking(
        id=row["booking_id"],
        status=BookingStatus(row["status"]),
        slot=slot_row(row).booked,
        display_name=row["resident_name"],
        made_at=row["created_at"],
        group=Words(fi=row["name_fi"], sv=row["name_sv"], en=row["name_en"]) if named else None,
        changes=changes,
        **plain,
    )

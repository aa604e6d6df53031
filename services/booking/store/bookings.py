"""Bookings, what changed them, and what was said about them afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from services.booking.store.slots import SLOT_COLUMNS, SlotRow, slot_row
from services.contracts.booking.appointments import GiveFeedback
from services.contracts.booking.slots import BookingStatus
from services.contracts.rooms import AttendeeJoined
from services.runtime.db import Tx

_COLUMNS = f"""
    b.id AS booking_id, b.status, b.seats, b.accompanies, b.comes_as, b.display_name AS resident_name,
    b.email, b.phone, b.language, b.version, b.link_version, b.sequence, b.held_until, b.cancelled_by,
    b.cancel_reason, b.feedback_given_at, b.enrolment_id, b.forgotten_at,
    CASE WHEN b.enrolment_id IS NULL THEN s.ends_at ELSE (
        SELECT max(t.ends_at) FROM booking x JOIN slot t ON t.id = x.slot_id
        WHERE x.enrolment_id = b.enrolment_id) END AS last_ends_at,
    CASE WHEN b.enrolment_id IS NOT NULL THEN (
        SELECT max(t.ends_at) FROM booking x JOIN slot t ON t.id = x.slot_id
        WHERE x.enrolment_id = b.enrolment_id AND x.id <> b.id AND t.state = 'open'
          AND x.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed')) END AS others_until,
    {SLOT_COLUMNS}
"""  # noqa: S608
_FROM = """
    FROM booking b JOIN slot s ON s.id = b.slot_id JOIN person p ON p.id = s.host_id
    LEFT JOIN organisation o ON o.id = p.organisation_id
"""
BOOKING = f"SELECT {_COLUMNS} {_FROM} WHERE b.id = $1"
PARTY = f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE (b.id = $1 OR b.accompanies = $1) AND b.status NOT IN ('cancelled', 'expired')
    ORDER BY b.accompanies NULLS FIRST, b.id
"""
LIVE_IN_SLOT = f"""
    SELECT {_COLUMNS} {_FROM} WHERE b.slot_id = $1 AND b.status IN ('held', 'confirmed') ORDER BY b.id
    FOR UPDATE OF b
"""
_NOT_AFTER_ANOTHER = """
    NOT EXISTS (
        SELECT FROM booking x JOIN slot t ON t.id = x.slot_id
        WHERE x.enrolment_id = b.enrolment_id AND t.ends_at > $3
          AND x.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed')
          AND (t.starts_at, t.id) < (s.starts_at, s.id))
"""
LIVE_BY_CONTACT = f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE (lower(b.email) = lower($1::text) OR b.phone = $2::text)
      AND b.status IN ('applied', 'waiting', 'offered', 'held', 'confirmed') AND s.ends_at > $3
      AND {_NOT_AFTER_ANOTHER}
    ORDER BY s.starts_at LIMIT 20
"""
SEVERAL = (
    f"SELECT {_COLUMNS} {_FROM} WHERE b.id = ANY ($1::uuid[]) ORDER BY s.starts_at, b.enrolment_id, b.id"
)
OF_ENROLMENT = f"""
    SELECT {_COLUMNS} {_FROM} JOIN enrolment e ON e.id = b.enrolment_id
    WHERE e.id = $1 OR e.accompanies = $1 ORDER BY e.place, s.starts_at, b.id FOR UPDATE OF b
"""
LOCK_BOOKING = "SELECT slot_id FROM booking WHERE id = $1 OR accompanies = $1 ORDER BY id FOR UPDATE"
SLOT_OF = "SELECT slot_id FROM booking WHERE id = $1"
ADD = """
    WITH added AS (
        INSERT INTO booking (id, slot_id, status, seats, accompanies, comes_as, display_name, email, phone,
                             language, municipality, age_group, note, held_until, created_at, changed_at,
                             enrolment_id, walked_in)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $18, $19)
    )
    INSERT INTO booking_change (booking_id, what, by_kind, by_id, at) VALUES ($1, 'booked', $16, $17, $15)
"""
CONFIRM = """
    UPDATE booking SET status = 'confirmed', held_until = NULL, version = version + 1, changed_at = $2
    WHERE id = $1
"""
CANCEL = """
    UPDATE booking SET status = 'cancelled', cancelled_by = $2, version = version + 1,
                       cancel_reason = CASE WHEN forgotten_at IS NULL THEN $3 END,
                       sequence = sequence + 1, changed_at = $4
    WHERE id = $1
"""
EXPIRE = "UPDATE booking SET status = 'expired', version = version + 1, changed_at = $2 WHERE id = $1"
MOVE = """
    UPDATE booking SET slot_id = $2, version = version + 1, sequence = sequence + 1, changed_at = $3,
                       joined_at = NULL
    WHERE id = $1
"""
RENEW_LINK = """
    UPDATE booking SET link_version = link_version + 1, version = version + 1, changed_at = $2 WHERE id = $1
"""
SET_OUTCOME = "UPDATE booking SET status = $2, version = version + 1, changed_at = $3 WHERE id = $1"
# Locked, the slot is seen as it is after whoever is just moving it.
NOTE_JOINED = """
    WITH met AS MATERIALIZED (
        SELECT id FROM slot WHERE id = $3 AND starts_at = coalesce($4::timestamptz, starts_at) FOR SHARE
    )
    UPDATE booking b SET joined_at = coalesce(b.joined_at, $2) FROM met
    WHERE b.id = $1 AND b.slot_id = met.id RETURNING b.status
"""
NOTE_CHANGE = """
    INSERT INTO booking_change (booking_id, what, by_kind, by_id, from_slot_id, at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
FORGET_GUIDANCE = "DELETE FROM guidance WHERE booking_id = $1"
ADD_GUIDANCE = "INSERT INTO guidance (booking_id, service) VALUES ($1, $2) ON CONFLICT DO NOTHING"
HOLDS_ENDED = """
    SELECT id FROM booking WHERE status = 'held' AND held_until <= $1 AND accompanies IS NULL
    ORDER BY held_until LIMIT 100
"""
NEXT_HOLD_END = "SELECT min(held_until) FROM booking WHERE status = 'held' AND accompanies IS NULL"
ADD_LINK_REQUEST = """
    INSERT INTO link_request (id, email, phone, booking_id, requested_at) VALUES ($1, $2, $3, $4, $5)
"""
LINK_REQUEST = """
    SELECT coalesce(r.email, b.email) AS email, coalesce(r.phone, b.phone) AS phone
    FROM link_request r LEFT JOIN booking b ON b.id = r.booking_id WHERE r.id = $1
"""
# In one statement: the answers lie apart from the booking, so that it alone can tell that they are there.
GIVE_FEEDBACK = """
    WITH marked AS (
        UPDATE booking SET feedback_given_at = $2
        WHERE id = $1 AND feedback_given_at IS NULL AND forgotten_at IS NULL RETURNING id
    )
    INSERT INTO feedback (given_on, kind, theme_id, organisation_id, useful, easier_to_find,
                          part_of_community, inclusion, words)
    SELECT $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM marked
"""


@dataclass(frozen=True)
class BookingRow:
    """A booking with its slot, as they lie in their tables."""

    id: UUID
    status: BookingStatus
    seats: int
    accompanies: UUID | None
    comes_as: str | None
    display_name: str
    email: str | None
    phone: str | None
    language: str
    version: int
    link_version: int
    sequence: int
    held_until: datetime | None
    cancelled_by: str | None
    cancel_reason: str | None
    feedback_given: bool
    slot: SlotRow
    last_ends_at: datetime
    """The end of the last session, for a group's: its link is good as long as there is one to come to."""
    others_until: datetime | None = None
    """The end of the last other session of a group to which they still come, or wait."""
    enrolment_id: UUID | None = None
    forgotten: bool = False
    """Nothing is known any more of the one who came."""


@dataclass(frozen=True, kw_only=True)
class NewBooking:
    id: UUID
    status: BookingStatus
    seats: int
    display_name: str
    email: str | None
    phone: str | None
    language: str
    accompanies: UUID | None = None
    comes_as: str | None = None
    municipality: str | None = None
    age_group: str | None = None
    note: str | None = None
    held_until: datetime | None = None
    enrolment_id: UUID | None = None
    walked_in: bool = False


def _booking(row: Record) -> BookingRow:
    return BookingRow(
        id=row["booking_id"],
        status=BookingStatus(row["status"]),
        seats=row["seats"],
        accompanies=row["accompanies"],
        comes_as=row["comes_as"],
        display_name=row["resident_name"],
        email=row["email"],
        phone=row["phone"],
        language=row["language"],
        version=row["version"],
        link_version=row["link_version"],
        sequence=row["sequence"],
        held_until=row["held_until"],
        cancelled_by=row["cancelled_by"],
        cancel_reason=row["cancel_reason"],
        feedback_given=row["feedback_given_at"] is not None,
        slot=slot_row(row),
        last_ends_at=row["last_ends_at"],
        others_until=row["others_until"],
        enrolment_id=row["enrolment_id"],
        forgotten=row["forgotten_at"] is not None,
    )


async def booking(tx: Tx, booking_id: UUID) -> BookingRow | None:
    row = await tx.fetchrow(BOOKING, booking_id)
    return _booking(row) if row else None


async def present(tx: Tx, booking_id: UUID) -> BookingRow:
    """A booking that is known to be there, as it is now."""
    row = await tx.fetchrow(BOOKING, booking_id)
    assert row is not None
    return _booking(row)


async def party(tx: Tx, booking_id: UUID) -> Sequence[BookingRow]:
    """The booking and those who come along, as far as they are live; the booking itself first."""
    return [_booking(row) for row in await tx.fetch(PARTY, booking_id)]


async def several(tx: Tx, booking_ids: Sequence[UUID]) -> Sequence[BookingRow]:
    """As they are now, in the order of their sessions."""
    return [_booking(row) for row in await tx.fetch(SEVERAL, booking_ids)]


async def of_enrolment(tx: Tx, enrolment_id: UUID) -> Sequence[BookingRow]:
    """Every booking of a person and of those who come along with them, locked; the person's own first."""
    return [_booking(row) for row in await tx.fetch(OF_ENROLMENT, enrolment_id)]


async def slot_of(tx: Tx, booking_id: UUID) -> UUID | None:
    slot_id: UUID | None = await tx.fetchval(SLOT_OF, booking_id)
    return slot_id


async def lock(tx: Tx, booking_id: UUID) -> set[UUID]:
    """Lock the booking and its companions; answers with the slots they are in now."""
    return {row["slot_id"] for row in await tx.fetch(LOCK_BOOKING, booking_id)}


async def live_in_slot(tx: Tx, slot_id: UUID) -> Sequence[BookingRow]:
    return [_booking(row) for row in await tx.fetch(LIVE_IN_SLOT, slot_id)]


async def live_by_contact(
    tx: Tx, *, email: str | None, phone: str | None, now: datetime
) -> Sequence[BookingRow]:
    """Of a group the next session alone: its link leads to the others."""
    return [_booking(row) for row in await tx.fetch(LIVE_BY_CONTACT, email, phone, now)]


async def add(
    tx: Tx, new: NewBooking, slot: SlotRow, *, by: tuple[str, UUID | None], now: datetime
) -> BookingRow:
    """Put somebody into a seat that has been taken for them, and note who did."""
    await tx.execute(ADD, *_values(new, slot, by, now))
    return _added(new, slot)


async def add_all(
    tx: Tx,
    added: Sequence[tuple[NewBooking, SlotRow]],
    *,
    by: tuple[str, UUID | None],
    now: datetime,
) -> list[BookingRow]:
    await tx.executemany(ADD, [_values(new, slot, by, now) for new, slot in added])
    return [_added(new, slot) for new, slot in added]


def _values(new: NewBooking, slot: SlotRow, by: tuple[str, UUID | None], now: datetime) -> tuple[Any, ...]:
    return (
        new.id,
        slot.id,
        new.status,
        new.seats,
        new.accompanies,
        new.comes_as,
        new.display_name,
        new.email,
        new.phone,
        new.language,
        new.municipality,
        new.age_group,
        new.note,
        new.held_until,
        now,
        *by,
        new.enrolment_id,
        new.walked_in,
    )


def _added(new: NewBooking, slot: SlotRow) -> BookingRow:
    return BookingRow(
        id=new.id,
        status=new.status,
        seats=new.seats,
        accompanies=new.accompanies,
        comes_as=new.comes_as,
        display_name=new.display_name,
        email=new.email,
        phone=new.phone,
        language=new.language,
        version=1,
        link_version=1,
        sequence=0,
        held_until=new.held_until,
        cancelled_by=None,
        cancel_reason=None,
        feedback_given=False,
        slot=slot,
        last_ends_at=slot.ends_at,
        enrolment_id=new.enrolment_id,
    )


async def confirm(tx: Tx, booking_id: UUID, *, now: datetime) -> None:
    await tx.execute(CONFIRM, booking_id, now)


async def cancel(tx: Tx, booking_id: UUID, *, by: str, reason: str | None, now: datetime) -> None:
    await tx.execute(CANCEL, booking_id, by, reason, now)


async def expire(tx: Tx, booking_id: UUID, *, now: datetime) -> None:
    await tx.execute(EXPIRE, booking_id, now)


async def move(tx: Tx, booking_id: UUID, slot_id: UUID, *, now: datetime) -> None:
    await tx.execute(MOVE, booking_id, slot_id, now)


async def renew_link(tx: Tx, booking_id: UUID, *, now: datetime) -> None:
    await tx.execute(RENEW_LINK, booking_id, now)


async def set_outcome(
    tx: Tx, booking_id: UUID, status: BookingStatus, guided_to: Sequence[str], *, now: datetime
) -> None:
    await tx.execute(SET_OUTCOME, booking_id, status, now)
    await tx.execute(FORGET_GUIDANCE, booking_id)
    await tx.executemany(ADD_GUIDANCE, [(booking_id, service) for service in guided_to])


async def note_joined(tx: Tx, joined: AttendeeJoined) -> str | None:
    """Answers with the booking's status; None when there is none, or it has moved away from the meeting to
    which they came."""
    values = (joined.booking_id, joined.at, joined.slot_id, joined.starts_at)
    status: str | None = await tx.fetchval(NOTE_JOINED, *values)
    return status


async def note_change(
    tx: Tx,
    booking_id: UUID,
    what: str,
    *,
    by: tuple[str, UUID | None],
    now: datetime,
    from_slot_id: UUID | None = None,
) -> None:
    await tx.execute(NOTE_CHANGE, booking_id, what, *by, from_slot_id, now)


async def holds_ended(tx: Tx, now: datetime) -> Sequence[UUID]:
    return [row["id"] for row in await tx.fetch(HOLDS_ENDED, now)]


async def next_hold_end(tx: Tx) -> datetime | None:
    moment: datetime | None = await tx.fetchval(NEXT_HOLD_END)
    return moment


async def add_link_request(
    tx: Tx,
    request_id: UUID,
    *,
    email: str | None,
    phone: str | None,
    booking_id: UUID | None,
    now: datetime,
) -> None:
    await tx.execute(ADD_LINK_REQUEST, request_id, email, phone, booking_id, now)


async def link_request(tx: Tx, request_id: UUID) -> Record | None:
    return await tx.fetchrow(LINK_REQUEST, request_id)


async def give_feedback(tx: Tx, given: GiveFeedback, about: SlotRow, *, on: date, now: datetime) -> None:
    """Once for each booking: a second time keeps nothing, nor does one by who has just been forgotten."""
    inclusion: dict[str, Any] = given.inclusion
    await tx.execute(
        GIVE_FEEDBACK,
        given.booking_id,
        now,
        on,
        about.kind,
        about.theme,
        about.host.organisation_id,
        given.useful,
        given.easier_to_find,
        given.part_of_community,
        inclusion,
        given.words,
    )

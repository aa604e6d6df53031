"""What coordinators look through: every time, every booking, and what happened to one of them."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.appointments import BookedSlot
from services.contracts.booking.slots import BookingStatus, HostSlot
from services.contracts.envelope import Request


class SlotFilter(StrEnum):
    """`free` has room left, `booked` somebody in it. Withdrawn ones come only if asked for."""

    FREE = "free"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class FoundSlots(Struct, frozen=True, kw_only=True):
    """`total` counts all pages, on the first one only. What residents wrote beforehand is left out."""

    items: list[HostSlot]
    next: str | None = None
    total: int | None = None


class SearchSlots(Request[FoundSlots], frozen=True, kw_only=True):
    """Times of every host that begin in a stretch of at most 400 days, in order. Coordinators only."""

    subject: ClassVar[str] = "booking.v1.rpc.search_slots"
    reply = FoundSlots
    from_at: datetime
    to_at: datetime
    organisation: UUID | None = None
    host: UUID | None = None
    theme: str | None = None
    status: SlotFilter | None = None
    limit: int = 50
    cursor: str | None = None


class BookingLine(Struct, frozen=True, kw_only=True):
    """A booking in a list: no way to reach anybody, and nothing that they wrote."""

    id: UUID
    status: BookingStatus
    display_name: str
    language: str
    slot: BookedSlot
    accompanies: UUID | None = None
    comes_as: str | None = None


class FoundBookings(Struct, frozen=True, kw_only=True):
    """`total` counts all pages, on the first one only."""

    items: list[BookingLine]
    next: str | None = None
    total: int | None = None


class SearchBookings(Request[FoundBookings], frozen=True, kw_only=True):
    """Bookings of meetings that begin in a stretch of at most 400 days, in order. Coordinators only."""

    subject: ClassVar[str] = "booking.v1.rpc.search_bookings"
    reply = FoundBookings
    from_at: datetime
    to_at: datetime
    organisation: UUID | None = None
    host: UUID | None = None
    theme: str | None = None
    status: BookingStatus | None = None
    limit: int = 50
    cursor: str | None = None


class Change(Struct, frozen=True, kw_only=True):
    """One thing that happened to a booking. `by` is resident, system or a role; `person_name` is of one
    who serves, as they are called now. `from_starts_at`: when the meeting was before it moved."""

    at: datetime
    what: str
    by: str
    person_id: UUID | None = None
    person_name: str | None = None
    from_starts_at: datetime | None = None


class History(Struct, frozen=True):
    """The oldest first."""

    items: list[Change]


class DescribeHistory(Request[History], frozen=True, kw_only=True):
    """Who changed a booking, how and when. Coordinators only."""

    subject: ClassVar[str] = "booking.v1.rpc.describe_history"
    reply = History
    booking_id: UUID

"""Bookings as booking would describe them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.contracts.booking.appointments import BookedSlot, MessageFacts
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.slots import BookingStatus
from services.notify.domain import Meeting

BOOKING = UUID("0190a3c2-0000-7000-8000-000000000001")
ZONE = "Europe/Helsinki"
STARTS = datetime(2027, 1, 12, 11, tzinfo=UTC)  # 13.00 in Helsinki
NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)


def a_slot(starts_at: datetime = STARTS, *, host: Host | None = None) -> BookedSlot:
    return BookedSlot(
        id=UUID(int=2),
        kind=SlotKind.APPOINTMENT,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        time_zone=ZONE,
        host=host or Host(id=UUID(int=3), display_name="Maija Meikäläinen", organisation="Toivo ry"),
        theme="bereavement",
    )


def some_facts(**differently: Any) -> MessageFacts:
    """A confirmed appointment of somebody with an e-mail address."""
    usual: dict[str, Any] = {
        "booking_id": BOOKING,
        "status": BookingStatus.CONFIRMED,
        "slot": a_slot(),
        "display_name": "Nickname Canary",
        "language": "fi",
        "link_version": 1,
        "sequence": 0,
        "email": "anna@example.org",
    }
    return MessageFacts(**usual | differently)


def a_meeting(starts_at: datetime = STARTS, *, sequence: int = 0) -> Meeting:
    return Meeting(
        booking_id=BOOKING,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        time_zone=ZONE,
        sequence=sequence,
    )

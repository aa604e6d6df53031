"""The news booking spreads. Ids, times, kinds and versions; never a name, an address or a topic."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Event


class BookingEvent(Event, frozen=True, kw_only=True):
    """`version` rises with every change of the booking: older news than one has is no news."""

    booking_id: UUID
    slot_id: UUID
    host_id: UUID
    kind: SlotKind
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    version: int
    link_version: int
    sequence: int


class BookingHeld(BookingEvent, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.booking_held"
    held_until: datetime


class BookingConfirmed(BookingEvent, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.booking_confirmed"


class BookingMoved(BookingEvent, frozen=True, kw_only=True):
    """`slot_id` and the times are the new ones."""

    subject: ClassVar[str] = "booking.v1.event.booking_moved"
    from_slot_id: UUID


class BookingCancelled(BookingEvent, frozen=True, kw_only=True):
    """`by` is resident, host or coordinator."""

    subject: ClassVar[str] = "booking.v1.event.booking_cancelled"
    by: str


class BookingExpired(BookingEvent, frozen=True, kw_only=True):
    """A hold that nobody confirmed in time."""

    subject: ClassVar[str] = "booking.v1.event.booking_expired"


class LinkRenewed(BookingEvent, frozen=True, kw_only=True):
    """Every link of the booking with a lower version is now useless."""

    subject: ClassVar[str] = "booking.v1.event.link_renewed"


class OutcomeRecorded(BookingEvent, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.outcome_recorded"
    attended: bool


class LinksRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for their links; whether they are known is found out when the mail is written."""

    subject: ClassVar[str] = "booking.v1.event.links_requested"
    link_request_id: UUID


class SlotCancelled(Event, frozen=True, kw_only=True):
    """A time is off; each live booking in it gets a BookingCancelled of its own."""

    subject: ClassVar[str] = "booking.v1.event.slot_cancelled"
    slot_id: UUID
    host_id: UUID


class PersonDisabled(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.person_disabled"
    person_id: UUID

"""The news booking spreads. Ids, times, kinds and versions; never a name, an address or a topic."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Event


class BookingEvent(Event, frozen=True, kw_only=True):
    """`version` rises with every change of the booking: older news than one has is no news.

    `enrolment_id` is there for a group's: one person has as many bookings in it as it has sessions.
    `seated`: there is a seat to come to, which who waits, is offered one or wishes to be accepted has not.
    """

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
    enrolment_id: UUID | None = None
    seated: bool = True


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
    """Every link of the booking with a lower version is now useless.

    `along`: with that of another session of the same enrolment, of which news is told; one message is
    enough.
    """

    subject: ClassVar[str] = "booking.v1.event.link_renewed"
    along: bool = False


class OutcomeRecorded(BookingEvent, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.outcome_recorded"
    attended: bool


class LinksRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for their links; whether they are known is found out when the mail is written."""

    subject: ClassVar[str] = "booking.v1.event.links_requested"
    link_request_id: UUID


class ApplicationReceived(BookingEvent, frozen=True, kw_only=True):
    """Somebody wishes to be accepted into a group; they have no seat yet."""

    subject: ClassVar[str] = "booking.v1.event.application_received"


class ApplicationWaiting(Event, frozen=True, kw_only=True):
    """Somebody wishes to be accepted into a group, and this facilitator of it is to answer them."""

    subject: ClassVar[str] = "booking.v1.event.application_waiting"
    group_id: UUID
    person_id: UUID


class PutOnWaitingList(BookingEvent, frozen=True, kw_only=True):
    """No seat yet: first in the order of coming, an offer will come."""

    subject: ClassVar[str] = "booking.v1.event.put_on_waiting_list"


class SeatOffered(BookingEvent, frozen=True, kw_only=True):
    """A seat is kept for somebody who waited, until they answer or `offered_until`."""

    subject: ClassVar[str] = "booking.v1.event.seat_offered"
    offered_until: datetime


class OfferEnded(BookingEvent, frozen=True, kw_only=True):
    """An offer was declined or not answered in time, and the wait is over. `declined` tells which."""

    subject: ClassVar[str] = "booking.v1.event.offer_ended"
    declined: bool


class AnnouncementMade(BookingEvent, frozen=True, kw_only=True):
    """Whoever leads a session has a few words for everybody in it; told once for each who is."""

    subject: ClassVar[str] = "booking.v1.event.announcement_made"
    announcement_id: UUID


class HostMissing(BookingEvent, frozen=True, kw_only=True):
    """Shortly before a session nobody has promised to open it; told once for each who would come."""

    subject: ClassVar[str] = "booking.v1.event.host_missing"


class HostFound(BookingEvent, frozen=True, kw_only=True):
    """After `HostMissing`: the session is held after all."""

    subject: ClassVar[str] = "booking.v1.event.host_found"


class HostAsked(Event, frozen=True, kw_only=True):
    """Somebody is asked to open a session: its named host, or a stand-in. `round` rises by asking again."""

    subject: ClassVar[str] = "booking.v1.event.host_asked"
    slot_id: UUID
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    stand_in: bool
    round: int


class HostNotFound(Event, frozen=True, kw_only=True):
    """Nobody of those asked has promised to open a session: a coordinator must see to it."""

    subject: ClassVar[str] = "booking.v1.event.host_not_found"
    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    round: int


class HostFoundAfterAll(Event, frozen=True, kw_only=True):
    """After `HostNotFound`: somebody has promised to open the session, and no coordinator need look for
    anybody. Those who come hear of it by `HostFound`, if they had heard of the other."""

    subject: ClassVar[str] = "booking.v1.event.host_found_after_all"
    slot_id: UUID
    starts_at: datetime
    ends_at: datetime


class HostReplaced(Event, frozen=True, kw_only=True):
    """Somebody else is to open a session instead of this person, who had been named or had promised."""

    subject: ClassVar[str] = "booking.v1.event.host_replaced"
    slot_id: UUID
    person_id: UUID
    starts_at: datetime
    ends_at: datetime


class SlotChanged(Event, frozen=True, kw_only=True):
    """A session of a group as it is now. `version` rises with every change of it.

    `hosts`: everybody who has promised to open or moderate it, none while nobody has. `room_limit`: how
    many connections its room is to take.
    """

    subject: ClassVar[str] = "booking.v1.event.slot_changed"
    slot_id: UUID
    host_id: UUID
    hosts: list[UUID]
    kind: SlotKind
    starts_at: datetime
    ends_at: datetime
    room_limit: int
    version: int


class SlotCancelled(Event, frozen=True, kw_only=True):
    """A time is off; each live booking in it gets a BookingCancelled of its own."""

    subject: ClassVar[str] = "booking.v1.event.slot_cancelled"
    slot_id: UUID
    host_id: UUID


class PersonDisabled(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.person_disabled"
    person_id: UUID


class ResidentErased(Event, frozen=True, kw_only=True):
    """Nothing is known any more of who had these bookings: whoever keeps anything of them forgets it."""

    subject: ClassVar[str] = "booking.v1.event.resident_erased"
    booking_ids: list[UUID]

"""A person's seat in a slot: taking it, changing it, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Nothing, Request


class CompanionKind(StrEnum):
    CLOSE_PERSON = "close_person"
    SUPPORT_PERSON = "support_person"
    INTERPRETER = "interpreter"


class Companion(Struct, frozen=True, kw_only=True):
    """Somebody who comes along. Gets a booking and a link of their own; takes no seat of an appointment."""

    display_name: str
    email: str | None = None
    phone: str | None = None
    comes_as: CompanionKind


class BookedSlot(Struct, frozen=True, kw_only=True):
    """The time of a booking, as its resident sees it."""

    id: UUID
    kind: SlotKind
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    host: Host
    theme: str
    group_id: UUID | None = None


class Booked(Struct, frozen=True, kw_only=True):
    """What a new booking answers. The link is made of `id` and `link_version` by who holds the key."""

    id: UUID
    status: BookingStatus
    slot: BookedSlot
    link_version: int
    held_until: datetime | None = None


class Book(Request[Booked], frozen=True, kw_only=True):
    """Take a seat. Refuses `slot_taken` (`facts.next`: the next free times), `group_full`, `slot_closed`.

    Anyone may; a coordinator does it on a resident's behalf. Exactly one of
    e-mail and phone is enough. `language` is that of the messages: fi, sv or en.
    """

    subject: ClassVar[str] = "booking.v1.rpc.book"
    reply = Booked
    slot_id: UUID
    display_name: str
    email: str | None = None
    phone: str | None = None
    language: str = "fi"
    municipality: str | None = None
    age_group: str | None = None
    note: str | None = None
    companions: list[Companion] = []


class Booking(Struct, frozen=True, kw_only=True):
    """A booking as its resident sees it. `phone_on_file`: whether they can be rung; never the number.

    `others_until`: the end of the last other session of a group to which they still come, or wait.
    """

    id: UUID
    status: BookingStatus
    display_name: str
    language: str
    slot: BookedSlot
    link_version: int
    sequence: int
    link_expires_at: datetime
    feedback_given: bool = False
    held_until: datetime | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    accompanies: UUID | None = None
    phone_on_file: bool = False
    enrolment_id: UUID | None = None
    others_until: datetime | None = None


class DescribeBooking(Request[Booking], frozen=True, kw_only=True):
    """For the bearer of its link, its host or a coordinator.

    Refuses `link_expired` when the actor's link version is not the present one or its time is over.
    """

    subject: ClassVar[str] = "booking.v1.rpc.describe_booking"
    reply = Booking
    booking_id: UUID


class ConfirmBooking(Request[Booking], frozen=True, kw_only=True):
    """Double opt-in: the resident opened the mail and pressed the button. Refuses `hold_expired`."""

    subject: ClassVar[str] = "booking.v1.rpc.confirm_booking"
    reply = Booking
    booking_id: UUID


class CancelBooking(Request[Booking], frozen=True, kw_only=True):
    """Give the seat back. Twice is once; refuses `already_started` after the start."""

    subject: ClassVar[str] = "booking.v1.rpc.cancel_booking"
    reply = Booking
    booking_id: UUID


class MoveBooking(Request[Booking], frozen=True, kw_only=True):
    """To another time of the same kind. The booking, its link and its calendar UID stay."""

    subject: ClassVar[str] = "booking.v1.rpc.move_booking"
    reply = Booking
    booking_id: UUID
    slot_id: UUID


class RenewLink(Request[Booking], frozen=True, kw_only=True):
    """Make every link given out so far useless and send a new one to the contact on file."""

    subject: ClassVar[str] = "booking.v1.rpc.renew_link"
    reply = Booking
    booking_id: UUID


class RequestLinks(Request[Nothing], frozen=True, kw_only=True):
    """ "Send me my links again." Always the same answer, whoever is known."""

    subject: ClassVar[str] = "booking.v1.rpc.request_links"
    reply = Nothing
    email: str | None = None
    phone: str | None = None
    booking_id: UUID | None = None


class GiveFeedback(Request[Nothing], frozen=True, kw_only=True):
    """Answers 1–5, kept with no trace of who gave them; once for each booking, which is one person's in one
    session. A second time changes nothing.

    Refuses `not_started` before the meeting, and between the sessions of a group until the last is over.
    `inclusion` holds THL's social inclusion statements by their number, "1" to "10".
    """

    subject: ClassVar[str] = "booking.v1.rpc.give_feedback"
    reply = Nothing
    booking_id: UUID
    useful: int | None = None
    easier_to_find: int | None = None
    part_of_community: int | None = None
    inclusion: dict[str, int] = {}
    words: str | None = None


class RecordOutcome(Request[Nothing], frozen=True, kw_only=True):
    """By the slot's host or a coordinator, from the start on; may be corrected later.

    Of a session by all who lead it: what rooms has seen is noted when it is over.
    """

    subject: ClassVar[str] = "booking.v1.rpc.record_outcome"
    reply = Nothing
    booking_id: UUID
    status: BookingStatus
    guided_to: list[str] = []


class Contact(Struct, frozen=True, kw_only=True):
    booking_id: UUID
    display_name: str
    email: str | None = None
    phone: str | None = None


class ReadContact(Request[Contact], frozen=True, kw_only=True):
    """By the slot's host, a facilitator of the group whose session it is, or a coordinator. The gateway has
    written its audit row before it asks."""

    subject: ClassVar[str] = "booking.v1.rpc.read_contact"
    reply = Contact
    booking_id: UUID


class Place(Struct, frozen=True, kw_only=True):
    """What rooms must know of a slot, and of one booking in it when one was asked for.

    `hosts`: everybody who may open it, nobody while it is empty; where it is left out, `host_id` alone.
    `room_limit` as in `SlotChanged`.
    """

    slot_id: UUID
    kind: SlotKind
    host_id: UUID
    starts_at: datetime
    ends_at: datetime
    live: bool
    booking_id: UUID | None = None
    booking_live: bool = False
    link_version: int = 0
    version: int = 0
    hosts: list[UUID] | None = None
    room_limit: int | None = None
    slot_version: int = 0


class DescribePlace(Request[Place], frozen=True, kw_only=True):
    """For a booking or a slot too new for its event to have come: exactly one of the two."""

    subject: ClassVar[str] = "booking.v1.rpc.describe_place"
    reply = Place
    asked_by: ClassVar[frozenset[str]] = frozenset({"rooms"})
    booking_id: UUID | None = None
    slot_id: UUID | None = None


class MessageFacts(Struct, frozen=True, kw_only=True):
    """What a message about a booking needs at the moment of sending; kept nowhere else."""

    booking_id: UUID
    status: BookingStatus
    slot: BookedSlot
    display_name: str
    language: str
    link_version: int
    sequence: int
    email: str | None = None
    phone: str | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    held_until: datetime | None = None
    enrolment_id: UUID | None = None


class DescribeMessage(Request[MessageFacts], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.describe_message"
    reply = MessageFacts
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    booking_id: UUID


class SeveralMessageFacts(Struct, frozen=True):
    """In no order; without those of which nothing is known any more."""

    items: list[MessageFacts]


class DescribeMessages(Request[SeveralMessageFacts], frozen=True, kw_only=True):
    """The same of several bookings at once: at most 64."""

    subject: ClassVar[str] = "booking.v1.rpc.describe_messages"
    reply = SeveralMessageFacts
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    booking_ids: list[UUID]


class LinkFacts(Struct, frozen=True):
    """The live bookings of whoever asked for links; none when nobody is known by that contact."""

    bookings: list[MessageFacts]


class DescribeLinks(Request[LinkFacts], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.describe_links"
    reply = LinkFacts
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    link_request_id: UUID

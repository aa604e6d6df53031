"""Published times, as those who serve see them."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.envelope import Request


class SlotState(StrEnum):
    """`withdrawn`: taken back before anybody booked it; `cancelled`: called off by its host."""

    OPEN = "open"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class BookingStatus(StrEnum):
    """`applied`, `waiting` and `offered` are a group's: wishing to be accepted, being on its list, and
    having a seat kept until one answers."""

    APPLIED = "applied"
    WAITING = "waiting"
    OFFERED = "offered"
    HELD = "held"
    CONFIRMED = "confirmed"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Attendee(Struct, frozen=True, kw_only=True):
    """A booking as the slot's host sees it: no contact data (that is a look of its own).

    `joined`: they have been let into the room at least once. `guided_to`: as the host noted it.
    """

    booking_id: UUID
    display_name: str
    language: str
    status: BookingStatus
    note: str | None = None
    accompanies: UUID | None = None
    comes_as: str | None = None
    joined: bool = False
    guided_to: list[str] = []


class HostSlot(Struct, frozen=True, kw_only=True):
    """`ended_at`: when its host ended the meeting, which may be before its hour."""

    id: UUID
    kind: SlotKind
    state: SlotState
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    host: Host
    theme: str
    languages: list[str]
    capacity: int
    seats_left: int
    reception_id: UUID | None = None
    group_id: UUID | None = None
    ended_at: datetime | None = None
    bookings: list[Attendee] = []


class HostSlots(Struct, frozen=True):
    items: list[HostSlot]
    next: str | None = None


class ListHostSlots(Request[HostSlots], frozen=True, kw_only=True):
    """One's own week, with who comes, sessions one co-hosts among it; a coordinator names the host."""

    subject: ClassVar[str] = "booking.v1.rpc.list_host_slots"
    reply = HostSlots
    from_at: datetime
    to_at: datetime
    host_id: UUID | None = None
    limit: int = 100
    cursor: str | None = None


class GetSlot(Request[HostSlot], frozen=True, kw_only=True):
    """For its host and coordinators, of a session for all who lead it; `not_found` for anybody else."""

    subject: ClassVar[str] = "booking.v1.rpc.get_slot"
    reply = HostSlot
    slot_id: UUID


class AddSlot(Request[HostSlot], frozen=True, kw_only=True):
    """A single extra time, to which no notice applies. Refuses `overlap`.

    With a `group_id` an extra session, by a facilitator or a coordinator: the group says its theme,
    languages, kind and capacity, and those enrolled in the series get it too.
    """

    subject: ClassVar[str] = "booking.v1.rpc.add_slot"
    reply = HostSlot
    theme: str
    starts_at: datetime
    ends_at: datetime
    languages: list[str]
    kind: SlotKind = SlotKind.APPOINTMENT
    capacity: int = 1
    host_id: UUID | None = None
    group_id: UUID | None = None


class CancelSlot(Request[HostSlot], frozen=True, kw_only=True):
    """Calls the time off for everybody in it. `reason` is shown to them, in the mail and on the page."""

    subject: ClassVar[str] = "booking.v1.rpc.cancel_slot"
    reply = HostSlot
    slot_id: UUID
    reason: str

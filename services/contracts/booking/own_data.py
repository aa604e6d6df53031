"""All that is known of one resident: told to them, or forgotten because they wish so."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.appointments import BookedSlot
from services.contracts.booking.catalogue import Words
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Request


class OwnChange(Struct, frozen=True, kw_only=True):
    """`by` is resident, system or a role; who of those who serve it was is not told."""

    at: datetime
    what: str
    by: str


class OwnFacts(Struct, frozen=True, kw_only=True):
    """Everything that is kept of one booking but for its time. `group` is there for a session of a group,
    `comes_as` for one who came along; whoever books agrees, at `made_at`, that what they write is used for
    it.
    """

    id: UUID
    status: BookingStatus
    display_name: str
    language: str
    made_at: datetime
    changed_at: datetime
    link_version: int
    email: str | None = None
    phone: str | None = None
    municipality: str | None = None
    age_group: str | None = None
    note: str | None = None
    comes_as: str | None = None
    walked_in: bool = False
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    joined_at: datetime | None = None
    feedback_given_at: datetime | None = None
    enrolment_id: UUID | None = None
    group: Words | None = None
    guided_to: list[str] = []
    changes: list[OwnChange] = []


class OwnBooking(OwnFacts, frozen=True, kw_only=True):
    """`staffed`: the host has promised to lead the session; until then residents are told of none."""

    slot: BookedSlot
    staffed: bool = True


class OwnData(Struct, frozen=True, kw_only=True):
    bookings: list[OwnBooking]


class DescribeOwnData(Request[OwnData], frozen=True, kw_only=True):
    """What is kept of whoever made a booking: all bookings by the contact by which they are reached.

    The gateway asks for the bearer of a link that was fresh from that contact, or a coordinator does.
    """

    subject: ClassVar[str] = "booking.v1.rpc.describe_own_data"
    reply = OwnData
    booking_id: UUID


class Erased(Struct, frozen=True):
    """How many bookings nothing is known of any more; of those ahead the seats were given back."""

    bookings: int


class EraseResident(Request[Erased], frozen=True, kw_only=True):
    """Forget it. Meetings ahead are cancelled first. Twice is once. Who may is as for `DescribeOwnData`."""

    subject: ClassVar[str] = "booking.v1.rpc.erase_resident"
    reply = Erased
    booking_id: UUID

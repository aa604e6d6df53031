"""Weekly reception hours and the slots that come of them."""

from datetime import date, time
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.slots import HostSlot
from services.contracts.envelope import Nothing, Request


class HoursException(Struct, frozen=True, kw_only=True):
    """One date that differs: closed, or open at other hours."""

    on: date
    closed: bool = False
    starts: time | None = None
    ends: time | None = None


class Hours(Struct, frozen=True, kw_only=True):
    """The rule itself. Hours are wall-clock times in the service's zone; weekday 1 is Monday."""

    theme: str
    weekday: int
    starts: time
    ends: time
    slot_minutes: int
    gap_minutes: int = 0
    valid_from: date
    valid_until: date | None = None
    languages: list[str]
    notice_hours: int = 2
    horizon_days: int = 60
    skip_holidays: bool = True
    exceptions: list[HoursException] = []


class Conflict(Struct, frozen=True, kw_only=True):
    """A start that was left out, and why.

    `reason` is `overlap`, `time_does_not_exist`, `time_ambiguous` or `booked`
    (a booked slot outside the new hours, which stays as it is).
    """

    on: date
    starts: time
    reason: str


class Reception(Struct, frozen=True, kw_only=True):
    id: UUID
    host_id: UUID
    time_zone: str
    hours: Hours


class Published(Struct, frozen=True, kw_only=True):
    """A rule with the open slots it has made and the starts it left out: their first 300 and 200, and
    how many there are in all. The other slots are found in the host's weeks.
    """

    reception: Reception
    slots: list[HostSlot]
    conflicts: list[Conflict]
    slots_total: int = 0
    conflicts_total: int = 0


class Receptions(Struct, frozen=True):
    items: list[Reception]
    next: str | None = None


class ListReceptions(Request[Receptions], frozen=True, kw_only=True):
    """One's own; a coordinator may name a host."""

    subject: ClassVar[str] = "booking.v1.rpc.list_receptions"
    reply = Receptions
    host_id: UUID | None = None
    limit: int = 50
    cursor: str | None = None


class GetReception(Request[Published], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.get_reception"
    reply = Published
    reception_id: UUID


class AddReception(Request[Published], frozen=True, kw_only=True):
    """Refuses `overlap` when not one start could be published."""

    subject: ClassVar[str] = "booking.v1.rpc.add_reception"
    reply = Published
    host_id: UUID | None = None
    hours: Hours


class ChangeReception(Request[Published], frozen=True, kw_only=True):
    """Slots nobody has booked follow the new hours; booked ones stay and are listed."""

    subject: ClassVar[str] = "booking.v1.rpc.change_reception"
    reply = Published
    reception_id: UUID
    hours: Hours


class RemoveReception(Request[Nothing], frozen=True, kw_only=True):
    """Refuses `has_bookings`, with their count, while future slots are booked."""

    subject: ClassVar[str] = "booking.v1.rpc.remove_reception"
    reply = Nothing
    reception_id: UUID


class PreviewReception(Request[Published], frozen=True, kw_only=True):
    """What AddReception (or ChangeReception) would answer, with nothing changed."""

    subject: ClassVar[str] = "booking.v1.rpc.preview_reception"
    reply = Published
    reception_id: UUID | None = None
    host_id: UUID | None = None
    hours: Hours

"""What those who serve ask about themselves: their profile, their calendar, and what they still owe."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.people import Person
from services.contracts.booking.slots import HostSlots
from services.contracts.envelope import Request


class ChangeProfile(Request[Person], frozen=True, kw_only=True):
    """By the person themselves. Role, organisation and address are a coordinator's to change."""

    subject: ClassVar[str] = "booking.v1.rpc.change_profile"
    reply = Person
    display_name: str
    languages: list[str]


class CalendarEntry(Struct, frozen=True, kw_only=True):
    """A time of somebody's as their calendar may show it: whether it is booked, and nothing of by whom."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    booked: bool


class Calendar(Struct, frozen=True, kw_only=True):
    """The open times of one who serves, from a month ago on; `language` is that of its titles."""

    language: str
    entries: list[CalendarEntry]


class DescribeCalendar(Request[Calendar], frozen=True, kw_only=True):
    """For the bearer of a calendar's address, whose keyed signature the gateway has checked.

    Refuses `link_expired` for an address that was replaced and for a disabled person.
    """

    subject: ClassVar[str] = "booking.v1.rpc.describe_calendar"
    reply = Calendar
    person_id: UUID
    version: int


class CalendarAddress(Struct, frozen=True):
    """What the address of one's own calendar is made of, beside one's id."""

    version: int


class FindCalendar(Request[CalendarAddress], frozen=True, kw_only=True):
    """One's own."""

    subject: ClassVar[str] = "booking.v1.rpc.find_calendar"
    reply = CalendarAddress


class RenewCalendar(Request[CalendarAddress], frozen=True, kw_only=True):
    """Makes every address of one's calendar given out so far useless."""

    subject: ClassVar[str] = "booking.v1.rpc.renew_calendar"
    reply = CalendarAddress


class ListOpenOutcomes(Request[HostSlots], frozen=True, kw_only=True):
    """One's own past meetings of which nobody has said whether the resident came; the oldest first.

    Those that ended more than a quarter of a year ago are left out: nobody remembers.
    """

    subject: ClassVar[str] = "booking.v1.rpc.list_open_outcomes"
    reply = HostSlots
    limit: int = 50

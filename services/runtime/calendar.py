"""Calendar objects: one appointment as any calendar program reads it (RFC 5545, 5546)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vDuration

PRODUCT = "-//Digiaula//Digiaula//EN"


class Method(StrEnum):
    """REQUEST and CANCEL are sent to somebody; PUBLISH is fetched by whoever wants it."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True, kw_only=True)
class CalendarEntry:
    """The same `uid` with a higher `sequence` replaces what a calendar has.

    `summary` is seen on locked screens and by whoever shares the calendar, so it
    names nobody and no topic. `attendee` is the receiver alone. A `tentative` time
    is one that might still come to nothing: it does not make its owner look busy.
    """

    uid: str
    sequence: int
    method: Method
    made_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    url: str
    organizer: str | None = None
    attendee: str | None = None
    cancelled: bool = False
    tentative: bool = False

    def to_bytes(self) -> bytes:
        calendar = calendar_around(self.method)
        calendar.add_component(self.event())
        written: bytes = calendar.to_ical()
        return written

    def event(self) -> Event:
        """The time itself, without the calendar around it."""
        event = Event()
        event.add("uid", self.uid)
        event.add("sequence", self.sequence)
        event.add("dtstamp", self.made_at.astimezone(UTC))
        event.add("dtstart", self.starts_at.astimezone(UTC))
        event.add("dtend", self.ends_at.astimezone(UTC))
        event.add("summary", self.summary)
        event.add("url", self.url)
        event.add("transp", "TRANSPARENT" if self.tentative else "OPAQUE")
        cancelled = self.cancelled or self.method is Method.CANCEL
        live = "TENTATIVE" if self.tentative else "CONFIRMED"
        event.add("status", "CANCELLED" if cancelled else live)
        if self.organizer:
            event.add("organizer", vCalAddress(f"mailto:{self.organizer}"))
        if self.attendee:
            event.add("attendee", _attendee(self.attendee))
        return event


def calendar_around(method: Method) -> Calendar:
    """An empty calendar of ours, for events to be put into."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    return calendar


def feed(entries: Iterable[CalendarEntry], *, name: str, every: timedelta) -> bytes:
    """Many times as one calendar that programs fetch again `every` now and then."""
    calendar = calendar_around(Method.PUBLISH)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", every, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(every))
    for entry in entries:
        calendar.add_component(entry.event())
    written: bytes = calendar.to_ical()
    return written


def uid_of(subject_id: UUID, public_url: str) -> str:
    """The same for everybody who writes about this subject, and for ever."""
    return f"{subject_id}@{urlsplit(public_url).hostname}"


def _attendee(address: str) -> vCalAddress:
    """Comes already, and is not asked to answer: replies would reach nobody."""
    attendee = vCalAddress(f"mailto:{address}")
    attendee.params["RSVP"] = "FALSE"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    return attendee

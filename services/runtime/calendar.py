"""Calendar objects: one appointment as any calendar program reads it (RFC 5545, 5546)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vDuration

PRODUCT = "-//Digiaula//Digiaula//EN"
# Of such a value the library changes nothing, wherever it stands, and folds its line by length alone.
_AS_IT_IS = re.compile(r"[A-Za-z0-9@.:/_+=?&%~-]+")
_LONGEST_LINE = 74
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_ANY = "any@any.example"


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
        """As the library writes it: asked for every entry, that would cost as much as the rest of its mail.

        So it is asked once for entries of a sort, and what differs between them is put into its lines.
        """
        differs = self._differs()
        if not all(_AS_IT_IS.fullmatch(value) for value in differs.values()):
            return self.by_library()
        lines = [
            _folded(said + differs[name]) if name else said for said, name in _form(self._of_its_sort())
        ]
        return "".join(lines).encode()

    def by_library(self) -> bytes:
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

    def _differs(self) -> dict[str, str]:
        """By the names of its lines, what no two entries share."""
        return {
            "UID": self.uid,
            "SEQUENCE": str(self.sequence),
            "DTSTAMP": _in_utc(self.made_at),
            "DTSTART": _in_utc(self.starts_at),
            "DTEND": _in_utc(self.ends_at),
            "URL": self.url,
            **({"ATTENDEE": f"mailto:{self.attendee}"} if self.attendee else {}),
        }

    def _of_its_sort(self) -> "CalendarEntry":
        """The same for all that say the same but for what differs."""
        return replace(
            self,
            uid=_ANY,
            sequence=0,
            made_at=_ANY_TIME,
            starts_at=_ANY_TIME,
            ends_at=_ANY_TIME,
            url=_ANY,
            attendee=self.attendee and _ANY,
        )


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


@lru_cache(maxsize=64)
def _form(entry: CalendarEntry) -> list[tuple[str, str]]:
    """The library's lines, each with its end; or as far as a value that differs, with the name of it."""
    differs = entry._differs()
    form = []
    for line in re.split(r"(?<=\r\n)(?! )", entry.by_library().decode()):
        name = re.split("[:;]", line, maxsplit=1)[0]
        value = differs.get(name)
        form.append((line.removesuffix(f"{value}\r\n"), name) if value else (line, ""))
    return form


def _folded(line: str) -> str:
    pieces = [line[at : at + _LONGEST_LINE] for at in range(0, len(line), _LONGEST_LINE)]
    return "\r\n ".join(pieces) + "\r\n"


def _in_utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _attendee(address: str) -> vCalAddress:
    """Comes already, and is not asked to answer: replies would reach nobody."""
    attendee = vCalAddress(f"mailto:{address}")
    attendee.params["RSVP"] = "FALSE"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    return attendee

"""The calendar of one who serves, by an address that is its only key: times, and nothing of who comes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec

from services.contracts import links
from services.contracts.booking.own import Calendar, CalendarAddress, FindCalendar, RenewCalendar
from services.contracts.links import Link, Purpose
from services.gateway.audit import Action, note
from services.gateway.door import Door
from services.runtime.calendar import CalendarEntry, Method, feed, uid_of
from services.runtime.call import Call

EVERY = timedelta(minutes=15)


async def address(door: Door, call: Call, person_id: UUID) -> str:
    """Where a calendar program finds one's own times."""
    return _url(door, person_id, await door.bus.call(FindCalendar(), call))


async def renew(door: Door, call: Call, person_id: UUID) -> str:
    """A new address; every older one is useless at once."""
    await note(door, call, Action.CALENDAR_RENEWED, person_id=person_id)
    return _url(door, person_id, await door.bus.call(RenewCalendar(), call))


def read(door: Door, token: str) -> Link | None:
    """Whose calendar it is, or None for what is no calendar's address of ours."""
    link = links.read(door.link_keys, token)
    return link if link is not None and link.purpose is Purpose.CALENDAR else None


def digest(calendar: Calendar) -> str:
    """Changes when, and only when, the times do: a program that has them need not fetch them again."""
    return sha256(msgspec.json.encode(calendar)).hexdigest()[:32]


def written(door: Door, calendar: Calendar, say: Callable[[str], str], now: datetime) -> bytes:
    """Neutral titles, since calendars lie open on screens and are shared with families."""
    settings = door.settings
    entries = (
        CalendarEntry(
            uid=uid_of(entry.slot_id, settings.public_url),
            sequence=int(entry.booked),
            method=Method.PUBLISH,
            made_at=now,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            summary=say("Booked time") if entry.booked else say("Free time"),
            url=f"{settings.origin}/my/week",
            tentative=not entry.booked,
        )
        for entry in calendar.entries
    )
    return feed(entries, name="Digiaula", every=EVERY)


def _url(door: Door, person_id: UUID, found: CalendarAddress) -> str:
    link = Link(purpose=Purpose.CALENDAR, subject_id=person_id, version=found.version)
    return f"{door.settings.origin}/calendar/{links.make(door.link_keys, link)}.ics"

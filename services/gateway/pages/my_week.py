"""The week of a person who serves: who comes, who waits, and the way into each meeting."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.slots import Attendee, BookingStatus, HostSlot, ListHostSlots, SlotState
from services.contracts.booking.staffing import Duty
from services.contracts.envelope import Role
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import ListOwnRooms, LookAtSlots, RoomState, RoomView
from services.gateway.calls import beside, call_for
from services.gateway.door import door_of
from services.gateway.pages import catalogue, words
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import N_
from services.gateway.who import caller_of

AT_ONCE = 100
SINCE = timedelta(hours=18)
LIKELY_WINDOW = timedelta(minutes=15)
COMING = (BookingStatus.HELD, BookingStatus.CONFIRMED, BookingStatus.ATTENDED, BookingStatus.NO_SHOW)
HOMES = {Role.EXPERT: "/my/week", Role.VOLUNTEER: "/my/assigned", Role.COORDINATOR: "/coordinator"}
DONE = {
    "left": N_("You have left the meeting."),
    "closed": N_("The meeting has ended."),
    "cancelled": N_("The time has been cancelled."),
    "noted": N_("It has been written down."),
    "added": N_("The time has been published."),
}


@dataclass(frozen=True)
class Entry:
    """One time of the week as the page shows it, under the day of its start."""

    slot: HostSlot
    people: Sequence[Attendee]
    waiting: int
    cannot_get_in: Sequence[UUID]
    may_join: bool
    may_cancel: bool
    begun: bool
    over: bool

    @property
    def starts_at(self) -> datetime:
        return self.slot.starts_at

    @property
    def time_zone(self) -> str:
        return self.slot.time_zone

    @property
    def cancelled(self) -> bool:
        return self.slot.state != SlotState.OPEN


async def home(request: web.Request) -> web.Response:
    """Where signing in leads: everybody to what they came for."""
    person = caller_of(request).person
    assert person is not None
    return see_other(HOMES[person.role])


async def week(request: web.Request) -> web.Response:
    door, say = door_of(request), say_for(request)
    now = door.clock.now()
    this = now.astimezone(door.settings.zone).date()
    midnight = datetime.combine(this, time(), door.settings.zone)
    monday = _monday(request.query.get("week"), this)
    first, end = (
        datetime.combine(day, time(), door.settings.zone) for day in (monday, monday + timedelta(days=7))
    )
    try:
        found, owed = await asyncio.gather(_slots(request, first, end), _owed(request))
    except Unavailable:
        return await _without_booking(request)
    slots = [slot for slot in found if slot.state != SlotState.WITHDRAWN]
    views = await _views(request, slots)
    entries = [_entry(slot, views.get(slot.id), now) for slot in slots]
    is_this = monday == _monday(None, this)
    earlier = [entry for entry in entries if is_this and entry.starts_at < midnight]
    waiting = sum(entry.waiting for entry in entries)
    outside = sum(len(entry.cannot_get_in) for entry in entries)
    news = [say("Waiting now: {count}").format(count=waiting)] if waiting else []
    news += [say("Cannot get in: {count}").format(count=outside)] if outside else []
    return render(
        request,
        "week.html",
        heading=say("Week {number}").format(number=monday.isocalendar().week),
        week=_named(monday),
        previous=_named(monday - timedelta(days=7)),
        following=_named(monday + timedelta(days=7)),
        is_this=is_this,
        today=midnight,
        today_is_free=is_this and not any(_is_on(entry, this) for entry in entries),
        earlier=earlier,
        owed=owed,
        first=first,
        last=end - timedelta(minutes=1),
        entries=[entry for entry in entries if entry not in earlier],
        said=". ".join(news),
        done=say(DONE[done]) if (done := request.query.get("done", "")) in DONE else "",
        comes_as={kind: say(name) for kind, name in words.COMPANIONS.items()},
        theme_name=await catalogue.theme_names(request),
        language=language_of(request),
    )


async def _without_booking(request: web.Request) -> web.Response:
    """What rooms knows while booking does not answer: the hours, and the way in."""
    door = door_of(request)
    now = door.clock.now()
    asked = ListOwnRooms(from_at=now - SINCE, to_at=now + SINCE)
    found = await door.bus.call(asked, call_for(request, caller_of(request).actor))
    rooms = [room for room in found.items if room.state not in (RoomState.OVER, RoomState.CANCELLED)]
    return render(
        request,
        "week_away.html",
        rooms=[_Room(room, door.settings.time_zone, room.opens_at <= now) for room in rooms],
    )


@dataclass(frozen=True)
class _Room:
    """A meeting of which only the hours are known now."""

    view: RoomView
    time_zone: str
    may_join: bool

    @property
    def starts_at(self) -> datetime:
        return self.view.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.view.ends_at


async def _owed(request: web.Request) -> int:
    """How many past meetings wait for their outcome."""
    call = call_for(request, caller_of(request).actor)
    found = await door_of(request).bus.call(ListOpenOutcomes(limit=100), call)
    return len(found.items)


def _is_on(entry: Entry, day: date) -> bool:
    return entry.starts_at.astimezone(ZoneInfo(entry.time_zone)).date() == day


async def _slots(request: web.Request, first: datetime, end: datetime) -> list[HostSlot]:
    slots: list[HostSlot] = []
    cursor: str | None = None
    while True:
        asked = ListHostSlots(
            from_at=first.astimezone(UTC), to_at=end.astimezone(UTC), limit=AT_ONCE, cursor=cursor
        )
        call = call_for(request, caller_of(request).actor)
        found = await door_of(request).bus.call(asked, call)
        slots += found.items
        cursor = found.next
        if cursor is None:
            return slots


async def _views(request: web.Request, slots: Sequence[HostSlot]) -> Mapping[UUID, RoomView]:
    """How the rooms stand, of the times near enough to have one. A week without it is still a week."""
    now = door_of(request).clock.now()
    near = [slot.id for slot in slots if abs(slot.starts_at - now) < timedelta(days=1)][:AT_ONCE]
    if not near:
        return {}
    call = call_for(request, caller_of(request).actor)
    try:
        async with beside():
            looked = await door_of(request).bus.call(LookAtSlots(slot_ids=near), call)
    except (Unavailable, Refusal, TimeoutError):
        return {}
    return {view.slot_id: view for view in looked.items}


def _entry(slot: HostSlot, view: RoomView | None, now: datetime) -> Entry:
    people = [person for person in slot.bookings if person.status in COMING]
    live = slot.state == SlotState.OPEN
    ended = slot.ended_at is not None or (view is not None and view.state is RoomState.OVER)
    over = ended or now >= slot.ends_at
    return Entry(
        slot=slot,
        people=people,
        waiting=view.waiting if view else 0,
        cannot_get_in=view.cannot_get_in if view else [],
        # Anybody may walk into an open group, so that its host may open it while nobody is enrolled.
        may_join=live and (bool(people) or slot.group_id is not None) and in_window(slot, view, now),
        may_cancel=live and not over,
        begun=over or now >= slot.starts_at,
        over=over,
    )


def in_window(slot: HostSlot | Duty, view: RoomView | None, now: datetime) -> bool:
    """Rooms decides at the press; this only saves a press that would be refused."""
    if view is not None:
        return view.state not in (RoomState.OVER, RoomState.CANCELLED) and (
            view.opens_at <= now < view.closes_at
        )
    return slot.starts_at - LIKELY_WINDOW <= now < slot.ends_at + LIKELY_WINDOW


def _monday(text: str | None, today: date) -> date:
    """The first day of the asked week, `2027-W03`; of the present one for anything else."""
    try:
        year, _, number = (text or "").partition("-W")
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        return today - timedelta(days=today.weekday())
    return monday if abs(monday - today) < timedelta(days=1500) else _monday(None, today)


def _named(monday: date) -> str:
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02d}"

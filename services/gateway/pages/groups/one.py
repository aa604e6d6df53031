"""A group's own page: what it is, who leads it, its sessions ahead, and every way in that is open now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.groups import GetGroup, GroupPage, GroupSession
from services.contracts.envelope import Anyone
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages import catalogue
from services.gateway.pages.book import id_in
from services.gateway.pages.groups import browse, wording
from services.gateway.pages.rendering import render, say_for

# Nobody on the list is offered a place any more when there is less time left.
NO_OFFERS_WITHIN = timedelta(minutes=25)
AT_ONCE = 12


@dataclass(frozen=True, kw_only=True)
class Row:
    """A session and the way into it: `come_in`, `enrol`, `list`, or none."""

    session: GroupSession
    way: str
    seats: str
    waiting: str


async def group(request: web.Request) -> web.Response:
    return await show(request)


async def show(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    """`problem` says what came in between for somebody who was about to enrol."""
    found = await find(request)
    now, say = door_of(request).clock.now(), say_for(request)
    rows = [_row(request, found, session, now) for session in found.sessions]
    way, left = series_way(found, now), series_seats(found)
    leads_on = found.group.ended or not (way or any(row.way for row in rows))
    theme, its_id = found.group.theme, found.group.id
    return render(
        request,
        "groups/one.html",
        status=status,
        problem=problem,
        group=found.group,
        facilitators=found.facilitators,
        large=found.group.kind is SlotKind.EVENT,
        enrolling=found.enrolling,
        rows=rows[:AT_ONCE],
        more_rows=rows[AT_ONCE:],
        way=way,
        seats=wording.seats_left(say, left),
        waiting=wording.waiting(say, found.waiting),
        others=await browse.some_groups(request, theme=theme, but=its_id) if leads_on else [],
        theme_name=await catalogue.theme_names(request),
        **browse.card_words(request),
    )


async def find(request: web.Request, group_id: UUID | None = None) -> GroupPage:
    wanted = GetGroup(group_id=group_id or id_in(request, "group_id"))
    return await door_of(request).bus.call(wanted, call_for(request, Anyone()))


def series_way(found: GroupPage, now: datetime) -> str:
    """The way into a group that one joins for the whole series. A closed one's list closes as a whole."""
    if not found.group.whole_series or not found.enrolling or not found.sessions:
        return ""
    if series_seats(found) > 0:
        return "enrol"
    last_call = found.sessions[-1 if found.group.open else 0].starts_at - NO_OFFERS_WITHIN
    return "list" if now < last_call else ""


def series_seats(found: GroupPage) -> int:
    return min((session.seats_left for session in found.sessions), default=0)


def session_way(found: GroupPage, session: GroupSession, now: datetime, rooms_open: timedelta) -> str:
    """The way into one session now. One may come without enrolling from when its room is open."""
    near = session.starts_at - rooms_open <= now < session.ends_at
    if found.group.open and not found.group.by_acceptance and session.staffed and near:
        return "come_in" if session.seats_left > 0 else ""
    if found.group.whole_series or not found.enrolling or now >= session.starts_at:
        return ""
    if session.seats_left > 0:
        return "enrol"
    return "list" if session.starts_at - now > NO_OFFERS_WITHIN else ""


def _row(request: web.Request, found: GroupPage, session: GroupSession, now: datetime) -> Row:
    say, way = say_for(request), session_way(found, session, now, door_of(request).settings.rooms_open)
    return Row(
        session=session,
        way=way,
        seats=wording.seats_left(say, session.seats_left),
        waiting=wording.waiting(say, session.waiting) if way == "list" else "",
    )


def session_of(found: GroupPage, slot_id: UUID) -> GroupSession | None:
    return next((session for session in found.sessions if session.slot_id == slot_id), None)

"""The desk of one session: who is expected, who is here, who waits before the door, who cannot get in.

Names are nicknames. How to reach somebody is a look of its own, which is written down. The page is the same
before, while and after: what can be done changes with the hour.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from aiohttp import web

from services.contracts.booking.slots import Attendee, BookingStatus
from services.contracts.envelope import Request, Role
from services.contracts.refusals import Code, Refusal, Unavailable
from services.contracts.rooms import Here, ListPresence, Look, RoomState, RoomView
from services.gateway.calls import beside
from services.gateway.door import door_of
from services.gateway.pages import words
from services.gateway.pages.asking import do, done_in
from services.gateway.pages.leading import session_acts, wording
from services.gateway.pages.leading.my_groups import caller_role
from services.gateway.pages.leading.people import people_of, told_apart
from services.gateway.pages.my_week import COMING, in_window
from services.gateway.pages.rendering import render, say_for
from services.gateway.pages.words import N_, Say

R = TypeVar("R")

DONE = {
    "sent": N_("The message is on its way."),
    "left": N_("You have left the meeting."),
    "closed": N_("The meeting has ended."),
    "out": N_("They get no way into this session any more. End their connection in the meeting too."),
    "back": N_("They may come in again."),
    "noted": N_("It has been written down."),
}
WAITING, JOINED, AWAY = "waiting", "joined", "away"
# Under which heading somebody stands, in this order.
PLACES: Mapping[str, str] = {
    WAITING: N_("Before the door"),
    JOINED: N_("Here now"),
    "expected": N_("Not here yet"),
    AWAY: N_("Was here"),
    "out": N_("Sent out"),
    "listed": N_("Without a place so far"),
}
STATES: Mapping[RoomState, str] = {
    RoomState.WAITING: N_("the door is open, the meeting has not been opened"),
    RoomState.OPEN: N_("going on"),
    RoomState.OVER: N_("over"),
    RoomState.CANCELLED: N_("called off"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One of the session's people, and where they are as far as anybody can tell."""

    person: Attendee
    place: str
    since: datetime | None
    tags: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Room:
    """What rooms tells; nothing of it while it is away, or to one who has not promised to come."""

    view: RoomView | None
    here: Mapping[UUID, Here]
    hosts: int
    known: bool
    is_host: bool


async def show(request: web.Request) -> web.Response:
    slot_id, after = session_acts.slot_id_of(request), request.query.get("after")
    duty, attendees, room = await asyncio.gather(
        session_acts.find(request),
        people_of(request, slot_id, after),
        _room(request, slot_id),
    )
    say, now = say_for(request), door_of(request).clock.now()
    people, more = told_apart(attendees.items, room.here), attendees.next
    lines = [_line(say, person, room.here.get(person.booking_id)) for person in people]
    state = room.view.state if room.view else None
    over = now >= duty.ends_at or state in (RoomState.OVER, RoomState.CANCELLED)
    coordinates = caller_role(request) is Role.COORDINATOR
    counted = _counted(room)
    return render(
        request,
        "leading/desk.html",
        duty=duty,
        staffed=wording.staffed(say, duty),
        taken=wording.taken(say, duty),
        room=room,
        state=say(STATES[state]) if state is not None and state in STATES else "",
        off=state is RoomState.CANCELLED,
        over=over,
        begun=now >= duty.starts_at,
        groups=[(place, say(name), _at(lines, place)) for place, name in PLACES.items()],
        counted=counted,
        waiting=room.view.waiting if room.view else 0,
        cannot_get_in=_named(people, room.view),
        is_first=after is None,
        more=more,
        said=_said(say, room, counted),
        may_enter=not over and in_window(duty, room.view, now) and (coordinates or duty.accepted),
        may_close=room.view is not None and state in (RoomState.WAITING, RoomState.OPEN),
        may_reach=coordinates or duty.hosting or duty.facilitating,
        may_lead=coordinates or duty.accepted,
        comes_as={kind: say(name) for kind, name in words.COMPANIONS.items()},
        done=done_in(request, DONE),
    )


async def _room(request: web.Request, slot_id: UUID) -> Room:
    """A desk without it is still a list of who comes."""
    looking = _tried(request, Look(slot_id=slot_id))
    listing = _tried(request, ListPresence(slot_id=slot_id))
    (view, _), (presence, refused) = await asyncio.gather(looking, listing)
    items = presence.items if presence else []
    return Room(
        view=view,
        here={item.who_id: item for item in items if not item.hosts},
        hosts=sum(item.hosts and item.presence == JOINED for item in items),
        known=presence is not None,
        is_host=not refused,
    )


async def _tried(request: web.Request, asked: Request[R]) -> tuple[R | None, bool]:
    """The answer if there is one, and whether it is none of theirs."""
    try:
        async with beside():
            return await do(request, asked), False
    except Refusal as refusal:
        return None, refusal.code == Code.NOT_FOUND
    except (Unavailable, TimeoutError):
        return None, False


def _line(say: Say, person: Attendee, here: Here | None) -> Line:
    place = _place(person, here)
    tags = [say(wording.STATUSES[person.status])] if person.status in wording.STATUSES else []
    return Line(person=person, place=place, since=here.since if here else None, tags=tags)


def _place(person: Attendee, here: Here | None) -> str:
    if here is not None and here.removed:
        return "out"
    if here is not None and here.presence in (WAITING, JOINED):
        return here.presence
    if person.status not in COMING:
        return "listed"
    came = person.joined or person.status is BookingStatus.ATTENDED
    return AWAY if came or here is not None else "expected"


def _at(lines: Sequence[Line], place: str) -> list[Line]:
    return [line for line in lines if line.place == place]


def _counted(room: Room) -> Mapping[str, int]:
    """Of everybody, however many pages they fill."""
    where = [item.presence for item in room.here.values() if not item.removed]
    return {place: where.count(place) for place in (JOINED, WAITING)}


def _named(people: Sequence[Attendee], view: RoomView | None) -> list[Attendee]:
    by_id = {person.booking_id: person for person in people}
    return [by_id[one] for one in (view.cannot_get_in if view else []) if one in by_id]


def _said(say: Say, room: Room, counted: Mapping[str, int]) -> str:
    """What is worth saying aloud when it changes."""
    news = [say("Here now: {count}").format(count=counted[JOINED])] if room.known else []
    if room.view and room.view.waiting:
        news.append(say("Waiting now: {count}").format(count=room.view.waiting))
    if room.view and room.view.cannot_get_in:
        news.append(say("Cannot get in: {count}").format(count=len(room.view.cannot_get_in)))
    return ". ".join(news)

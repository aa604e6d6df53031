"""The groups that one leads: what is next in each, and one group with its sessions and people."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.groups import (
    GetManagedGroup,
    ListManagedGroups,
    ManagedGroup,
    ManagedSession,
)
from services.contracts.booking.slots import Attendee, BookingStatus, SlotState
from services.contracts.envelope import Role, Staff
from services.gateway.door import door_of
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, done_in
from services.gateway.pages.book import id_in
from services.gateway.pages.groups import wording as group_wording
from services.gateway.pages.leading import wording
from services.gateway.pages.leading.people import people_of
from services.gateway.pages.leading.wording import Row
from services.gateway.pages.rendering import render, say_for
from services.gateway.pages.words import N_
from services.gateway.who import caller_of

MOST_GROUPS = 20
AT_ONCE = 8
MOST_ASKED = 6
DONE = {
    "sent": N_("The message is on its way."),
    "moved": N_("The time has been moved. Everybody who comes is told."),
    "cancelled": N_("The time has been called off. Everybody who was coming is told."),
    "added": N_("The time has been added."),
    "accepted": N_("They have been accepted, and get a message."),
    "declined": N_("They are told kindly that there is no place for them this time."),
    "made": N_("The group is there. Next: when does it meet?"),
    "changed": N_("The changes are in force."),
    "series": N_("The times have been set."),
    "ended": N_("The group has ended. Everybody who was enrolled is told."),
}


@dataclass(frozen=True)
class Led:
    """A group with its next session, if it has one."""

    managed: ManagedGroup
    following: Row | None
    applied: int


@dataclass(frozen=True)
class Applicant:
    """One who wishes to be accepted, with those who come along; `session` where it is for one alone."""

    person: Attendee
    along: Sequence[Attendee]
    session: ManagedSession | None


async def my_groups(request: web.Request) -> web.Response:
    """One's own; a coordinator is shown all groups elsewhere."""
    led = await do(request, ListManagedGroups(mine=True, limit=MOST_GROUPS))
    found = await asyncio.gather(*(find(request, group.group.id) for group in led.items))
    return render(
        request,
        "leading/my_groups.html",
        groups=[_card(request, managed) for managed in found],
        done=done_in(request, DONE),
        theme_name=await catalogue.theme_names(request),
    )


async def group(request: web.Request) -> web.Response:
    return await show(request)


async def show(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    """`problem` says what came in between for somebody who was about to do something."""
    managed = await find(request)
    say, now = say_for(request), door_of(request).clock.now()
    rows = [wording.row(say, session, now=now) for session in managed.sessions]
    ahead = [row for row in rows if not row.over]
    applicants, members = await asyncio.gather(
        _applicants(request, managed, ahead), _members(request, managed)
    )
    return render(
        request,
        "leading/group.html",
        status=status,
        problem=problem,
        managed=managed,
        group=managed.group,
        kind_of=group_wording.kind_of(say, managed.group),
        large=managed.group.kind is SlotKind.EVENT,
        coordinates=caller_role(request) is Role.COORDINATOR,
        ahead=ahead[:AT_ONCE],
        later=ahead[AT_ONCE:],
        past=[row for row in reversed(rows) if row.over],
        applicants=applicants,
        members=members,
        statuses={status: say(name) for status, name in wording.STATUSES.items()},
        done=done_in(request, DONE),
        theme_name=await catalogue.theme_names(request),
    )


async def find(request: web.Request, group_id: UUID | None = None) -> ManagedGroup:
    return await do(request, GetManagedGroup(group_id=group_id or id_in(request, "group_id")))


def caller_role(request: web.Request) -> Role:
    actor = caller_of(request).actor
    assert isinstance(actor, Staff), "a page for those who serve"
    return actor.role


def ahead_of(managed: ManagedGroup, request: web.Request) -> list[ManagedSession]:
    """Sessions that are still to be held, or going on."""
    now = door_of(request).clock.now()
    return [item for item in managed.sessions if item.state is SlotState.OPEN and now < item.ends_at]


def _card(request: web.Request, managed: ManagedGroup) -> Led:
    ahead = ahead_of(managed, request)
    following = min(ahead, key=lambda session: session.starts_at, default=None)
    say, now = say_for(request), door_of(request).clock.now()
    return Led(
        managed=managed,
        following=wording.row(say, following, now=now) if following else None,
        applied=max((session.applied for session in ahead), default=0),
    )


async def _applicants(request: web.Request, managed: ManagedGroup, ahead: Sequence[Row]) -> list[Applicant]:
    """In a series everybody who applies is in each session that is left: the nearest one tells all."""
    wished = [row.session for row in ahead if row.session.applied and not row.off]
    if managed.group.whole_series:
        wished = sorted(wished, key=lambda session: (-session.applied, session.starts_at))[:1]
    found: list[Applicant] = []
    for session in wished[:MOST_ASKED]:
        people = [one for one in (await people_of(request, session.slot_id)).items if _applies(one)]
        found += [
            Applicant(
                person=person,
                along=[one for one in people if one.accompanies == person.booking_id],
                session=None if managed.group.whole_series else session,
            )
            for person in people
            if person.accompanies is None
        ]
    return found


def _applies(person: Attendee) -> bool:
    return person.status is BookingStatus.APPLIED


async def _members(request: web.Request, managed: ManagedGroup) -> Sequence[Attendee]:
    """Who is in a series: those of its next session. Nobody where one comes to each time alone."""
    ahead = ahead_of(managed, request)
    if not managed.group.whole_series or not ahead:
        return []
    following = min(ahead, key=lambda session: session.starts_at)
    people = (await people_of(request, following.slot_id)).items
    return [person for person in people if not _applies(person)]

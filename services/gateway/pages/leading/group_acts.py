"""What one does for a whole group: answer who wishes to join, and add one more time."""

from datetime import datetime
from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.enrolment import AnswerApplication
from services.contracts.booking.groups import ManagedGroup
from services.contracts.booking.slots import AddSlot
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages.asking import do, note
from services.gateway.pages.book import id_in
from services.gateway.pages.hours_form import refuse_times, stretch_of, wall
from services.gateway.pages.leading import my_groups
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_

# Another answer has come first, or the time for one is over: the page says how it stands.
SETTLED = frozenset({Code.ALREADY_CANCELLED, Code.ALREADY_STARTED, Code.GROUP_FULL, Code.FORBIDDEN})
SETTLED_WORDS = {
    Code.ALREADY_CANCELLED: N_("They do not wish to join any more."),
    Code.ALREADY_STARTED: N_("It is too late for them to come."),
    Code.GROUP_FULL: N_("The group is full, and it is too late to wait for a place."),
    Code.FORBIDDEN: N_("They have been accepted already."),
}


async def ask_to_decline(request: web.Request) -> web.Response:
    """It cannot be taken back: they are told."""
    managed = await my_groups.find(request)
    booking = await do(request, DescribeBooking(booking_id=id_in(request, "booking_id")))
    if booking.slot.group_id != managed.group.id:
        raise Refusal(Code.NOT_FOUND, "They wish to join another group.")
    return render(request, "leading/decline.html", group=managed.group, booking=booking)


async def answer(request: web.Request) -> web.Response:
    form, booking_id = await forms.read(request), id_in(request, "booking_id")
    accept = form.value("answer") == "yes"
    await note(request, Action.APPLICATION_ANSWERED, booking_id=booking_id, group_id=_group_id(request))
    try:
        await do(request, AnswerApplication(booking_id=booking_id, accept=accept))
    except Refusal as refusal:
        if refusal.code not in SETTLED:
            raise
        words = say_for(request)(SETTLED_WORDS[refusal.code])
        return await my_groups.show(request, problem=words, status=409)
    return see_other(f"/my/groups/{_group_id(request)}?done={'accepted' if accept else 'declined'}")


async def ask_more(request: web.Request) -> web.Response:
    """One more time, at the hours of the last one."""
    managed = await my_groups.find(request)
    if not managed.sessions:
        return await _show_more(request, managed, Form())
    last = max(managed.sessions, key=lambda session: session.starts_at)
    hours = {name: wall(at, last.time_zone, "%H:%M") for name, at in _ends(last.starts_at, last.ends_at)}
    return await _show_more(request, managed, Form.of(**hours))


async def add_more(request: web.Request) -> web.Response:
    form, managed, say = await forms.read(request), await my_groups.find(request), say_for(request)
    stretch = stretch_of(form, say, door_of(request).settings.zone)
    if stretch is None:
        return await _show_more(request, managed, form, status=400)
    group = managed.group
    await note(request, Action.SESSION_ADDED, group_id=group.id)
    asked = AddSlot(
        theme=group.theme,
        starts_at=stretch[0],
        ends_at=stretch[1],
        languages=group.languages,
        kind=group.kind,
        capacity=group.capacity,
        group_id=group.id,
    )
    try:
        await do(request, asked, key=form.key)
    except Refusal as refusal:
        refuse_times(request, form, refusal)
        return await _show_more(request, managed, form, status=400)
    return see_other(f"/my/groups/{group.id}?done=added")


async def _show_more(
    request: web.Request, managed: ManagedGroup, form: Form, *, status: int = 200
) -> web.Response:
    members = my_groups.ahead_of(managed, request) if managed.group.whole_series else []
    return render(
        request,
        "leading/more.html",
        status=status,
        form=form,
        group=managed.group,
        enrolled=max((session.taken for session in members), default=0),
        led=bool(managed.facilitators),
    )


def _ends(starts_at: datetime, ends_at: datetime) -> tuple[tuple[str, datetime], ...]:
    return ("starts", starts_at), ("ends", ends_at)


def _group_id(request: web.Request) -> UUID:
    return id_in(request, "group_id")

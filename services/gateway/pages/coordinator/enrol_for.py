"""Enrolling somebody who rings or stands at the desk: as they would themselves, for them."""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.enrolment import Enrol
from services.contracts.booking.groups import GroupPage, GroupSession
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import book, catalogue
from services.gateway.pages.asking import do, note
from services.gateway.pages.groups import one, wording
from services.gateway.pages.groups.enrol import ALONG, FOLDED, NOT_NOW, SHUT, SHUT_WORDS, UNKNOWN
from services.gateway.pages.rendering import render, say_for, see_other


async def ask(request: web.Request) -> web.Response:
    """For a group that one joins time by time, first the choice of one."""
    return await _show(request, Form.of(language="fi"))


async def enrol(request: web.Request) -> web.Response:
    """Enrol, and go to the booking's page, from which the card is made."""
    form, say, group_id = await forms.read(request), say_for(request), book.id_in(request, "group_id")
    told = book.particulars(form, say, along=ALONG)
    if told is None:
        return await _show(request, form, status=400)
    slot_id = _slot_id(request)
    about = {"slot_id": slot_id} if slot_id else {}
    await note(request, Action.BOOKING_MADE, group_id=group_id, **about)
    try:
        enrolled = await do(request, Enrol(group_id=group_id, slot_id=slot_id, **told), key=form.key)
    except Refusal as refusal:
        if refusal.code == Code.KEY_REUSED:
            raise
        form.refuse_all(refusal, say)
        if refusal.code in SHUT:
            form.problem = say(SHUT_WORDS.get(refusal.code, NOT_NOW))
        return await _show(request, form, status=409 if refusal.code in SHUT else 400)
    except Unavailable:
        form.problem = say(UNKNOWN)
        return await _show(request, form, status=503)
    return see_other(f"/bookings/{enrolled.booking_id}?done=booked")


async def _show(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    found, slot_id, say = await one.find(request), _slot_id(request), say_for(request)
    session = one.session_of(found, slot_id) if slot_id else None
    if session is None and not found.group.whole_series:
        return _choose(request, found, status=status)
    choices = book.choices(request, form) | {"unfolded": any(form.value(name) for name in FOLDED)}
    return render(
        request,
        "coordinator/enrol.html",
        status=status,
        form=form,
        group=found.group,
        session=session,
        sessions=found.sessions,
        seats=wording.seats_left(say, session.seats_left if session else one.series_seats(found)),
        waiting=found.waiting,
        theme_name=await catalogue.theme_names(request),
        **choices,
    )


def _choose(request: web.Request, found: GroupPage, *, status: int) -> web.Response:
    say, now = say_for(request), door_of(request).clock.now()

    def seats(session: GroupSession) -> str:
        return wording.seats_left(say, session.seats_left)

    return render(
        request,
        "coordinator/enrol_when.html",
        status=status,
        group=found.group,
        sessions=[session for session in found.sessions if now < session.ends_at],
        seats=seats,
    )


def _slot_id(request: web.Request) -> UUID | None:
    return book.id_in(request, "slot_id") if "slot_id" in request.match_info else None

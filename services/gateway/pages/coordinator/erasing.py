"""What is known of somebody, shown by a coordinator or erased on their wish; why is written down."""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import DescribeBooking
from services.gateway import forms, own_data
from services.gateway.audit import Action, note_why
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.own_data import Reason
from services.gateway.pages.asking import do, note
from services.gateway.pages.book import id_in
from services.gateway.pages.own_data import file_of, page_of
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, Say, when_empty
from services.gateway.who import caller_of
from services.runtime.call import Call

WHY = {
    Reason.ASKED_BY_PHONE: N_("They asked by phone"),
    Reason.ASKED_IN_PERSON: N_("They asked in person"),
    Reason.ASKED_IN_WRITING: N_("They asked in writing"),
    Reason.ASKED_BY_OTHERS: N_("Somebody who may speak for them asked"),
    Reason.MADE_BY_MISTAKE: N_("The booking was made by mistake, or with somebody else's details"),
}


async def ask(request: web.Request) -> web.Response:
    await note(request, Action.BOOKING_READ, booking_id=_booking_id(request))
    return await _asked(request, "coordinator/own_data.html", Form())


async def show(request: web.Request) -> web.Response:
    form = await forms.read(request)
    reason = _reason(request, form)
    if reason is None:
        return await _asked(request, "coordinator/own_data.html", form, status=400)
    booking_id, call = _booking_id(request), _call(request)
    await note_why(door_of(request), call, Action.DATA_READ, booking_id=booking_id, reason=reason)
    report = await own_data.report_on(door_of(request), booking_id, call)
    if form.value("as") == "file":
        return file_of(report)
    return await page_of(request, report, save_at="", erase_at=f"/bookings/{booking_id}/erase")


async def ask_to_erase(request: web.Request) -> web.Response:
    await note(request, Action.BOOKING_READ, booking_id=_booking_id(request))
    return await _asked(request, "coordinator/erase.html", Form())


async def erase(request: web.Request) -> web.Response:
    form = await forms.read(request)
    reason = _reason(request, form)
    if reason is None:
        return await _asked(request, "coordinator/erase.html", form, status=400)
    booking_id = _booking_id(request)
    call = call_for(request, caller_of(request).actor, key=form.key)
    await note_why(door_of(request), call, Action.RESIDENT_ERASED, booking_id=booking_id, reason=reason)
    await own_data.erase_resident(door_of(request), booking_id, call)
    return see_other(f"/bookings/{booking_id}?done=erased")


async def _asked(request: web.Request, template: str, form: Form, *, status: int = 200) -> web.Response:
    booking_id = _booking_id(request)
    say = say_for(request)
    return render(
        request,
        template,
        status=status,
        form=form,
        booking=await do(request, DescribeBooking(booking_id=booking_id)),
        reasons=_options(say),
    )


def _options(say: Say) -> list[tuple[str, str]]:
    return [(str(reason), say(said)) for reason, said in WHY.items()]


def _reason(request: web.Request, form: Form) -> Reason | None:
    try:
        return Reason(form.value("why"))
    except ValueError:
        form.errors["why"] = when_empty("why", say_for(request))
        return None


def _booking_id(request: web.Request) -> UUID:
    return id_in(request, "booking_id")


def _call(request: web.Request) -> Call:
    return call_for(request, caller_of(request).actor)

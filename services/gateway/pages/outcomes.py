"""After a meeting: did they come, and where were they guided on to. Two presses, and it can be mended."""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import Booking, DescribeBooking, RecordOutcome
from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.slots import Attendee, BookingStatus, GetSlot
from services.contracts.refusals import Code, Refusal
from services.gateway import fields, forms
from services.gateway.audit import Action
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, done_in, note
from services.gateway.pages.book import id_in
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_

OUTCOMES = (BookingStatus.ATTENDED, BookingStatus.NO_SHOW)
MOST_SERVICES = 10
LONGEST_SERVICE = 100
DONE = {"noted": N_("It has been written down.")}
TOO_MANY = N_("At most ten services, one on each line.")
TOO_LONG = N_("Write each service more shortly.")


async def owed(request: web.Request) -> web.Response:
    """Past meetings of which nobody has said whether the resident came."""
    found = await do(request, ListOpenOutcomes(limit=50))
    return render(
        request,
        "outcomes.html",
        slots=found.items,
        done=done_in(request, DONE),
        theme_name=await catalogue.theme_names(request),
    )


async def record(request: web.Request) -> web.Response:
    """The first press from a list, or the whole of it from the page of its own."""
    form, booking_id = await forms.read(request), _booking_id(request)
    if form.value("status") not in OUTCOMES:
        raise Refusal(Code.FIELD_INVALID, "Say whether they came.")
    status, services = BookingStatus(form.value("status")), _services(form, request)
    if services is None:
        return await _show(request, form, status=400)
    came = status is BookingStatus.ATTENDED
    await note(request, Action.OUTCOME_RECORDED, booking_id=booking_id)
    await do(
        request,
        RecordOutcome(booking_id=booking_id, status=status, guided_to=services if came else []),
    )
    if came and not form.value("whole"):
        back = "&back=outcomes" if form.value("back") == "outcomes" else ""
        return see_other(f"/my/week/bookings/{booking_id}/outcome?done=noted{back}")
    return see_other(_back(form.value("back"), form.value("week")))


async def edit(request: web.Request) -> web.Response:
    return await _show(request, None)


async def _show(request: web.Request, form: Form | None, *, status: int = 200) -> web.Response:
    booking = await do(request, DescribeBooking(booking_id=_booking_id(request)))
    person = await _attendee(request, booking)
    back = form.value("back") if form else request.query.get("back", "")
    return render(
        request,
        "outcome.html",
        status=status,
        booking=booking,
        form=form or _form_of(person),
        back="outcomes" if back == "outcomes" else "week",
        done=done_in(request, DONE),
        choices=[
            ("attended", say_for(request)("They came")),
            ("no_show", say_for(request)("They did not come")),
        ],
        theme_name=await catalogue.theme_names(request),
    )


async def _attendee(request: web.Request, booking: Booking) -> Attendee:
    slot = await do(request, GetSlot(slot_id=booking.slot.id))
    for person in slot.bookings:
        if person.booking_id == booking.id:
            return person
    raise Refusal(Code.ALREADY_CANCELLED, "This booking was cancelled.")


def _form_of(person: Attendee) -> Form:
    chosen = [str(person.status)] if person.status in OUTCOMES else ["attended"]
    return Form(values={"status": chosen, "guided_to": ["\n".join(person.guided_to)]})


def _services(form: Form, request: web.Request) -> list[str] | None:
    """Names of services, one on each line; None with a sentence beside the field if they cannot be kept."""
    say = say_for(request)
    text = form.clean("guided_to", fields.words, say) or ""
    named = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if len(named) > MOST_SERVICES:
        form.errors.setdefault("guided_to", say(TOO_MANY))
    elif any(len(name) > LONGEST_SERVICE for name in named):
        form.errors.setdefault("guided_to", say(TOO_LONG))
    return None if form.errors else named


def _back(where: str, week: str) -> str:
    if where == "outcomes":
        return "/my/outcomes?done=noted"
    is_week = len(week) == 8 and week.replace("-W", "").isdigit()
    return f"/my/week?week={week}&done=noted" if is_week else "/my/week?done=noted"


def _booking_id(request: web.Request) -> UUID:
    return id_in(request, "booking_id")

"""What one who serves does from their week: open, leave and end a meeting, cancel a time, say who came."""

from typing import TypeVar
from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import RecordOutcome
from services.contracts.booking.slots import BookingStatus, CancelSlot, GetSlot, HostSlot
from services.contracts.envelope import Request
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import CloseRoom, Leave
from services.gateway import audit, fields, forms, joining
from services.gateway.audit import Action
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.book import id_in
from services.gateway.pages.my_week import COMING
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.who import caller_of

R = TypeVar("R")

OUTCOMES = (BookingStatus.ATTENDED, BookingStatus.NO_SHOW)
MOST_SERVICES = 10
LONGEST_SERVICE = 100


async def join(request: web.Request) -> web.Response:
    """Joining opens the door to those who wait."""
    await forms.read(request)
    slot_id, say, caller = _slot_id(request), say_for(request), caller_of(request)
    call = call_for(request, caller.actor)
    joined = await joining.as_host(door_of(request), call, caller, slot_id, language=language_of(request))
    assert joined.video is not None, "a host never waits"
    return render(
        request,
        "room.html",
        heading=say("The meeting is open"),
        video=joined.video,
        sound_only=False,
        at_the_door=f"/my/week/slots/{slot_id}/door",
        leave=f"/my/week/slots/{slot_id}/leave",
        close=f"/my/week/slots/{slot_id}/close",
    )


async def leave(request: web.Request) -> web.Response:
    await forms.read(request)
    await _do(request, Leave(slot_id=_slot_id(request)))
    return see_other("/my/week?done=left")


async def close(request: web.Request) -> web.Response:
    await forms.read(request)
    await _do(request, CloseRoom(slot_id=_slot_id(request)))
    return see_other("/my/week?done=closed")


async def ask_to_cancel(request: web.Request) -> web.Response:
    return await _show_cancel(request, Form(), status=200)


async def cancel(request: web.Request) -> web.Response:
    form, say = await forms.read(request), say_for(request)
    reason = form.clean("reason", fields.words, say)
    if not form.value("reason"):
        form.refuse("reason", Code.REASON_REQUIRED, say)
    if form.errors:
        return await _show_cancel(request, form, status=400)
    await _note(request, Action.SLOT_CANCELLED, slot_id=_slot_id(request))
    try:
        await _do(request, CancelSlot(slot_id=_slot_id(request), reason=reason))
    except Refusal as refusal:
        if "errors" not in refusal.facts:
            raise
        form.refuse_all(refusal, say)
        return await _show_cancel(request, form, status=400)
    return see_other("/my/week?done=cancelled")


async def _show_cancel(request: web.Request, form: Form, *, status: int) -> web.Response:
    slot: HostSlot = await _do(request, GetSlot(slot_id=_slot_id(request)))
    return render(
        request,
        "cancel_slot.html",
        status=status,
        form=form,
        slot=slot,
        booked=sum(person.status in COMING for person in slot.bookings),
        theme_name=await catalogue.theme_names(request),
    )


async def record_outcome(request: web.Request) -> web.Response:
    form = await forms.read(request)
    if form.value("status") not in OUTCOMES:
        raise Refusal(Code.FIELD_INVALID, "Say whether they came.")
    booking_id = id_in(request, "booking_id")
    await _note(request, Action.OUTCOME_RECORDED, booking_id=booking_id)
    await _do(
        request,
        RecordOutcome(
            booking_id=booking_id,
            status=BookingStatus(form.value("status")),
            guided_to=_services(form.value("guided_to")),
        ),
    )
    week = form.value("week")
    return see_other(f"/my/week?week={week}&done=noted" if _is_week(week) else "/my/week?done=noted")


def _services(text: str) -> list[str]:
    named = [fields.line(part)[:LONGEST_SERVICE] for part in text.split(",") if part.strip()]
    return named[:MOST_SERVICES]


def _is_week(text: str) -> bool:
    return len(text) == 8 and text.replace("-W", "").isdigit()


def _slot_id(request: web.Request) -> UUID:
    return id_in(request, "slot_id")


async def _do(request: web.Request, asked: Request[R]) -> R:
    return await door_of(request).bus.call(asked, call_for(request, caller_of(request).actor))


async def _note(request: web.Request, action: Action, **about: UUID) -> None:
    call = call_for(request, caller_of(request).actor)
    await audit.note(door_of(request), call, action, **about)

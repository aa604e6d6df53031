"""Giving a session another time, and calling it off: everybody who comes is told, and one sees it first."""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.groups import MoveSession
from services.contracts.booking.slots import CancelSlot
from services.contracts.booking.staffing import Duty, GetDuty
from services.contracts.refusals import Code, Refusal
from services.gateway import fields, forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages.asking import do, note
from services.gateway.pages.book import id_in
from services.gateway.pages.hours_form import refuse_times, stretch_of, wall
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, sentence, when_empty

NOBODY_ASKED = N_("The time had to be cancelled.")


async def ask_to_move(request: web.Request) -> web.Response:
    duty = await find(request)
    values = {
        "on": wall(duty.starts_at, duty.time_zone, "%Y-%m-%d"),
        "starts": wall(duty.starts_at, duty.time_zone, "%H:%M"),
        "ends": wall(duty.ends_at, duty.time_zone, "%H:%M"),
    }
    return _show_move(request, duty, Form.of(**values))


async def move(request: web.Request) -> web.Response:
    form, duty, say = await forms.read(request), await find(request), say_for(request)
    stretch = stretch_of(form, say, door_of(request).settings.zone)
    if stretch is None:
        return _show_move(request, duty, form, status=400)
    await note(request, Action.SESSION_MOVED, slot_id=duty.slot_id)
    try:
        await do(request, MoveSession(slot_id=duty.slot_id, starts_at=stretch[0], ends_at=stretch[1]))
    except Refusal as refusal:
        refuse_times(request, form, refusal)
        return _show_move(request, duty, form, status=400)
    return see_other(f"/my/groups/{duty.group_id}?done=moved")


async def ask_to_call_off(request: web.Request) -> web.Response:
    return _show_call_off(request, await find(request), Form())


async def call_off(request: web.Request) -> web.Response:
    """With somebody coming, the words are shown as they will be read before they are sent."""
    form, duty, say = await forms.read(request), await find(request), say_for(request)
    # Where nobody reads a reason the page does not ask for one.
    reason = form.clean("reason", fields.words, say) if duty.taken else None
    if not reason and duty.taken:
        form.errors.setdefault("reason", when_empty("reason", say))
    if form.errors:
        return _show_call_off(request, duty, form, status=400)
    if form.value("do") != "cancel":
        return _show_call_off(request, duty, form, preview=duty.taken > 0)
    await note(request, Action.SLOT_CANCELLED, slot_id=duty.slot_id)
    try:
        await do(request, CancelSlot(slot_id=duty.slot_id, reason=reason or say(NOBODY_ASKED)))
    except Refusal as refusal:
        if refusal.code == Code.NOT_FOUND:
            raise
        form.refuse_all(refusal, say)
        form.problem = form.problem and sentence(refusal.code, say)
        return _show_call_off(request, duty, form, status=400)
    return see_other(f"/my/groups/{duty.group_id}?done=cancelled")


async def find(request: web.Request) -> Duty:
    return await do(request, GetDuty(slot_id=slot_id_of(request)))


def slot_id_of(request: web.Request) -> UUID:
    return id_in(request, "slot_id")


def _show_move(request: web.Request, duty: Duty, form: Form, *, status: int = 200) -> web.Response:
    return render(request, "leading/move.html", status=status, form=form, duty=duty)


def _show_call_off(
    request: web.Request, duty: Duty, form: Form, *, preview: bool = False, status: int = 200
) -> web.Response:
    return render(request, "leading/call_off.html", status=status, form=form, duty=duty, preview=preview)

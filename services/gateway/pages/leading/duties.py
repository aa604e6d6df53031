"""Sessions that need somebody and that fit one, those one is asked for, and those one has promised."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web

from services.contracts.booking.groups import Staffing
from services.contracts.booking.staffing import (
    AcceptDuty,
    AskForStandIn,
    Duty,
    DutyScope,
    GiveUpDuty,
    ListDuties,
)
from services.contracts.envelope import Request
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, done_in, note
from services.gateway.pages.leading import session_acts, wording
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, sentence
from services.gateway.who import caller_of

PATH = "/my/duties"
GOING_ON = timedelta(hours=12)  # no session lasts longer
AHEAD = timedelta(days=180)
AT_ONCE = 50
NEAR = timedelta(hours=3)
DONE = {
    "accepted": N_("Thank you! You lead this session."),
    "accepted-all": N_("Thank you! You lead these sessions."),
    "given-up": N_("Thank you for telling. We look for somebody else."),
    "stand-in": N_("We ask others whether they can stand in. If nobody can, you still come."),
    "kept": N_("Good: you come yourself."),
}
# What may have come in between, for somebody who presses a button of an older page.
SETTLED = frozenset(
    {
        Code.DUTY_TAKEN,
        Code.OVERLAP,
        Code.NOT_TRAINED,
        Code.ALREADY_STARTED,
        Code.SLOT_CLOSED,
        Code.CHANGED_MEANWHILE,
        Code.FORBIDDEN,
    }
)
CALLED_OFF = N_("This session has been called off.")
NOT_YOURS = N_("Somebody else leads this session now.")
MOVED = N_("This session has been moved to another time. Look at it, and answer again.")


@dataclass(frozen=True, kw_only=True)
class Mine:
    """One's duties by what is to be done about them; `soon` are promised ones that begin before long."""

    soon: Sequence[Duty]
    asked: Sequence[Duty]
    wanted: Sequence[Duty]
    promised: Sequence[Duty]


async def duties(request: web.Request) -> web.Response:
    return await _show(request)


async def accept(request: web.Request) -> web.Response:
    (seen,) = hours_of(await forms.read(request), 1)
    asked = AcceptDuty(slot_id=session_acts.slot_id_of(request), starts_at=seen)
    return await _do(request, asked, Action.DUTY_ACCEPTED, "accepted")


async def accept_all(request: web.Request) -> web.Response:
    """Every session that stood on the page when the button was pressed; what came in between is told."""
    form, problem = await forms.read(request), ""
    slot_ids = ids_of(form, "slot_id")
    seen = zip(slot_ids, hours_of(form, len(slot_ids)), strict=True)
    for slot_id, starts_at in list(seen)[:AT_ONCE]:
        await note(request, Action.DUTY_ACCEPTED, slot_id=slot_id)
        try:
            await do(request, AcceptDuty(slot_id=slot_id, starts_at=starts_at))
        except Refusal as refusal:
            if refusal.code not in SETTLED:
                raise
            problem = _words(request, refusal.code)
    if problem:
        return await _show(request, problem=problem, status=409)
    return see_other(f"{PATH}?done=accepted-all")


def ids_of(form: Form, name: str) -> Sequence[UUID]:
    try:
        return [UUID(text) for text in form.all(name)]
    except ValueError as error:
        raise Refusal(Code.FIELD_INVALID, "That is no id of a session.") from error


def hours_of(form: Form, count: int) -> Sequence[datetime | None]:
    """At which each session stood on the page; a page of an older release did not tell."""
    told = form.all("starts_at") or [""] * count
    try:
        hours = [datetime.fromisoformat(text) if text else None for text in told]
    except ValueError as error:
        raise Refusal(Code.FIELD_INVALID, "That is no hour of a session.") from error
    if len(hours) != count:
        raise Refusal(Code.FIELD_INVALID, "Each session has one hour.")
    return hours


async def ask_to_give_up(request: web.Request) -> web.Response:
    duty = await session_acts.find(request)
    if not (duty.hosting or duty.co_hosting):
        return see_other(PATH)
    return render(request, "leading/give_up.html", duty=duty)


async def give_up(request: web.Request) -> web.Response:
    await forms.read(request)
    asked = GiveUpDuty(slot_id=session_acts.slot_id_of(request))
    return await _do(request, asked, Action.DUTY_GIVEN_UP, "given-up")


async def ask_for_stand_in(request: web.Request) -> web.Response:
    """Or take it back that one is wanted."""
    form = await forms.read(request)
    wanted, (seen,) = form.value("wanted") != "no", hours_of(form, 1)
    asked = AskForStandIn(slot_id=session_acts.slot_id_of(request), wanted=wanted, starts_at=seen)
    return await _do(request, asked, Action.STAND_IN_ASKED, "stand-in" if wanted else "kept")


async def find(request: web.Request) -> Mine:
    mine, wanted = await asyncio.gather(_list(request, DutyScope.MINE), _list(request, DutyScope.WANTED))
    near = door_of(request).clock.now() + NEAR
    return Mine(
        soon=[duty for duty in mine if duty.accepted and duty.starts_at <= near],
        asked=[duty for duty in mine if not duty.accepted],
        wanted=wanted,
        promised=[duty for duty in mine if duty.accepted and duty.starts_at > near],
    )


async def _list(request: web.Request, scope: DutyScope) -> Sequence[Duty]:
    """The next ones; one that goes on is among them."""
    now = door_of(request).clock.now()
    asked = ListDuties(scope=scope, from_at=now - GOING_ON, to_at=now + AHEAD, limit=AT_ONCE)
    return [duty for duty in (await do(request, asked)).items if now < duty.ends_at]


async def _do(request: web.Request, asked: Request[Duty], action: Action, done: str) -> web.Response:
    await note(request, action, slot_id=session_acts.slot_id_of(request))
    try:
        await do(request, asked)
    except Refusal as refusal:
        if refusal.code not in SETTLED:
            raise
        return await _show(request, problem=_words(request, refusal.code), status=409)
    return see_other(f"{PATH}?done={done}")


def _words(request: web.Request, code: Code) -> str:
    say = say_for(request)
    own = {Code.SLOT_CLOSED: CALLED_OFF, Code.FORBIDDEN: NOT_YOURS, Code.CHANGED_MEANWHILE: MOVED}
    return say(own[code]) if code in own else sentence(code, say)


async def _show(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    say, now, person = say_for(request), door_of(request).clock.now(), caller_of(request).person
    assert person is not None
    mine = await find(request)
    return render(
        request,
        "leading/duties.html",
        status=status,
        problem=problem,
        mine=mine,
        me=person.id,
        looking=Staffing.STAND_IN_WANTED,
        begun=lambda duty: begun(duty, now),
        taken=lambda duty: wording.taken(say, duty),
        staffed=lambda duty: wording.staffed(say, duty),
        done=done_in(request, DONE),
        theme_name=await catalogue.theme_names(request),
    )


def begun(duty: Duty, now: datetime) -> bool:
    return now >= duty.starts_at

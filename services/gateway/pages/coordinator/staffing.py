"""Staffing at a glance: every session ahead with who leads it, and naming somebody for one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web

from services.contracts.booking.groups import Staffing
from services.contracts.booking.people import Person
from services.contracts.booking.staffing import (
    AssignHost,
    Duties,
    Duty,
    DutyScope,
    ListDuties,
    RemoveCoHost,
)
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, done_in, everybody, note
from services.gateway.pages.book import id_in
from services.gateway.pages.coordinator.group_form import may_lead, named, uuid
from services.gateway.pages.leading import session_acts, wording
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, Say

PATH = "/coordinator/staffing"
GOING_ON = timedelta(hours=12)
AHEAD = timedelta(days=120)
AT_ONCE = 60
COUNTED = 100
UNSTAFFED = "unstaffed"
# A host who has not answered counts as missing when others are looked for too.
ANSWERS_UNTIL = timedelta(hours=48)
DONE = {
    "asked": N_("They have been asked. They get a message and answer by a button."),
    "named": N_("You lead this session."),
    "removed": N_("They do not help to lead this session any more."),
}
BUSY = N_("They have another time or session then. Choose somebody else.")
UNTRAINED = N_("They have not been trained to lead. Choose somebody else.")
GONE = N_("This session has been called off or is over.")
CHOOSE = N_("Choose a person.")


async def staffing(request: web.Request) -> web.Response:
    say, after = say_for(request), request.query.get("after")
    unstaffed = request.query.get("status") == UNSTAFFED
    found = await _page(request, DutyScope.UNSTAFFED if unstaffed else DutyScope.ALL, after)
    now = door_of(request).clock.now()
    return render(
        request,
        "coordinator/staffing.html",
        duties=[duty for duty in found.items if now < duty.ends_at],
        unstaffed=unstaffed,
        more=found.next,
        is_first=after is None,
        staffed=lambda duty: wording.staffed(say, duty),
        taken=lambda duty: wording.taken(say, duty),
        done=done_in(request, DONE),
        theme_name=await catalogue.theme_names(request),
    )


async def session(request: web.Request) -> web.Response:
    return await _show(request, Form(values={"as": ["host"]}))


async def assign(request: web.Request) -> web.Response:
    form, say, slot_id = await forms.read(request), say_for(request), session_acts.slot_id_of(request)
    person_id = form.clean("person", uuid, say)
    if person_id is None:
        form.errors["person"] = say(CHOOSE)
        return await _show(request, form, status=400)
    await note(request, Action.HOST_ASSIGNED, slot_id=slot_id, person_id=person_id)
    asked = AssignHost(slot_id=slot_id, person_id=person_id, co_host=form.value("as") == "co_host")
    try:
        duty = await do(request, asked)
    except Refusal as refusal:
        _refuse(form, refusal, say)
        return await _show(request, form, status=409)
    oneself = duty.hosting and duty.host.id == person_id
    return see_other(f"{PATH}?done={'named' if oneself else 'asked'}")


async def remove_co_host(request: web.Request) -> web.Response:
    await forms.read(request)
    slot_id, person_id = session_acts.slot_id_of(request), id_in(request, "person_id")
    await note(request, Action.CO_HOST_REMOVED, slot_id=slot_id, person_id=person_id)
    await do(request, RemoveCoHost(slot_id=slot_id, person_id=person_id))
    return see_other(f"{PATH}/{slot_id}?done=removed")


async def needing(request: web.Request) -> int:
    """How many sessions need somebody: nobody leads them, or no answer has come for one that is near."""
    now = door_of(request).clock.now()
    asked = ListDuties(scope=DutyScope.UNSTAFFED, from_at=now, to_at=now + AHEAD, limit=COUNTED)
    return sum(_needs_somebody(duty, now) for duty in (await do(request, asked)).items)


def _needs_somebody(duty: Duty, now: datetime) -> bool:
    late = duty.staffing is Staffing.ASKED and duty.starts_at - now <= ANSWERS_UNTIL
    return late or duty.staffing is Staffing.NEEDS_HOST


async def _page(request: web.Request, scope: DutyScope, after: str | None) -> Duties:
    """A cursor that cannot be read is as good as none."""
    now = door_of(request).clock.now()
    asked = ListDuties(scope=scope, from_at=now - GOING_ON, to_at=now + AHEAD, limit=AT_ONCE, cursor=after)
    try:
        return await do(request, asked)
    except Refusal as refusal:
        if refusal.code != Code.PAGE_INVALID or after is None:
            raise
        return await _page(request, scope, None)


async def _show(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    say, duty = say_for(request), await session_acts.find(request)
    fitting, others = _sorted(await everybody(request), duty)
    return render(
        request,
        "coordinator/assign.html",
        status=status,
        form=form,
        duty=duty,
        staffed=wording.staffed(say, duty),
        taken=wording.taken(say, duty),
        fitting=[(str(one.id), named(say, one)) for one in fitting],
        others=[(str(one.id), named(say, one)) for one in others],
        done=done_in(request, DONE),
        theme_name=await catalogue.theme_names(request),
    )


def _sorted(people: Sequence[Person], duty: Duty) -> tuple[list[Person], list[Person]]:
    """Those who may lead: first whose theme and language it is. Whether they are free booking knows."""
    taking_part = {duty.host.id} if duty.staffing is not Staffing.NEEDS_HOST else set[UUID]()
    able = [person for person in people if may_lead(person) and person.id not in taking_part]
    return [one for one in able if _fits(one, duty)], [one for one in able if not _fits(one, duty)]


def _fits(person: Person, duty: Duty) -> bool:
    return duty.theme in person.themes and not set(person.languages).isdisjoint(duty.languages)


def _refuse(form: Form, refusal: Refusal, say: Say) -> None:
    own = {Code.OVERLAP: BUSY, Code.NOT_TRAINED: UNTRAINED}
    gone = (Code.SLOT_CLOSED, Code.ALREADY_STARTED)
    if refusal.code in own:
        form.errors["person"] = say(own[refusal.code])
    elif refusal.code in gone:
        form.problem = say(GONE)
    elif "errors" in refusal.facts:
        for error in refusal.facts["errors"]:
            error["field"] = {"person_id": "person"}.get(error["field"], error["field"])
        form.refuse_all(refusal, say)
    else:
        raise refusal

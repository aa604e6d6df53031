"""Who serves: inviting somebody, changing what they are here, shutting them out, letting them in again."""

from datetime import timedelta
from uuid import UUID

from aiohttp import web

from services.contracts.booking.coordination import FoundSlots, SearchSlots, SlotFilter
from services.contracts.booking.people import (
    AddPerson,
    ChangePerson,
    DisablePerson,
    EnablePerson,
    GetPerson,
    Person,
)
from services.contracts.refusals import Code, Refusal
from services.gateway import forms, signing_in
from services.gateway.audit import Action
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue, words
from services.gateway.pages.asking import do, done_in, everybody, note
from services.gateway.pages.book import id_in
from services.gateway.pages.coordinator import person_form
from services.gateway.pages.coordinator.meanwhile import has_seen, version_of
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_
from services.gateway.who import caller_of

PATH = "/coordinator/people"
AHEAD = timedelta(days=399)
LISTED = 100

DONE = {
    "invited": N_("They are invited. A sign-in link is on its way to their mail."),
    "sent": N_("A sign-in link is on its way to their mail."),
    "changed": N_("The changes are in force."),
    "disabled": N_("They can no longer sign in."),
    "enabled": N_("They can sign in again."),
}


async def people(request: web.Request) -> web.Response:
    organisations = {item.id: item.name for item in await catalogue.organisations(request)}
    say = say_for(request)
    return render(
        request,
        "coordinator/people.html",
        people=await everybody(request),
        organisations=organisations,
        roles={role: say(name) for role, name in words.ROLES.items()},
        done=done_in(request, DONE),
    )


async def new(request: web.Request) -> web.Response:
    return await _show_new(request, person_form.blank())


async def invite(request: web.Request) -> web.Response:
    """They are there from now on, and get a mail with a link to sign in by."""
    form, say = await forms.read(request), say_for(request)
    facts = person_form.facts_of(form, say)
    if facts is None:
        return await _show_new(request, form, status=400)
    await note(request, Action.PERSON_ADDED)
    try:
        person = await do(request, AddPerson(**facts), key=form.key)
    except Refusal as refusal:
        person_form.refuse(form, refusal, say)
        return await _show_new(request, form, status=400)
    await signing_in.invite(door_of(request), person, call_for(request, caller_of(request).actor))
    return see_other(f"{PATH}/{person.id}?done=invited")


async def person(request: web.Request) -> web.Response:
    known = await _person(request)
    return await _show(request, known, person_form.form_of(known))


async def change(request: web.Request) -> web.Response:
    form, known, say = await forms.read(request), await _person(request), say_for(request)
    facts = person_form.facts_of(form, say)
    if facts is None:
        return await _show(request, known, form, status=400)
    await note(request, Action.PERSON_CHANGED, person_id=known.id)
    try:
        await do(request, ChangePerson(person_id=known.id, version=version_of(form), **facts))
    except Refusal as refusal:
        if refusal.code == Code.CHANGED_MEANWHILE:
            return await _changed_meanwhile(request, form, refusal)
        person_form.refuse(form, refusal, say)
        return await _show(request, known, form, status=400)
    return see_other(f"{PATH}/{known.id}?done=changed")


async def send_link(request: web.Request) -> web.Response:
    """Another sign-in link, for whoever has lost theirs or comes late to it."""
    await forms.read(request)
    known = await _person(request)
    await note(request, Action.PERSON_INVITED, person_id=known.id)
    await signing_in.ask(door_of(request), known.email, call_for(request, caller_of(request).actor))
    return see_other(f"{PATH}/{known.id}?done=sent")


async def ask_to_disable(request: web.Request) -> web.Response:
    """What will happen: their free times are taken back, their booked ones stay and are listed, and for
    sessions of groups somebody else is looked for."""
    known = await _person(request)
    booked, free = [await _times(request, known, status) for status in (SlotFilter.BOOKED, SlotFilter.FREE)]
    sessions = {slot.id: slot for slot in (*booked.items, *free.items) if slot.group_id}
    return render(
        request,
        "coordinator/disable.html",
        person=known,
        slots=[slot for slot in booked.items if not slot.group_id],
        sessions=sorted(sessions.values(), key=lambda slot: slot.starts_at),
        booked=_own(booked),
        free=_own(free),
        theme_name=await catalogue.theme_names(request),
    )


async def disable(request: web.Request) -> web.Response:
    await forms.read(request)
    person_id = _person_id(request)
    await note(request, Action.PERSON_DISABLED, person_id=person_id)
    await do(request, DisablePerson(person_id=person_id))
    return see_other(f"{PATH}/{person_id}?done=disabled")


async def enable(request: web.Request) -> web.Response:
    await forms.read(request)
    person_id = _person_id(request)
    await note(request, Action.PERSON_ENABLED, person_id=person_id)
    await do(request, EnablePerson(person_id=person_id))
    return see_other(f"{PATH}/{person_id}?done=enabled")


def _own(found: FoundSlots) -> int:
    """How many of them are not sessions of groups."""
    return (found.total or 0) - sum(slot.group_id is not None for slot in found.items)


async def _times(request: web.Request, known: Person, status: SlotFilter) -> FoundSlots:
    now = door_of(request).clock.now()
    return await do(
        request,
        SearchSlots(from_at=now, to_at=now + AHEAD, host=known.id, status=status, limit=LISTED),
    )


async def _person(request: web.Request) -> Person:
    return await do(request, GetPerson(person_id=_person_id(request)))


def _person_id(request: web.Request) -> UUID:
    return id_in(request, "person_id")


async def _show_new(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    choices = await person_form.choices(request)
    return render(request, "coordinator/person_new.html", status=status, form=form, **choices)


async def _changed_meanwhile(request: web.Request, form: Form, refusal: Refusal) -> web.Response:
    """What was typed stays, and what stands now is told beside it; who saves again has seen it."""
    newer = await _person(request)
    form.refuse_all(refusal, say_for(request))
    has_seen(form, newer.version)
    return await _show(request, newer, form, is_newer=True, status=409)


async def _show(
    request: web.Request, known: Person, form: Form, *, is_newer: bool = False, status: int = 200
) -> web.Response:
    me, choices = caller_of(request).person, await person_form.choices(request)
    return render(
        request,
        "coordinator/person.html",
        status=status,
        form=form,
        person=known,
        is_me=me is not None and me.id == known.id,
        done=done_in(request, DONE),
        differing=person_form.differing(form, known, choices, say_for(request)) if is_newer else (),
        **choices,
    )

"""Who one is here, what one may change of it, and the address of one's calendar."""

from dataclasses import replace
from uuid import UUID

from aiohttp import web

from services.contracts.booking.own import ChangeProfile
from services.contracts.booking.people import Person
from services.contracts.refusals import Refusal, Unavailable
from services.gateway import calendars, fields, forms
from services.gateway.audit import Action, note
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue, words
from services.gateway.pages.hours_form import languages_of
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_
from services.gateway.who import caller_of

DONE = {
    "saved": N_("Your profile has been saved."),
    "renewed": N_("The calendar has a new address. The old one no longer works."),
}


async def profile(request: web.Request) -> web.Response:
    person = _oneself(request)
    form = Form(values={"display_name": [person.display_name], "languages": list(person.languages)})
    return await _show(request, form)


async def change(request: web.Request) -> web.Response:
    form, say, person = await forms.read(request), say_for(request), _oneself(request)
    name = form.clean("display_name", fields.name, say, needed=True)
    chosen = languages_of(form, say)
    if form.errors:
        return await _show(request, form, status=400)
    languages = [*chosen, *(code for code in person.languages if code not in words.SPOKEN)]
    call = replace(call_for(request, caller_of(request).actor), key=form.key)
    await note(door_of(request), call, Action.PROFILE_CHANGED, person_id=person.id)
    try:
        await door_of(request).bus.call(ChangeProfile(display_name=name, languages=languages), call)
    except Refusal as refusal:
        if "errors" not in refusal.facts:
            raise
        form.refuse_all(refusal, say)
        return await _show(request, form, status=400)
    return see_other("/my/profile?done=saved")


async def renew_calendar(request: web.Request) -> web.Response:
    form = await forms.read(request)
    call = replace(call_for(request, caller_of(request).actor), key=form.key)
    await calendars.renew(door_of(request), call, _oneself(request).id)
    return see_other("/my/profile?done=renewed")


async def _show(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    say, person, done = say_for(request), _oneself(request), request.query.get("done", "")
    call = call_for(request, caller_of(request).actor)
    return render(
        request,
        "profile.html",
        status=status,
        form=form,
        person=person,
        organisation=await _organisation(request, person.organisation_id),
        spoken_options=[(code, say(name)) for code, name in words.SPOKEN.items()],
        calendar=await calendars.address(door_of(request), call, person.id),
        done=say(DONE[done]) if done in DONE else "",
    )


async def _organisation(request: web.Request, organisation_id: UUID | None) -> str:
    """Its name; nothing where there is none to tell."""
    if organisation_id is None:
        return ""
    try:
        known = await catalogue.organisations(request)
    except Unavailable:
        return ""
    return next((item.name for item in known if item.id == organisation_id), "")


def _oneself(request: web.Request) -> Person:
    person = caller_of(request).person
    assert person is not None
    return person

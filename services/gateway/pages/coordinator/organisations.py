"""The organisations of the team: a list, a new one, another name."""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.catalogue import AddOrganisation, ChangeOrganisation
from services.contracts.refusals import Code, Refusal
from services.gateway import fields, forms
from services.gateway.audit import Action
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, done_in, everybody, note
from services.gateway.pages.book import id_in
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_

PATH = "/coordinator/organisations"
LONGEST = 120
DONE = {
    "added": N_("The organisation has been added."),
    "changed": N_("The organisation has a new name."),
}


async def organisations(request: web.Request) -> web.Response:
    return await _show(request, Form())


async def add(request: web.Request) -> web.Response:
    form = await forms.read(request)
    name = form.clean("name", _name, say_for(request), needed=True)
    if name is None:
        return await _show(request, form, status=400)
    if name in {item.name for item in await catalogue.organisations(request)}:
        form.refuse("name", Code.NAME_TAKEN, say_for(request))
        return await _show(request, form, status=400)
    await note(request, Action.ORGANISATION_ADDED)
    await do(request, AddOrganisation(name=name), key=form.key)
    return see_other(f"{PATH}?done=added")


async def edit(request: web.Request) -> web.Response:
    known = {item.id: item.name for item in await catalogue.organisations(request)}
    organisation_id = _id(request)
    if organisation_id not in known:
        raise Refusal(Code.NOT_FOUND, "There is no such organisation.")
    return render(request, "coordinator/organisation.html", form=Form.of(name=known[organisation_id]))


async def change(request: web.Request) -> web.Response:
    form, say = await forms.read(request), say_for(request)
    name = form.clean("name", _name, say, needed=True)
    if name is None:
        return render(request, "coordinator/organisation.html", status=400, form=form)
    await note(request, Action.ORGANISATION_CHANGED)
    try:
        await do(request, ChangeOrganisation(organisation_id=_id(request), name=name))
    except Refusal as refusal:
        if "errors" not in refusal.facts:
            raise
        form.refuse_all(refusal, say)
        return render(request, "coordinator/organisation.html", status=400, form=form)
    return see_other(f"{PATH}?done=changed")


async def _show(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    people = [person for person in await everybody(request) if not person.disabled]
    known = sorted(await catalogue.organisations(request), key=lambda item: item.name.casefold())
    return render(
        request,
        "coordinator/organisations.html",
        status=status,
        form=form,
        organisations=known,
        count={item.id: sum(person.organisation_id == item.id for person in people) for item in known},
        done=done_in(request, DONE),
    )


def _id(request: web.Request) -> UUID:
    return id_in(request, "organisation_id")


def _name(text: str) -> str:
    clean = fields.line(text)
    if not 1 <= len(clean) <= LONGEST:
        raise Refusal(Code.NAME_INVALID, f"A name has at most {LONGEST} characters.")
    return clean

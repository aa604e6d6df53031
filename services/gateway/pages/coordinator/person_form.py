"""Somebody who serves, as a form has them, and as they stand beside what was typed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from services.contracts.booking.people import Person
from services.contracts.envelope import Role
from services.contracts.refusals import Code, Refusal
from services.gateway import fields
from services.gateway.forms import Form
from services.gateway.pages import catalogue, words
from services.gateway.pages.coordinator import meanwhile
from services.gateway.pages.hours_form import languages_of
from services.gateway.pages.rendering import language_of, say_for
from services.gateway.pages.words import N_, Say

ORGANISATION_NEEDED = N_("Choose the organisation: every expert belongs to one.")
OWN_ROLE = N_("You cannot change your own role. Ask another coordinator.")
LABELS: Mapping[str, str] = {
    "display_name": N_("The name that residents see"),
    "email": N_("E-mail"),
    "role": N_("Role"),
    "organisation": N_("Organisation"),
    "trained": N_("Trained to lead sessions"),
    "themes": N_("Themes in which they may stand in for others"),
    "languages": N_("Languages in which they can meet people"),
}
OPTIONS = ("role_options", "organisation_options", "stand_in_options", "spoken_options")


def blank() -> Form:
    return Form(values={"role": ["expert"], "languages": ["fi"]})


def form_of(known: Person) -> Form:
    return Form(
        values={
            "display_name": [known.display_name],
            "email": [known.email],
            "role": [str(known.role)],
            "organisation": [str(known.organisation_id or "")],
            "languages": list(known.languages),
            "trained": ["yes"] if known.trained else [],
            "themes": list(known.themes),
            "version": [str(known.version)],
        }
    )


def facts_of(form: Form, say: Say) -> dict[str, Any] | None:
    """What the form says of somebody; None when something in it must be mended first."""
    display_name = form.clean("display_name", fields.name, say, needed=True)
    email = form.clean("email", fields.email, say, needed=True)
    languages = languages_of(form, say)
    if form.value("role") not in words.ROLES:
        form.refuse("role", Code.FIELD_REQUIRED, say)
    if form.value("role") == Role.EXPERT and not form.value("organisation"):
        form.errors.setdefault("organisation", say(ORGANISATION_NEEDED))
    organisation = form.clean("organisation", _id, say)
    if form.errors:
        return None
    return {
        "display_name": display_name,
        "email": email,
        "role": Role(form.value("role")),
        "organisation_id": organisation,
        "languages": languages,
        "trained": bool(form.value("trained")),
        "themes": form.all("themes"),
    }


def refuse(form: Form, refusal: Refusal, say: Say) -> None:
    """The owner calls a field by another name than the page does."""
    if refusal.code == Code.FORBIDDEN:
        form.errors["role"] = say(OWN_ROLE)
        return
    if "errors" not in refusal.facts:
        raise refusal
    for error in refusal.facts["errors"]:
        error["field"] = {"organisation_id": "organisation"}.get(error["field"], error["field"])
    form.refuse_all(refusal, say)


def differing(typed: Form, newer: Person, choices: Mapping[str, Any], say: Say) -> list[tuple[str, str]]:
    """The label of each field in which the two differ, and what stands now."""
    named = {value: name for options in OPTIONS for value, name in choices[options] if value}
    named |= {"yes": say("Yes"), "no": say("Not ticked")}
    return [
        (say(label), ", ".join(named.get(one, one) for one in now) or meanwhile.EMPTY)
        for label, now in meanwhile.differing(typed, form_of(newer), LABELS)
    ]


async def choices(request: web.Request) -> dict[str, Any]:
    say, language = say_for(request), language_of(request)
    return {
        "stand_in_options": [
            (item.id, words.in_language(item.name, language))
            for item in await catalogue.all_themes(request)
        ],
        "role_options": [(role, say(name)) for role, name in words.ROLES.items()],
        "organisation_options": [
            ("", say("None")),
            *((str(item.id), item.name) for item in await catalogue.organisations(request)),
        ],
        "spoken_options": [(code, say(name)) for code, name in words.SPOKEN.items()],
    }


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Refusal(Code.FIELD_INVALID, "Choose from the list.") from error

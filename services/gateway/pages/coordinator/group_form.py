"""A group as a form has it: texts in three languages, numbers, choices, and who leads it."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from aiohttp import web

from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.groups import ManagedGroup
from services.contracts.booking.people import Person
from services.contracts.envelope import Role
from services.contracts.refusals import Code, Refusal
from services.gateway import fields
from services.gateway.forms import Form
from services.gateway.pages import catalogue, words
from services.gateway.pages.asking import everybody
from services.gateway.pages.hours_form import languages_of, number
from services.gateway.pages.rendering import language_of, say_for
from services.gateway.pages.words import N_, Say

LEADERS = 4
MOST_LEADERS = 10
LONGEST_NAME = 120
TWO_AT_LEAST = N_("A group has from 2 to 1000 places.")
ROOM_TOO_SMALL = N_("The room must take at least as many as the group has places, and at most 2000.")
ONCE = N_("Choose each person once.")
NAME_THEM = N_("Write a name in Finnish.")
DESCRIBE_IT = N_("Write in Finnish what the group is.")
THEIR_NAMES = {"organisation_id": "organisation", "facilitators": "leader-1"}


def facts_of(form: Form, say: Say) -> dict[str, Any] | None:
    """What can be said of a group at any time; None when something must be mended first."""
    name = _words(form, "name", fields.line, LONGEST_NAME, NAME_THEM, say)
    description = _words(form, "description", fields.words, fields.LONGEST_WORDS, DESCRIBE_IT, say)
    capacity = form.clean("capacity", partial(_between, 2, 1000), say, needed=True)
    room_limit = form.clean("room_limit", partial(_between, 2, 2000), say)
    organisation = form.clean("organisation", uuid, say, needed=True)
    if "capacity" in form.errors:
        form.errors["capacity"] = say(TWO_AT_LEAST)
    if "room_limit" in form.errors or (room_limit and capacity and room_limit < capacity):
        form.errors["room_limit"] = say(ROOM_TOO_SMALL)
    languages = languages_of(form, say)
    leaders = _leaders(form, say)
    if not form.value("theme"):
        form.refuse("theme", Code.FIELD_REQUIRED, say)
    if form.errors:
        return None
    return {
        "name": name,
        "description": description,
        "theme": form.value("theme"),
        "organisation_id": organisation,
        "languages": languages,
        "capacity": capacity,
        "by_acceptance": bool(form.value("by_acceptance")),
        "room_limit": room_limit,
        "facilitators": leaders,
    }


def made_as(form: Form) -> dict[str, Any]:
    """What a group is from its beginning and stays."""
    return {
        "open": form.value("open") == "open",
        "whole_series": form.value("whole_series") == "series",
        "kind": SlotKind.EVENT if form.value("kind") == SlotKind.EVENT else SlotKind.GROUP,
    }


def form_of(managed: ManagedGroup) -> Form:
    group = managed.group
    values = {f"{field}_{code}": [_said(group, field, code)] for field in _TEXTS for code in _CODES}
    values |= {
        "theme": [group.theme],
        "organisation": [str(managed.organisation_id)],
        "languages": list(group.languages),
        "capacity": [str(group.capacity)],
        "room_limit": [str(managed.room_limit or "")],
        "by_acceptance": ["yes"] if group.by_acceptance else [],
        "version": [str(managed.version)],
    }
    leaders = enumerate(managed.facilitators, start=1)
    return Form(values=values | {f"leader-{row}": [str(host.id)] for row, host in leaders})


def blank() -> Form:
    """What most groups are."""
    return Form(
        values={
            "kind": [str(SlotKind.GROUP)],
            "open": ["open"],
            "whole_series": ["single"],
            "languages": ["fi"],
            "capacity": ["12"],
        }
    )


async def choices(request: web.Request, form: Form) -> dict[str, Any]:
    say, language = say_for(request), language_of(request)
    people = [person for person in await everybody(request) if may_lead(person)]
    last = max((row for row in range(1, MOST_LEADERS + 1) if form.value(f"leader-{row}")), default=0)
    return {
        "theme_options": [
            ("", say("Choose")),
            *(
                (item.id, words.in_language(item.name, language))
                for item in await catalogue.themes(request)
            ),
        ],
        "organisation_options": [
            ("", say("Choose")),
            *((str(item.id), item.name) for item in await catalogue.organisations(request)),
        ],
        "spoken_options": [(code, say(name)) for code, name in words.SPOKEN.items()],
        "leader_options": [("", say("Nobody")), *((str(one.id), named(say, one)) for one in people)],
        "leaders": range(1, min(max(LEADERS, last + 1), MOST_LEADERS) + 1),
    }


def may_lead(person: Person) -> bool:
    return not person.disabled and (person.trained or person.role is not Role.VOLUNTEER)


def named(say: Say, person: Person) -> str:
    return f"{person.display_name}, {say(words.ROLES[person.role])}"


def refuse(form: Form, refusal: Refusal, say: Say) -> None:
    """The owner calls fields by other names than the page does. What is no such thing travels on."""
    if refusal.code in (Code.NOT_FOUND, Code.FORBIDDEN, Code.KEY_REUSED):
        raise refusal
    for error in refusal.facts.get("errors", []):
        name = error["field"].replace(".", "_")
        error["field"] = THEIR_NAMES.get(name, name)
    form.refuse_all(refusal, say)


def uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Refusal(Code.FIELD_INVALID, "Choose from the list.") from error


_TEXTS = ("name", "description")
_CODES = ("fi", "sv", "en")


def _said(group: Any, field: str, code: str) -> str:
    """Empty where it is but the Finnish text copied over."""
    words_of: Words = getattr(group, field)
    text: str = getattr(words_of, code)
    return "" if code != "fi" and text == words_of.fi else text


def _words(
    form: Form, field: str, rule: Callable[[str], str], longest: int, empty: str, say: Say
) -> Words | None:
    """A text that is left empty in one language is the Finnish one there."""
    said: dict[str, str] = {}
    for code in _CODES:
        name = f"{field}_{code}"
        said[code] = form.clean(name, partial(_at_most, rule, longest), say) or ""
    if not form.value(f"{field}_fi"):
        form.errors.setdefault(f"{field}_fi", say(empty))
    return Words(fi=said["fi"], sv=said["sv"] or said["fi"], en=said["en"] or said["fi"])


def _at_most(rule: Callable[[str], str], longest: int, text: str) -> str:
    clean = rule(text)
    if len(clean) > longest:
        raise Refusal(Code.BODY_TOO_LARGE, f"At most {longest} characters.")
    return clean


def _between(least: int, most: int, text: str) -> int:
    found = number(text)
    if not least <= found <= most:
        raise Refusal(Code.NUMBER_INVALID, f"From {least} to {most}.")
    return found


def _leaders(form: Form, say: Say) -> list[UUID]:
    """In the order of the rows, empty ones left out."""
    rows = [f"leader-{row}" for row in range(1, MOST_LEADERS + 1)]
    chosen = [form.clean(row, uuid, say) for row in rows if form.value(row)]
    found = [one for one in chosen if one is not None]
    if len(set(found)) < len(found):
        form.errors.setdefault("leader-1", say(ONCE))
    return found

"""Booking a time: one page, few fields, and no way to book twice by pressing twice."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from services.contracts import links
from services.contracts.booking.appointments import Book, Companion, CompanionKind
from services.contracts.booking.catalogue import FreeSlot
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Anyone
from services.contracts.links import Link, Purpose
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import fields, forms
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue, kept_place, words
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import Say, sentence

GONE = frozenset({Code.SLOT_TAKEN, Code.SLOT_CLOSED, Code.GROUP_FULL, Code.NOT_FOUND})
LONGEST_LINE = fields.LONGEST_NOTE - 100  # a wish for an interpreter stands before it
FOLDED = (
    "note",
    "interpreter",
    "municipality",
    "age_group",
    "companion_as",
    "companion_name",
    "companion_email",
)


async def ask(request: web.Request) -> web.Response:
    place = await kept_place.find(request)
    if place.stands:
        return render(request, "booked_already.html", place=place.path)
    slot = await catalogue.free_time(request, slot_id_of(request))
    if slot is None:
        return await _gone(request, Code.SLOT_TAKEN, await catalogue.next_times(request), status=200)
    if slot.group_id is not None:
        return see_other(f"/groups/{slot.group_id}/enrol/{slot.id}")
    return await _show(request, slot, Form.of(language=language_of(request)))


async def book(request: web.Request) -> web.Response:
    """Book and go to the page behind the new link, or the same page again with what is to be mended."""
    slot_id = slot_id_of(request)
    form = await forms.read(request)
    place = await kept_place.find(request)
    if place.stands:
        return see_other(f"{place.path}?done=already")
    asked = wanted(form, slot_id, say_for(request))
    if asked is None:
        return await _again(request, slot_id, form, status=400)
    call = replace(call_for(request, Anyone()), key=place.key(form.key))
    try:
        booked = await door_of(request).bus.call(asked, call)
    except Refusal as refusal:
        if refusal.code in GONE:
            slots = next_of(refusal) or await catalogue.next_times(request)
            return await _gone(request, refusal.code, slots, status=409)
        if refusal.code == Code.KEY_REUSED:
            raise
        form.refuse_all(refusal, say_for(request))
        return await _again(request, slot_id, form, status=400)
    except Unavailable:
        say = say_for(request)
        form.problem = say(
            "We could not tell whether this was booked. Press the button again: nothing is booked twice."
        )
        return await _again(request, slot_id, form, status=503)
    link = Link(purpose=Purpose.BOOKING, subject_id=booked.id, version=booked.link_version)
    path = f"/t/{links.make(door_of(request).link_keys, link)}"
    response = see_other(f"{path}?done={'held' if booked.status == BookingStatus.HELD else 'booked'}")
    kept_place.keep(request, response, path)
    return response


def slot_id_of(request: web.Request) -> UUID:
    return id_in(request, "slot_id")


def id_in(request: web.Request, name: str) -> UUID:
    """The id in the address; what is none is an address of nothing."""
    try:
        return UUID(request.match_info[name])
    except ValueError as error:
        raise Refusal(Code.NOT_FOUND, "There is nothing at this address.") from error


def wanted(form: Form, slot_id: UUID, say: Say) -> Book | None:
    """The booking that the form asks for; None when something in it must be mended first."""
    told = particulars(form, say, along=("companion",))
    return None if told is None else Book(slot_id=slot_id, **told)


def particulars(form: Form, say: Say, *, along: Sequence[str]) -> dict[str, Any] | None:
    """Who comes and how they are reached, as bookings and enrolments name it; None if it must be mended.

    The fields of each who may come along begin with a word of `along`.
    """
    display_name = form.clean("display_name", fields.name, say, needed=True)
    email = form.clean("email", fields.email, say)
    phone = form.clean("phone", fields.phone, say)
    if not form.value("email") and not form.value("phone"):
        form.refuse("email", Code.CONTACT_REQUIRED, say)
    note = form.clean("note", partial(_short, fields.words, LONGEST_LINE), say)
    companions = [one for begins in along if (one := _companion(form, begins, say)) is not None]
    if not form.value("consent"):
        form.refuse("consent", Code.CONSENT_REQUIRED, say)
    if form.errors:
        return None
    return {
        "display_name": display_name,
        "email": email,
        "phone": phone,
        "language": _one_of(form.value("language"), [code for code, _ in words.TONGUES]) or "fi",
        "municipality": _one_of(form.value("municipality"), [*words.MUNICIPALITIES, words.ELSEWHERE]),
        "age_group": _one_of(form.value("age_group"), list(words.AGE_GROUPS)),
        "note": _with_interpreter(form, note, say),
        "companions": companions,
    }


def _companion(form: Form, begins: str, say: Say) -> Companion | None:
    """A kind chosen or a name written means that somebody comes."""
    kind = _one_of(form.value(f"{begins}_as"), list(words.COMPANIONS))
    if not kind and not form.value(f"{begins}_name"):
        return None
    name = form.clean(f"{begins}_name", fields.name, say, needed=True)
    email = form.clean(f"{begins}_email", fields.email, say)
    phone = form.clean(f"{begins}_phone", fields.phone, say)
    if not form.value(f"{begins}_email") and not form.value(f"{begins}_phone"):
        form.refuse(f"{begins}_email", Code.CONTACT_REQUIRED, say)
    if form.errors:
        return None
    comes_as = CompanionKind(kind or CompanionKind.CLOSE_PERSON)
    return Companion(display_name=name, email=email, phone=phone, comes_as=comes_as)


def _with_interpreter(form: Form, note: str | None, say: Say) -> str | None:
    """The wish for an interpreter as the first line of what the host reads before the meeting."""
    spoken = words.INTERPRETED.get(form.value("interpreter"))
    if spoken is None:
        return note
    wish = say("I wish for an interpreter: {language}.").format(language=say(spoken))
    return f"{wish}\n{note}" if note else wish


def _short(rule: fields.Rule, longest: int, text: str) -> str:
    clean: str = rule(text)
    if len(clean) > longest:
        raise Refusal(Code.BODY_TOO_LARGE, f"At most {longest} characters.")
    return clean


def _one_of(given: str, allowed: list[str]) -> str | None:
    return given if given in allowed else None


async def _again(request: web.Request, slot_id: UUID, form: Form, *, status: int) -> web.Response:
    """The form once more, everything typed kept; without the time itself, the way to others."""
    slot = await catalogue.free_time(request, slot_id)
    if slot is None:
        return await _gone(request, Code.SLOT_TAKEN, await catalogue.next_times(request), status=409)
    return await _show(request, slot, form, status=status)


async def _show(request: web.Request, slot: FreeSlot, form: Form, *, status: int = 200) -> web.Response:
    context = choices(request, form) | {"theme_name": await catalogue.theme_names(request)}
    return render(request, "book.html", status=status, slot=slot, form=form, **context)


def choices(request: web.Request, form: Form) -> dict[str, Any]:
    """What the form of a booking offers to choose from."""
    say = say_for(request)
    nothing = ("", say("I would rather not say"))
    return {
        "message_languages": words.TONGUES,
        "municipalities": [
            nothing,
            *((name, name) for name in words.MUNICIPALITIES),
            (words.ELSEWHERE, say("Elsewhere")),
        ],
        "age_groups": [nothing, *((code, say(name)) for code, name in words.AGE_GROUPS.items())],
        "companion_kinds": [
            ("", say("Nobody")),
            *((code, say(name)) for code, name in words.COMPANIONS.items()),
        ],
        "interpreters": [("", say("No")), *((code, say(name)) for code, name in words.INTERPRETED.items())],
        "unfolded": any(form.value(name) for name in FOLDED),
    }


async def _gone(request: web.Request, code: Code, slots: Any, *, status: int) -> web.Response:
    say = say_for(request)
    code = Code.SLOT_TAKEN if code == Code.NOT_FOUND else code
    return render(
        request,
        "taken.html",
        status=status,
        wrong=True,
        heading=sentence(code, say),
        slots=slots,
        theme_name=await catalogue.theme_names(request),
    )


def next_of(refusal: Refusal) -> list[FreeSlot]:
    """The free times that a refusal brings along, if it brings any."""
    return msgspec.convert(refusal.facts.get("next", []), list[FreeSlot])

"""Weekly reception hours and single times: shown before they are published, changed, removed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from services.contracts.booking.receptions import (
    AddReception,
    ChangeReception,
    GetReception,
    Hours,
    ListReceptions,
    PreviewReception,
    Published,
    Reception,
    RemoveReception,
)
from services.contracts.booking.slots import AddSlot
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue, words
from services.gateway.pages.asking import do, done_in
from services.gateway.pages.book import id_in
from services.gateway.pages.hours_form import (
    NUMBERS,
    form_of,
    hours_of,
    languages_of,
    moment_of,
    number,
    rows_of,
)
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import N_, sentence
from services.gateway.who import caller_of
from services.runtime.texts import day_in_words

MORE_ROWS = 2

DONE = {
    "published": N_("The hours have been published."),
    "changed": N_("The hours have been changed."),
    "removed": N_("The hours have been removed."),
}


@dataclass(frozen=True)
class Shown:
    """A rule in the words of the list."""

    id: UUID
    rule: Hours
    days: str
    hours: str
    starts_on: str
    ends_on: str


async def receptions(request: web.Request) -> web.Response:
    return await _show_list(request)


async def _show_list(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    found = await do(request, ListReceptions(limit=100))
    return render(
        request,
        "receptions.html",
        status=status,
        receptions=[_shown(request, item) for item in found.items],
        done=done_in(request, DONE),
        problem=problem,
        theme_name=await catalogue.theme_names(request),
    )


async def new(request: web.Request) -> web.Response:
    person = caller_of(request).person
    assert person is not None
    today = door_of(request).clock.now().astimezone(door_of(request).settings.zone).date()
    values = {name: [str(number)] for name, number in NUMBERS.items()}
    values |= {
        "weekday": ["2"],
        "starts": ["13:00"],
        "ends": ["16:00"],
        "valid_from": [str(today)],
        "languages": list(person.languages),
        "skip_holidays": ["yes"],
    }
    return await _show(request, Form(values=values), more=MORE_ROWS)


async def add(request: web.Request) -> web.Response:
    form = await forms.read(request)
    if form.value("do") == "rows":
        return await _show(request, form, more=MORE_ROWS)
    hours = hours_of(form, say_for(request))
    if hours is None:
        return await _show(request, form, status=400)
    try:
        if form.value("do") != "publish":
            preview = await do(request, PreviewReception(hours=hours))
            return await _show(request, form, preview=preview)
        await do(request, AddReception(hours=hours), key=form.key)
    except Refusal as refusal:
        return await _refused(request, form, refusal)
    return see_other("/my/receptions?done=published")


async def edit(request: web.Request) -> web.Response:
    published = await do(request, GetReception(reception_id=_reception_id(request)))
    return await _show(request, form_of(published.reception.hours), more=MORE_ROWS)


async def change(request: web.Request) -> web.Response:
    form = await forms.read(request)
    reception_id = _reception_id(request)
    if form.value("do") == "rows":
        return await _show(request, form, more=MORE_ROWS)
    hours = hours_of(form, say_for(request))
    if hours is None:
        return await _show(request, form, status=400)
    try:
        if form.value("do") != "publish":
            preview = await do(request, PreviewReception(reception_id=reception_id, hours=hours))
            return await _show(request, form, preview=preview)
        await do(request, ChangeReception(reception_id=reception_id, hours=hours), key=form.key)
    except Refusal as refusal:
        return await _refused(request, form, refusal)
    return see_other("/my/receptions?done=changed")


async def ask_to_remove(request: web.Request) -> web.Response:
    return await _show_remove(request)


async def _show_remove(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    """Times that are booked stand in the way; each has a link to where it can be cancelled."""
    published = await do(request, GetReception(reception_id=_reception_id(request)))
    return render(
        request,
        "remove_reception.html",
        status=status,
        item=_shown(request, published.reception),
        booked=[slot for slot in published.slots if slot.seats_left < slot.capacity],
        free=sum(slot.seats_left == slot.capacity for slot in published.slots),
        problem=problem,
        theme_name=await catalogue.theme_names(request),
    )


async def remove(request: web.Request) -> web.Response:
    await forms.read(request)
    try:
        await do(request, RemoveReception(reception_id=_reception_id(request)))
    except Refusal as refusal:
        if refusal.code != Code.HAS_BOOKINGS:
            raise
        problem = sentence(refusal.code, say_for(request))
        return await _show_remove(request, problem=problem, status=409)
    return see_other("/my/receptions?done=removed")


async def ask_extra(request: web.Request) -> web.Response:
    person = caller_of(request).person
    assert person is not None
    values = {"minutes": ["45"], "starts": ["13:00"], "languages": list(person.languages)}
    return await _show_extra(request, Form(values=values))


async def add_extra(request: web.Request) -> web.Response:
    form, say = await forms.read(request), say_for(request)
    starts_at = moment_of(form, say, door_of(request).settings.zone)
    minutes = form.clean("minutes", number, say, needed=True)
    languages = languages_of(form, say)
    if form.errors or starts_at is None:
        return await _show_extra(request, form, status=400)
    slot = AddSlot(
        theme=form.value("theme"),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        languages=languages,
    )
    try:
        await do(request, slot, key=form.key)
    except Refusal as refusal:
        form.refuse_all(_as_typed(refusal), say)
        return await _show_extra(request, form, status=409 if refusal.code == Code.OVERLAP else 400)
    return see_other("/my/week?done=added")


def _as_typed(refusal: Refusal) -> Refusal:
    """Booking speaks of instants; the form has a day, an hour and a length."""
    names = {"starts_at": "starts", "ends_at": "minutes"}
    errors = [
        {**error, "field": names.get(error["field"], error["field"])}
        for error in refusal.facts.get("errors", [])
    ]
    return Refusal(refusal.code, refusal.detail, errors=errors)


async def _refused(request: web.Request, form: Form, refusal: Refusal) -> web.Response:
    if refusal.code == Code.NOT_FOUND:
        raise refusal
    form.refuse_all(refusal, say_for(request))
    return await _show(request, form, status=409 if refusal.code == Code.OVERLAP else 400)


async def _show(
    request: web.Request,
    form: Form,
    *,
    preview: Published | None = None,
    more: int = 0,
    status: int = 200,
) -> web.Response:
    say = say_for(request)
    is_new = "reception_id" not in request.match_info
    return render(
        request,
        "reception.html",
        status=status,
        form=form,
        path=request.path.removesuffix("/new"),
        heading=say("New weekly hours") if is_new else say("Change these hours"),
        preview=preview,
        conflicts=[_conflict(request, item.on, item.starts, item.reason) for item in _conflicts(preview)],
        weekday_options=[(str(number), say(name)) for number, name in enumerate(words.WEEKDAYS, start=1)],
        rows=rows_of(form, more=more),
        days_unfolded=form.value("do") == "rows" or _has_days(form),
        unfolded=any(name in form.errors for name in ("notice_hours", "horizon_days")),
        **await _choices(request, form),
    )


async def _show_extra(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    path = "/my/times/new"
    return render(
        request, "extra_time.html", status=status, form=form, path=path, **await _choices(request, form)
    )


async def _choices(request: web.Request, form: Form) -> dict[str, Any]:
    """A theme that is offered no longer can be kept by hours that have it, and not be chosen anew."""
    language, say = language_of(request), say_for(request)
    every = await catalogue.all_themes(request)
    themes = [item for item in every if not item.hidden or item.id == form.value("theme")]
    return {
        "theme_options": [(item.id, words.in_language(item.name, language)) for item in themes],
        "spoken_options": [(code, say(name)) for code, name in words.SPOKEN.items()],
        "theme_name": await catalogue.theme_names(request),
    }


def _has_days(form: Form) -> bool:
    """Whether some day that differs has been typed, or something is wrong with one."""
    wrong = any(name == "exceptions" or name.startswith("day") for name in form.errors)
    return wrong or any(form.value(f"day-{row}") for row in rows_of(form))


def _conflicts(preview: Published | None) -> list[Any]:
    return list(preview.conflicts) if preview else []


def _conflict(request: web.Request, on: date, starts: time, reason: str) -> dict[str, str]:
    pattern = "%H:%M" if language_of(request) == "en" else "%-H.%M"
    return {
        "at": f"{on}T{starts:%H:%M}",
        "words": f"{_on(request, on)} {starts.strftime(pattern)}",
        "reason": say_for(request)(words.CONFLICTS.get(reason, words.CONFLICTS["overlap"])),
    }


def _shown(request: web.Request, reception: Reception) -> Shown:
    hours = reception.hours
    pattern = "%H:%M" if language_of(request) == "en" else "%-H.%M"
    return Shown(
        id=reception.id,
        rule=hours,
        days=say_for(request)(words.WEEKDAYS[hours.weekday - 1]),
        hours="–".join(at.strftime(pattern) for at in (hours.starts, hours.ends)),
        starts_on=_on(request, hours.valid_from),
        ends_on=_on(request, hours.valid_until) if hours.valid_until else "",
    )


def _on(request: web.Request, day: date) -> str:
    door = door_of(request)
    noon = datetime.combine(day, time(12), door.settings.zone)
    return day_in_words(noon, door.settings.time_zone, door.clock.now(), language=language_of(request))


def _reception_id(request: web.Request) -> UUID:
    return id_in(request, "reception_id")

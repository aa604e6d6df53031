"""Making HTML: the visitor's language, our static files by their content, and every page the same frame."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import jinja2
from aiohttp import web

from services.contracts.booking.catalogue import FreeSlot
from services.gateway.door import door_of
from services.gateway.forms import Form, token_for
from services.gateway.pages import words
from services.gateway.pages.words import Say
from services.gateway.who import greeted
from services.runtime.texts import LANGUAGES, Texts, time_in_words

HERE = Path(__file__).parent.parent
DEFAULT = LANGUAGES[0]
LANGUAGE_COOKIE = "lang"
YEAR = 365 * 24 * 3600
# By these a page knows which part of what it shows, and coordinators filter their lists. Never a name.
WHERE = frozenset({"week", "after", "back", "another"})
FILTERS = frozenset(
    {"from", "to", "organisation", "host", "theme", "status", "person", "booking", "spoken"}
)
FILTERED = ("/coordinator", "/bookings/")
# The language in which somebody booked: spoken to them on a device where they have not chosen one.
PREFERRED = web.RequestKey("preferred", str)


@dataclass(frozen=True)
class StaticFile:
    """`url` names the content by its digest, so that it may be kept for ever."""

    url: str
    body: bytes
    content_type: str


@dataclass(frozen=True)
class Pages:
    texts: Texts
    environments: Mapping[str, jinja2.Environment]
    static: Mapping[str, StaticFile]

    @classmethod
    def load(cls) -> "Pages":
        texts = Texts.load(HERE / "locale")
        static = {path.name: _static_file(path) for path in sorted((HERE / "static").iterdir())}
        environments = {}
        for language in LANGUAGES:
            environment = texts.environment(HERE / "templates", language)
            say: Say = texts.translations(language).gettext
            environment.filters |= _filters(language, say)
            environment.globals |= {"static": lambda name: static[name].url, "tongues": words.TONGUES}
            environments[language] = environment
        return cls(texts=texts, environments=environments, static=static)


PAGES = web.AppKey("pages", Pages)

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def install(app: web.Application) -> None:
    """Read templates, texts and static files once."""
    app[PAGES] = Pages.load()


def language_of(request: web.Request) -> str:
    """What the visitor chose here, or earlier, or their browser prefers; Finnish otherwise."""
    browser = (part.partition(";")[0].strip()[:2] for part in _by_preference(request))
    chosen = (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE), request.get(PREFERRED))
    for wish in (*chosen, *browser):
        if wish in LANGUAGES:
            return wish
    return DEFAULT


def say_for(request: web.Request) -> Say:
    return request.config_dict[PAGES].texts.translations(language_of(request)).gettext


def render(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """A whole page. A page whose form has errors, or whose status is one, says so in its title."""
    language = language_of(request)
    door = door_of(request)
    caller = greeted(request)
    person = caller.person if caller else None
    form = context.get("form")
    known: dict[str, Any] = {
        "form": Form(),
        "now": door.clock.now(),
        "zone": door.settings.time_zone,
        "path": request.path,
        "staff": person,
        "staff_role": say_for(request)(words.ROLES[person.role]) if person else "",
        "staff_token": caller.csrf if caller else None,
        "token_for": partial(token_for, request),
        "query_with": partial(_query_with, request),
        "theme_name": lambda _: "",
        "wrong": status >= 400 or (isinstance(form, Form) and form.is_wrong),
    }
    page = request.config_dict[PAGES].environments[language].get_template(template)
    response = web.Response(
        text=page.render(known | context),
        status=status,
        content_type="text/html",
        headers={"Content-Language": language, "Vary": "Accept-Language, Cookie"},
    )
    if request.query.get("lang") in LANGUAGES:
        secure = door.settings.secure
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=YEAR, path="/", samesite="Lax", httponly=True, secure=secure
        )
    return response


def for_anybody(pages: Pages, template: str, language: str, **context: Any) -> str:
    """The text of a page that says nothing of who asks or where, so that it may be kept for all."""
    known: dict[str, Any] = {
        "form": Form(),
        "staff": None,
        "wrong": True,
        "query_with": lambda **changes: urlencode(changes),
    }
    return pages.environments[language].get_template(template).render(known | context)


def see_other(location: str) -> web.Response:
    """After a POST: show the page that now holds, so that loading it again repeats nothing."""
    return web.Response(status=303, headers={"Location": location})


def _by_preference(request: web.Request) -> list[str]:
    parts = request.headers.get("Accept-Language", "").lower()[:500].split(",")

    def weight(part: str) -> float:
        _, _, q = part.partition("q=")
        try:
            return -float(q) if q else -1.0
        except ValueError:
            return 0.0

    return sorted(parts, key=weight)


def _query_with(request: web.Request, **changes: str) -> str:
    """The present query with something else in it: a choice of language keeps the page where it is.

    What no page of ours asks for is left behind.
    """
    kept = WHERE | FILTERS if request.path.startswith(FILTERED) else WHERE
    return urlencode({name: value for name, value in request.query.items() if name in kept} | changes)


def _static_file(path: Path) -> StaticFile:
    body = path.read_bytes()
    digest = sha256(body).hexdigest()[:12]
    return StaticFile(url=f"/static/{digest}/{path.name}", body=body, content_type=_TYPES[path.suffix])


@dataclass(frozen=True)
class Day:
    date: date
    slots: list[Any]


def by_day(slots: Iterable[FreeSlot]) -> list[Day]:
    """Slots in order of start, under the day on which each is in its own zone."""

    def local_day(slot: FreeSlot) -> date:
        return slot.starts_at.astimezone(ZoneInfo(slot.time_zone)).date()

    return [Day(day, list(group)) for day, group in groupby(slots, key=local_day)]


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _same_day(at: datetime, other: datetime, zone: str) -> bool:
    here = ZoneInfo(zone)
    return at.astimezone(here).date() == other.astimezone(here).date()


def _filters(language: str, say: Say) -> dict[str, Any]:
    def tongue_list(codes: list[str]) -> str:
        return ", ".join(say(words.SPOKEN[code]) if code in words.SPOKEN else code for code in codes)

    def slot_hours(slot: Any) -> str:
        return words.hours(slot.starts_at, slot.ends_at, slot.time_zone, language)

    def at_hours(slot: Any) -> str:
        """ "klo 13.00–13.45", to be kept on one line."""
        word, space, _ = time_in_words(slot.starts_at, slot.time_zone, language=language).rpartition(" ")
        return word + space + slot_hours(slot)

    return {
        "at_hours": at_hours,
        "by_day": by_day,
        "rfc3339": _rfc3339,
        "same_day": _same_day,
        "tongue_list": tongue_list,
        "hours": slot_hours,
        "in_language": partial(words.in_language, language=language),
    }

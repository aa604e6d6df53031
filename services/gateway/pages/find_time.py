"""The front page, and free times as a plain list."""

import asyncio
from dataclasses import asdict, dataclass
from uuid import UUID

from aiohttp import web

from services.contracts.booking.catalogue import FreeSlots
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.forms import Form
from services.gateway.pages import catalogue, wishes, words
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.theme_words import IN_OTHER_WORDS

WISH_COOKIE = "wish"


@dataclass(frozen=True)
class Wish:
    """What a visitor looks for; empty strings mean "anything"."""

    theme: str = ""
    organisation: str = ""
    spoken: str = ""

    @property
    def is_any(self) -> bool:
        return self == Wish()


async def front(request: web.Request) -> web.Response:
    say = say_for(request)
    return render(
        request,
        "front.html",
        themes=await catalogue.themes(request),
        other_words={theme: say(sentence) for theme, sentence in IN_OTHER_WORDS.items()},
    )


async def times(request: web.Request) -> web.Response:
    wish = _wish_of(request)
    after = request.query.get("after")
    themes, organisations, found = await asyncio.gather(
        catalogue.themes(request), catalogue.organisations(request), _find(request, wish, after)
    )
    language, say = language_of(request), say_for(request)
    return render(
        request,
        "times.html",
        form=Form.of(**asdict(wish)),
        theme_options=[
            ("", say("Anything")),
            *((item.id, words.in_language(item.name, language)) for item in themes),
        ],
        organisation_options=[("", say("Any")), *((str(item.id), item.name) for item in organisations)],
        language_options=[("", say("Any")), *((code, say(name)) for code, name in words.SPOKEN.items())],
        slots=found.items,
        more=found.next,
        after=after,
        filtered=not wish.is_any,
        theme_name=await catalogue.theme_names(request),
    )


async def look_for(request: web.Request) -> web.Response:
    form = await forms.read(request)
    wish = Wish() if form.value("all") else Wish(**{name: form.value(name) for name in asdict(Wish())})
    response = see_other("/times")
    wishes.keep(request, response, WISH_COOKIE, asdict(wish))
    return response


async def _find(request: web.Request, wish: Wish, after: str | None) -> FreeSlots:
    """A cursor or a wish that booking cannot read is as good as none."""
    try:
        return await catalogue.free_times(
            request,
            theme=wish.theme or None,
            organisation=_uuid(wish.organisation),
            language=wish.spoken or None,
            after=after,
        )
    except Refusal as refusal:
        if refusal.code not in (Code.PAGE_INVALID, Code.FIELD_INVALID):
            raise
        return await catalogue.free_times(request)


def _wish_of(request: web.Request) -> Wish:
    kept = wishes.kept(request, WISH_COOKIE)
    return Wish(**{name: kept.get(name, "") for name in asdict(Wish())})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

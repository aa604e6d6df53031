"""Remote groups as a plain list. As with times, what a visitor looks for stands in no address."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from services.contracts.booking.groups import Group, Groups, ListGroups
from services.contracts.envelope import Anyone
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import forms
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue, wishes, words
from services.gateway.pages.groups import wording
from services.gateway.pages.rendering import language_of, render, say_for, see_other

WISH_COOKIE = "group-wish"
AT_ONCE = 20
FEW = 3


@dataclass(frozen=True)
class Wish:
    """Empty strings mean "anything"."""

    theme: str = ""
    spoken: str = ""


async def browse(request: web.Request) -> web.Response:
    wish = _wish_of(request)
    after = request.query.get("after")
    found = await _find(request, wish, after)
    say, language = say_for(request), language_of(request)
    themes = await catalogue.themes(request)
    return render(
        request,
        "groups/browse.html",
        form=Form.of(**asdict(wish)),
        theme_options=[
            ("", say("Anything")),
            *((item.id, words.in_language(item.name, language)) for item in themes),
        ],
        language_options=[("", say("Any")), *((code, say(name)) for code, name in words.SPOKEN.items())],
        groups=found.items,
        more=found.next,
        after=after,
        filtered=wish != Wish(),
        theme_name=await catalogue.theme_names(request),
        **card_words(request),
    )


async def look_for(request: web.Request) -> web.Response:
    form = await forms.read(request)
    wish = Wish() if form.value("all") else Wish(form.value("theme"), form.value("spoken"))
    response = see_other("/groups")
    wishes.keep(request, response, WISH_COOKIE, asdict(wish))
    return response


def card_words(request: web.Request) -> dict[str, Any]:
    """What a group's card says beside what booking tells of it."""
    say = say_for(request)
    return {"glimpse": wording.glimpse, "kind_of": lambda group: wording.kind_of(say, group)}


async def some_groups(
    request: web.Request, *, theme: str | None = None, but: UUID | None = None
) -> Sequence[Group]:
    """A few groups as a way on from a page that could end here; none rather than an error."""
    try:
        found = (await _ask(request, theme=theme, limit=FEW + 1)).items
        if theme and not [group for group in found if group.id != but]:
            found = (await _ask(request, limit=FEW + 1)).items
    except (Refusal, Unavailable):
        return []
    return [group for group in found if group.id != but][:FEW]


async def _find(request: web.Request, wish: Wish, after: str | None) -> Groups:
    """A cursor or a wish that booking cannot read is as good as none."""
    try:
        return await _ask(request, theme=wish.theme or None, language=wish.spoken or None, after=after)
    except Refusal as refusal:
        if refusal.code not in (Code.PAGE_INVALID, Code.FIELD_INVALID):
            raise
        return await _ask(request)


async def _ask(
    request: web.Request,
    *,
    theme: str | None = None,
    language: str | None = None,
    after: str | None = None,
    limit: int = AT_ONCE,
) -> Groups:
    wanted = ListGroups(theme=theme, language=language, cursor=after, limit=limit)
    return await door_of(request).bus.call(wanted, call_for(request, Anyone()))


def _wish_of(request: web.Request) -> Wish:
    kept = wishes.kept(request, WISH_COOKIE)
    return Wish(theme=kept.get("theme", ""), spoken=kept.get("spoken", ""))

"""The themes by which residents look for help: their words in three languages, and their order."""

from collections.abc import Sequence

from aiohttp import web

from services.contracts.booking.catalogue import PutTheme, Theme, Words
from services.contracts.refusals import Code, Refusal
from services.gateway import fields, forms
from services.gateway.audit import Action
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, done_in, note
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import N_, Say, in_language

PATH = "/coordinator/themes"
NAMES = ("name_fi", "name_sv", "name_en")
DONE = {
    "added": N_("The theme has been added."),
    "changed": N_("The theme has been changed."),
}


async def themes(request: web.Request) -> web.Response:
    catalogue.forget_themes(request)  # another copy of the gateway may have changed them
    return render(
        request,
        "coordinator/themes.html",
        themes=await catalogue.all_themes(request),
        done=done_in(request, DONE),
    )


async def new(request: web.Request) -> web.Response:
    return await _show(request, Form(), None)


async def add(request: web.Request) -> web.Response:
    form = await forms.read(request)
    return await _put(request, form, None)


async def edit(request: web.Request) -> web.Response:
    theme, place = await _theme(request)
    names = {f"name_{language}": in_language(theme.name, language) for language in ("fi", "sv", "en")}
    hidden = {"hidden": "yes"} if theme.hidden else {}
    return await _show(request, Form.of(place=str(place), **names, **hidden), theme)


async def change(request: web.Request) -> web.Response:
    form = await forms.read(request)
    theme, _ = await _theme(request)
    return await _put(request, form, theme)


async def _put(request: web.Request, form: Form, theme: Theme | None) -> web.Response:
    say = say_for(request)
    wanted = _wanted(form, theme, say)
    if wanted is None:
        return await _show(request, form, theme, status=400)
    await note(request, Action.THEME_CHANGED if theme else Action.THEME_ADDED)
    try:
        await do(request, wanted, key=form.key)
    except Refusal as refusal:
        if "errors" not in refusal.facts:
            raise
        form.refuse_all(refusal, say)
        return await _show(request, form, theme, status=400)
    catalogue.forget_themes(request)
    return see_other(f"{PATH}?done={'changed' if theme else 'added'}")


def _wanted(form: Form, theme: Theme | None, say: Say) -> PutTheme | None:
    fi, sv, en = (form.clean(name, fields.name, say, needed=True) for name in NAMES)
    if form.errors:
        return None
    place = form.value("place")
    return PutTheme(
        theme_id=theme.id if theme else None,
        name=Words(fi, sv, en),
        position=int(place) if place.isascii() and place.isdigit() and len(place) <= 3 else None,
        hidden=bool(form.value("hidden")),
    )


async def _theme(request: web.Request) -> tuple[Theme, int]:
    """The theme of the address and its place in the order, from 1."""
    for place, theme in enumerate(await catalogue.all_themes(request), start=1):
        if theme.id == request.match_info["theme"]:
            return theme, place
    raise Refusal(Code.NOT_FOUND, "There is no such theme.")


async def _show(
    request: web.Request, form: Form, theme: Theme | None, *, status: int = 200
) -> web.Response:
    every = await catalogue.all_themes(request)
    return render(
        request,
        "coordinator/theme.html",
        status=status,
        form=form,
        theme=theme,
        place_options=_places(request, every, theme),
    )


def _places(request: web.Request, every: Sequence[Theme], theme: Theme | None) -> list[tuple[str, str]]:
    """Where it can stand: first, or after one of the others."""
    say, language = say_for(request), language_of(request)
    others = [item for item in every if theme is None or item.id != theme.id]
    after = [
        (str(place), say("after: {theme}").format(theme=in_language(item.name, language)))
        for place, item in enumerate(others, start=2)
    ]
    return [("1", say("first")), *after] if theme else [("", say("last")), ("1", say("first")), *after[:-1]]

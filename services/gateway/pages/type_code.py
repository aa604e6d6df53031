"""The code on a card, typed on any computer. Whatever is wrong with it, the answer is the same."""

from aiohttp import web

from services.contracts.envelope import Anyone
from services.gateway import cards, forms
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.limits import Limit
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_

WRONG = N_("This code does not work. Check it sign by sign, or ask for a new card.")


async def ask(request: web.Request) -> web.Response:
    return render(request, "code.html")


async def open_page(request: web.Request) -> web.Response:
    """To the page behind the link. What is typed is not shown again: it might be read over a shoulder."""
    form, door = await forms.read(request), door_of(request)
    await door.limits.spend_everybody(Limit.ALL_CODES, request)
    token = await cards.token_behind(door, form.value("code"), call_for(request, Anyone()))
    if token is None:
        wrong = forms.Form(errors={"code": say_for(request)(WRONG)})
        return render(request, "code.html", status=400, form=wrong)
    return see_other(f"/t/{token}")

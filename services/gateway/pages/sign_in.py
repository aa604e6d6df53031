"""Signing in for those who serve: a mail with a link, and a button behind it. Looking uses nothing up."""

import re

from aiohttp import web

from services.contracts.envelope import Anyone
from services.gateway import fields, forms, sessions, signing_in
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.limits import Limit
from services.gateway.pages.rendering import render, say_for, see_other

WISH_COOKIE = "way"
WISHED_FOR = 3600
STAFF_PAGE = re.compile(r"/(my|coordinator|bookings)(/[A-Za-z0-9-]+){0,5}", re.ASCII)


async def ask(request: web.Request) -> web.Response:
    return render(request, "sign_in.html", form=Form())


async def send(request: web.Request) -> web.Response:
    form = await forms.read(request)
    email = form.clean("email", fields.email, say_for(request), needed=True)
    if email is None:
        return render(request, "sign_in.html", status=400, form=form)
    door = door_of(request)
    await door.limits.spend_contact(Limit.SIGN_IN, request, email)
    await signing_in.ask(door, email, call_for(request, Anyone()))
    return see_other("/sign-in/sent")


async def sent(request: web.Request) -> web.Response:
    say = say_for(request)
    return render(
        request,
        "sent.html",
        heading=say("Look at your mail"),
        words=say("If somebody is known by that address, a sign-in link is on its way. It works once."),
        back="/sign-in",
        back_words=say("Back to signing in"),
    )


async def offer(request: web.Request) -> web.Response:
    """The same page for every token: whether it works is found out by pressing."""
    return render(request, "sign_in_confirm.html")


async def sign_in(request: web.Request) -> web.Response:
    await forms.read(request)
    token = request.match_info["token"]
    person_id = await signing_in.confirm(door_of(request), token, call_for(request, Anyone()))
    await sessions.begin(request, person_id)
    response = see_other(_wished(request))
    response.del_cookie(WISH_COOKIE, path="/sign-in")
    return response


def remember(request: web.Request, response: web.Response) -> None:
    """Where somebody wanted to go who had to sign in first: kept in this browser until they have."""
    if request.method != "GET" or not STAFF_PAGE.fullmatch(request.path):
        return
    response.set_cookie(
        WISH_COOKIE,
        request.path,
        max_age=WISHED_FOR,
        path="/sign-in",
        httponly=True,
        samesite="Lax",
        secure=door_of(request).settings.secure,
    )


def _wished(request: web.Request) -> str:
    """The cookie is the visitor's own and may hold anything: only a page of ours is gone to."""
    wish = request.cookies.get(WISH_COOKIE, "")
    return wish if STAFF_PAGE.fullmatch(wish) else "/my"


async def sign_out(request: web.Request) -> web.Response:
    await forms.read(request)
    await sessions.end(request)
    return see_other("/")

""" "Send me my links again": always the same answer, whoever is known here."""

from aiohttp import web

from services.contracts.booking.appointments import RequestLinks
from services.contracts.envelope import Anyone
from services.contracts.refusals import Code
from services.gateway import fields, forms
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.limits import Limit
from services.gateway.pages.rendering import render, say_for, see_other


async def ask(request: web.Request) -> web.Response:
    return render(request, "links.html", form=Form())


async def send(request: web.Request) -> web.Response:
    form, say = await forms.read(request), say_for(request)
    email = form.clean("email", fields.email, say)
    phone = form.clean("phone", fields.phone, say)
    if not form.value("email") and not form.value("phone"):
        form.refuse("email", Code.CONTACT_REQUIRED, say)
    if form.errors:
        return render(request, "links.html", status=400, form=form)
    door = door_of(request)
    for contact in filter(None, (email, phone)):
        await door.limits.spend_contact(Limit.LINKS, request, contact)
    await door.bus.call(RequestLinks(email=email, phone=phone), call_for(request, Anyone(), key=form.key))
    return see_other("/links/sent")


async def sent(request: web.Request) -> web.Response:
    say = say_for(request)
    return render(
        request,
        "sent.html",
        heading=say("Look at your messages"),
        words=say("If there are coming times in that name, their links are on the way."),
        back="/",
        back_words=say("To the front page"),
    )

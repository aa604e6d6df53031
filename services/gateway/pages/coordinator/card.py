"""The card of a booking, to be printed: when, with whom, and a code that works on any computer.

Its words are in the language of whoever gets it. It is shown once, as the answer
to the press that made it.
"""

import segno
from aiohttp import web
from markupsafe import Markup

from services.contracts.booking.appointments import Booking, DescribeBooking
from services.contracts.refusals import Code, Refusal
from services.gateway import cards, forms
from services.gateway.audit import Action
from services.gateway.calls import call_for
from services.gateway.cards import Card
from services.gateway.door import door_of
from services.gateway.pages.asking import do, note
from services.gateway.pages.coordinator.booking import booking_id_of, show
from services.gateway.pages.rendering import PAGES, render, say_for
from services.gateway.pages.words import sentence
from services.gateway.who import caller_of


async def make(request: web.Request) -> web.Response:
    """The same press answers with the same card; another one makes the former useless."""
    form, booking_id = await forms.read(request), booking_id_of(request)
    await note(request, Action.CARD_MADE, booking_id=booking_id)
    booking = await do(request, DescribeBooking(booking_id=booking_id))
    call = call_for(request, caller_of(request).actor)
    try:
        card = await cards.make(door_of(request), booking, key=form.key, call=call)
    except Refusal as refusal:
        if refusal.code != Code.ALREADY_CANCELLED:
            raise
        return await show(request, problem=sentence(refusal.code, say_for(request)), status=409)
    return render(request, "coordinator/card.html", booking=booking, face=_face(request, booking, card))


def _face(request: web.Request, booking: Booking, card: Card) -> Markup:
    """What is printed, in the language of the booking."""
    door = door_of(request)
    template = (
        request.config_dict[PAGES].environments[booking.language].get_template("coordinator/card_face.html")
    )
    return Markup(  # noqa: S704  # a template of ours, escaped as every page is
        template.render(
            language=booking.language,
            slot=booking.slot,
            now=door.clock.now(),
            card=card,
            address=f"{door.settings.origin.partition('://')[2]}/code",
            phone=door.settings.phone,
            picture=_picture(card.link),
        )
    )


def _picture(link: str) -> Markup:
    code = segno.make(link, error="m", micro=False)
    return Markup(code.svg_inline(omitsize=True, border=4, svgclass="qr", lineclass=None, light="#fff"))  # noqa: S704  # segno makes shapes only

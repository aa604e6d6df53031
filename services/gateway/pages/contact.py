"""How somebody who has booked can be reached: said beforehand that the look is written down, then shown.

Asking shows nothing; only the button does, and its answer is nowhere to be
found again without pressing it anew.
"""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import Contact, DescribeBooking, ReadContact
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do, note
from services.gateway.pages.book import id_in
from services.gateway.pages.rendering import render


async def ask(request: web.Request) -> web.Response:
    return await _show(request, None)


async def reveal(request: web.Request) -> web.Response:
    """One row of the audit trail first; a look that booking refuses leaves a second one."""
    await forms.read(request)
    booking_id = _booking_id(request)
    await note(request, Action.CONTACT_READ, booking_id=booking_id)
    try:
        contact = await do(request, ReadContact(booking_id=booking_id))
    except Refusal as refusal:
        if refusal.code in (Code.NOT_FOUND, Code.FORBIDDEN):
            await note(request, Action.BOOKING_REFUSED, booking_id=booking_id)
        raise
    return await _show(request, contact)


async def _show(request: web.Request, contact: Contact | None) -> web.Response:
    booking = await do(request, DescribeBooking(booking_id=_booking_id(request)))
    return render(
        request,
        "contact.html",
        booking=booking,
        contact=contact,
        theme_name=await catalogue.theme_names(request),
    )


def _booking_id(request: web.Request) -> UUID:
    return id_in(request, "booking_id")

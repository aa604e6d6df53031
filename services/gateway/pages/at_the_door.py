"""Who stands at the door of a meeting: those who wait, and by name those who say they cannot get in.

A page of its own for hosts without script; the meeting's own page fetches it now and then.
"""

from collections.abc import Sequence
from uuid import UUID

from aiohttp import web

from services.contracts.booking.slots import Attendee, GetSlot
from services.contracts.rooms import Look
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages.book import id_in
from services.gateway.pages.rendering import render
from services.gateway.who import caller_of


async def show(request: web.Request) -> web.Response:
    slot_id = id_in(request, "slot_id")
    bus, call = door_of(request).bus, call_for(request, caller_of(request).actor)
    slot = await bus.call(GetSlot(slot_id=slot_id), call)
    view = await bus.call(Look(slot_id=slot_id), call)
    outside = named(slot.bookings, view.cannot_get_in)
    said = ",".join([f"{view.waiting}", *(str(person.booking_id) for person in outside)])
    return render(
        request,
        "door.html",
        slot=slot,
        waiting=view.waiting,
        cannot_get_in=outside,
        said=said if view.waiting or outside else "",
    )


def named(people: Sequence[Attendee], booking_ids: Sequence[UUID]) -> list[Attendee]:
    """Those of the slot's people who are meant, in the order in which they asked."""
    by_id = {person.booking_id: person for person in people}
    return [by_id[booking_id] for booking_id in booking_ids if booking_id in by_id]

"""What has been given to a volunteer to do."""

from datetime import timedelta

from aiohttp import web

from services.contracts.booking.slots import ListHostSlots, SlotState
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages import catalogue
from services.gateway.pages.rendering import render
from services.gateway.who import caller_of

AHEAD = timedelta(days=60)
AT_MOST = 20


async def assigned(request: web.Request) -> web.Response:
    """Groups, requests and visits come later; what there is now are one's own times, if one has any."""
    now = door_of(request).clock.now()
    asked = ListHostSlots(from_at=now - timedelta(hours=1), to_at=now + AHEAD, limit=AT_MOST)
    found = await door_of(request).bus.call(asked, call_for(request, caller_of(request).actor))
    return render(
        request,
        "assigned.html",
        slots=[slot for slot in found.items if slot.state is SlotState.OPEN],
        theme_name=await catalogue.theme_names(request),
    )

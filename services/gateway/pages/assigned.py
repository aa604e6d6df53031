"""What has been given to a volunteer to do."""

from datetime import timedelta

from aiohttp import web

from services.contracts.booking.slots import ListHostSlots, SlotState
from services.contracts.refusals import Refusal, Unavailable
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages import catalogue
from services.gateway.pages.leading import duties
from services.gateway.pages.leading.duties import Mine
from services.gateway.pages.rendering import render
from services.gateway.who import caller_of

AHEAD = timedelta(days=60)
AT_MOST = 20


async def assigned(request: web.Request) -> web.Response:
    """Sessions to lead, and one's own times. Requests and visits come later."""
    now = door_of(request).clock.now()
    asked = ListHostSlots(from_at=now - timedelta(hours=1), to_at=now + AHEAD, limit=AT_MOST)
    found = await door_of(request).bus.call(asked, call_for(request, caller_of(request).actor))
    return render(
        request,
        "assigned.html",
        slots=[slot for slot in found.items if slot.state is SlotState.OPEN and slot.group_id is None],
        mine=await _duties(request),
        theme_name=await catalogue.theme_names(request),
    )


async def _duties(request: web.Request) -> Mine:
    try:
        return await duties.find(request)
    except (Refusal, Unavailable):
        return Mine(soon=[], asked=[], wanted=[], promised=[])

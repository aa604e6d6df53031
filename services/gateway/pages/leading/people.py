"""Who comes to a session: nicknames and what they wrote, never a way to reach them."""

from uuid import UUID

from aiohttp import web

from services.contracts.booking.enrolment import Attendees, ListAttendees
from services.contracts.refusals import Code, Refusal
from services.gateway import audit
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages.coordinator.asking import do
from services.gateway.who import caller_of

AT_ONCE = 100


async def people_of(request: web.Request, slot_id: UUID, after: str | None = None) -> Attendees:
    """A hundred at a time, as they have come; a cursor that cannot be read is as good as none."""
    await audit.note_people(door_of(request), call_for(request, caller_of(request).actor), slot_id)
    try:
        return await do(request, ListAttendees(slot_id=slot_id, limit=AT_ONCE, cursor=after))
    except Refusal as refusal:
        if refusal.code != Code.PAGE_INVALID or after is None:
            raise
        return await people_of(request, slot_id)

"""Who comes to a session: nicknames and what they wrote, never a way to reach them."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from aiohttp import web

from services.contracts.booking.enrolment import Attendees, ListAttendees
from services.contracts.booking.slots import Attendee
from services.contracts.refusals import Code, Refusal, Unavailable
from services.contracts.rooms import Here, ListPresence
from services.gateway import audit
from services.gateway.calls import beside, call_for
from services.gateway.door import door_of
from services.gateway.pages.asking import do
from services.gateway.who import caller_of

AT_ONCE = 100
_NUMBERED = re.compile(r"(.+\S) ([2-9]|[1-9][0-9]{1,3})")


async def people_of(request: web.Request, slot_id: UUID, after: str | None = None) -> Attendees:
    """A hundred at a time, as they have come; a cursor that cannot be read is as good as none."""
    await audit.note_people(door_of(request), call_for(request, caller_of(request).actor), slot_id)
    try:
        return await do(request, ListAttendees(slot_id=slot_id, limit=AT_ONCE, cursor=after))
    except Refusal as refusal:
        if refusal.code != Code.PAGE_INVALID or after is None:
            raise
        return await people_of(request, slot_id)


async def presence_of(request: web.Request, slot_id: UUID) -> Mapping[UUID, Here]:
    """Those who are or were in the room, by their bookings; nobody while rooms does not tell."""
    try:
        async with beside():
            found = await do(request, ListPresence(slot_id=slot_id))
    except (Refusal, Unavailable, TimeoutError):
        return {}
    return {item.who_id: item for item in found.items if not item.hosts}


def told_apart(people: Sequence[Attendee], here: Mapping[UUID, Here]) -> list[Attendee]:
    """Each by the name that the others see in the room: who leads must know which Aino it is."""
    return [
        msgspec.structs.replace(
            person, display_name=name_in_room(person.display_name, here.get(person.booking_id))
        )
        for person in people
    ]


def name_in_room(name: str, here: Here | None) -> str:
    """Who came as the second "Aino" is "Aino 2" there."""
    found = _NUMBERED.fullmatch(name)
    plain, asked = (found[1], int(found[2])) if found else (name, 1)
    if here is None or here.number in (None, asked):
        return name
    return f"{plain} {here.number}"

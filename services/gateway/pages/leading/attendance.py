"""Who came to a session: filled in by what the room has seen, and set right by those who led it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from services.contracts.booking.appointments import RecordOutcome
from services.contracts.booking.slots import Attendee, BookingStatus
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages.asking import do, note
from services.gateway.pages.leading import session_acts
from services.gateway.pages.leading.people import people_of, presence_of, told_apart
from services.gateway.pages.leading.session_acts import slot_id_of
from services.gateway.pages.rendering import render, see_other

OUTCOMES = (BookingStatus.ATTENDED, BookingStatus.NO_SHOW)
HAD_A_PLACE = (BookingStatus.CONFIRMED, *OUTCOMES)


@dataclass(frozen=True)
class Roll:
    """Those of one page of the list who had a place."""

    people: Sequence[Attendee]
    after: str | None
    more: str | None


async def show(request: web.Request) -> web.Response:
    duty = await session_acts.find(request)
    roll = await _roll(request, request.query.get("after"))
    chosen = {_name(person): [_likely(person)] for person in roll.people}
    return render(
        request,
        "leading/attendance.html",
        duty=duty,
        roll=roll,
        form=Form(values=chosen),
        begun=door_of(request).clock.now() >= duty.starts_at,
    )


async def record(request: web.Request) -> web.Response:
    """Only what is another than what stands is written, so that a second press changes nothing."""
    form = await forms.read(request)
    roll = await _roll(request, form.value("after") or None)
    for person in roll.people:
        said = form.value(_name(person))
        if said in OUTCOMES and said != person.status:
            await _record(request, person, BookingStatus(said))
    return see_other(f"/my/sessions/{slot_id_of(request)}?done=noted")


async def _record(request: web.Request, person: Attendee, status: BookingStatus) -> None:
    await note(request, Action.OUTCOME_RECORDED, booking_id=person.booking_id)
    guided_to = person.guided_to if status is BookingStatus.ATTENDED else []
    await do(request, RecordOutcome(booking_id=person.booking_id, status=status, guided_to=guided_to))


async def _roll(request: web.Request, after: str | None) -> Roll:
    slot_id = slot_id_of(request)
    found, here = await asyncio.gather(people_of(request, slot_id, after), presence_of(request, slot_id))
    people = [person for person in told_apart(found.items, here) if person.status in HAD_A_PLACE]
    return Roll(people=people, after=after, more=found.next)


def _name(person: Attendee) -> str:
    return f"came-{person.booking_id}"


def _likely(person: Attendee) -> str:
    """What stands, or what the room has seen; nothing for who was not seen and may have come by phone."""
    if person.status in OUTCOMES:
        return str(person.status)
    return str(BookingStatus.ATTENDED) if person.joined else ""

"""What a host does from the desk: leave, end the meeting, send somebody out and let them back."""

from aiohttp import web

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import CloseRoom, Leave, RemoveParticipant
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.pages.asking import do, note
from services.gateway.pages.book import id_in
from services.gateway.pages.leading import session_acts
from services.gateway.pages.leading.people import name_in_room, presence_of
from services.gateway.pages.leading.session_acts import slot_id_of
from services.gateway.pages.rendering import render, see_other


async def leave(request: web.Request) -> web.Response:
    await forms.read(request)
    await do(request, Leave(slot_id=slot_id_of(request)))
    return _desk(request, "left")


async def ask_to_close(request: web.Request) -> web.Response:
    """It ends the meeting for good, also for those who are late."""
    return render(request, "leading/close.html", duty=await session_acts.find(request))


async def close(request: web.Request) -> web.Response:
    await forms.read(request)
    await note(request, Action.ROOM_CLOSED, slot_id=slot_id_of(request))
    await do(request, CloseRoom(slot_id=slot_id_of(request)))
    return _desk(request, "closed")


async def ask_to_send_out(request: web.Request) -> web.Response:
    booking = await do(request, DescribeBooking(booking_id=id_in(request, "booking_id")))
    if booking.slot.id != slot_id_of(request):
        raise Refusal(Code.NOT_FOUND, "They are in another session.")
    here = await presence_of(request, booking.slot.id)
    name = name_in_room(booking.display_name, here.get(booking.id))
    return render(request, "leading/send_out.html", booking=booking, name=name)


async def send_out(request: web.Request) -> web.Response:
    await _remove(request, Action.PARTICIPANT_REMOVED, back=False)
    return _desk(request, "out")


async def let_back(request: web.Request) -> web.Response:
    await _remove(request, Action.PARTICIPANT_LET_BACK, back=True)
    return _desk(request, "back")


async def _remove(request: web.Request, action: Action, *, back: bool) -> None:
    await forms.read(request)
    slot_id, booking_id = slot_id_of(request), id_in(request, "booking_id")
    await note(request, action, slot_id=slot_id, booking_id=booking_id)
    await do(request, RemoveParticipant(slot_id=slot_id, booking_id=booking_id, back=back))


def _desk(request: web.Request, done: str) -> web.Response:
    return see_other(f"/my/sessions/{slot_id_of(request)}?done={done}")

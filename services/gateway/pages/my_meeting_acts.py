"""What a resident does behind their link: join, leave, confirm, cancel, move, tell how it was, ask anew."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import (
    Booking,
    CancelBooking,
    ConfirmBooking,
    DescribeBooking,
    GiveFeedback,
    MoveBooking,
    RequestLinks,
)
from services.contracts.booking.catalogue import FreeSlot
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Request
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import Leave
from services.gateway import forms, helping, joining
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.groups import acts
from services.gateway.pages.my_meeting import show
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import sentence
from services.gateway.who import caller_of

R = TypeVar("R")

ROOM_SHUT = frozenset({Code.ROOM_NOT_OPEN, Code.ROOM_CLOSED, Code.REMOVED})
GONE = frozenset({Code.SLOT_TAKEN, Code.SLOT_CLOSED, Code.GROUP_FULL, Code.NOT_FOUND})
LONGEST_WORDS = 2000


async def join(request: web.Request) -> web.Response:
    """The button to the meeting. Before the host is in, the resident has let them know and waits."""
    form = await forms.read(request)
    call = call_for(request, caller_of(request).actor)
    try:
        joined = await joining.as_resident(door_of(request), call, name=None, language=language_of(request))
    except Refusal as refusal:
        if refusal.code in ROOM_SHUT:  # the meeting's page says it better than an error could
            return _home(request)
        raise
    if joined.video is None:
        return _home(request)
    say = say_for(request)
    return render(
        request,
        "room.html",
        heading=say("Your meeting"),
        video=joined.video,
        quiet=joined.quiet,
        sound_only=form.value("camera") == "off",
        help=f"/t/{request.match_info['token']}/help",
        leave=f"/t/{request.match_info['token']}/leave",
        close=None,
    )


async def ask_for_help(request: web.Request) -> web.Response:
    """ "I cannot get in": the host sees it at once, and the resident's page says what happens now."""
    await forms.read(request)
    try:
        await helping.ask(door_of(request), call_for(request, caller_of(request).actor))
    except Refusal as refusal:
        if refusal.code in ROOM_SHUT:
            return _home(request)
        raise
    return _home(request, "help")


async def leave(request: web.Request) -> web.Response:
    await forms.read(request)
    await _do(request, Leave())
    return _home(request, "left")


async def confirm(request: web.Request) -> web.Response:
    await forms.read(request)
    await _do(request, ConfirmBooking(booking_id=booking_id_of(request)))
    return _home(request, "confirmed")


async def ask_to_cancel(request: web.Request) -> web.Response:
    booking = await _live_booking(request)
    if booking is None:
        return _home(request)
    return render(
        request,
        "groups/skip.html" if booking.enrolment_id else "cancel.html",
        slot=booking.slot,
        group=None,
        token=request.match_info["token"],
        theme_name=await catalogue.theme_names(request),
    )


async def cancel(request: web.Request) -> web.Response:
    await forms.read(request)
    await _do(request, CancelBooking(booking_id=booking_id_of(request)))
    return _home(request)


async def ask_to_move(request: web.Request) -> web.Response:
    return await _show_other_times(request, status=200)


async def move(request: web.Request) -> web.Response:
    form = await forms.read(request)
    try:
        slot_id = UUID(form.value("slot_id"))
        await _do(request, MoveBooking(booking_id=booking_id_of(request), slot_id=slot_id))
    except ValueError:
        return await _show_other_times(request, status=400, code=Code.SLOT_CLOSED)
    except Refusal as refusal:
        if refusal.code not in GONE:
            raise
        return await _show_other_times(request, status=409, code=refusal.code)
    return _home(request, "moved")


async def _show_other_times(request: web.Request, *, status: int, code: Code | None = None) -> web.Response:
    """Other times of the same host, then of others with the same theme."""
    booking = await _live_booking(request)
    if booking is None:
        return _home(request)
    slots = await _other_times(request, booking)
    code = Code.SLOT_TAKEN if code == Code.NOT_FOUND else code
    return render(
        request,
        "move.html",
        status=status,
        problem=sentence(code, say_for(request)) if code else "",
        slot=booking.slot,
        slots=sorted(slots, key=lambda slot: (slot.starts_at, str(slot.id))),
        token=request.match_info["token"],
        theme_name=await catalogue.theme_names(request),
    )


async def _other_times(request: web.Request, booking: Booking) -> Sequence[FreeSlot]:
    if booking.slot.group_id is not None:
        return await acts.other_sessions(request, booking)
    same_host = (await catalogue.free_times(request, host=booking.slot.host.id)).items
    same_theme = (await catalogue.free_times(request, theme=booking.slot.theme)).items
    slots = {slot.id: slot for slot in [*same_host, *same_theme] if slot.id != booking.slot.id}
    return list(slots.values())


async def give_feedback(request: web.Request) -> web.Response:
    form = await forms.read(request)
    words = form.value("words")
    if len(words) > LONGEST_WORDS:
        say = say_for(request)
        form.errors["words"] = say("Write at most {count} signs.").format(count=LONGEST_WORDS)
        return await show(request, form=form, status=400)
    await _do(
        request,
        GiveFeedback(
            booking_id=booking_id_of(request),
            useful=_rating(form, "useful"),
            easier_to_find=_rating(form, "easier_to_find"),
            part_of_community=_rating(form, "part_of_community"),
            words=words or None,
        ),
    )
    return _home(request, "thanks")


async def send_again(request: web.Request) -> web.Response:
    """For an old link: a new one goes to the contact on file, and nothing is told here."""
    await forms.read(request)
    booking_id = booking_id_of(request)
    await _do(request, RequestLinks(booking_id=booking_id), key=f"send-again-{forms.new_key()}")
    return see_other("/links/sent")


async def _live_booking(request: web.Request) -> Booking | None:
    """The booking, while there is still something to change about it."""
    booking = await _do(request, DescribeBooking(booking_id=booking_id_of(request)))
    return booking if booking.status in (BookingStatus.HELD, BookingStatus.CONFIRMED) else None


def booking_id_of(request: web.Request) -> UUID:
    link = caller_of(request).link
    assert link is not None, "a route behind a link has one"
    return link.subject_id


async def _do(request: web.Request, asked: Request[R], *, key: str | None = None) -> R:
    call = replace(call_for(request, caller_of(request).actor), key=key)
    return await door_of(request).bus.call(asked, call)


def _rating(form: Form, name: str) -> int | None:
    given = form.value(name)
    return int(given) if given in ("1", "2", "3", "4", "5") else None


def _home(request: web.Request, done: str = "") -> web.Response:
    token = request.match_info["token"]
    return see_other(f"/t/{token}?done={done}" if done else f"/t/{token}")

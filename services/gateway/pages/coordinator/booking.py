"""One booking as a coordinator sees it: how it stands, what happened to it, and what can be set right."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import (
    Booking,
    CancelBooking,
    Contact,
    DescribeBooking,
    MoveBooking,
    ReadContact,
    RenewLink,
)
from services.contracts.booking.catalogue import FreeSlot
from services.contracts.booking.coordination import Change, DescribeHistory
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue, told, words
from services.gateway.pages.asking import do, done_in, note
from services.gateway.pages.book import GONE, id_in
from services.gateway.pages.coordinator.bookings import STATUSES
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, Say, sentence

DONE = {
    "booked": N_("The time is booked. They are sent a message with their link."),
    "moved": N_("The booking has been moved. They are sent a message about it."),
    "cancelled": N_("The booking has been cancelled. They are sent a message about it."),
    "enrolment-ended": N_("Their enrolment in the group has ended."),
    "renewed": N_("The old link works no longer. A new one is on its way to them."),
    "erased": N_("Everything about them has been erased."),
}
WHAT = {
    "booked": N_("Booked"),
    "confirmed": N_("Confirmed"),
    "moved": N_("Moved"),
    "cancelled": N_("Cancelled"),
    "link_renewed": N_("The link was replaced"),
    "expired": N_("Not confirmed in time, and given back"),
    "attended": N_("Noted: they came"),
    "no_show": N_("Noted: they did not come"),
    "erased": N_("Erased what was known of them"),
}
BY = {
    "resident": N_("the resident"),
    "system": N_("the service"),
}
ONLINE = N_("the resident, on the page")
CHANGED = N_("Changed")
AHEAD = (BookingStatus.HELD, BookingStatus.CONFIRMED)


@dataclass(frozen=True)
class Line:
    """One thing that happened, in words."""

    change: Change
    what: str
    by: str


async def booking(request: web.Request) -> web.Response:
    await note(request, Action.BOOKING_READ, booking_id=booking_id_of(request))
    return await show(request)


async def show(
    request: web.Request, *, contact: Contact | None = None, problem: str = "", status: int = 200
) -> web.Response:
    """The whole page; `contact` only when its look has just been written down."""
    booking_id, say = booking_id_of(request), say_for(request)
    known = await do(request, DescribeBooking(booking_id=booking_id))
    history = await do(request, DescribeHistory(booking_id=booking_id))
    now = door_of(request).clock.now()
    return render(
        request,
        "coordinator/booking.html",
        status=status,
        booking=known,
        status_words=say(STATUSES[known.status]),
        ahead=known.status in AHEAD and now < known.slot.starts_at,
        usable=known.status in AHEAD and now < known.slot.ends_at,
        language_words=say(words.SPOKEN[known.language]),
        contact=contact,
        history=[_line(change, say) for change in history.items],
        told=await _told(request, booking_id),
        done=done_in(request, DONE),
        problem=problem,
        form=Form(),
        theme_name=await catalogue.theme_names(request),
    )


async def reveal(request: web.Request) -> web.Response:
    """Shown by a button alone, and written down before it is asked for."""
    await forms.read(request)
    booking_id = booking_id_of(request)
    await note(request, Action.CONTACT_READ, booking_id=booking_id)
    contact: Contact = await do(request, ReadContact(booking_id=booking_id))
    return await show(request, contact=contact)


async def renew(request: web.Request) -> web.Response:
    form, booking_id = await forms.read(request), booking_id_of(request)
    await note(request, Action.LINK_RENEWED, booking_id=booking_id)
    try:
        await do(request, RenewLink(booking_id=booking_id), key=form.key)
    except Refusal as refusal:
        return await _refused(request, refusal)
    return _home(booking_id, "renewed")


async def ask_to_cancel(request: web.Request) -> web.Response:
    await note(request, Action.BOOKING_READ, booking_id=booking_id_of(request))
    known = await _known(request)
    if known.status not in AHEAD:
        return _home(known.id)
    return render(
        request,
        "coordinator/cancel.html",
        booking=known,
        theme_name=await catalogue.theme_names(request),
    )


async def cancel(request: web.Request) -> web.Response:
    await forms.read(request)
    booking_id = booking_id_of(request)
    await note(request, Action.BOOKING_CANCELLED, booking_id=booking_id)
    try:
        await do(request, CancelBooking(booking_id=booking_id))
    except Refusal as refusal:
        return await _refused(request, refusal)
    return _home(booking_id, "cancelled")


async def ask_to_move(request: web.Request) -> web.Response:
    await note(request, Action.BOOKING_READ, booking_id=booking_id_of(request))
    return await _show_times(request)


async def move(request: web.Request) -> web.Response:
    form, booking_id = await forms.read(request), booking_id_of(request)
    try:
        slot_id = UUID(form.value("slot_id"))
    except ValueError:
        return await _show_times(request, status=400, code=Code.SLOT_CLOSED)
    await note(request, Action.BOOKING_MOVED, booking_id=booking_id)
    try:
        await do(request, MoveBooking(booking_id=booking_id, slot_id=slot_id))
    except Refusal as refusal:
        if refusal.code not in GONE:
            return await _refused(request, refusal)
        return await _show_times(request, status=409, code=refusal.code)
    return _home(booking_id, "moved")


async def _show_times(request: web.Request, *, status: int = 200, code: Code | None = None) -> web.Response:
    """Other times of the same host and of others with the same theme."""
    known = await _known(request)
    if known.status not in AHEAD:
        return _home(known.id)
    code = Code.SLOT_TAKEN if code == Code.NOT_FOUND else code
    return render(
        request,
        "coordinator/move.html",
        status=status,
        problem=sentence(code, say_for(request)) if code else "",
        booking=known,
        slots=await _other_times(request, known),
        theme_name=await catalogue.theme_names(request),
    )


async def _other_times(request: web.Request, known: Booking) -> Sequence[FreeSlot]:
    same_host = (await catalogue.free_times(request, host=known.slot.host.id)).items
    same_theme = (await catalogue.free_times(request, theme=known.slot.theme)).items
    slots = {slot.id: slot for slot in [*same_host, *same_theme] if slot.id != known.slot.id}
    return sorted(slots.values(), key=lambda slot: (slot.starts_at, str(slot.id)))


async def _told(request: web.Request, booking_id: UUID) -> told.Told | None:
    """What they were sent; a page without it is still of use while notify is away."""
    try:
        return await told.about(request, booking_id)
    except Unavailable:
        return None


async def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    """A rule against it is told above the booking as it is now."""
    if refusal.code not in (Code.ALREADY_CANCELLED, Code.ALREADY_STARTED):
        raise refusal
    return await show(request, problem=sentence(refusal.code, say_for(request)), status=409)


def _line(change: Change, say: Say) -> Line:
    by = change.person_name
    if by is None:
        first = change.what == "booked" and change.by == "system"
        by = say(ONLINE if first else BY.get(change.by, BY["system"]))
    return Line(change=change, what=say(WHAT.get(change.what, CHANGED)), by=by)


async def _known(request: web.Request) -> Booking:
    return await do(request, DescribeBooking(booking_id=booking_id_of(request)))


def booking_id_of(request: web.Request) -> UUID:
    return id_in(request, "booking_id")


def _home(booking_id: UUID, done: str = "") -> web.Response:
    return see_other(f"/bookings/{booking_id}?done={done}" if done else f"/bookings/{booking_id}")

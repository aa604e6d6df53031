"""What somebody does behind a group's link: takes an offered place or not, leaves the group, takes
another session instead. A question page stands before everything that cannot be taken back."""

from collections.abc import Sequence
from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import Booking
from services.contracts.booking.catalogue import FreeSlot
from services.contracts.booking.enrolment import AnswerOffer, LeaveGroup, MyGroup
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Request
from services.contracts.refusals import Code, Refusal
from services.gateway import enrolments, forms
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages.groups import mine, one
from services.gateway.pages.rendering import render, see_other
from services.gateway.public_groups import host_of
from services.gateway.who import caller_of

# Another answer has come first, or the time to give one is over: the page says how it stands.
SETTLED = frozenset({Code.OFFER_OVER, Code.ALREADY_CANCELLED, Code.ALREADY_STARTED, Code.GROUP_FULL})


async def answer_offer(request: web.Request) -> web.Response:
    form = await forms.read(request)
    accept = form.value("answer") == "yes"
    try:
        await _do(request, AnswerOffer(booking_id=_booking_id(request), accept=accept))
    except Refusal as refusal:
        if refusal.code not in SETTLED:
            raise
        return _home(request, "late-answer" if accept else "")
    return _home(request, "accepted" if accept else "declined")


async def ask_to_leave(request: web.Request) -> web.Response:
    found = await mine.find(request, _booking_id(request))
    now = door_of(request).clock.now()
    if found is None or "leave_group" not in enrolments.actions(found, now):
        return _home(request)
    return render(
        request,
        "groups/leave.html",
        group=found,
        sessions=[session for session in found.sessions if enrolments.is_ahead(session, now)],
        listed=found.status in (BookingStatus.WAITING, BookingStatus.APPLIED, BookingStatus.OFFERED),
        token=request.match_info["token"],
    )


async def leave(request: web.Request) -> web.Response:
    await forms.read(request)
    try:
        await _do(request, LeaveGroup(booking_id=_booking_id(request)))
    except Refusal as refusal:
        if refusal.code not in SETTLED:
            raise
        return _home(request)
    return _home(request, "left-group")


async def other_sessions(request: web.Request, booking: Booking) -> Sequence[FreeSlot]:
    """Sessions of the same group with room, for who comes to one at a time; they are taken like times."""
    assert booking.slot.group_id is not None
    found = await one.find(request, booking.slot.group_id)
    if found.group.whole_series:
        return []
    now = door_of(request).clock.now()
    return [
        FreeSlot(
            id=session.slot_id,
            kind=found.group.kind,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            time_zone=session.time_zone,
            host=host_of(session) or mine.NOBODY,
            theme=found.group.theme,
            languages=found.group.languages,
            capacity=session.capacity,
            seats_left=session.seats_left,
            group_id=found.group.id,
        )
        for session in found.sessions
        if session.slot_id != booking.slot.id and session.seats_left > 0 and now < session.starts_at
    ]


def _booking_id(request: web.Request) -> UUID:
    link = caller_of(request).link
    assert link is not None, "a route behind a link has one"
    return link.subject_id


async def _do(request: web.Request, asked: Request[MyGroup]) -> None:
    await door_of(request).bus.call(asked, call_for(request, caller_of(request).actor))


def _home(request: web.Request, done: str = "") -> web.Response:
    token = request.match_info["token"]
    return see_other(f"/t/{token}?done={done}" if done else f"/t/{token}")

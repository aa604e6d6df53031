"""The page behind a resident's link. It knows the hour, and is never a dead end.

What stands is put together in meetings.py; this is how it is told. With booking
away the page still leads into the meeting, only without a name or a theme.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from services.contracts.booking.appointments import BookedSlot
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Resident
from services.contracts.refusals import Unavailable
from services.contracts.rooms import RoomState
from services.gateway import meetings
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.meetings import Meeting, MeetingBooking, MeetingSlot
from services.gateway.pages import catalogue, kept_place
from services.gateway.pages.groups import mine
from services.gateway.pages.rendering import PREFERRED, render, say_for
from services.gateway.pages.words import N_
from services.gateway.who import caller_of

LATE_AFTER = timedelta(minutes=2)
ROOM_NEEDED = timedelta(minutes=15)

HEADINGS = {
    "before": N_("Your time"),
    "waiting": N_("The waiting room"),
    "late": N_("Please wait a moment"),
    "open": N_("The door is open"),
    "over": N_("Thank you for coming"),
    "cancelled": N_("This time has been cancelled"),
    "held": N_("Confirm your time"),
}
DONE = {
    "booked": N_("The time is yours. We have sent you a message with the link to this page."),
    "held": N_("The time is kept for you. Confirm it, and it is yours."),
    "confirmed": N_("The time is yours."),
    "moved": N_("Your time has been moved. We send you a message about it."),
    "left": N_("You have left the meeting."),
    "help": N_("We have told the person you are to meet that you cannot get in."),
    "thanks": N_("Thank you for telling us."),
    "already": N_(
        "This had been done from this browser before. Nothing was taken twice,"
        " and no second message was sent."
    ),
}
CANCELLED_BY = {
    "resident": N_("You have cancelled this time."),
    "host": N_("The person you were to meet had to cancel this time. We are sorry."),
    "coordinator": N_("The service had to cancel this time. We are sorry."),
    "expired": N_("The time was not confirmed soon enough, and has been given back."),
}
# Of a group whose words cannot be found just now: the session may well take place.
NOT_COMING = N_("You do not come this time")
ASK_AGAIN = N_("Open this page again in a moment: then it tells more.")


async def meeting(request: web.Request) -> web.Response:
    response = await show(request)
    kept_place.forget_the_oldest(request, response)
    return response


async def show(request: web.Request, *, form: Form | None = None, status: int = 200) -> web.Response:
    """The meeting's page as it is now; `form` is feedback that must be looked at again."""
    door, say = door_of(request), say_for(request)
    now = door.clock.now()
    call = call_for(request, caller_of(request).actor)
    found = await meetings.look(door, call)
    if found.booking:
        request[PREFERRED] = found.booking.language
        say = say_for(request)
    if found.here and isinstance(call.actor, Resident):
        door.waiting.seen(call.actor, call.request_id)
    face, slot, booking = _face(found, now), _shown(request, found.slot), found.booking
    context: dict[str, Any] = {
        "status": status,
        "form": form or Form(),
        "state": face,
        "room": str(found.state),
        "status_now": str(booking.status) if booking else "",
        "heading": say(HEADINGS[face]),
        "done": _done(request),
        "here": found.here,
        "help_asked": request.query.get("done") == "help",
        "may_ring": booking is not None and booking.phone_on_file,
        "phone": door.settings.phone,
        "token": request.match_info["token"],
        "kept_here": bool(kept_place.forms_of(request)),
        "slot": slot,
        "name": slot.host.display_name or say("The person you are to meet"),
        "opens_at": found.opens_at or slot.starts_at,
        "held_until": booking.held_until if booking else None,
        "actions": found.actions,
        "feedback_given": booking is not None and booking.feedback_given,
        "cancelled_words": say(_cancelled_by(booking)),
        "reason": booking.cancel_reason if booking else None,
        "scale": [(str(number), str(number)) for number in range(1, 6)],
        "theme_name": await catalogue.theme_names(request),
    }
    if booking is not None and booking.enrolment_id is not None:
        in_its_words = await mine.show(request, found, context)
        if in_its_words is not None:
            return in_its_words
        if face == "cancelled":
            context |= {"heading": say(NOT_COMING), "cancelled_words": say(ASK_AGAIN)}
    ended = face in ("over", "cancelled")
    slots = await catalogue.next_times(request, theme=slot.theme) if ended else []
    return render(request, "meeting.html", group=None, slots=slots, **context)


def _shown(request: web.Request, slot: MeetingSlot) -> BookedSlot:
    """The time as templates show it, with empty words for what is not known now."""
    return BookedSlot(
        id=slot.id,
        kind=slot.kind or SlotKind.APPOINTMENT,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        time_zone=slot.time_zone or door_of(request).settings.time_zone,
        host=slot.host or Host(id=UUID(int=0), display_name="", organisation=""),
        theme=slot.theme or "",
        group_id=slot.group_id,
    )


def _face(found: Meeting, now: datetime) -> str:
    """Which of its faces the page shows. Near its time it is of no use while rooms does not answer."""
    status = found.booking.status if found.booking else None
    if status is BookingStatus.HELD and found.state is RoomState.BEFORE:
        return "held"
    if found.state is RoomState.WAITING and now >= found.slot.starts_at + LATE_AFTER:
        return "late"
    near = found.slot.starts_at - ROOM_NEEDED <= now
    if found.state is RoomState.BEFORE and found.opens_at is None and near:
        raise Unavailable("rooms does not answer, and it is time")
    return str(found.state)


def _done(request: web.Request) -> str:
    say, done = say_for(request), request.query.get("done", "")
    return say(DONE[done]) if done in DONE else ""


def _cancelled_by(booking: MeetingBooking | None) -> str:
    if booking is None:
        return CANCELLED_BY["coordinator"]
    if booking.status is BookingStatus.EXPIRED:
        return CANCELLED_BY["expired"]
    return CANCELLED_BY.get(booking.cancelled_by or "", CANCELLED_BY["coordinator"])

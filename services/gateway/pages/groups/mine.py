"""The page behind a link that is a group's: this session at its hour, and the whole of one's sessions.

What stands is found as for an appointment; here it is told in a group's words. With
booking away for a moment the page is that of any meeting: the way in is never lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from services.contracts.booking.appointments import BookedSlot
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.enrolment import DescribeEnrolment, EnrolledSession, MyGroup
from services.contracts.booking.groups import GroupPage
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import RoomState
from services.gateway import enrolments
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.meetings import GONE, LISTED, Meeting
from services.gateway.pages.groups import browse, one, wording
from services.gateway.pages.rendering import render, say_for
from services.gateway.pages.words import N_
from services.gateway.public_groups import host_of
from services.gateway.who import caller_of

AT_ONCE = 8
ENOUGH_TO_TELL = 3
NOBODY = Host(id=UUID(int=0), display_name="", organisation="")

HEADINGS = {
    "before": N_("Your group"),
    "held": N_("Confirm your place"),
    "applied": N_("Your wish to join has been sent"),
    "listed": N_("You are on the waiting list"),
    "offered": N_("There is a place for you"),
    "removed": N_("You cannot come into this session any more"),
    "cancelled": N_("This time is off"),
    "place_ended": N_("Your place in the group has ended"),
    "refused": N_("The group could not take you this time"),
    "left": N_("You do not come this time"),
    "ended": N_("There was no place this time"),
    "waiting": N_("The waiting room"),
    "late": N_("Please wait a moment"),
    "open": N_("The door is open"),
    "over": N_("Thank you for coming"),
}
DONE = {
    "enrolled": N_("You are enrolled. We have sent you a message with the link to this page."),
    "walked-in": N_("You are welcome. Keep this page open: it is your way in, and there is no message."),
    "here-already": N_("You have come in from this browser before. This is your place."),
    "held": N_("The place is kept for you. Confirm it, and it is yours."),
    "confirmed": N_("The place is yours."),
    "listed": N_("You are on the waiting list. We have sent you a message with the link to this page."),
    "applied": N_("We have sent you a message with the link to this page."),
    "accepted": N_("The place is yours. Welcome!"),
    "declined": N_("Thank you for telling us. The place goes to the next one."),
    "left-group": N_("You have left the group. Thank you for telling us."),
    "moved": N_("Your time has been changed. We send you a message about it."),
    "late-answer": N_("The time to answer is over, and the place has gone to the next one."),
}
FACES = {
    BookingStatus.APPLIED: "applied",
    BookingStatus.WAITING: "listed",
    BookingStatus.OFFERED: "offered",
}
LEFT_FOR_GOOD = N_("You have left the group")
THIS_PLACE_ENDED = N_("Your place this time has ended")
ENDS = ("over", "cancelled", "place_ended", "refused", "left", "ended", "removed")
WHOEVER = N_("The person who leads the group")
INSIDE = N_("the person who leads the group")  # within a sentence


@dataclass(frozen=True, kw_only=True)
class Line:
    """One of one's sessions. `path` leads to its page; none on the page that is its own."""

    session: EnrolledSession
    status: str
    path: str
    off: bool
    moved: bool


async def find(request: web.Request, booking_id: UUID) -> MyGroup | None:
    """The enrolment of the link's bearer; None while booking does not tell."""
    call = call_for(request, caller_of(request).actor)
    try:
        return await door_of(request).bus.call(DescribeEnrolment(booking_id=booking_id), call)
    except (Refusal, Unavailable):
        return None


async def show(request: web.Request, found: Meeting, context: Mapping[str, Any]) -> web.Response | None:
    """The page in a group's words; None when booking does not tell of the enrolment just now."""
    booking = found.booking
    assert booking is not None
    mine = await find(request, booking.id)
    if mine is None:
        return None
    this = next((item for item in mine.sessions if item.booking_id == booking.id), None)
    face = _face(found, mine, this, context["state"])
    slot: BookedSlot = context["slot"]
    slot = msgspec.structs.replace(slot, host=(this and host_of(this)) or NOBODY)
    standing = _standing(request, found, mine, this, face)
    group = await _group(request, mine) if face == "before" else None
    if group is not None and not _elsewhere(request, group, slot.id):
        standing["actions"] = [action for action in standing["actions"] if action != "move"]
    told = {
        **context,
        **standing,
        "slot": slot,
        "feedback_email": door_of(request).settings.feedback_email,
        "name": slot.host.display_name or say_for(request)(INSIDE if face == "late" else WHOEVER),
        "expected": _expected(group, slot.id) if group is not None else 0,
        "others": [],
    }
    if face in ENDS and told["following"] is None:
        told["others"] = await browse.some_groups(request, theme=slot.theme, but=mine.group_id)
    return render(request, "groups/mine.html", **told, **browse.card_words(request))


def _standing(
    request: web.Request, found: Meeting, mine: MyGroup, this: EnrolledSession | None, face: str
) -> dict[str, Any]:
    """How one stands in the group now. `seen_as` changes with everything that the page should show."""
    assert found.booking is not None
    say, now = say_for(request), door_of(request).clock.now()
    staffed = this is None or this.staffed
    following = enrolments.next_after(mine, found.booking.id, now)
    lines, done = _lines(request, mine, found.booking.id), request.query.get("done", "")
    several = len(mine.sessions) > 1
    left_for_good = face == "left" and several and mine.status is BookingStatus.CANCELLED
    left_for_good = left_for_good and not mine.accompanies
    standing: dict[str, Any] = {
        "state": face,
        "heading": say(LEFT_FOR_GOOD if left_for_good else _heading(face, following)),
        "group": mine,
        "nickname": found.booking.display_name,
        "large": found.slot.kind is SlotKind.EVENT,
        "staffed": staffed,
        "before_you": wording.before_you(say, mine.before_you) if mine.before_you is not None else "",
        "actions": [*_alone(found), *enrolments.actions(mine, now), *_moving(found, mine)],
        "following": following,
        "following_path": _path(request, following),
        "lines": lines[:AT_ONCE],
        "more_lines": lines[AT_ONCE:],
        "seen_as": f"{found.slot.starts_at:%m%d%H%M} {mine.before_you} {staffed}",
    }
    told = done in DONE and not (done == "left-group" and left_for_good)  # the heading says it
    return standing | ({"done": say(DONE[done])} if told else {})


def _face(found: Meeting, mine: MyGroup, this: EnrolledSession | None, face: str) -> str:
    """Beside what any meeting may be: one who has no place yet, or has none any more."""
    if found.removed:
        return "removed"
    assert found.booking is not None
    status = found.booking.status
    if status in LISTED and found.state is RoomState.BEFORE:
        return FACES[status]
    if face != "cancelled":
        return face
    if this is not None and this.state is not SlotState.OPEN:
        return "cancelled"
    if status is BookingStatus.EXPIRED:
        return "ended"
    if mine.not_accepted:
        return "refused"
    return "left" if found.booking.cancelled_by == "resident" else "place_ended"


def _heading(face: str, following: EnrolledSession | None) -> str:
    """Whose place in one session has ended, and who comes to others, is still in the group."""
    return THIS_PLACE_ENDED if face == "place_ended" and following is not None else HEADINGS[face]


def _alone(found: Meeting) -> list[str]:
    """What can be done about this session. An offer is answered for the whole enrolment."""
    return [action for action in found.actions if action not in ("accept", "decline")]


def _moving(found: Meeting, mine: MyGroup) -> list[str]:
    """Another session instead of this one: for who comes to one alone, not to the series."""
    return ["move"] if "cancel" in found.actions and not mine.whole_series and not mine.accompanies else []


async def _group(request: web.Request, mine: MyGroup) -> GroupPage | None:
    """The group as anyone sees it; None while booking does not tell."""
    try:
        return await one.find(request, mine.group_id)
    except (Refusal, Unavailable):
        return None


def _elsewhere(request: web.Request, group: GroupPage, slot_id: UUID) -> bool:
    """Whether there is another session with room, so that this one can be changed for it."""
    now = door_of(request).clock.now()
    return any(
        session.slot_id != slot_id and session.seats_left > 0 and now < session.starts_at
        for session in group.sessions
    )


def _expected(group: GroupPage, slot_id: UUID) -> int:
    """About how many come, or 0 when they are too few to tell. It is all that is told of the others."""
    session = one.session_of(group, slot_id)
    coming = session.capacity - session.seats_left if session else 0
    return coming if coming >= ENOUGH_TO_TELL else 0


def _lines(request: web.Request, mine: MyGroup, here: UUID) -> list[Line]:
    """Those ahead first, in order; then the past ones."""
    now, say = door_of(request).clock.now(), say_for(request)
    ahead = [session for session in mine.sessions if now < session.ends_at]
    past = [session for session in mine.sessions if now >= session.ends_at]
    return [
        Line(
            session=session,
            status=wording.status_of(say, session, over=now >= session.ends_at),
            path="" if session.booking_id == here else _path(request, session),
            off=session.state is not SlotState.OPEN or session.status in GONE,
            moved=session.series_start not in (None, session.starts_at),
        )
        for session in [*ahead, *past]
    ]


def _path(request: web.Request, session: EnrolledSession | None) -> str:
    if session is None:
        return ""
    return enrolments.path_of(door_of(request), session.booking_id, session.link_version)

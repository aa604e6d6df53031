"""Pressing join: who is let in, who waits, and under which name."""

from dataclasses import replace

from services.contracts.envelope import Resident, Service, Staff
from services.contracts.refusals import Code, Refusal, field_refusal
from services.contracts.rooms import (
    AttendeeJoined,
    AttendeeWaiting,
    HostArrived,
    Join,
    JoinAgain,
    Joined,
    JoinedAgain,
    Press,
)
from services.rooms import domain, names
from services.rooms.domain import Meeting, Presence, Seat
from services.rooms.service import (
    Board,
    Means,
    NotYetKnown,
    hosted,
    own_seat,
    seat_of,
    slot_named,
    staff_of,
    stands_in,
    view,
)
from services.rooms.store import people, places
from services.rooms.store.people import Arrival, Came
from services.rooms.tokens import Guest
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx

MOST_AT_ONCE = 64


async def join_again(request: JoinAgain, call: Call, means: Means, board: Board) -> JoinedAgain:
    """To each a new way in, of one look at how things stand; whoever is not simply in asks by `Join`."""
    if call.actor != Service(name="gateway"):
        raise Refusal(Code.FORBIDDEN, "Only who has read these links may ask this.")
    if len(request.presses) > MOST_AT_ONCE:
        raise field_refusal(Code.FIELD_INVALID, "presses", f"Ask for at most {MOST_AT_ONCE} at once.")
    seats = await board.find_seats({press.link.booking_id for press in request.presses})
    items: list[Joined | None] = []
    for press in request.presses:
        try:
            link = press.link
            seat = own_seat(seats.get(link.booking_id), link.booking_id, link.link_version)
            items.append(again(seat, press, call, means))
        except (Refusal, NotYetKnown):
            items.append(None)
    return JoinedAgain(items)


def again(seat: Seat, asked: Join | Press, call: Call, means: Means) -> Joined | None:
    """The answer for a resident who is in already, which changes nothing; None for everybody else."""
    shown = names.display_name(asked.display_name)
    meeting = seat.meeting
    if seat.name is None or seat.participant_id is None or seat.presence is not Presence.JOINED:
        return None
    domain.may_enter(meeting, means.hours, call.now)
    if not meeting.host_present or not seat.name.stays(means.known_as(shown, meeting.slot_id)):
        return None
    shown = names.told_apart(shown, seat.name.number)
    return _let_in(meeting, Guest.of(meeting, seat.participant_id, shown), asked, call, means)


async def join(tx: Tx, request: Join, call: Call, means: Means) -> Joined:
    """A host is let in and counts as present; a resident is let in when one is, and waits otherwise."""
    name = names.display_name(request.display_name)
    match call.actor:
        case Resident():
            return await _resident_joins(tx, call.actor, name, request, call, means)
        case _:
            return await _host_joins(tx, staff_of(call), name, request, call, means)


async def _resident_joins(
    tx: Tx, link: Resident, name: str, request: Join, call: Call, means: Means
) -> Joined:
    booking_id = link.booking_id
    await places.hold_shared(tx, booking_id)
    seat = await seat_of(tx, booking_id, link.link_version)
    came = await people.enter(tx, arrival(seat, name, call, means))
    if came.changed:
        await outbox.add(tx, news_of(seat, call), call)
    return arrived(seat, came, name, request, call, means)


def arrival(seat: Seat, name: str, call: Call, means: Means) -> Arrival:
    """A resident at the door as they may come in, or a refusal."""
    meeting = seat.meeting
    domain.may_be_here(meeting)
    domain.may_enter(meeting, means.hours, call.now)
    return Arrival(
        slot_id=meeting.slot_id,
        who_id=seat.booking_id,
        presence=Presence.JOINED if meeting.host_present else Presence.WAITING,
        at=call.now,
        name=means.known_as(name, meeting.slot_id),
    )


def arrived(seat: Seat, came: Came, name: str, request: Join, call: Call, means: Means) -> Joined:
    meeting, shown = seat.meeting, names.told_apart(name, came.number)
    if not meeting.host_present:
        seen = view(replace(meeting, here=True), means.hours, call.now)
        return Joined(state=seen.state, view=seen, display_name=shown, quiet=meeting.is_quiet)
    inside = replace(meeting, here=False)
    return _let_in(inside, Guest.of(inside, came.participant_id, shown), request, call, means)


def news_of(seat: Seat, call: Call) -> AttendeeJoined | AttendeeWaiting:
    meeting = seat.meeting
    if meeting.host_present:
        return AttendeeJoined(
            slot_id=meeting.slot_id,
            booking_id=seat.booking_id,
            at=call.now,
            starts_at=meeting.starts_at,
        )
    return AttendeeWaiting(slot_id=meeting.slot_id, booking_id=seat.booking_id)


async def _host_joins(tx: Tx, staff: Staff, name: str, request: Join, call: Call, means: Means) -> Joined:
    slot_id = slot_named(request)
    await places.hold_alone(tx, slot_id)
    meeting = await hosted(tx, slot_id, staff)
    domain.may_enter(meeting, means.hours, call.now)
    arrival = Arrival(
        slot_id=slot_id,
        who_id=staff.person_id,
        presence=Presence.JOINED,
        at=call.now,
        name=means.known_as(name, slot_id),
        hosts=True,
        stands_in=stands_in(staff),
    )
    came = await people.enter(tx, arrival)
    if not meeting.host_present:
        await outbox.add(tx, HostArrived(slot_id=slot_id), call)
    shown = names.told_apart(name, came.number)
    guest = Guest.of(meeting, came.participant_id, shown, moderates=True)
    return _let_in(replace(meeting, host_present=True), guest, request, call, means)


def _let_in(meeting: Meeting, guest: Guest, asked: Join | Press, call: Call, means: Means) -> Joined:
    """Whoever moderates begins as they like, everybody else as suits the number of people."""
    seen = view(meeting, means.hours, call.now)
    video = means.signer.video(
        room=meeting.room,
        guest=guest,
        now=call.now,
        not_after=seen.closes_at,
        language=asked.language,
    )
    quiet = meeting.is_quiet and not guest.moderates
    return Joined(state=seen.state, view=seen, video=video, display_name=guest.name, quiet=quiet)

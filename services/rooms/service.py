"""What people do with a room: look, leave, ask for help, end the meeting. One function each."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.contracts.booking.appointments import DescribePlace
from services.contracts.envelope import Nothing, Resident, Role, Staff
from services.contracts.refusals import Code, Refusal, field_refusal
from services.contracts.rooms import (
    AskForHelp,
    CloseRoom,
    HelpAsked,
    HostLeft,
    Leave,
    ListOwnRooms,
    Look,
    LookAtSlots,
    RoomClosed,
    RoomState,
    RoomView,
    RoomViews,
)
from services.rooms import domain, names
from services.rooms.domain import Hours, Meeting, Name, Presence, Seat
from services.rooms.gathering import Fetch, Gathering
from services.rooms.store import people, places
from services.rooms.tokens import Signer
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx

MOST_SLOTS = 100
LONGEST_STRETCH = timedelta(days=2)


@dataclass(frozen=True)
class Means:
    """What the use cases need beside the database."""

    hours: Hours
    signer: Signer

    def known_as(self, name: str, slot_id: UUID) -> Name:
        return names.known_as(name, key=self.signer.names_key, slot_id=slot_id)


@dataclass(frozen=True)
class Board:
    """Where those who only look find how things stand, many of them at once."""

    find_seats: Fetch[Seat]
    seats: Gathering[Seat]
    meetings: Gathering[Meeting]


class NotYetKnown(Exception):
    """No news of this place or slot has come. `ask` is the question to its owner."""

    def __init__(self, ask: DescribePlace) -> None:
        super().__init__("no news of this has come yet")
        self.ask = ask


async def look(request: Look, call: Call, means: Means, board: Board) -> RoomView:
    """Changes nothing, whoever looks and however often: every waiting page does, all the time."""
    match call.actor:
        case Resident(booking_id=booking_id, link_version=link_version):
            seat = await board.seats.get(booking_id)
            meeting = own_seat(seat, booking_id, link_version).meeting
        case _:
            staff, slot_id = staff_of(call), slot_named(request)
            meeting = own_meeting(await board.meetings.get(slot_id), slot_id, staff)
    return view(meeting, means.hours, call.now)


async def look_at_slots(tx: Tx, request: LookAtSlots, call: Call, means: Means) -> RoomViews:
    """Leaves out, without a word, slots without a room and slots that are not the asker's."""
    staff = staff_of(call)
    if len(request.slot_ids) > MOST_SLOTS:
        raise field_refusal(Code.FIELD_INVALID, "slot_ids", f"Ask for at most {MOST_SLOTS} at once.")
    known = (await places.meetings(tx, request.slot_ids)).values()
    theirs = [meeting for meeting in known if stands_in(staff) or meeting.is_hosted_by(staff.person_id)]
    return RoomViews([view(meeting, means.hours, call.now) for meeting in theirs])


async def list_own_rooms(tx: Tx, request: ListOwnRooms, call: Call, means: Means) -> RoomViews:
    staff = staff_of(call)
    if not timedelta() < request.to_at - request.from_at <= LONGEST_STRETCH:
        raise field_refusal(Code.TIME_INVALID, "to_at", "Ask for at most two days at once.")
    slot_ids = await places.own_slots(
        tx, staff.person_id, from_at=request.from_at, to_at=request.to_at, limit=MOST_SLOTS
    )
    known = await places.meetings(tx, slot_ids)
    return RoomViews([view(known[slot_id], means.hours, call.now) for slot_id in slot_ids])


async def leave(tx: Tx, request: Leave, call: Call, means: Means) -> Nothing:
    """Leaving where one is not changes nothing."""
    match call.actor:
        case Resident(booking_id=booking_id, link_version=link_version):
            await places.hold_shared(tx, booking_id)
            meeting = (await seat_of(tx, booking_id, link_version)).meeting
            where = (Presence.WAITING,) if request.only_waiting else people.ANYWHERE
            await people.leave(tx, meeting.slot_id, booking_id, call.now, where=where)
        case _:
            staff, slot_id = staff_of(call), slot_named(request)
            await places.hold_alone(tx, slot_id)
            meeting = await hosted(tx, slot_id, staff)
            await people.leave(tx, slot_id, staff.person_id, call.now)
            await tell_if_hosts_left(tx, meeting, call)
    return Nothing()


async def ask_for_help(tx: Tx, request: AskForHelp, call: Call, means: Means) -> RoomView:
    """The host is told at once, and goes on seeing it whatever becomes of the resident's page."""
    match call.actor:
        case Resident(booking_id=booking_id, link_version=link_version):
            await places.hold_shared(tx, booking_id)
            meeting = (await seat_of(tx, booking_id, link_version)).meeting
            domain.may_be_here(meeting)
            domain.may_enter(meeting, means.hours, call.now)
            if await people.ask_for_help(tx, meeting.slot_id, booking_id, call.now):
                await outbox.add(tx, HelpAsked(slot_id=meeting.slot_id, booking_id=booking_id), call)
            return view(meeting, means.hours, call.now)
        case _:
            raise Refusal(Code.FORBIDDEN, "This is for those who were invited by a link.")


async def tell_if_hosts_left(tx: Tx, before: Meeting, call: Call) -> None:
    """Spread the news when a host was there `before` and none is now."""
    now = await places.meetings(tx, [before.slot_id])
    if before.host_present and not now[before.slot_id].host_present:
        await outbox.add(tx, HostLeft(slot_id=before.slot_id), call)


async def close_room(tx: Tx, request: CloseRoom, call: Call, means: Means) -> RoomView:
    """Ends the meeting for everybody and for good. What is over already stays as it is."""
    await places.hold_alone(tx, request.slot_id)
    meeting = await hosted(tx, request.slot_id, staff_of(call))
    match domain.state(meeting, means.hours, call.now):
        case RoomState.BEFORE:
            domain.may_enter(meeting, means.hours, call.now)
        case RoomState.WAITING | RoomState.OPEN:
            await places.close(tx, meeting.slot_id, call.now)
            await people.empty(tx, meeting.slot_id, call.now)
            await outbox.add(tx, RoomClosed(slot_id=meeting.slot_id, starts_at=meeting.starts_at), call)
            meeting = replace(meeting, closed_at=call.now, host_present=False, waiting=0)
    return view(meeting, means.hours, call.now)


def view(meeting: Meeting, hours: Hours, now: datetime) -> RoomView:
    """Help is wanted while there is a room to get into."""
    state = domain.state(meeting, hours, now)
    goes_on = state in (RoomState.WAITING, RoomState.OPEN)
    return RoomView(
        slot_id=meeting.slot_id,
        state=state,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        opens_at=meeting.opens_at(hours),
        closes_at=meeting.closes_at(hours),
        host_present=meeting.host_present,
        waiting=meeting.waiting,
        here=meeting.here,
        removed=meeting.removed,
        cannot_get_in=list(meeting.cannot_get_in) if goes_on else [],
    )


async def seat_of(tx: Tx, booking_id: UUID, link_version: int) -> Seat:
    return own_seat((await places.seats(tx, [booking_id])).get(booking_id), booking_id, link_version)


def own_seat(seat: Seat | None, booking_id: UUID, link_version: int) -> Seat:
    if seat is None:
        raise NotYetKnown(DescribePlace(booking_id=booking_id))
    domain.may_use_link(seat, link_version)
    return seat


async def hosted(tx: Tx, slot_id: UUID, staff: Staff) -> Meeting:
    return own_meeting((await places.meetings(tx, [slot_id])).get(slot_id), slot_id, staff)


def own_meeting(meeting: Meeting | None, slot_id: UUID, staff: Staff) -> Meeting:
    if meeting is None:
        raise NotYetKnown(DescribePlace(slot_id=slot_id))
    domain.may_host(meeting, staff.person_id, stands_in=stands_in(staff))
    return meeting


def stands_in(staff: Staff) -> bool:
    """A coordinator may take the place of a host who cannot come."""
    return staff.role is Role.COORDINATOR


def staff_of(call: Call) -> Staff:
    if not isinstance(call.actor, Staff):
        raise Refusal(Code.FORBIDDEN, "Only who has a link or is signed in may do this.")
    return call.actor


def slot_named(request: Any) -> UUID:
    slot_id: UUID | None = request.slot_id
    if slot_id is None:
        raise field_refusal(Code.FIELD_REQUIRED, "slot_id", "Say which time is meant.")
    return slot_id

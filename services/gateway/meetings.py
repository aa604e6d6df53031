"""A resident's meeting as it stands now, put together of what booking and rooms know. Changes nothing.

Booking says what was agreed, rooms how the room stands. With booking away the
meeting can still be seen and joined; with rooms away it can still be changed.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.appointments import BookedSlot, Booking, DescribeBooking
from services.contracts.booking.catalogue import Host, SlotKind
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Resident
from services.contracts.refusals import Code, Refusal, Unavailable
from services.contracts.rooms import Look, RoomState, RoomView
from services.gateway.door import Door
from services.runtime.call import Call

R = TypeVar("R")

BOOKING_WITHIN = timedelta(seconds=2)

GONE = (BookingStatus.CANCELLED, BookingStatus.EXPIRED)
OVER = (BookingStatus.ATTENDED, BookingStatus.NO_SHOW)
AHEAD = (BookingStatus.HELD, BookingStatus.CONFIRMED)
# In a group: no seat of one's own yet.
LISTED = (BookingStatus.APPLIED, BookingStatus.WAITING, BookingStatus.OFFERED)


class MeetingSlot(Struct, frozen=True, kw_only=True):
    """The time of the meeting. Who and about what is left out while booking does not answer, and who for a
    group's session: of those the enrolment tells who has promised to lead each."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    kind: SlotKind | None = None
    time_zone: str | None = None
    host: Host | None = None
    theme: str | None = None
    group_id: UUID | None = None


class MeetingBooking(Struct, frozen=True, kw_only=True):
    id: UUID
    status: BookingStatus
    display_name: str
    language: str
    sequence: int
    feedback_given: bool
    held_until: datetime | None = None
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    accompanies: UUID | None = None
    phone_on_file: bool = False
    enrolment_id: UUID | None = None


class Meeting(Struct, frozen=True, kw_only=True):
    """`actions` are those that would succeed now. `opens_at` is not known while rooms does not answer.

    `here`: the host has been told that the resident waits; `removed`: they were sent out of it.
    """

    state: RoomState
    slot: MeetingSlot
    booking: MeetingBooking | None
    opens_at: datetime | None
    closes_at: datetime | None
    host_present: bool
    actions: list[str]
    here: bool = False
    removed: bool = False


async def look(door: Door, call: Call) -> Meeting:
    """The meeting of the link's bearer. Refuses what booking refuses: `link_expired`, `not_found`.

    What rooms refuses counts only when booking does not answer: it may not have heard yet.
    """
    assert isinstance(call.actor, Resident)
    within = replace(call, deadline=min(call.deadline, call.now + BOOKING_WITHIN))
    agreed = door.bus.call(DescribeBooking(booking_id=call.actor.booking_id), within)
    stands = door.bus.call(Look(), call)
    booking, view = await asyncio.gather(_tried(agreed), _tried(stands))
    if isinstance(booking, Refusal):
        raise booking
    if isinstance(booking, Booking):
        return of_booking(booking, view if isinstance(view, RoomView) else None, now=call.now)
    if isinstance(view, RoomView):
        return _of_room(view)
    raise view


async def after(door: Door, call: Call, booking: Booking) -> Meeting:
    """The meeting as a change of the booking has left it."""
    stands = door.bus.call(Look(), call)
    view = await _tried(stands)
    return of_booking(booking, view if isinstance(view, RoomView) else None, now=call.now)


async def _tried(asking: Awaitable[R]) -> R | Refusal | Unavailable:
    """A neighbour with no time left for us counts as away."""
    try:
        return await asking
    except Unavailable as away:
        return away
    except Refusal as refusal:
        busy = refusal.code in (Code.OVERLOADED, Code.DEADLINE_EXCEEDED)
        return Unavailable("a neighbour is too busy") if busy else refusal


def of_booking(booking: Booking, view: RoomView | None, *, now: datetime) -> Meeting:
    """A view of another time than the booking's is old news of a booking that has moved."""
    fresh = view if view and (view.slot_id, view.starts_at) == _when(booking.slot) else None
    state = _state(booking, fresh, now)
    removed = fresh is not None and fresh.removed and state is not RoomState.OVER
    return Meeting(
        state=state,
        slot=MeetingSlot(
            id=booking.slot.id,
            starts_at=booking.slot.starts_at,
            ends_at=booking.slot.ends_at,
            kind=booking.slot.kind,
            time_zone=booking.slot.time_zone,
            host=booking.slot.host if booking.slot.group_id is None else None,
            theme=booking.slot.theme,
            group_id=booking.slot.group_id,
        ),
        booking=MeetingBooking(
            id=booking.id,
            status=booking.status,
            display_name=booking.display_name,
            language=booking.language,
            sequence=booking.sequence,
            feedback_given=booking.feedback_given,
            held_until=booking.held_until,
            cancelled_by=booking.cancelled_by,
            cancel_reason=booking.cancel_reason,
            accompanies=booking.accompanies,
            phone_on_file=booking.phone_on_file,
            enrolment_id=booking.enrolment_id,
        ),
        opens_at=fresh.opens_at if fresh else None,
        closes_at=fresh.closes_at if fresh else None,
        host_present=fresh.host_present if fresh else False,
        actions=[] if removed else list(_actions(booking, state, now)),
        here=fresh is not None and fresh.here,
        removed=removed,
    )


def _when(slot: BookedSlot) -> tuple[UUID, datetime]:
    return slot.id, slot.starts_at


def _of_room(view: RoomView) -> Meeting:
    entered = view.state in (RoomState.WAITING, RoomState.OPEN) and not view.removed
    return Meeting(
        state=view.state,
        slot=MeetingSlot(id=view.slot_id, starts_at=view.starts_at, ends_at=view.ends_at),
        booking=None,
        opens_at=view.opens_at,
        closes_at=view.closes_at,
        host_present=view.host_present,
        actions=["join", "help"] if entered else [],
        here=view.here,
        removed=view.removed,
    )


def _state(booking: Booking, view: RoomView | None, now: datetime) -> RoomState:
    """Booking has the last word on whether there is a meeting, rooms on how its room stands."""
    if booking.status in GONE:
        return RoomState.CANCELLED
    if booking.status is BookingStatus.HELD or booking.status in LISTED:
        return RoomState.BEFORE if now < booking.slot.ends_at else RoomState.OVER
    if view is not None and view.state is not RoomState.CANCELLED:
        return view.state
    if booking.status in OVER or now >= booking.slot.ends_at:
        return RoomState.OVER
    return RoomState.BEFORE


def _actions(booking: Booking, state: RoomState, now: datetime) -> Iterator[str]:
    """What the bearer can do now and would not be refused."""
    begun = now >= booking.slot.starts_at or state is RoomState.OVER  # a host may end it before its hour
    if state in (RoomState.WAITING, RoomState.OPEN):
        yield "join"
        yield "help"
    if booking.status is BookingStatus.HELD and booking.held_until and now < booking.held_until:
        yield "confirm"
    if booking.status is BookingStatus.OFFERED and booking.accompanies is None and not begun:
        yield "accept"
        yield "decline"
    if booking.status in AHEAD and not begun:
        yield "cancel"
        if booking.accompanies is None and booking.enrolment_id is None:
            yield "move"
    if booking.status in AHEAD and now < booking.slot.ends_at and state is not RoomState.OVER:
        yield "calendar"
    goes_on = booking.others_until is not None and now < booking.others_until
    came = begun and booking.status not in (*GONE, *LISTED, BookingStatus.HELD)
    if came and not goes_on and not booking.feedback_given:
        yield "feedback"
    if booking.status in AHEAD and state is not RoomState.OVER:
        yield "renew"


def is_gone(refusal: Refusal) -> bool:
    """Whether a link that led to a meeting leads nowhere now."""
    return refusal.code in (Code.LINK_EXPIRED, Code.NOT_FOUND)

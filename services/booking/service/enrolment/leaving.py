"""Leaving a group: one session or all of them, by oneself or because a hold was not confirmed.

Whoever leaves takes along those who come with them; those who come along may also leave alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.booking.domain import access, seats
from services.booking.domain import enrolment as rules
from services.booking.domain.enrolment import Group
from services.booking.service.appointments.changing import view, visible
from services.booking.service.deps import Deps
from services.booking.service.enrolment import my_group, offers
from services.booking.service.enrolment.offers import Ending
from services.booking.store import bookings as booking_store
from services.booking.store.bookings import BookingRow
from services.booking.store.enrolment import enrolments as store
from services.booking.store.enrolment.enrolments import Enrolment
from services.contracts.booking import appointments
from services.contracts.booking import enrolment as words
from services.contracts.booking.events import BookingCancelled, BookingExpired
from services.contracts.booking.slots import BookingStatus
from services.runtime.call import Call
from services.runtime.db import Tx


@dataclass(frozen=True)
class Entered:
    """What a use case about one booking of a group begins with, the group locked.

    `party`: every booking of the person, and of those who come along with them.
    """

    group: Group
    booking: BookingRow
    mine: Enrolment
    party: Sequence[BookingRow]


async def enter(tx: Tx, booking_id: UUID, call: Call, deps: Deps) -> Entered:
    """Refuses as if it were not there for whoever may not see it."""
    group_id = await store.group_of_booking(tx, booking_id)
    group = await store.lock_group(tx, group_id) if group_id is not None else None
    if group is None:
        raise access.not_found()
    booking = await visible(tx, booking_id, call, deps)
    mine = await my_group.enrolment_of(tx, booking)
    return Entered(group, booking, mine, await booking_store.of_enrolment(tx, mine.id))


async def leave_group(tx: Tx, request: words.LeaveGroup, call: Call, deps: Deps) -> words.MyGroup:
    """Twice is once. What has begun stays as it was; a series is left for what would be added to it."""
    entered = await enter(tx, request.booking_id, call, deps)
    mine = entered.mine
    given_back = [booking for booking in entered.party if _can_be_left(booking, call)]
    belongs = mine.whole_series and not entered.group.ended
    if belongs or any(booking.enrolment_id == mine.id for booking in given_back):
        await store.leave(tx, mine.id, now=call.now)
        await offers.release(tx, entered.group.id, given_back, _leaving(entered.booking, call), call, deps)
    elif not mine.left:
        rules.check_can_leave(
            [booking.status for booking in entered.party if booking.enrolment_id == mine.id]
        )
    return await my_group.my_group(tx, mine.id)


async def leave_session(
    tx: Tx, request: appointments.CancelBooking, call: Call, deps: Deps
) -> appointments.Booking:
    """One session of it. Twice is once."""
    entered = await enter(tx, request.booking_id, call, deps)
    booking = entered.booking
    if booking.status in rules.ENDED:
        return view(booking, deps)
    if booking.status not in rules.WITHOUT_SEAT and booking.status is not BookingStatus.OFFERED:
        seats.check_can_change(booking.status, starts_at=booking.slot.held_from, now=call.now)
    given_back = [
        other
        for other in entered.party
        if other.slot.id == booking.slot.id and other.status not in rules.ENDED
    ]
    await offers.release(tx, entered.group.id, given_back, _leaving(booking, call), call, deps)
    return view(await booking_store.present(tx, booking.id), deps)


async def expire_hold(tx: Tx, booking_id: UUID, call: Call, deps: Deps) -> None:
    """An enrolment that nobody confirmed in time ends with everybody in it."""
    group_id = await store.group_of_booking(tx, booking_id)
    if group_id is None or await store.lock_group(tx, group_id) is None:
        return
    booking = await booking_store.present(tx, booking_id)
    if booking.held_until is None or booking.held_until > call.now:
        return
    mine = await my_group.enrolment_of(tx, booking)
    party = await booking_store.of_enrolment(tx, mine.main_id)
    held = [booking for booking in party if booking.status is BookingStatus.HELD]
    ending = Ending(BookingStatus.EXPIRED, "expired", BookingExpired)
    await offers.release(tx, group_id, held, ending, call, deps)


def _can_be_left(booking: BookingRow, call: Call) -> bool:
    if booking.status in rules.WITHOUT_SEAT or booking.status is BookingStatus.OFFERED:
        return True
    return booking.status in seats.COMING and call.now < booking.slot.held_from


def _leaving(booking: BookingRow, call: Call) -> Ending:
    by = access.said_by(call.actor, booking.slot.host.id)
    return Ending(BookingStatus.CANCELLED, "cancelled", BookingCancelled, {"by": by}, cancelled_by=by)

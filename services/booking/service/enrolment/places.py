"""Changing a booking, whatever it is in: a place in a group is confirmed, left and moved by own rules."""

from collections.abc import Sequence
from uuid import UUID

from services.booking.domain import access, seats
from services.booking.domain import enrolment as rules
from services.booking.service import news
from services.booking.service.appointments import changing
from services.booking.service.appointments.booking import refused
from services.booking.service.deps import Deps
from services.booking.service.enrolment import leaving, offers
from services.booking.service.enrolment.leaving import Entered, enter
from services.booking.store import bookings as booking_store
from services.booking.store.bookings import BookingRow
from services.booking.store.enrolment import enrolments as store
from services.contracts.booking import appointments as words
from services.contracts.booking.events import BookingConfirmed, LinkRenewed
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call
from services.runtime.db import Tx


async def confirm_booking(tx: Tx, request: words.ConfirmBooking, call: Call, deps: Deps) -> words.Booking:
    """Of a group: the whole enrolment, and those who come along."""
    if await store.group_of_booking(tx, request.booking_id) is None:
        return await changing.confirm_booking(tx, request, call, deps)
    entered = await enter(tx, request.booking_id, call, deps)
    booking = entered.booking
    if booking.status not in {BookingStatus.HELD, *rules.ENDED}:
        return changing.view(booking, deps)
    if entered.mine.accompanies is not None:
        raise Refusal(Code.FORBIDDEN, "The one you come with can confirm the meeting.")
    seats.check_can_confirm(booking.status, held_until=booking.held_until, now=call.now)
    ids = [row.id for row in entered.party if row.status is BookingStatus.HELD]
    await store.change(
        tx, ids, BookingStatus.CONFIRMED, what="confirmed", by=access.signature(call.actor), now=call.now
    )
    await news.spread(tx, BookingConfirmed, await booking_store.several(tx, ids), call=call)
    return changing.view(await booking_store.present(tx, booking.id), deps)


async def cancel_booking(tx: Tx, request: words.CancelBooking, call: Call, deps: Deps) -> words.Booking:
    """Of a group: that one session is left."""
    if await store.group_of_booking(tx, request.booking_id) is None:
        return await changing.cancel_booking(tx, request, call, deps)
    return await leaving.leave_session(tx, request, call, deps)


async def move_booking(tx: Tx, request: words.MoveBooking, call: Call, deps: Deps) -> words.Booking:
    """Of a group: to another of its sessions, when one enrolled for one alone."""
    if await store.group_of_booking(tx, request.booking_id) is None:
        return await changing.move_booking(tx, request, call, deps)
    entered = await enter(tx, request.booking_id, call, deps)
    booking = entered.booking
    if booking.slot.id == request.slot_id and booking.status in seats.LIVE:
        return changing.view(booking, deps)
    _check_can_move(entered, call)
    party = [row for row in entered.party if row.slot.id == booking.slot.id and row.status in seats.COMING]
    await _take(tx, entered, request.slot_id, len(party), call)
    await store.give_back(tx, {booking.slot.id: len(party)})
    for member in party:
        await booking_store.move(tx, member.id, request.slot_id, now=call.now)
        await booking_store.note_change(
            tx,
            member.id,
            "moved",
            by=access.signature(call.actor),
            now=call.now,
            from_slot_id=booking.slot.id,
        )
        moved = await booking_store.present(tx, member.id)
        await news.moved(tx, moved, from_slot_id=booking.slot.id, call=call)
    await offers.offer_free_seats(tx, entered.group.id, call, deps)
    return changing.view(await booking_store.present(tx, booking.id), deps)


def _check_can_move(entered: Entered, call: Call) -> None:
    booking = entered.booking
    if booking.status in {*rules.WITHOUT_SEAT, BookingStatus.OFFERED}:
        raise Refusal(Code.FORBIDDEN, "One can move a place that one has. Leave the list instead.")
    seats.check_can_change(booking.status, starts_at=booking.slot.held_from, now=call.now)
    if entered.mine.accompanies is not None:
        raise Refusal(Code.FORBIDDEN, "The one you come with can move the meeting.")
    if booking.status is BookingStatus.HELD:
        raise Refusal(Code.FORBIDDEN, "Confirm the time first. After that you can move it.")
    if entered.mine.whole_series:
        raise Refusal(Code.FORBIDDEN, "You come to every session. You can leave one of them.")


async def _take(tx: Tx, entered: Entered, slot_id: UUID, people: int, call: Call) -> None:
    """Seats in the session to move to, both sessions locked in their order."""
    slots = await store.these_sessions(tx, [entered.booking.slot.id, slot_id])
    target = slots.get(slot_id)
    if target is None or target.group_id != entered.group.id:
        raise Refusal(Code.SLOT_CLOSED, "Only another session of the group can take this one's place.")
    session = store.as_session(target)
    if not rules.may_still_come(entered.group, session, now=call.now):
        raise Refusal(Code.SLOT_CLOSED, "This session can no longer be enrolled in.")
    if not rules.fits(people, [session]) or not await store.take_seats(tx, {slot_id: people}):
        raise await refused(tx, slot_id, now=call.now)


async def renew_link(tx: Tx, request: words.RenewLink, call: Call, deps: Deps) -> words.Booking:
    """Of a group: the links of all its sessions, since whoever has one finds the others."""
    if await store.group_of_booking(tx, request.booking_id) is None:
        return await changing.renew_link(tx, request, call, deps)
    entered = await enter(tx, request.booking_id, call, deps)
    mine = _own(entered)
    if entered.booking not in mine:
        raise Refusal(Code.ALREADY_CANCELLED, "This booking has been cancelled.")
    ids = [row.id for row in mine]
    await store.renew_links(tx, ids, by=access.signature(call.actor), now=call.now)
    renewed = await booking_store.several(tx, ids)
    asked = [row for row in renewed if row.id == request.booking_id]
    await news.spread(tx, LinkRenewed, asked, call=call)
    await news.spread(tx, LinkRenewed, [row for row in renewed if row not in asked], call=call, along=True)
    return changing.view(asked[0], deps)


def _own(entered: Entered) -> Sequence[BookingRow]:
    return [
        row
        for row in entered.party
        if row.enrolment_id == entered.mine.id and row.status not in rules.ENDED
    ]


async def expire_hold(tx: Tx, booking_id: UUID, call: Call, deps: Deps) -> None:
    if await store.group_of_booking(tx, booking_id) is None:
        await changing.expire_hold(tx, booking_id, call)
    else:
        await leaving.expire_hold(tx, booking_id, call, deps)

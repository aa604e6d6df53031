"""Changing a booking: confirm, cancel, move, renew its link. By its resident, its host or a coordinator."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.booking.domain import access, seats
from services.booking.domain.seats import LIVE
from services.booking.service import news
from services.booking.service.appointments.booking import refused
from services.booking.service.deps import Deps
from services.booking.service.staffing.leaders import check_leads
from services.booking.store import bookings as store
from services.booking.store import slots as slot_store
from services.booking.store.bookings import BookingRow
from services.contracts.booking import appointments as words
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Anyone, Staff
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime.call import Call
from services.runtime.db import Tx


async def describe_booking(tx: Tx, request: words.DescribeBooking, call: Call, deps: Deps) -> words.Booking:
    return view(await visible(tx, request.booking_id, call, deps), deps)


async def confirm_booking(tx: Tx, request: words.ConfirmBooking, call: Call, deps: Deps) -> words.Booking:
    """Those who come along are confirmed with the one they accompany."""
    booking = await _locked(tx, request.booking_id, call, deps)
    if booking.status in LIVE and booking.status is not BookingStatus.HELD:
        return view(booking, deps)
    if booking.accompanies is not None:
        raise Refusal(Code.FORBIDDEN, "The one you come with can confirm the meeting.")
    seats.check_can_confirm(booking.status, held_until=booking.held_until, now=call.now)
    for member in await store.party(tx, booking.id):
        if member.status is BookingStatus.HELD:
            await store.confirm(tx, member.id, now=call.now)
            await _note(tx, member, "confirmed", call)
            await news.taken(tx, await store.present(tx, member.id), call=call)
    return view(await store.present(tx, booking.id), deps)


async def cancel_booking(tx: Tx, request: words.CancelBooking, call: Call, deps: Deps) -> words.Booking:
    """Twice is once. Those who come along do not come alone."""
    booking = await _locked(tx, request.booking_id, call, deps)
    if booking.status in (BookingStatus.CANCELLED, BookingStatus.EXPIRED):
        return view(booking, deps)
    seats.check_can_change(booking.status, starts_at=booking.slot.held_from, now=call.now)
    by = access.said_by(call.actor, booking.slot.host.id)
    party = await store.party(tx, booking.id)
    for member in party:
        await store.cancel(tx, member.id, by=by, reason=None, now=call.now)
        await _note(tx, member, "cancelled", call)
        await news.cancelled(tx, await store.present(tx, member.id), by=by, call=call)
    await slot_store.give_back(tx, booking.slot.id, _seats(party))
    return view(await store.present(tx, booking.id), deps)


async def move_booking(tx: Tx, request: words.MoveBooking, call: Call, deps: Deps) -> words.Booking:
    """A second press meets the booking where the first one put it."""
    booking = await _locked(tx, request.booking_id, call, deps, also=request.slot_id)
    if booking.slot.id == request.slot_id and booking.status in LIVE:
        return view(booking, deps)
    seats.check_can_change(booking.status, starts_at=booking.slot.held_from, now=call.now)
    if booking.accompanies is not None:
        raise Refusal(Code.FORBIDDEN, "The one you come with can move the meeting.")
    if booking.status is BookingStatus.HELD:
        raise Refusal(Code.FORBIDDEN, "Confirm the time first. After that you can move it.")
    target = await slot_store.facts(tx, request.slot_id)
    if target is not None and target.kind != booking.slot.kind:
        raise Refusal(Code.SLOT_CLOSED, "Only a time of the same kind can take this one's place.")
    party = await store.party(tx, booking.id)
    if await slot_store.take_seats(tx, request.slot_id, len(party), now=call.now) is None:
        raise await refused(tx, request.slot_id, now=call.now)
    await slot_store.give_back(tx, booking.slot.id, _seats(party))
    for member in party:
        await store.move(tx, member.id, request.slot_id, now=call.now)
        await _note(tx, member, "moved", call)
        await news.moved(tx, await store.present(tx, member.id), from_slot_id=booking.slot.id, call=call)
    return view(await store.present(tx, booking.id), deps)


async def renew_link(tx: Tx, request: words.RenewLink, call: Call, deps: Deps) -> words.Booking:
    """Only of what still holds: news of a new link must never follow the news that a meeting is off."""
    booking = await _locked(tx, request.booking_id, call, deps)
    if booking.status not in LIVE:
        raise Refusal(Code.ALREADY_CANCELLED, "This booking has been cancelled.")
    await store.renew_link(tx, booking.id, now=call.now)
    await _note(tx, booking, "link_renewed", call)
    renewed = await store.present(tx, booking.id)
    await news.link_renewed(tx, renewed, call=call)
    return view(renewed, deps)


async def expire_hold(tx: Tx, booking_id: UUID, call: Call) -> None:
    """A hold that nobody confirmed gives its seats back."""
    await _lock(tx, booking_id)
    booking = await store.booking(tx, booking_id)
    if booking is None or booking.status is not BookingStatus.HELD:
        return
    if booking.held_until is None or booking.held_until > call.now:
        return
    party = await store.party(tx, booking.id)
    for member in party:
        await store.expire(tx, member.id, now=call.now)
        await _note(tx, member, "expired", call)
        await news.expired(tx, await store.present(tx, member.id), call=call)
    await slot_store.give_back(tx, booking.slot.id, _seats(party))


async def visible(tx: Tx, booking_id: UUID, call: Call, deps: Deps) -> BookingRow:
    """The booking, for the bearer of its link, those who lead its time, or a coordinator."""
    booking = await store.booking(tx, booking_id)
    if booking is None:
        raise access.not_found()
    if isinstance(call.actor, Staff):
        await check_leads(tx, booking.slot, call)
    elif booking.forgotten:
        raise Refusal(Code.LINK_EXPIRED, "Nothing is known any more of who had this link.")
    else:
        access.bearer(
            call.actor,
            booking_id=booking.id,
            link_version=booking.link_version,
            link_expires_at=_link_expires_at(booking, deps),
            now=call.now,
        )
    return booking


async def _locked(
    tx: Tx, booking_id: UUID, call: Call, deps: Deps, *, also: UUID | None = None
) -> BookingRow:
    await _lock(tx, booking_id, also=also)
    return await visible(tx, booking_id, call, deps)


async def _lock(tx: Tx, booking_id: UUID, *, also: UUID | None = None) -> None:
    """Slots first, in the order of their ids, then the booking: everybody locks in this order.

    The booking may have moved between the look at its slot and the lock.
    """
    for _ in range(3):
        slot_id = await store.slot_of(tx, booking_id)
        if slot_id is None:
            raise access.not_found()
        await slot_store.lock(tx, *{slot_id, also or slot_id})
        if slot_id in await store.lock(tx, booking_id):
            return
    raise Unavailable("the booking is being moved")


async def _note(tx: Tx, booking: BookingRow, what: str, call: Call) -> None:
    await store.note_change(
        tx,
        booking.id,
        what,
        by=("system", None) if isinstance(call.actor, Anyone) else access.signature(call.actor),
        now=call.now,
        from_slot_id=booking.slot.id if what == "moved" else None,
    )


def _seats(party: Sequence[BookingRow]) -> int:
    return sum(member.seats for member in party)


def _link_expires_at(booking: BookingRow, deps: Deps) -> datetime:
    return booking.last_ends_at + deps.link_life


def view(booking: BookingRow, deps: Deps) -> words.Booking:
    return words.Booking(
        id=booking.id,
        status=booking.status,
        display_name=booking.display_name,
        language=booking.language,
        slot=booking.slot.booked,
        link_version=booking.link_version,
        sequence=booking.sequence,
        link_expires_at=_link_expires_at(booking, deps),
        feedback_given=booking.feedback_given,
        held_until=booking.held_until,
        cancelled_by=booking.cancelled_by,
        cancel_reason=booking.cancel_reason,
        accompanies=booking.accompanies,
        phone_on_file=booking.phone is not None,
        enrolment_id=booking.enrolment_id,
        others_until=booking.others_until,
    )

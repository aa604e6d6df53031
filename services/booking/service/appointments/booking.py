"""Taking a seat."""

from datetime import datetime
from uuid import UUID, uuid4

from services.booking.domain import access, attendees, seats
from services.booking.service import news
from services.booking.service.appointments.holds import hold
from services.booking.service.appointments.searching import alternatives
from services.booking.service.deps import Deps
from services.booking.service.enrolment import enrolling
from services.booking.store import bookings as store
from services.booking.store import slots as slot_store
from services.booking.store.bookings import BookingRow, NewBooking
from services.booking.store.slots import SlotRow
from services.contracts.booking.appointments import Book, Booked, Companion
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call
from services.runtime.db import Tx


async def book(tx: Tx, request: Book, call: Call, deps: Deps) -> Booked:
    """Take the seats, write down who sits in them, promise the news: all or nothing.

    A group has one way in: a seat of its sessions is taken by enrolling.
    """
    attendees.check_party(request)
    people = 1 + len(request.companions)
    slot = await slot_store.take_seats(tx, request.slot_id, people, now=call.now)
    if slot is None:
        if group_id := await slot_store.group_of(tx, request.slot_id):
            return await enrolling.book(tx, group_id, request, call, deps)
        raise await refused(tx, request.slot_id, now=call.now)
    held = hold(call, deps, starts_at=slot.starts_at)
    main = NewBooking(
        id=uuid4(),
        status=held.status,
        seats=1,
        display_name=request.display_name.strip(),
        email=request.email,
        phone=request.phone,
        language=request.language,
        municipality=request.municipality,
        age_group=request.age_group,
        note=request.note,
        held_until=held.until,
    )
    booking = await _add(tx, main, slot, call)
    await news.taken(tx, booking, call=call)
    for companion in request.companions:
        theirs = await _add(tx, _companion(main, companion, slot), slot, call)
        if theirs.status is BookingStatus.CONFIRMED:  # else they hear of it when it is confirmed
            await news.taken(tx, theirs, call=call)
    return booked(booking)


async def _add(tx: Tx, new: NewBooking, slot: SlotRow, call: Call) -> BookingRow:
    return await store.add(tx, new, slot, by=access.signature(call.actor), now=call.now)


def _companion(main: NewBooking, companion: Companion, slot: SlotRow) -> NewBooking:
    """One who comes along gets a booking and a link of their own."""
    return NewBooking(
        id=uuid4(),
        status=main.status,
        seats=0 if slot.kind is SlotKind.APPOINTMENT else 1,
        accompanies=main.id,
        comes_as=companion.comes_as,
        display_name=companion.display_name.strip(),
        email=companion.email,
        phone=companion.phone,
        language=main.language,
        held_until=main.held_until,
    )


async def refused(tx: Tx, slot_id: UUID, *, now: datetime) -> Refusal:
    """Why the seat could not be had, with the next free times where they help."""
    refusal = seats.why_not(await slot_store.facts(tx, slot_id), now=now)
    slot = await slot_store.slot(tx, slot_id)
    if slot is not None and refusal.code is not Code.NOT_FOUND:
        refusal.facts["next"] = await alternatives(tx, slot, now=now)
    return refusal


def booked(booking: BookingRow) -> Booked:
    return Booked(
        id=booking.id,
        status=booking.status,
        slot=booking.slot.booked,
        link_version=booking.link_version,
        held_until=booking.held_until,
    )

"""Forgetting one resident because they wish so: what lies ahead is given back, then all is blanked."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.booking.domain import access, seats
from services.booking.domain import enrolment as rules
from services.booking.service.appointments import changing
from services.booking.service.deps import Deps
from services.booking.service.enrolment import leaving
from services.booking.store import bookings as booking_store
from services.booking.store.bookings import BookingRow
from services.booking.store.forgetting import own_data as store
from services.contracts.booking import own_data as words
from services.contracts.booking.appointments import CancelBooking
from services.contracts.booking.enrolment import LeaveGroup
from services.contracts.booking.events import ResidentErased
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Resident, Staff
from services.runtime import commands, outbox
from services.runtime.call import Call
from services.runtime.db import Tx


async def erase_resident(tx: Tx, request: words.EraseResident, call: Call, deps: Deps) -> words.Erased:
    """One transaction: nobody meets half of it, and what is told of it tells ids alone."""
    access.oneself(call.actor)
    await store.lock_groups(tx, await store.of_resident(tx, request.booking_id))
    found = await store.of_resident(tx, request.booking_id)  # also what they were brought along to just now
    if not found:
        raise access.not_found()
    known = [row for row in await booking_store.several(tx, found) if not row.forgotten]
    if not known:
        return words.Erased(bookings=0)
    await _give_back(tx, known, call, deps)
    ids = [row.id for row in known]
    by = access.signature(call.actor) if isinstance(call.actor, Staff) else ("resident", None)
    await store.erase(tx, ids, by=by, now=call.now)
    await commands.forget_replies(tx, {row.id: row.display_name for row in known})
    await outbox.add(tx, ResidentErased(booking_ids=ids), call)
    return words.Erased(bookings=len(ids))


async def _give_back(tx: Tx, known: Sequence[BookingRow], call: Call, deps: Deps) -> None:
    """As if each had been cancelled: seats go to whoever waits, and those who come along are told.

    Groups come first and everything in the order of ids, as everybody locks.
    """
    left: set[UUID] = set()
    for row in sorted(known, key=lambda row: (row.enrolment_id is None, row.slot.group_id or row.slot.id)):
        theirs = _as_theirs(row, call)
        if row.enrolment_id is None:
            if row.status in seats.COMING and call.now < row.slot.held_from:
                await changing.cancel_booking(tx, CancelBooking(booking_id=row.id), theirs, deps)
        elif row.enrolment_id not in left and _ahead(row, call):
            left.add(row.enrolment_id)
            await leaving.leave_group(tx, LeaveGroup(booking_id=row.id), theirs, deps)


def _ahead(row: BookingRow, call: Call) -> bool:
    """Whether there is something in it to leave."""
    if row.status in rules.WITHOUT_SEAT or row.status is BookingStatus.OFFERED:
        return True
    return row.status in seats.COMING and call.now < row.slot.held_from


def _as_theirs(row: BookingRow, call: Call) -> Call:
    """What the resident would do by each booking's own link; a coordinator does it in their own name."""
    if isinstance(call.actor, Staff):
        return call.keyed(None)
    return replace(call, actor=Resident(booking_id=row.id, link_version=row.link_version), key=None)

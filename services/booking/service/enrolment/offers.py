"""Seats that come free: given back, and offered to those who wait, in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.booking.domain import access
from services.booking.domain import enrolment as rules
from services.booking.domain.enrolment import Party, Session
from services.booking.service import news
from services.booking.service.deps import Deps
from services.booking.store import bookings as booking_store
from services.booking.store.bookings import BookingRow
from services.booking.store.enrolment import enrolments as store
from services.contracts.booking.events import BookingEvent, SeatOffered
from services.contracts.booking.slots import BookingStatus
from services.runtime.call import Call
from services.runtime.db import Tx

BY_THE_SERVICE = ("system", None)


@dataclass(frozen=True)
class Ending:
    """How bookings end: their status, what the record says, and which news is told of it."""

    status: BookingStatus
    what: str
    event: type[BookingEvent]
    more: dict[str, Any] = field(default_factory=dict)
    cancelled_by: str | None = None


async def offer_free_seats(tx: Tx, group_id: UUID, call: Call, deps: Deps) -> None:
    """Go through the waiting parties of a group in their order, and offer what they fit into.

    Whoever asks has locked the group's row.
    """
    await store.end_empty_offers(tx, group_id)
    group = await store.lock_group(tx, group_id)
    assert group is not None
    slots = await store.sessions(tx, group_id, now=call.now)
    sessions = rules.still_offered(group, map(store.as_session, slots.values()), now=call.now)
    left = {session.slot_id: session.left for session in sessions}
    if not any(left.values()):
        return
    chosen = rules.whom_to_offer(await store.waiting(tx, group_id), left)
    if chosen:
        await _offer(tx, chosen, {session.slot_id: session for session in sessions}, call, deps)


async def _offer(
    tx: Tx, chosen: Sequence[Party], sessions: dict[UUID, Session], call: Call, deps: Deps
) -> None:
    seats: Counter[UUID] = Counter()
    for party in chosen:
        seats.update({slot_id: len(ids) for slot_id, ids in party.wishes.items()})
    if not await store.take_seats(tx, seats):
        raise AssertionError("seats went while the group was locked")
    until = {
        party.enrolment_id: rules.offer_until(
            now=call.now,
            starts_at=min(sessions[slot_id].starts_at for slot_id in party.wishes),
            zone=deps.zone,
        )
        for party in chosen
    }
    await store.set_offered(tx, until)
    for party in chosen:
        await store.change(
            tx,
            [booking_id for ids in party.wishes.values() for booking_id in ids],
            BookingStatus.OFFERED,
            what="offered",
            by=BY_THE_SERVICE,
            now=call.now,
            held_until=until[party.enrolment_id],
        )
    offered = [booking_id for party in chosen for ids in party.wishes.values() for booking_id in ids]
    await news.spread(tx, SeatOffered, await booking_store.several(tx, offered), call=call)


async def release(
    tx: Tx, group_id: UUID, bookings: Sequence[BookingRow], ending: Ending, call: Call, deps: Deps
) -> None:
    """End these bookings, tell it, and offer the seats they had to those who wait.

    The group is locked. Every way out of a group goes through here, so that no seat is left lying.
    """
    if not bookings:
        return
    ended = await end(tx, bookings, ending, call)
    await news.spread(tx, ending.event, ended, call=call, **ending.more)
    await offer_free_seats(tx, group_id, call, deps)


async def end(tx: Tx, bookings: Sequence[BookingRow], ending: Ending, call: Call) -> Sequence[BookingRow]:
    """As they are afterwards. Nobody is told, and what they had is not offered yet."""
    ids = [booking.id for booking in bookings]
    signature = access.signature(call.actor)
    await store.change(
        tx,
        ids,
        ending.status,
        what=ending.what,
        by=signature,
        now=call.now,
        cancelled_by=ending.cancelled_by,
    )
    seats: Counter[UUID] = Counter()
    for booking in bookings:
        if booking.status in rules.SEATED:
            seats[booking.slot.id] += booking.seats
    await store.give_back(tx, seats)
    return await booking_store.several(tx, ids)

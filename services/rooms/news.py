"""What booking tells or answers, written into rooms' own tables. Twice or out of order does no harm."""

import secrets
from datetime import datetime
from uuid import UUID

from services.contracts.booking.appointments import Place as Described
from services.contracts.booking.events import BookingEvent
from services.rooms.store import people, places
from services.rooms.store.places import Place, Slot
from services.runtime.db import Tx


async def take_in(tx: Tx, event: BookingEvent, *, live: bool, at: datetime) -> None:
    """What an event says of a booking and its slot."""
    slot = Slot(
        slot_id=event.slot_id,
        host_id=event.host_id,
        kind=event.kind,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        known_at=at,
    )
    place = Place(
        booking_id=event.booking_id,
        slot_id=event.slot_id,
        live=live,
        link_version=event.link_version,
        version=event.version,
    )
    await _write(tx, slot, place)


async def take_in_answer(tx: Tx, answer: Described, *, at: datetime) -> None:
    """What booking said of a slot, and of one booking in it, when it was asked."""
    slot = Slot(
        slot_id=answer.slot_id,
        host_id=answer.host_id,
        kind=answer.kind,
        starts_at=answer.starts_at,
        ends_at=answer.ends_at,
        known_at=at,
    )
    if answer.booking_id is None:
        await _write(tx, slot)
    else:
        place = Place(
            booking_id=answer.booking_id,
            slot_id=answer.slot_id,
            live=answer.booking_live,
            link_version=answer.link_version,
            version=answer.version,
        )
        await _write(tx, slot, place)
    if not answer.live:
        await call_off(tx, answer.slot_id, at=at)


async def call_off(tx: Tx, slot_id: UUID, *, at: datetime) -> None:
    """The slot is off, for good, whatever older news of it is still to come."""
    await places.call_off(tx, slot_id, at)
    await people.empty(tx, slot_id, at)


async def _write(tx: Tx, slot: Slot, place: Place | None = None) -> None:
    await places.tell_slot(tx, slot, name=room_name())
    if place is not None and await places.tell_place(tx, place):
        stays_in = [place.slot_id] if place.live else []
        await people.leave_all_but(tx, place.booking_id, stays_in, slot.known_at)


def room_name() -> str:
    """160 bits that say nothing about anybody, in the letters Jitsi compares without surprises."""
    return secrets.token_hex(20)

"""What booking tells or answers, written into rooms' own tables. Twice or out of order does no harm."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from services.contracts.booking.appointments import Place as Described
from services.contracts.booking.events import BookingEvent, SlotChanged
from services.contracts.rooms import HostLeft
from services.rooms.store import first_places, people, places, sightings
from services.rooms.store.places import Place, Session, Slot
from services.runtime import outbox
from services.runtime.db import Tx


async def take_in(tx: Tx, event: BookingEvent, *, ended: bool, at: datetime) -> None:
    """What an event says of a booking and its slot."""
    await _write(tx, *_said(event, ended=ended, at=at))


async def take_in_first(tx: Tx, news: Sequence[tuple[BookingEvent, datetime]]) -> set[UUID]:
    """Give places to those of whom nothing is known yet, all at once; the bookings of which that was so.

    Nobody of them can have been anywhere, so there is nobody to take out of another room.
    """
    told = [(*_said(event, ended=False, at=at), room_name()) for event, at in news]
    return await first_places.tell_first_places(tx, [(slot, name, place) for slot, place, name in told])


def _said(event: BookingEvent, *, ended: bool, at: datetime) -> tuple[Slot, Place]:
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
        live=event.seated and not ended,
        ended=ended,
        link_version=event.link_version,
        version=event.version,
    )
    return slot, place


async def take_in_session(tx: Tx, event: SlotChanged, *, at: datetime) -> None:
    """Who may open a session now, when it is, and for how many."""
    session = Session(
        slot_id=event.slot_id,
        host_id=event.host_id,
        kind=event.kind,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        known_at=at,
        hosts=tuple(event.hosts),
        room_limit=event.room_limit,
        version=event.version,
    )
    await _write_session(tx, session)


async def take_in_answer(tx: Tx, answer: Described, *, at: datetime) -> None:
    """What booking said of a slot, and of one booking in it, when it was asked."""
    slot = _slot_of(answer, at)
    if answer.booking_id is None:
        await _write(tx, slot)
    else:
        place = Place(
            booking_id=answer.booking_id,
            slot_id=answer.slot_id,
            live=answer.booking_live,
            ended=False,  # or there is no seat yet: only its news tells one from the other
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
    was_in = None if place is None else await places.hold_place(tx, place.booking_id)
    if isinstance(slot, Session):
        await _write_session(tx, slot)
    else:
        await places.tell_slot(tx, slot, name=room_name())
    if place is not None and await places.tell_place(tx, place):
        stays_in = [place.slot_id] if place.live else []
        await people.leave_all_but(tx, place.booking_id, stays_in, slot.known_at)
        if was_in is not None and was_in not in stays_in:
            await _move_out(tx, was_in, place.booking_id, slot.known_at)


def _slot_of(answer: Described, at: datetime) -> Slot:
    plain = Slot(
        slot_id=answer.slot_id,
        host_id=answer.host_id,
        kind=answer.kind,
        starts_at=answer.starts_at,
        ends_at=answer.ends_at,
        known_at=at,
    )
    if answer.hosts is None or answer.slot_version == 0:
        return plain
    return Session(
        **asdict(plain),
        hosts=tuple(answer.hosts),
        room_limit=answer.room_limit,
        version=answer.slot_version,
    )


async def _write_session(tx: Tx, session: Session) -> None:
    """Whoever hosts no longer is out at once. A session that was moved is another meeting, where nobody
    is yet: those who came for the old hour have been told of the new one.
    """
    slot_id, at = session.slot_id, session.known_at
    await places.hold_alone(tx, slot_id)
    before = (await places.meetings(tx, [slot_id])).get(slot_id)
    if not await places.tell_session(tx, session, name=room_name()) or before is None:
        return
    if before.starts_at != session.starts_at:
        await people.empty(tx, slot_id, at)
        await people.help_is_over(tx, slot_id)
    await people.leave_hosting(tx, slot_id, session.hosts, at)
    after = (await places.meetings(tx, [slot_id]))[slot_id]
    if before.host_present and not after.host_present:
        await outbox.add(tx, HostLeft(slot_id=slot_id))


async def _move_out(tx: Tx, slot_id: UUID, gone: UUID, at: datetime) -> None:
    """Whoever was let in and gave the place back must not meet who gets the time next.

    Their token opens the room for minutes more, and they may still sit in it. So the room changes its
    name: nobody is in the new one, and who goes on gets there by pressing join once more.
    """
    before = (await places.meetings(tx, [slot_id]))[slot_id]
    if not await places.rename(tx, slot_id, known_to=gone, name=room_name()):
        return
    await sightings.end_all(tx, slot_id, max(at, await sightings.latest(tx, slot_id)))
    if before.host_present:
        await outbox.add(tx, HostLeft(slot_id=slot_id))


def room_name() -> str:
    """160 bits that say nothing about anybody, in the letters Jitsi compares without surprises."""
    return secrets.token_hex(20)

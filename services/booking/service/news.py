"""The news of a booking, told from the row as it is after the change."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from services.booking.domain.seats import LIVE
from services.booking.store.bookings import BookingRow
from services.booking.store.groups import sessions
from services.contracts.booking import events
from services.contracts.booking.slots import BookingStatus
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx

_UNTIL: dict[type[events.BookingEvent], str] = {
    events.BookingHeld: "held_until",
    events.SeatOffered: "offered_until",
}
"""Under which name the news tells until when a seat is kept."""


async def spread(
    tx: Tx, event: type[events.BookingEvent], bookings: Iterable[BookingRow], *, call: Call, **more: Any
) -> None:
    """The same of many bookings at once, each by news of its own."""
    await outbox.add_all(
        tx, [event(**_facts(each), **_until(event, each), **more) for each in bookings], call
    )


def _until(event: type[events.BookingEvent], booking: BookingRow) -> dict[str, Any]:
    return {_UNTIL[event]: booking.held_until} if event in _UNTIL else {}


async def taken(tx: Tx, booking: BookingRow, *, call: Call) -> None:
    """A seat was taken: held, or confirmed at once."""
    if booking.status is BookingStatus.HELD:
        assert booking.held_until is not None
        await outbox.add(tx, events.BookingHeld(**_facts(booking), held_until=booking.held_until), call)
    else:
        await outbox.add(tx, events.BookingConfirmed(**_facts(booking)), call)


async def moved(tx: Tx, booking: BookingRow, *, from_slot_id: UUID, call: Call) -> None:
    await outbox.add(tx, events.BookingMoved(**_facts(booking), from_slot_id=from_slot_id), call)


async def cancelled(tx: Tx, booking: BookingRow, *, by: str, call: Call) -> None:
    await outbox.add(tx, events.BookingCancelled(**_facts(booking), by=by), call)


async def expired(tx: Tx, booking: BookingRow, *, call: Call) -> None:
    await outbox.add(tx, events.BookingExpired(**_facts(booking)), call)


async def link_renewed(tx: Tx, booking: BookingRow, *, call: Call) -> None:
    await outbox.add(tx, events.LinkRenewed(**_facts(booking)), call)


async def outcome(tx: Tx, booking: BookingRow, *, call: Call) -> None:
    attended = booking.status is BookingStatus.ATTENDED
    await outbox.add(tx, events.OutcomeRecorded(**_facts(booking), attended=attended), call)


async def slot_changed(tx: Tx, slot_ids: Sequence[UUID], call: Call) -> None:
    """Sessions of groups as they are now, each by news of its own; of other times there is none."""
    changed = await sessions.as_they_are(tx, slot_ids)
    await outbox.add_all(tx, [events.SlotChanged(**asdict(each)) for each in changed], call)


def _facts(booking: BookingRow) -> dict[str, Any]:
    slot = booking.slot
    return {
        "booking_id": booking.id,
        "slot_id": slot.id,
        "host_id": slot.host.id,
        "kind": slot.kind,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "time_zone": slot.time_zone,
        "version": booking.version,
        "link_version": booking.link_version,
        "sequence": booking.sequence,
        "enrolment_id": booking.enrolment_id,
        "seated": booking.status in LIVE,
    }

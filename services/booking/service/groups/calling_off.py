"""Calling off sessions of groups: whoever is in them, or waits, is told by news of their own."""

from collections.abc import Sequence
from uuid import UUID

from services.booking.domain import access
from services.booking.service import news
from services.booking.store import bookings as booking_store
from services.booking.store.groups import session_changes as store
from services.contracts.booking.events import BookingCancelled, SlotCancelled
from services.contracts.booking.slots import SlotState
from services.contracts.envelope import Role, Staff
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx


async def call_off(
    tx: Tx, slot_ids: Sequence[UUID], reason: str, call: Call, *, left_out: bool = False
) -> None:
    """The group and the slots are locked. What an offer loses by it, `offer_free_seats` sees to.

    `left_out`: their series no longer names them, and may have them back.
    """
    if not slot_ids:
        return
    said_by = "coordinator" if _is_coordinator(call) else "host"
    booking_ids = await store.call_off_bookings(
        tx, slot_ids, said_by=said_by, reason=reason, by=access.signature(call.actor), now=call.now
    )
    cancelled = await booking_store.several(tx, booking_ids)
    await news.spread(tx, BookingCancelled, cancelled, call=call, by=said_by)
    off = await store.call_off(tx, slot_ids, state=SlotState.CANCELLED, reason=reason, left_out=left_out)
    await _tell(tx, off, call)


async def withdraw(tx: Tx, slot_ids: Sequence[UUID], call: Call) -> None:
    """Sessions nobody is in. Their rooms are off all the same: rooms have heard of them."""
    if slot_ids:
        off = await store.call_off(tx, slot_ids, state=SlotState.WITHDRAWN, reason=None, left_out=True)
        await _tell(tx, off, call)


async def _tell(tx: Tx, off: Sequence[tuple[UUID, UUID]], call: Call) -> None:
    await outbox.add_all(
        tx, [SlotCancelled(slot_id=slot_id, host_id=host_id) for slot_id, host_id in off], call
    )


def _is_coordinator(call: Call) -> bool:
    return isinstance(call.actor, Staff) and call.actor.role is Role.COORDINATOR

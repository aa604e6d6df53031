"""Single times: adding one, looking at one's week, calling one off."""

from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.booking.domain import access
from services.booking.service import news
from services.booking.service.checks import (
    check_languages,
    check_length,
    check_moment,
    check_reason,
    check_theme,
)
from services.booking.service.deps import Deps
from services.booking.service.groups import sessions
from services.booking.service.staffing.leaders import check_leads
from services.booking.store import bookings as booking_store
from services.booking.store import slots as store
from services.booking.store.slots import SlotRow
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking import slots as words
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.events import SlotCancelled
from services.contracts.booking.slots import SlotState
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor


async def list_host_slots(tx: Tx, request: words.ListHostSlots, call: Call, _: Deps) -> words.HostSlots:
    host_id = access.publisher(call.actor, request.host_id)
    limit = check_limit(request.limit)
    starts_at, slot_id = read_cursor(request.cursor, datetime, UUID)
    rows = await store.host_slots(
        tx,
        host_id,
        from_at=request.from_at,
        to_at=request.to_at,
        after=(starts_at, slot_id),
        limit=limit + 1,
    )
    slots, following = page_of(rows, limit, lambda row: (row.starts_at, row.id))
    attendees = await store.attendees(tx, [slot.id for slot in slots])
    return words.HostSlots(items=[slot.for_host(attendees[slot.id]) for slot in slots], next=following)


async def get_slot(tx: Tx, request: words.GetSlot, call: Call, _: Deps) -> words.HostSlot:
    slot = await store.slot(tx, request.slot_id)
    if slot is None:
        raise access.not_found()
    await check_leads(tx, slot, call)
    return await _for_host(tx, slot)


async def add_slot(tx: Tx, request: words.AddSlot, call: Call, deps: Deps) -> words.HostSlot:
    if request.group_id is not None:
        return await _for_host(tx, await _present(tx, await sessions.add_session(tx, request, call, deps)))
    host_id = access.publisher(call.actor, request.host_id)
    await _check_new(tx, request, host_id, now=call.now)
    slot_id = uuid4()
    added = await store.add_slot(
        tx,
        slot_id=slot_id,
        kind=request.kind,
        host_id=host_id,
        theme=request.theme,
        group_id=None,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        local_start=_wall_time(request.starts_at, deps.zone),
        time_zone=deps.zone.key,
        languages=request.languages,
        capacity=request.capacity,
        now=call.now,
    )
    slot = await store.slot(tx, slot_id)
    if not added or slot is None:
        raise Refusal(Code.OVERLAP, "There is another open time then.")
    return await _for_host(tx, slot)


async def cancel_slot(tx: Tx, request: words.CancelSlot, call: Call, deps: Deps) -> words.HostSlot:
    """Twice is once. Everybody in the slot is told by an event of their own."""
    reason = check_reason(request.reason)
    if await store.group_of(tx, request.slot_id) is not None:
        await sessions.cancel_session(tx, request.slot_id, reason, call, deps)
        return await _for_host(tx, await _present(tx, request.slot_id))
    await store.lock(tx, request.slot_id)
    slot = await _own_slot(tx, request.slot_id, call)
    if slot.state is SlotState.OPEN:
        if call.now >= slot.over_from:
            raise Refusal(Code.ALREADY_STARTED, "The meeting is already over.")
        await _call_off(tx, slot, reason, call)
    return await _for_host(tx, await _present(tx, slot.id))


async def _call_off(tx: Tx, slot: SlotRow, reason: str, call: Call) -> None:
    by = access.said_by(call.actor, slot.host.id)
    for booking in await booking_store.live_in_slot(tx, slot.id):
        await booking_store.cancel(tx, booking.id, by=by, reason=reason, now=call.now)
        await booking_store.note_change(
            tx, booking.id, "cancelled", by=access.signature(call.actor), now=call.now
        )
        await news.cancelled(tx, await booking_store.present(tx, booking.id), by=by, call=call)
    await store.cancel_slot(tx, slot.id, reason)
    await outbox.add(tx, SlotCancelled(slot_id=slot.id, host_id=slot.host.id), call)


async def _check_new(tx: Tx, request: words.AddSlot, host_id: UUID, *, now: datetime) -> None:
    await check_theme(tx, request.theme)
    check_languages(request.languages)
    check_moment(request.starts_at, now=now)
    check_length(request.starts_at, request.ends_at)
    most = 1 if request.kind is SlotKind.APPOINTMENT else 1000
    if not 1 <= request.capacity <= most:
        raise field_refusal(Code.FIELD_INVALID, "capacity", f"The places are from 1 to {most}.")
    if not await staffing_store.lock_person(tx, host_id):
        raise access.not_found()


async def _own_slot(tx: Tx, slot_id: UUID, call: Call) -> SlotRow:
    slot = await store.slot(tx, slot_id)
    if slot is None:
        raise access.not_found()
    access.host(call.actor, slot.host.id)
    return slot


async def _present(tx: Tx, slot_id: UUID) -> SlotRow:
    slot = await store.slot(tx, slot_id)
    assert slot is not None
    return slot


async def _for_host(tx: Tx, slot: SlotRow) -> words.HostSlot:
    attendees = await store.attendees(tx, [slot.id])
    return slot.for_host(attendees[slot.id])


def _wall_time(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)

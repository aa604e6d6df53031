"""Finding a free time."""

from datetime import datetime, timedelta
from uuid import UUID

from services.booking.service.deps import Deps
from services.booking.store.directory import catalogue as store
from services.booking.store.slots import SlotRow
from services.contracts.booking.catalogue import FindSlots, FreeSlot, FreeSlots
from services.contracts.refusals import Code, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor

LONGEST_SEARCH = timedelta(days=400)
ALTERNATIVES = 5
ALTERNATIVES_WITHIN = timedelta(days=60)


async def find_slots(tx: Tx, request: FindSlots, call: Call, _: Deps) -> FreeSlots:
    limit = check_limit(request.limit)
    if request.slot is not None:
        return FreeSlots(items=list(await store.free_slot(tx, request.slot, now=call.now)))
    if request.to_at <= request.from_at or request.to_at - request.from_at > LONGEST_SEARCH:
        raise field_refusal(Code.TIME_INVALID, "to", "The end must be after the start, within 400 days.")
    starts_at, slot_id = read_cursor(request.cursor, datetime, UUID)
    rows = await store.free_slots(tx, request, now=call.now, after=(starts_at, slot_id), limit=limit + 1)
    items, following = page_of(rows, limit, lambda row: (row.starts_at, row.id))
    return FreeSlots(items=list(items), next=following)


async def alternatives(tx: Tx, slot: SlotRow, *, now: datetime) -> list[FreeSlot]:
    """The next free times like this one, whoever the host: of the same theme and kind."""
    wanted = FindSlots(
        from_at=now,
        to_at=now + ALTERNATIVES_WITHIN,
        theme=slot.theme,
        kind=slot.kind,
    )
    return list(await store.free_slots(tx, wanted, now=now, after=(None, None), limit=ALTERNATIVES))

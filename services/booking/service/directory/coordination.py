"""What coordinators look through: all times, all bookings, and the history of one. They change nothing."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from services.booking.domain import access
from services.booking.service.appointments.searching import LONGEST_SEARCH
from services.booking.service.deps import Deps
from services.booking.store import bookings as booking_store
from services.booking.store import slots as slot_store
from services.booking.store.directory import coordination as store
from services.contracts.booking import coordination as words
from services.contracts.refusals import Code, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor


async def search_slots(tx: Tx, request: words.SearchSlots, call: Call, _: Deps) -> words.FoundSlots:
    access.coordinator(call.actor)
    limit = _checked(request)
    after = read_cursor(request.cursor, datetime, UUID)
    rows = await store.slots(tx, request, after=(after[0], after[1]), limit=limit + 1)
    slots, following = page_of(rows, limit, lambda row: (row.starts_at, row.id))
    attendees = await slot_store.attendees(tx, [slot.id for slot in slots])
    return words.FoundSlots(
        items=[
            slot.for_host([replace(person, note=None) for person in attendees[slot.id]]) for slot in slots
        ],
        next=following,
        total=None if request.cursor else await store.count_slots(tx, request),
    )


async def search_bookings(
    tx: Tx, request: words.SearchBookings, call: Call, _: Deps
) -> words.FoundBookings:
    access.coordinator(call.actor)
    limit = _checked(request)
    after = read_cursor(request.cursor, datetime, UUID)
    rows = await store.bookings(tx, request, after=(after[0], after[1]), limit=limit + 1)
    listed, following = page_of(rows, limit, lambda row: (row.starts_at, row.line.id))
    return words.FoundBookings(
        items=[row.line for row in listed],
        next=following,
        total=None if request.cursor else await store.count_bookings(tx, request),
    )


async def describe_history(tx: Tx, request: words.DescribeHistory, call: Call, _: Deps) -> words.History:
    access.coordinator(call.actor)
    if await booking_store.slot_of(tx, request.booking_id) is None:
        raise access.not_found()
    return words.History(items=list(await store.history(tx, request.booking_id)))


def _checked(request: words.SearchSlots | words.SearchBookings) -> int:
    if not request.from_at < request.to_at <= request.from_at + LONGEST_SEARCH:
        raise field_refusal(Code.TIME_INVALID, "to", "The end must be after the start, within 400 days.")
    return check_limit(request.limit)

"""What a coordinator sees first: today's meetings and who waits, what needs a hand, and the ways on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from aiohttp import web

from services.contracts.booking.coordination import SearchSlots, SlotFilter
from services.contracts.booking.slots import Attendee, HostSlot
from services.contracts.refusals import Refusal, Unavailable
from services.contracts.rooms import LookAtSlots, RoomState, RoomView
from services.gateway.calls import beside
from services.gateway.door import door_of
from services.gateway.pages import catalogue, to_do
from services.gateway.pages.asking import do
from services.gateway.pages.coordinator import staffing
from services.gateway.pages.coordinator.search import today_of
from services.gateway.pages.my_week import COMING
from services.gateway.pages.rendering import render, say_for
from services.gateway.pages.words import N_, Say

AT_ONCE = 100
STATES: Mapping[RoomState, str] = {
    RoomState.WAITING: N_("the host is not in yet"),
    RoomState.OPEN: N_("going on"),
    RoomState.OVER: N_("over"),
}


@dataclass(frozen=True)
class Today:
    """One of today's meetings with somebody in it."""

    slot: HostSlot
    people: Sequence[Attendee]
    state: str
    waiting: int
    cannot_get_in: Sequence[UUID]
    late: bool


async def overview(request: web.Request) -> web.Response:
    (meetings, more), left, needing = await asyncio.gather(
        _today(request), to_do.waiting(request), _needing(request)
    )
    return render(
        request,
        "coordinator/overview.html",
        today=today_of(request),
        meetings=meetings,
        more=more,
        left=left,
        needing=needing,
        theme_name=await catalogue.theme_names(request),
    )


async def _needing(request: web.Request) -> int:
    """An overview without it is still one."""
    try:
        return await staffing.needing(request)
    except (Unavailable, Refusal):
        return 0


async def _today(request: web.Request) -> tuple[list[Today], bool]:
    """The meetings of the whole day, at most a hundred, and whether there are more."""
    door, say = door_of(request), say_for(request)
    start = datetime.combine(today_of(request), time(), door.settings.zone)
    found = await do(
        request,
        SearchSlots(
            from_at=start, to_at=start + timedelta(days=1), status=SlotFilter.BOOKED, limit=AT_ONCE
        ),
    )
    views = await _views(request, found.items)
    now = door.clock.now()
    return [_meeting(slot, views.get(slot.id), now, say) for slot in found.items], found.next is not None


async def _views(request: web.Request, slots: Sequence[HostSlot]) -> Mapping[UUID, RoomView]:
    """How the rooms stand. An overview without it is still one."""
    if not slots:
        return {}
    try:
        async with beside():
            looked = await do(request, LookAtSlots(slot_ids=[slot.id for slot in slots]))
    except (Unavailable, Refusal, TimeoutError):
        return {}
    return {view.slot_id: view for view in looked.items}


def _meeting(slot: HostSlot, view: RoomView | None, now: datetime, say: Say) -> Today:
    over = now >= slot.ends_at or slot.ended_at is not None
    state = RoomState.OVER if over else view.state if view else None
    words = STATES.get(state) if state else None
    late = state is RoomState.WAITING and now >= slot.starts_at
    return Today(
        slot=slot,
        people=[person for person in slot.bookings if person.status in COMING],
        state=say(words) if words and (state is not RoomState.WAITING or late) else "",
        waiting=view.waiting if view else 0,
        cannot_get_in=view.cannot_get_in if view else [],
        late=late,
    )

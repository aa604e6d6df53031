"""Every time of everybody, with who comes."""

from aiohttp import web

from services.contracts.booking.coordination import FoundSlots, SearchSlots, SlotFilter
from services.contracts.booking.slots import HostSlot, SlotState
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.door import door_of
from services.gateway.pages import catalogue
from services.gateway.pages.asking import do
from services.gateway.pages.coordinator import search
from services.gateway.pages.coordinator.search import Search
from services.gateway.pages.my_week import COMING
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_

PATH = "/coordinator/times"
STATUSES = (
    (SlotFilter.FREE, N_("Free")),
    (SlotFilter.BOOKED, N_("Booked")),
    (SlotFilter.CANCELLED, N_("Cancelled")),
    (SlotFilter.WITHDRAWN, N_("Taken back before anybody booked")),
)
CODES = tuple(str(code) for code, _ in STATUSES)
TAGS = {
    "free": N_("free"),
    "booked": N_("booked"),
    "off": N_("cancelled"),
    "withdrawn": N_("taken back"),
}


async def times(request: web.Request) -> web.Response:
    say, wanted = say_for(request), search.of_address(request, CODES)
    after = request.query.get("after")
    found = await _find(request, wanted, after)
    return render(
        request,
        "coordinator/times.html",
        form=wanted.form,
        search=wanted,
        slots=found.items,
        total=found.total,
        more=found.next,
        is_first=after is None,
        standing=_standing,
        tags={code: say(name) for code, name in TAGS.items()},
        coming_to=lambda slot: [person for person in slot.bookings if person.status in COMING],
        can_book=lambda slot: _can_book(request, slot),
        theme_name=await catalogue.theme_names(request),
        **await search.choices(request, STATUSES, any_status=say("All")),
    )


async def look_for(request: web.Request) -> web.Response:
    form = await forms.read(request)
    return see_other(f"{PATH}?{search.of_form(request, form, CODES).query}")


async def _find(request: web.Request, wanted: Search, after: str | None) -> FoundSlots:
    """A cursor that cannot be read is as good as none."""
    from_at, to_at = wanted.between(door_of(request).settings.zone)
    asked = SearchSlots(
        from_at=from_at,
        to_at=to_at,
        organisation=wanted.organisation,
        host=wanted.host,
        theme=wanted.theme or None,
        status=SlotFilter(wanted.status) if wanted.status else None,
        cursor=after,
    )
    try:
        return await do(request, asked)
    except Refusal as refusal:
        if refusal.code != Code.PAGE_INVALID or after is None:
            raise
        return await _find(request, wanted, None)


def _standing(slot: HostSlot) -> str:
    if slot.state is SlotState.OPEN:
        return "free" if slot.seats_left == slot.capacity else "booked"
    return "off" if slot.state is SlotState.CANCELLED else "withdrawn"


def _can_book(request: web.Request, slot: HostSlot) -> bool:
    ahead = slot.starts_at > door_of(request).clock.now()
    return slot.state is SlotState.OPEN and slot.seats_left > 0 and ahead

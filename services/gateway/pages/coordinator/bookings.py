"""Every booking of everybody, in the order of the meetings. A look through them is written down."""

from collections.abc import Mapping

from aiohttp import web

from services.contracts.booking.coordination import FoundBookings, SearchBookings
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.pages import catalogue, words
from services.gateway.pages.asking import do, note
from services.gateway.pages.coordinator import search
from services.gateway.pages.coordinator.search import Search
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_

PATH = "/coordinator/bookings"
STATUSES: Mapping[str, str] = {
    BookingStatus.CONFIRMED: N_("booked"),
    BookingStatus.HELD: N_("not confirmed yet"),
    BookingStatus.APPLIED: N_("waits to be accepted"),
    BookingStatus.WAITING: N_("on the waiting list"),
    BookingStatus.OFFERED: N_("a place is offered"),
    BookingStatus.ATTENDED: N_("came"),
    BookingStatus.NO_SHOW: N_("did not come"),
    BookingStatus.CANCELLED: N_("cancelled"),
    BookingStatus.EXPIRED: N_("not confirmed in time"),
}
CODES = tuple(str(code) for code in STATUSES)


async def bookings(request: web.Request) -> web.Response:
    say, wanted = say_for(request), search.of_address(request, CODES)
    after = request.query.get("after")
    await note(request, Action.BOOKINGS_LISTED)
    found = await _find(request, wanted, after)
    return render(
        request,
        "coordinator/bookings.html",
        form=wanted.form,
        search=wanted,
        lines=found.items,
        total=found.total,
        more=found.next,
        is_first=after is None,
        statuses={code: say(name) for code, name in STATUSES.items()},
        comes_as={kind: say(name) for kind, name in words.COMPANIONS.items()},
        theme_name=await catalogue.theme_names(request),
        **await search.choices(request, list(STATUSES.items()), any_status=say("All")),
    )


async def look_for(request: web.Request) -> web.Response:
    form = await forms.read(request)
    return see_other(f"{PATH}?{search.of_form(request, form, CODES).query}")


async def _find(request: web.Request, wanted: Search, after: str | None) -> FoundBookings:
    """A cursor that cannot be read is as good as none."""
    from_at, to_at = wanted.between(door_of(request).settings.zone)
    asked = SearchBookings(
        from_at=from_at,
        to_at=to_at,
        organisation=wanted.organisation,
        host=wanted.host,
        theme=wanted.theme or None,
        status=BookingStatus(wanted.status) if wanted.status else None,
        cursor=after,
    )
    try:
        return await do(request, asked)
    except Refusal as refusal:
        if refusal.code != Code.PAGE_INVALID or after is None:
            raise
        return await _find(request, wanted, None)

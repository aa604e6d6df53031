"""The place that a browser has walked into: nobody was asked for an address, so the browser keeps the way
back. Coming in again leads there, and takes no second place."""

from uuid import UUID

from aiohttp import web

from services.contracts import links
from services.contracts.booking.appointments import DescribeBooking
from services.contracts.envelope import Resident
from services.contracts.links import Purpose
from services.contracts.refusals import Refusal, Unavailable
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.meetings import GONE

COOKIE = "came-in"


def keep(request: web.Request, response: web.Response, path: str) -> None:
    """For this session's own address and none else, until the browser is closed."""
    response.set_cookie(
        COOKIE,
        path.rpartition("/")[2],
        path=request.path,
        httponly=True,
        samesite="Lax",
        secure=door_of(request).settings.secure,
    )


async def place(request: web.Request) -> str:
    """Where the page of that place is; empty when there is none, or it has been given back."""
    token = request.cookies.get(COOKIE, "")
    link = links.read(door_of(request).link_keys, token)
    if link is None or link.purpose is not Purpose.BOOKING:
        return ""
    bearer = Resident(booking_id=link.subject_id, link_version=link.version)
    asked = DescribeBooking(booking_id=link.subject_id)
    try:
        booking = await door_of(request).bus.call(asked, call_for(request, bearer))
    except Refusal:
        return ""
    except Unavailable:
        return f"/t/{token}"
    elsewhere = booking.slot.id != UUID(request.match_info["slot_id"])
    return "" if elsewhere or booking.status in GONE else f"/t/{token}"

"""The place that a browser has taken by a form. Whoever goes back gets the form anew, with a new key; so
the browser keeps the way to the place, and pressing again leads there instead of taking a second one.

What is typed decides nothing: it would tell strangers who comes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from aiohttp import web

from services.contracts import links
from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.enrolment import DescribeEnrolment
from services.contracts.envelope import Resident
from services.contracts.links import Purpose
from services.contracts.refusals import Refusal, Unavailable
from services.gateway import enrolments
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.meetings import GONE, is_gone

WAY, FORM = "place", "form"
MOST_FORMS = 20
_ID = "[0-9a-f-]{36}"
_FORM = re.compile(f"/book/{_ID}|/groups/{_ID}/enrol(?:/{_ID})?|/groups/{_ID}/come-in/{_ID}")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where its page is; nowhere for a browser that holds none. `stands`: it has not been given back."""

    path: str = ""
    stands: bool = False

    @property
    def mark(self) -> str:
        """Names the place, and opens nothing."""
        return sha256(self.path.encode()).hexdigest()[:16] if self.path else ""

    def is_enough(self, another: str) -> bool:
        """Whether this is what a form leads to. It is not for a form that was asked for on purpose, for
        somebody else, when this was the last place taken."""
        return self.stands and another != self.mark

    def key(self, key: str) -> str:
        """Under what a form is sent on. One that a browser has kept since before the place was given back
        is another deed than the one that took it."""
        return sha256(f"{key} {self.mark}".encode()).hexdigest()[:40] if self.path else key


def keep(request: web.Request, response: web.Response, path: str) -> None:
    """For the form's own address, until the browser is closed. A person's pages get to know which forms
    there are, so that they can be forgotten there."""
    if not _FORM.fullmatch(request.path):
        return
    _set(request, response, _name(WAY, request.path), path.rpartition("/")[2], path=request.path)
    _set(request, response, _name(FORM, request.path), "kept", path="/t")


async def find(request: web.Request) -> Place:
    """The place that was taken by the form at this address. While booking does not answer, it stands."""
    token = request.cookies.get(_name(WAY, request.path), "")
    link = links.read(door_of(request).link_keys, token)
    if link is None or link.purpose is not Purpose.BOOKING:
        return Place()
    bearer = Resident(booking_id=link.subject_id, link_version=link.version)
    stands = _in_session if "slot_id" in request.match_info else _in_series
    try:
        return Place(path=f"/t/{token}", stands=await stands(request, link.subject_id, bearer))
    except Refusal as refusal:
        return Place(path=f"/t/{token}", stands=not is_gone(refusal))
    except Unavailable:
        return Place(path=f"/t/{token}", stands=True)


async def _in_session(request: web.Request, booking_id: UUID, bearer: Resident) -> bool:
    asked = DescribeBooking(booking_id=booking_id)
    booking = await door_of(request).bus.call(asked, call_for(request, bearer))
    return str(booking.slot.id) == request.match_info["slot_id"] and booking.status not in GONE


async def _in_series(request: web.Request, booking_id: UUID, bearer: Resident) -> bool:
    """One session that was left is not the series."""
    call = call_for(request, bearer)
    mine = await door_of(request).bus.call(DescribeEnrolment(booking_id=booking_id), call)
    coming = mine.member or any(
        enrolments.is_live(session) and call.now < session.ends_at for session in mine.sessions
    )
    return str(mine.group_id) == request.match_info["group_id"] and coming


def forms_of(request: web.Request) -> list[str]:
    """The forms by which this browser finds a place, the oldest first, for who looks at a person's page."""
    names = (name.removeprefix(FORM) for name in request.cookies if name.startswith(f"{FORM}."))
    paths = (name.replace(".", "/") for name in names)
    return [path for path in paths if _FORM.fullmatch(path)]


def forget(request: web.Request, response: web.Response, forms: Iterable[str]) -> None:
    for form in forms:
        _unset(request, response, _name(WAY, form), path=form)
        _unset(request, response, _name(FORM, form), path="/t")


def forget_the_oldest(request: web.Request, response: web.Response) -> None:
    """A browser that is never closed would in the end send more than may be read."""
    forget(request, response, forms_of(request)[:-MOST_FORMS])


def _name(what: str, form: str) -> str:
    """Each form has its own: an answer can set or unset a name only once."""
    return what + form.replace("/", ".")


def _set(request: web.Request, response: web.Response, name: str, value: str, *, path: str) -> None:
    secure = door_of(request).settings.secure
    response.set_cookie(name, value, path=path, httponly=True, samesite="Lax", secure=secure)


def _unset(request: web.Request, response: web.Response, name: str, *, path: str) -> None:
    secure = door_of(request).settings.secure
    response.del_cookie(name, path=path, httponly=True, samesite="Lax", secure=secure)

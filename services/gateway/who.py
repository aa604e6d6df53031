"""Who asks: nobody in particular, the bearer of a link, or a signed-in person."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from aiohttp import web

from services.contracts import links
from services.contracts.booking.people import Identify, Person
from services.contracts.envelope import Actor, Anyone, Resident, Service, Staff
from services.contracts.links import Link, Purpose
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import sessions
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.routing import ANYONE, LINK, Route
from services.gateway.sessions import Session


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`csrf` is what a signed-in person's writes must carry; others have none."""

    actor: Actor
    person: Person | None = None
    link: Link | None = None
    csrf: str | None = None


ITSELF = Service(name="gateway")
CALLER = web.RequestKey("caller", Caller)
GREETED = web.RequestKey("greeted", Caller)
KNOWN_WITHIN = timedelta(seconds=2)


def caller_of(request: web.Request) -> Caller:
    """Who was let in for this request."""
    return request[CALLER]


async def recognise(request: web.Request, route: Route) -> Caller:
    """The caller, if the route is for such as them.

    Refuses `not_found` for what is no link of ours, `wrong_purpose`, `not_signed_in`, `session_ended`
    for a session that is over or whose person has been disabled, and `forbidden` for another role.
    """
    if route.roles == LINK:
        return _bearer(request)
    if route.roles == ANYONE:
        return Caller(actor=Anyone())
    if route.roles >= ANYONE and not sessions.has_cookie(request):
        return Caller(actor=Anyone())
    try:
        caller = await _signed_in(request)
        if caller.person is None or caller.person.role not in route.roles:
            raise Refusal(Code.FORBIDDEN, "Your role does not include this.")
    except Refusal:
        if route.roles >= ANYONE:
            return Caller(actor=Anyone())
        raise
    return caller


async def greet(request: web.Request) -> None:
    """Note whose browser this is, for the head of pages that do not ask who comes. It opens nothing."""
    if not sessions.has_cookie(request):
        return
    try:
        request[GREETED] = await _signed_in(request)
    except (Refusal, Unavailable):
        return


def greeted(request: web.Request) -> Caller | None:
    """Who is named in the head of the page."""
    return request.get(GREETED) or request.get(CALLER)


def _bearer(request: web.Request) -> Caller:
    link = links.read(door_of(request).link_keys, request.match_info["token"])
    if link is None:
        raise Refusal(Code.NOT_FOUND, "There is nothing behind this link.")
    if link.purpose is not Purpose.BOOKING:
        raise Refusal(Code.WRONG_PURPOSE, "This link is for something else.")
    return Caller(actor=Resident(booking_id=link.subject_id, link_version=link.version), link=link)


async def _signed_in(request: web.Request) -> Caller:
    session = await sessions.session_of(request)
    if session.person_id is None or session.cookie is None:
        raise _nobody(request)
    try:
        person = await _identified(request, session.cookie, session.person_id)
    except Refusal as refusal:
        if refusal.code not in (Code.SESSION_ENDED, Code.NOT_FOUND):
            raise
        await sessions.end(request)
        raise Refusal(Code.SESSION_ENDED, "You have been signed out.") from refusal
    return _caller(request, session, person)


async def _identified(request: web.Request, cookie: str, person_id: UUID) -> Person:
    """As booking says now; as it said a short while ago when it does not answer."""
    door, call = door_of(request), call_for(request, ITSELF)
    connection, asked = door.bus.line.connections, door.known.moment()
    before = door.known.find(cookie, person_id, now=call.now, connection=connection)
    if before is not None:
        call = replace(call, deadline=call.now + KNOWN_WITHIN)
    try:
        person = await door.bus.call(Identify(person_id=person_id), call)
    except Unavailable:
        # Asked once more: news of them may have come while booking was waited for.
        before = door.known.find(cookie, person_id, now=call.now, connection=door.bus.line.connections)
        if before is None:
            raise
        return before
    door.known.keep(cookie, person, at=call.now, connection=connection, asked=asked)
    return person


def _caller(request: web.Request, session: Session, person: Person) -> Caller:
    actor = Staff(person_id=person.id, role=person.role, organisation_id=person.organisation_id)
    return Caller(actor=actor, person=person, csrf=sessions.csrf_token(request, session))


def _nobody(request: web.Request) -> Refusal:
    if sessions.has_cookie(request):
        return Refusal(Code.SESSION_ENDED, "You have been signed out.")
    return Refusal(Code.NOT_SIGNED_IN, "Sign in first.")

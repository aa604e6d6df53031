"""How one request of the JSON API is understood, handed on and answered."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import Struct

from services.contracts.envelope import Actor, Nothing, Request, Staff
from services.contracts.links import Link
from services.gateway.body import read_object
from services.gateway.calls import call_for, key_of
from services.gateway.door import Door, door_of
from services.gateway.routing import WITHOUT_BODY, Api, Route
from services.gateway.understanding import from_object, from_query, needs_something
from services.gateway.who import Caller, caller_of
from services.runtime.call import Call

R = TypeVar("R")
B = TypeVar("B")

_encoder = msgspec.json.Encoder()


class NoBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is sent with this request; an empty object is as good as none."""


@dataclass(frozen=True)
class Answer(Generic[R]):
    """A reply with a status of its own, where the route has more than one."""

    status: int
    body: R


@dataclass(frozen=True)
class Passed(Generic[R]):
    """An owner's reply as it came: the JSON of an R, which is answered without being read here."""

    json: bytes


@dataclass(frozen=True, kw_only=True)
class Asking(Generic[B]):
    """One understood request of somebody who was let in."""

    request: web.Request
    door: Door
    caller: Caller
    call: Call
    ids: dict[str, UUID]
    body: B

    @property
    def staff(self) -> Staff:
        """Who asks, on routes that only those who serve may use."""
        actor: Actor = self.caller.actor
        assert isinstance(actor, Staff)
        return actor

    @property
    def link(self) -> Link:
        """The link by which the asker came, on routes that are for bearers of one."""
        assert self.caller.link is not None
        return self.caller.link

    async def ask(self, request: Request[R]) -> R:
        """Pass a question on to its owner, on behalf of whoever asks here."""
        return await self.door.bus.call(request, self.call)

    async def pass_on(self, request: Request[R]) -> Passed[R]:
        """As `ask`, where the owner's reply is the answer: nothing of it is decided here."""
        return Passed(await self.door.bus.call_as_is(request, self.call))


async def serve(request: web.Request, route: Route, api: Api) -> web.StreamResponse:
    """`body` is the query's type where a route has one: no route has both."""
    caller = caller_of(request)
    key = key_of(request, needed=api.makes)
    asking: Asking[Any] = Asking(
        request=request,
        door=door_of(request),
        caller=caller,
        ids={name: UUID(text) for name, text in request.match_info.items() if name.endswith("_id")},
        body=await _said(request, api),
        call=call_for(request, caller.actor, key=key),
    )
    reply = await route.handler(asking)
    if isinstance(reply, web.StreamResponse):
        return reply
    if isinstance(reply, Passed):
        return web.Response(status=api.status, body=reply.json, content_type="application/json")
    if isinstance(reply, Answer):
        return json_response(reply.status, reply.body)
    if reply is None or isinstance(reply, Nothing):
        return web.Response(status=api.status)
    return json_response(api.status, reply)


def json_response(status: int, reply: Any) -> web.Response:
    return web.Response(status=status, body=_encoder.encode(reply), content_type="application/json")


async def _said(request: web.Request, api: Api) -> Any:
    if request.method in WITHOUT_BODY:
        return from_query(api.query or NoBody, request.query)
    if request.query_string:
        from_query(NoBody, request.query)
    kind = api.body or NoBody
    return from_object(kind, await read_object(request, empty_is_fine=not needs_something(kind)))

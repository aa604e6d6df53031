"""How a request comes in: recognised, counted, from our own page, and only then handled.

Limits are for strangers: a coordinator books for a whole morning's callers from one desk.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from services.contracts.refusals import Code, Refusal
from services.gateway import csrf
from services.gateway.api.serving import serve
from services.gateway.door import door_of
from services.gateway.routing import ANYONE, LINK, Route
from services.gateway.who import CALLER, Caller, greet, recognise

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ROUTES = web.AppKey("routes", dict[Handler, Route])
BODY_SECONDS = 10
HEADLESS = ("/static/", "/calendar/")

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Put every row of the table behind the same door."""
    app[ROUTES] = {}
    for route in routes:
        handler = _entrance(route)
        app[ROUTES][handler] = route
        if route.method == "GET":
            app.router.add_get(route.path, handler, allow_head=not route.stream)
        else:
            app.router.add_route(route.method, route.path, handler)


def route_of(request: web.Request) -> Route | None:
    """The row that this request is for; None for what is in no row."""
    return request.config_dict[ROUTES].get(request.match_info.handler)


def is_api(request: web.Request) -> bool:
    return request.path.startswith("/api/")


def _entrance(route: Route) -> Handler:
    async def enter(request: web.Request) -> web.StreamResponse:
        limits = door_of(request).limits
        if request.method not in csrf.SAFE:
            await _arrive(request)
        async with limits.place(stream=route.stream):
            _check_ids(request)
            caller = request[CALLER] = await recognise(request, route)
            if route.limit is not None and caller.person is None:
                await limits.spend(route.limit, request)
            if route.api is not None:
                _check_token(request, caller)
                return await serve(request, route, route.api)
            if route.roles in (ANYONE, LINK) and not route.path.startswith(HEADLESS):
                await greet(request)
            response: web.StreamResponse = await route.handler(request)
            return response

    return enter


def _check_ids(request: web.Request) -> None:
    """What cannot be an id of ours belongs to nothing, whoever asks for it."""
    for name, text in request.match_info.items():
        if name.endswith("_id") and not _ID.fullmatch(text):
            raise Refusal(Code.NOT_FOUND, "There is nothing by that id.")


def _check_token(request: web.Request, caller: Caller) -> None:
    """A cookie is sent by the browser unasked; the header only by our own page."""
    if caller.csrf is not None and request.method not in csrf.SAFE:
        csrf.check_token(request.headers.get(csrf.HEADER), caller.csrf)


async def _arrive(request: web.Request) -> None:
    """The whole body, before it takes one of few places; whoever reads it finds it already here.

    Most come with the head, and there is nothing to wait for.
    """
    if request.content.is_eof():
        return
    try:
        async with door_of(request).limits.arriving(), asyncio.timeout(BODY_SECONDS):
            await request.read()
    except TimeoutError as error:
        raise Refusal(Code.BODY_TOO_SLOW, "The body did not arrive in time.") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise Refusal(Code.BODY_MISSING, "The body did not arrive.") from error

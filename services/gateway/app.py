"""Composition: the only file that ties the gateway's parts together."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import getrandbits
from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from services.contracts import links
from services.contracts.gateway import PrepareOwnData, PrepareSignIn
from services.contracts.refusals import Code, Refusal
from services.gateway import audit, cards, csrf, own_data, sessions, signing_in
from services.gateway.api.openapi import DESCRIPTION, describe
from services.gateway.calls import REQUEST_ID
from services.gateway.config import Config
from services.gateway.door import DOOR, Door, door_of
from services.gateway.entrance import add_routes, is_api, route_of
from services.gateway.headers import SecurityHeaders
from services.gateway.hosts import Hosts
from services.gateway.known import Known
from services.gateway.limits import Limits
from services.gateway.live import Hub
from services.gateway.pages import catalogue, problem, rendering
from services.gateway.problems import problem_of
from services.gateway.routes import ROUTES
from services.gateway.waiting import WaitingPages
from services.runtime.jobs import Job
from services.runtime.main import Parts, Service
from services.runtime.web import log_requests

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_BODY = 64 * 1024
LOOK_SECONDS = 0.05
OPEN_TO_MACHINES = ("/health/", "/version")


def build(parts: Parts, settings: Config) -> Service:
    known = Known()
    door = Door(
        db=parts.db,
        bus=parts.bus,
        clock=parts.clock,
        settings=settings,
        link_keys=links.parse_keys(settings.link_keys),
        hub=Hub(known.forget_person),
        known=known,
        waiting=WaitingPages(parts.bus, parts.clock),
        limits=Limits(
            on=settings.limits == "on",
            trusted_proxies=settings.list_of(settings.trusted_proxies),
            copies=settings.copies,
        ),
        problem_page=problem.show,
    )
    kept = sessions.Sessions(db=parts.db, clock=parts.clock, settings=settings)

    async def start() -> None:
        await door.hub.start(parts.bus)
        await door.waiting.start()

    async def sweep() -> datetime | None:
        await door.waiting.sweep()
        return None

    async def look_at_loop() -> datetime | None:
        began = perf_counter()
        await asyncio.sleep(LOOK_SECONDS)
        door.limits.note_lateness(perf_counter() - began - LOOK_SECONDS)
        return None

    async def forget() -> datetime | None:
        await kept.forget_old()
        await signing_in.forget_old(parts.db, parts.clock)
        await cards.forget_old(parts.db, parts.clock)
        await own_data.forget_old(parts.db, parts.clock)
        await audit.forget_old(parts.db, parts.clock, settings.keep_audit_days)
        return None

    return Service(
        handlers={
            PrepareSignIn: signing_in.prepare_handler(door),
            PrepareOwnData: own_data.prepare_handler(door),
        },
        jobs=[
            Job("forget-sessions", forget, every=timedelta(minutes=15), clock=parts.clock),
            Job("lateness", look_at_loop, every=timedelta(seconds=LOOK_SECONDS), clock=parts.clock),
            Job("waiting-pages", sweep, every=timedelta(seconds=2), clock=parts.clock),
        ],
        web=application(door, kept),
        metrics_port=settings.metrics_port,
        on_start=start,
    )


def application(door: Door, kept: sessions.Sessions) -> web.Application:
    """The middlewares run from the outside in.

    Problems stand on both sides of the session: inside, so that a session that
    a refusal has ended is written; outside, for the session's own failures.
    """
    app = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[
            name_request,
            log_requests,
            show_problems,
            check_host(Hosts.of(door.settings)),
            sessions.middleware(),
            show_problems,
            check_origin(Hosts.of(door.settings)),
        ],
    )
    app[DOOR] = door
    sessions.install(app, kept)
    rendering.install(app)
    catalogue.install(app)
    add_routes(app, ROUTES)
    app[DESCRIPTION] = describe(ROUTES, server=door.settings.origin)
    headers = SecurityHeaders(door.settings)

    async def put_headers(request: web.Request, response: web.StreamResponse) -> None:
        headers.put(response, route_of(request))
        if REQUEST_ID in request:
            response.headers["X-Request-ID"] = request[REQUEST_ID]

    async def close(_: web.Application) -> None:
        door.waiting.closing = True
        door.hub.close()

    app.on_response_prepare.append(put_headers)
    app.on_shutdown.append(close)
    return app


@web.middleware
async def name_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """An id of our own making, by which an answer, its log lines and its audit rows are found together."""
    request[REQUEST_ID] = f"{getrandbits(64):016x}"
    structlog.contextvars.bind_contextvars(request_id=request[REQUEST_ID])
    return await handler(request)


@web.middleware
async def show_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Everything raised becomes an answer: problem+json for programs, a page for people."""
    try:
        return await handler(request)
    except (web.HTTPRedirection, web.HTTPSuccessful):
        raise
    except Exception as error:
        problem = problem_of(error, request[REQUEST_ID])
    page = door_of(request).problem_page
    if page is None or is_api(request):
        return problem.response()
    try:
        return await page(request, problem)
    except Exception:
        log.exception("problem_page.failed", code=problem.code)
        return problem.response()


def check_host(hosts: Hosts) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(OPEN_TO_MACHINES) and not hosts.allows(request.host):
            raise Refusal(Code.HOST_INVALID, "The service answers only at its own address.")
        return await handler(request)

    return check


def check_origin(hosts: Hosts) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        csrf.check_origin(request, hosts, is_api=is_api(request))
        return await handler(request)

    return check

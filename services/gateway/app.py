"""Composition: the only file that ties the gateway's parts together."""

from datetime import datetime, timedelta

from aiohttp import web

from services.contracts import links
from services.contracts.gateway import PrepareOwnData, PrepareSignIn
from services.gateway import audit, cards, own_data, sessions, signing_in
from services.gateway.api.openapi import DESCRIPTION, describe
from services.gateway.arrival import receive_all
from services.gateway.calls import REQUEST_ID
from services.gateway.config import Config
from services.gateway.door import DOOR, Door
from services.gateway.doorstep import Doorstep
from services.gateway.entrance import add_routes, route_of
from services.gateway.gate import Gate
from services.gateway.headers import SecurityHeaders
from services.gateway.known import Known
from services.gateway.limits import Limits
from services.gateway.live import Hub
from services.gateway.pages import catalogue, problem, rendering
from services.gateway.routes import ROUTES
from services.gateway.together import Together
from services.gateway.waiting import WaitingPages
from services.runtime.jobs import Job
from services.runtime.main import Parts, Service
from services.runtime.web import COME_IN

LARGEST_BODY = 64 * 1024


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
        together=Together(parts.bus),
        problem_page=problem.show,
    )
    kept = sessions.Sessions(db=parts.db, clock=parts.clock, settings=settings)

    async def start() -> None:
        await door.hub.start(parts.bus)
        await door.waiting.start()

    async def sweep() -> datetime | None:
        await door.waiting.sweep()
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
            Job("waiting-pages", sweep, every=timedelta(seconds=2), clock=parts.clock),
        ],
        web=application(door, kept),
        metrics_port=settings.metrics_port,
        on_start=start,
    )


def application(door: Door, kept: sessions.Sessions) -> web.Application:
    gate = Gate(door.limits)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[receive_all(door, gate)])
    app[DOOR] = door
    sessions.install(app, kept)
    rendering.install(app)
    problem.install(app)
    catalogue.install(app)
    add_routes(app, ROUTES)
    app[DESCRIPTION] = describe(ROUTES, server=door.settings.origin)
    headers = SecurityHeaders(door.settings)
    doorstep = Doorstep(app, gate, headers, like=next(route for route in ROUTES if route.api))
    app[COME_IN] = doorstep.come_in

    async def put_headers(request: web.Request, response: web.StreamResponse) -> None:
        headers.put(response, route_of(request))
        if REQUEST_ID in request:
            response.headers["X-Request-ID"] = request[REQUEST_ID]

    async def close(_: web.Application) -> None:
        door.waiting.closing = True
        door.hub.close()

    app.on_response_prepare.append(put_headers)
    app.on_shutdown.append(close)
    app.on_shutdown.append(doorstep.clear)
    return app

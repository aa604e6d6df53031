"""The small HTTP side every service has: is it alive, is it ready, which version is it."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web, web_urldispatcher

from services.contracts.refusals import Unavailable
from services.runtime.measures import MEASURES

log = structlog.get_logger()

CHECK_SECONDS = 0.6
# Who finds this full is told nothing, and tries again after one, three and seven seconds: rather let them
# in, to be told that there are too many. The system has a limit of its own, often 4096.
BACKLOG = 2048
# uvloop accepts one connection in a turn of its loop from each socket that it listens on. Turns are few on
# a busy machine, and those who knock would wait for one each: it listens on so many copies of one socket.
DOORS = 16


class Health:
    """`ready` is true only between the end of starting and the beginning of stopping."""

    def __init__(self, *, version: str, checks: dict[str, Callable[[], Awaitable[None]]]) -> None:
        self.ready = False
        self._version = version
        self._checks = checks

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/health/live", self._live)
        app.router.add_get("/health/ready", self._ready)
        app.router.add_get("/version", self._say_version)

    async def _live(self, _: web.Request) -> web.Response:
        """Answered by the event loop itself: a blocked one does not answer."""
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        """Asks what the service depends on, by a real round trip to each."""
        if not self.ready:
            return _not_ready(["starting"])
        outcomes = await asyncio.gather(*(self._passes(check) for check in self._checks.values()))
        away = [name for name, passed in zip(self._checks, outcomes, strict=True) if not passed]
        return _not_ready(away) if away else web.json_response({"status": "ready"})

    async def _passes(self, check: Callable[[], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await check()
        except (Unavailable, TimeoutError):
            return False
        return True

    async def _say_version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": self._version})


def _not_ready(away: list[str]) -> web.Response:
    return web.json_response({"status": "not ready", "away": away}, status=503)


# Two answers are aiohttp's own, before any handler or middleware of ours, and say back what was sent: that
# to what is no HTTP, and that to an expectation which nobody knows. Over some of the second kind it
# stumbles, with status 500; the standard lets us pass over all of them.
_their_refusal = web.RequestHandler.handle_error
_their_expect = web_urldispatcher._default_expect_handler


def _refuse_plainly(
    protocol: web.RequestHandler,
    request: web.BaseRequest,
    status: int = 500,
    exc: BaseException | None = None,
    message: str | None = None,
) -> web.StreamResponse:
    return _their_refusal(protocol, request, status, exc, f"{status} {HTTPStatus(status).phrase}\n")


async def _expect(request: web.Request) -> None:
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await _their_expect(request)


setattr(web.RequestHandler, "handle_error", _refuse_plainly)  # noqa: B010 - there is no other way in
setattr(web_urldispatcher, "_default_expect_handler", _expect)  # noqa: B010 - the same


MakeProtocol = Callable[[], asyncio.Protocol]
COME_IN: web.AppKey[Callable[[MakeProtocol], asyncio.Protocol]] = web.AppKey("come_in")
"""What an application makes of a new connection instead of aiohttp, whose own way is handed to it."""


class HttpServer:
    """An aiohttp application listening, with the limits a server behind a proxy wants."""

    def __init__(self, app: web.Application) -> None:
        self._come_in = app.get(COME_IN)
        self._doors: list[asyncio.AbstractServer] = []
        self._runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=15,
            shutdown_timeout=8,
            handler_cancellation=False,
        )

    async def start(self, host: str, port: int) -> None:
        await self._runner.setup()
        for listening in await _listening(host, port):
            for _ in range(DOORS - 1):
                await self._open(listening.dup())
            await self._open(listening)

    async def _open(self, listening: socket.socket) -> None:
        usual, come_in = self._runner.server, self._come_in
        assert usual is not None
        make = usual if come_in is None else partial(come_in, usual)
        loop = asyncio.get_running_loop()
        self._doors.append(await loop.create_server(make, sock=listening, backlog=BACKLOG))

    async def stop(self) -> None:
        for door in self._doors:
            door.close()
        await self._runner.cleanup()


async def _listening(host: str, port: int) -> list[socket.socket]:
    """One for each address that the name stands for."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    places = {(family, address) for family, _, _, _, address in found}
    return [socket.create_server(address, family=family, backlog=BACKLOG) for family, address in places]


@web.middleware
async def log_requests(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """One line per request with the route's template: the path itself may hold a token."""
    began = time.perf_counter()
    status, is_stream = 500, False
    try:
        response = await handler(request)
        status, is_stream = response.status, response.content_type == "text/event-stream"
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        note_answer(request, status, time.perf_counter() - began, is_stream=is_stream)


def note_answer(request: web.Request, status: int, seconds: float, *, is_stream: bool = False) -> None:
    log.info(
        "http.answered",
        method=request.method,
        route=_template(request),
        status=status,
        ms=round(seconds * 1000, 1),
    )
    count_answer(request, status, None if is_stream else seconds)


def count_answer(request: web.Request, status: int, seconds: float | None) -> None:
    """Without a duration where that is none: how long somebody kept a stream open is no delay."""
    if measures := request.config_dict.get(MEASURES):
        method = request.method if request.method in hdrs.METH_ALL else "other"
        measures.http.note(_template(request), method, str(status), seconds=seconds)


def count_unread(app: web.Application, method: str, status: int) -> None:
    """An answer to a request that was not looked at."""
    if measures := app.get(MEASURES):
        measures.http.note("unknown", method, str(status))


def _template(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"

"""What happens around every request, whatever it is for. One step, since each step costs every request.

From the outside in: a name for it, the gate, an account of it, problems as answers, our own names, the
session, and where a write comes from.
"""

from collections.abc import Awaitable, Callable
from random import getrandbits
from time import perf_counter

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from services.contracts.refusals import Code, Refusal
from services.gateway import csrf, sessions
from services.gateway.calls import REQUEST_ID, TRACE
from services.gateway.door import Door, door_of
from services.gateway.entrance import is_api, route_of
from services.gateway.gate import Gate
from services.gateway.hosts import Hosts
from services.gateway.problems import problem_of
from services.runtime.traces import Span, Traces
from services.runtime.web import count_answer, note_answer

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ANSWERS_ANYWHERE = ("/health/", "/version")
STATIC = "/static/"
ANSWERS = (web.HTTPRedirection, web.HTTPSuccessful)  # raised, and yet no problems


def receive_all(door: Door, gate: Gate) -> Middleware:
    hosts = Hosts.of(door.settings)
    traces = door.bus.traces

    @web.middleware
    async def receive(request: web.Request, handler: Handler) -> web.StreamResponse:
        """An id of our own making: by it an answer, its log lines and its audit rows are found together."""
        began = perf_counter()
        request_id = request[REQUEST_ID] = f"{getrandbits(64):016x}"
        if gate.is_closed_to(request):
            response = await _problem(request, gate.turn_away())
            count_answer(request, response.status, perf_counter() - began)
            return response
        structlog.contextvars.bind_contextvars(request_id=request_id)
        span = None if traces is None else _begin(traces, request)
        status, is_stream = 500, False
        try:
            response = await _answer(request, handler, hosts)
            status, is_stream = response.status, response.content_type == "text/event-stream"
            return response
        except web.HTTPException as answer:
            status = answer.status
            raise
        finally:
            note_answer(request, status, perf_counter() - began, is_stream=is_stream)
            if span is not None:
                span.end(str(status), failed=status >= 500)

    return receive


def _begin(traces: Traces, request: web.Request) -> Span | None:
    """Of what is in the table. A file is no journey, and how long a stream was kept open no duration."""
    route = route_of(request)
    if route is None or route.stream or route.path.startswith(STATIC):
        return None
    span = traces.page(route.named, request[REQUEST_ID])
    request[TRACE] = span.trace
    return span


async def _answer(request: web.Request, handler: Handler, hosts: Hosts) -> web.StreamResponse:
    """The session's own failures are problems too."""
    try:
        if not hosts.allows(request.host) and not request.path.startswith(ANSWERS_ANYWHERE):
            raise Refusal(Code.HOST_INVALID, "The service answers only at its own address.")
        response = await _handled(request, handler, hosts)
        await sessions.keep(request, response)
        return response
    except ANSWERS:
        raise
    except Exception as error:
        return await _problem(request, error)


async def _handled(request: web.Request, handler: Handler, hosts: Hosts) -> web.StreamResponse:
    """A problem is an answer already here, so that a session that a refusal has ended is written."""
    try:
        csrf.check_origin(request, hosts, is_api=is_api(request))
        return await handler(request)
    except ANSWERS:
        raise
    except Exception as error:
        return await _problem(request, error)


async def _problem(request: web.Request, error: Exception) -> web.StreamResponse:
    """Everything raised becomes an answer: problem+json for programs, a page for people."""
    problem = problem_of(error, request[REQUEST_ID])
    page = door_of(request).problem_page
    if page is None or is_api(request):
        return problem.response()
    try:
        return await page(request, problem)
    except Exception:
        log.exception("problem_page.failed", code=problem.code)
        return problem.response()

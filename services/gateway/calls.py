"""A request from outside as a call inside: on whose behalf, until when, under which key."""

import asyncio
import re
from datetime import timedelta
from random import getrandbits

from aiohttp import web

from services.contracts.envelope import Actor
from services.contracts.refusals import Code, Refusal
from services.gateway.door import door_of
from services.runtime.call import Call

WITHIN = timedelta(seconds=6)
BESIDE_SECONDS = 2.0
LONGEST_KEY = 200

REQUEST_ID = web.RequestKey("request_id", str)
TRACE = web.RequestKey("trace", str)

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def beside() -> asyncio.Timeout:
    """For what a page can be without: who would wait longer gets the page without it."""
    return asyncio.timeout(BESIDE_SECONDS)


def request_id_of(request: web.Request) -> str:
    return request[REQUEST_ID]


def call_for(request: web.Request, actor: Actor, *, key: str | None = None) -> Call:
    now = door_of(request).clock.now()
    return Call(
        actor=actor,
        now=now,
        deadline=now + WITHIN,
        request_id=request_id_of(request),
        key=key,
        trace=request.get(TRACE) or _untold_trace(),
    )


def key_of(request: web.Request, *, needed: bool) -> str | None:
    """The Idempotency-Key header; refuses `key_missing` where one is needed, and `key_invalid`."""
    given = request.headers.getall("Idempotency-Key", [])
    if not given or not given[0]:
        if needed:
            raise Refusal(
                Code.KEY_MISSING, "Send a key of your own making, and the same one when repeating."
            )
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise Refusal(Code.KEY_INVALID, f"One key of at most {LONGEST_KEY} printable characters is needed.")
    return given[0]


def _untold_trace() -> str:
    """Names what belongs together where no traces are told: nobody further on is to tell a part of it.

    Which trace an asker from outside says to be in is passed over: it would be told or not as they like,
    and could be somebody else's.
    """
    return f"00-{getrandbits(128):032x}-{getrandbits(64):016x}-00"  # found by, and opens nothing

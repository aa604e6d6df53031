"""While there is a crowd, programs are turned away on the doorstep: in bytes, before there is a request.

The usual way costs some five times as much for a new connection, and where this process gets too little of
a processor, that is what those who come wait for. People go the usual way, since they need a page in their
language, and so does all that is not plain: of such a request something might be lost when we hang up.
"""

import asyncio
import re
from random import getrandbits
from typing import cast

from aiohttp import hdrs, web

from services.gateway.gate import Gate
from services.gateway.headers import SecurityHeaders
from services.gateway.places import too_much
from services.gateway.problems import problem_of
from services.gateway.routing import Route
from services.runtime.web import MakeProtocol, count_unread

_PLAIN = re.compile(
    rb"(GET|POST|PUT|PATCH|DELETE) /api/[!-~]* HTTP/1\.1\r\n"
    rb"(?:(?!expect:|transfer-encoding:|upgrade:|accept: *text/event-stream)[^\r\n]+\r\n)+\r\n",
    re.IGNORECASE,
)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]{1,9}) *\r\n", re.IGNORECASE)
_SECONDS = 15.0
_ID = "0123456789abcdef"


class Doorstep:
    """Where new connections stand while there is a crowd, until their first bytes."""

    def __init__(self, app: web.Application, gate: Gate, headers: SecurityHeaders, like: Route) -> None:
        self.app = app
        self.gate = gate
        self.standing: set[asyncio.Transport] = set()
        self._refusal = _refusal(headers, like)

    def come_in(self, usual: MakeProtocol) -> asyncio.Protocol:
        """For one who has just knocked."""
        return OneWhoKnocks(self, usual) if self.gate.is_crowded() else usual()

    def refusal(self) -> bytes:
        self.gate.turn_away()
        return self._refusal.replace(_ID.encode(), b"%016x" % getrandbits(64))

    async def clear(self, _: web.Application) -> None:
        for transport in tuple(self.standing):
            transport.close()


class OneWhoKnocks(asyncio.Protocol):
    """Refused by their first bytes, or let in by the usual way as if they had gone it from the first."""

    def __init__(self, doorstep: Doorstep, usual: MakeProtocol) -> None:
        self._doorstep = doorstep
        self._usual = usual

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by birth
        self._doorstep.standing.add(self._transport)
        self._timer = asyncio.get_running_loop().call_later(_SECONDS, self._transport.close)

    def data_received(self, data: bytes) -> None:
        self._leave()
        method = plain(data)
        if method is not None and self._doorstep.gate.is_closed_at(self._transport):
            self._transport.write(self._doorstep.refusal())
            self._transport.close()
            count_unread(self._doorstep.app, method, 503)
            return
        inside = self._usual()
        self._transport.set_protocol(inside)
        inside.connection_made(self._transport)
        inside.data_received(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._leave()

    def _leave(self) -> None:
        self._timer.cancel()
        self._doorstep.standing.discard(self._transport)


def plain(data: bytes) -> str | None:
    """The method of one whole request of a program that wants one whole answer; None for all else."""
    head = _PLAIN.match(data)
    if head is None:
        return None
    length = _LENGTH.search(head[0])
    is_whole = len(data) - head.end() == (int(length[1]) if length else 0)
    return head[1].decode("ascii").upper() if is_whole else None


def _refusal(headers: SecurityHeaders, like: Route) -> bytes:
    """The same answer as by the usual way, and the connection ends with it."""
    response = problem_of(too_much(), _ID).response()
    headers.put(response, like)
    response.headers.update({"X-Request-ID": _ID, hdrs.CONNECTION: "close"})
    assert isinstance(response.body, bytes)
    response.headers[hdrs.CONTENT_LENGTH] = str(len(response.body))
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + response.body

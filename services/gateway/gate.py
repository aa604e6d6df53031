"""The gate: who comes when there is too much already is turned away before anything is spent on them.

No session, no body, no question to a neighbour, no line of log for each. What is too much shows in two
ways: in the line before the places and, where this process gets too little of a processor, in requests that
have lain in their sockets. Those take no place and stand in no line: nothing else tells of them.
"""

import asyncio
import socket
import sys
from time import monotonic
from typing import NamedTuple

import structlog
from aiohttp import web

from services.contracts.refusals import Code, Refusal
from services.gateway.entrance import route_of
from services.gateway.limits import Limits
from services.gateway.places import too_much

log = structlog.get_logger()

FOR_MACHINES = ("/health/", "/version", "/metrics")


class Bound(NamedTuple):
    """So many in a row, seconds late and at most so many seconds apart, are too many."""

    in_a_row: int
    late: float
    apart: float


# So many are let in when a room opens for all who wait; fewer when there was a crowd just before, or each
# lull in it would let in a line that takes seconds. Once there is one, fewer still tell that it goes on: of
# the usual ones hardly any come so close together.
CALM = Bound(in_a_row=768, late=0.05, apart=0.25)
UNEASY = CALM._replace(in_a_row=256)
CROWDED = Bound(in_a_row=8, late=0.02, apart=0.025)
SHORT = 32  # in line, while there is a crowd: so many that no place is empty
CROWD_SECONDS = 2.0
UNEASY_SECONDS = 30.0
TELL_SECONDS = 1.0

# Where the kernel keeps how long ago a connection received something; of the same place in every Linux.
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_RECEIVED = slice(52, 56)


class Crowd:
    """Whether so many come that they wait for us. All who come at once after a pause are no crowd: they are
    served sooner than they could ask again. Where more than that were late in a row, or stood in a line
    that was never empty meanwhile, there is one for some seconds. While there is, whoever is late is told
    so at once, and only a short line is let stand. For half a minute after it, fewer make the next.
    """

    def __init__(self) -> None:
        self._late = 0
        self._last = 0.0
        self._stood = 0
        self._until = -UNEASY_SECONDS

    def is_there(self, now: float) -> bool:
        return now < self._until

    def is_too_late(self, waited: float, now: float) -> bool:
        """For one who has come after lying in a socket for so long."""
        bound = CROWDED if self.is_there(now) else self._usual(now)
        if waited < bound.late:
            self._late = 0
            return False
        if now - self._last > bound.apart:
            self._late = 0
        self._late += 1
        self._last = now
        if self._late > bound.in_a_row:
            self._until = now + CROWD_SECONDS
        return self.is_there(now)

    def is_too_long(self, in_line: int, now: float) -> bool:
        """A line with so many in it, for one more."""
        self._stood = self._stood + 1 if in_line else 0
        if in_line < SHORT or (self._stood <= self._usual(now).in_a_row and not self.is_there(now)):
            return False
        self._until = now + CROWD_SECONDS
        return True

    def _usual(self, now: float) -> Bound:
        return UNEASY if now < self._until + UNEASY_SECONDS else CALM


class Gate:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._crowd = Crowd()
        self._turned_away = 0

    def is_closed_to(self, request: web.Request) -> bool:
        """Open to whoever asks for our health: a busy service is a healthy one."""
        if request.path.startswith(FOR_MACHINES):
            return False
        route = route_of(request)
        if route is not None and route.stream:
            is_late = self._crowd.is_too_late(waited(request.transport), monotonic())
            return is_late or self._limits.is_full_of_streams()
        return self.is_closed_at(request.transport)

    def is_closed_at(self, transport: asyncio.BaseTransport | None) -> bool:
        """To a request for one answer that has come there."""
        now = monotonic()
        return self._crowd.is_too_late(waited(transport), now) or self._crowd.is_too_long(
            self._limits.places.in_line, now
        )

    def is_crowded(self) -> bool:
        return self._crowd.is_there(monotonic())

    def turn_away(self) -> Refusal:
        self._turned_away += 1
        if self._turned_away == 1:
            asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)
        return too_much()

    def _tell(self) -> None:
        """One line for all of a second: writing down each would make a crowd larger."""
        log.warning("http.turned_away", requests=self._turned_away, code=str(Code.OVERLOADED))
        self._turned_away = 0


def waited(transport: asyncio.BaseTransport | None) -> float:
    """For how many seconds what has come there has lain in its socket; 0 where the system does not say."""
    peer = transport.get_extra_info("socket") if transport else None
    if _TCP_INFO is None or peer is None:
        return 0.0
    try:
        told = peer.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _RECEIVED.stop)
    except OSError:  # it has gone away meanwhile
        return 0.0
    return int.from_bytes(told[_RECEIVED], sys.byteorder) / 1000

"""What a request's handler can reach: the one thing that travels with the application."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from services.contracts.links import LinkKey
from services.gateway.config import Config
from services.gateway.known import Known
from services.gateway.limits import Limits
from services.gateway.live import Hub
from services.gateway.problems import Problem
from services.gateway.together import Together
from services.gateway.waiting import WaitingPages
from services.gateway.walk_ins import WalkIns
from services.runtime.bus import Bus
from services.runtime.clock import Clock
from services.runtime.db import Database

ProblemPage = Callable[[web.Request, Problem], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Door:
    """`problem_page` shows a problem to people, when there are pages; programs get problem+json."""

    db: Database
    bus: Bus
    clock: Clock
    settings: Config
    link_keys: tuple[LinkKey, ...]
    hub: Hub
    known: Known
    waiting: WaitingPages
    limits: Limits
    together: Together
    walk_ins: WalkIns = field(default_factory=WalkIns)
    problem_page: ProblemPage | None = None


DOOR = web.AppKey("door", Door)


def door_of(request: web.Request) -> Door:
    return request.config_dict[DOOR]

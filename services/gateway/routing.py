"""What a row of the route table says. The table itself is routes.py."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from services.contracts.envelope import Role
from services.gateway.limits import Limit

# Who may come in. A link is a resident's; what it opens is for the owner to say.
Roles = frozenset[str]
ANYONE: Roles = frozenset({"anyone"})
LINK: Roles = frozenset({"link"})
STAFF: Roles = frozenset(Role)
HOSTS: Roles = frozenset({Role.EXPERT, Role.VOLUNTEER, Role.COORDINATOR})
COORDINATOR: Roles = frozenset({Role.COORDINATOR})

PageHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ApiHandler = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Api:
    """What the JSON API adds to a row, and what its description is made of.

    `status` is that of success; `also` other statuses that are no problem. A
    route that `makes` something needs an Idempotency-Key. `reply` None is 204.
    """

    summary: str
    body: type[Any] | None = None
    query: type[Any] | None = None
    reply: type[Any] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    makes: bool = False
    media: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Route:
    """One URL and method. `video` pages hold the meeting's frame; a `stream` stays open for long."""

    method: str
    path: str
    handler: Any
    roles: Roles
    limit: Limit | None = None
    video: bool = False
    stream: bool = False
    api: Api | None = None

    @property
    def named(self) -> str:
        return f"{self.method} {self.path}"


def page(
    method: str,
    path: str,
    handler: PageHandler,
    roles: Roles,
    *,
    limit: Limit | None = None,
    video: bool = False,
) -> Route:
    """A page for people: an ordinary aiohttp handler behind the same door as everything else."""
    return Route(method=method, path=path, handler=handler, roles=roles, limit=limit, video=video)


def api(
    method: str,
    path: str,
    handler: ApiHandler,
    roles: Roles,
    summary: str,
    *,
    limit: Limit | None = None,
    stream: bool = False,
    **facts: Any,
) -> Route:
    """A resource of the JSON API; `facts` are those of Api."""
    said = Api(summary=summary, **facts)
    if said.reply is None and said.media == "application/json" and said.status == 200:
        said = Api(summary=summary, **{**facts, "status": 204})
    return Route(
        method=method,
        path="/api/v1" + path,
        handler=handler,
        roles=roles,
        limit=limit,
        stream=stream,
        api=said,
    )

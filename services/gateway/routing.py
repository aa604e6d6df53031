"""What a row of the route table says. The table itself is routes.py."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, get_args

from aiohttp import web
from msgspec import Struct

from services.contracts.envelope import Nothing, Role
from services.gateway.limits import Limit

# Who may come in. A link is a resident's; what it opens is for the owner to say.
Roles = frozenset[str]
ANYONE: Roles = frozenset({"anyone"})
LINK: Roles = frozenset({"link"})
STAFF: Roles = frozenset(Role)
HOSTS = STAFF  # every role may have times of its own
COORDINATOR: Roles = frozenset({Role.COORDINATOR})

WITHOUT_BODY = ("GET", "HEAD", "DELETE")

PageHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ApiHandler = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Api:
    """What the JSON API adds to a row, and what its description is made of.

    `also` are statuses of success beside `status`. A route that `makes`
    something answers 201 and needs an Idempotency-Key.
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
    """One URL and method. `video` pages hold the meeting's frame, `devices` pages try the camera and the
    microphone by themselves; a `stream` stays open for long."""

    method: str
    path: str
    handler: Any
    roles: Roles
    limit: Limit | None = None
    video: bool = False
    devices: bool = False
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
    devices: bool = False,
) -> Route:
    """A page for people: an ordinary aiohttp handler behind the same door as everything else."""
    return Route(
        method=method, path=path, handler=handler, roles=roles, limit=limit, video=video, devices=devices
    )


def api(
    method: str,
    path: str,
    handler: ApiHandler,
    roles: Roles,
    summary: str,
    *,
    status: int | None = None,
    also: tuple[int, ...] = (),
    makes: bool = False,
    media: str = "application/json",
    limit: Limit | None = None,
    stream: bool = False,
) -> Route:
    """A resource of the JSON API. What is read and answered stands in the handler's own signature:
    `async def book(asking: Asking[BookingBody]) -> BookingMade`. A GET reads its query, others a body."""
    asked, reply = _signature(handler)
    bare = 200 if media != "application/json" else 204
    said = Api(
        summary=summary,
        body=None if method in WITHOUT_BODY else asked,
        query=asked if method in WITHOUT_BODY else None,
        reply=reply,
        status=status or (201 if makes else 200 if reply else bare),
        also=also,
        makes=makes,
        media=media,
    )
    return Route(
        method=method,
        path="/api/v1" + path,
        handler=handler,
        roles=roles,
        limit=limit,
        stream=stream,
        api=said,
    )


def _signature(handler: ApiHandler) -> tuple[type[Any] | None, type[Any] | None]:
    """The type inside `Asking[…]`, and that of the reply, bare or inside `Answer[…]`.

    None stands for what carries nothing of its own.
    """
    hints = handler.__annotations__
    asked = get_args(hints["asking"])[0]
    answered = next(iter(get_args(hints["return"])), hints["return"])
    plain = isinstance(answered, type) and issubclass(answered, Struct) and answered is not Nothing
    return (asked if asked.__struct_fields__ else None), (answered if plain else None)

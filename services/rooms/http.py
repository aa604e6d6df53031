"""The internal HTTP side: Jitsi's questions and news behind a shared secret, and public keys."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from aiohttp import web

from services.contracts.refusals import Unavailable
from services.rooms import jitsi, webhooks
from services.rooms.jitsi import Conference, Heard
from services.rooms.service import Means
from services.rooms.store.sightings import Sighting
from services.rooms.webhooks import Unreadable, Webhook
from services.runtime.call import own_call
from services.runtime.clock import Clock
from services.runtime.config import Secret
from services.runtime.db import Database, Tx
from services.runtime.web import log_requests

log = structlog.get_logger()

LARGEST_BODY = 1 << 20  # the end of a meeting of hundreds lists everybody who was there
BODY_SECONDS = 10

NOT_OPEN = "Tapaaminen ei ole nyt auki. This meeting is not open now."

Handle = Callable[[web.Request], Awaitable[web.Response]]


def application(db: Database, clock: Clock, means: Means, *, callback_secret: Secret) -> web.Application:
    app = web.Application(middlewares=[log_requests], client_max_size=LARGEST_BODY)
    side = _Side(db, clock, means)
    trusted = {
        ("POST", "/conference"): side.open_conference,
        ("GET", "/conference/{id}"): side.describe_conference,
        ("DELETE", "/conference/{id}"): side.end_conference,
        ("POST", "/events/room/created"): side.room_created,
        ("POST", "/events/room/destroyed"): side.room_destroyed,
        ("POST", "/events/occupant/joined"): side.occupant_joined,
        ("POST", "/events/occupant/left"): side.occupant_left,
    }
    for (method, path), handle in trusted.items():
        app.router.add_route(method, path, _behind(callback_secret, handle))
    app.router.add_get("/keys/{name}.pem", side.public_key)
    return app


def _behind(secret: Secret, handle: Handle) -> Handle:
    """`handle` for who shows the secret; without one set, for nobody. Nothing is read before."""
    expected = f"Bearer {secret}".encode() if secret else None

    async def checked(request: web.Request) -> web.Response:
        shown = request.headers.get("Authorization", "").encode(errors="replace")
        if expected is None or not hmac.compare_digest(shown, expected):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        try:
            return await handle(request)
        except Unavailable as error:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "2"}) from error

    return checked


class _Side:
    """The handlers. Each says what came of it with its status; Jitsi looks at little else."""

    def __init__(self, db: Database, clock: Clock, means: Means) -> None:
        self._db = db
        self._clock = clock
        self._hours = means.hours
        self._public_keys = means.signer.public_keys

    async def public_key(self, request: web.Request) -> web.Response:
        """Kept by Jitsi until it restarts: a new key comes under a new name."""
        pem = self._public_keys.get(request.match_info["name"])
        if pem is None:
            raise web.HTTPNotFound
        return web.Response(body=pem, content_type="application/x-pem-file")

    async def open_conference(self, request: web.Request) -> web.Response:
        """Jitsi asks when somebody with a good token comes into a room that is not open there."""
        form = _form(await _body(request))
        now = self._clock.now()

        async def work(tx: Tx) -> Conference | None:
            return await jitsi.conference_named(tx, form.get("name", ""), self._hours, now)

        found = await self._db.transact(work)
        return _refused(403) if found is None else _reserved(found, now, form.get("mail_owner", ""))

    async def describe_conference(self, request: web.Request) -> web.Response:
        slot_id = _uuid(request.match_info["id"])
        now = self._clock.now()

        async def work(tx: Tx) -> Conference | None:
            return None if slot_id is None else await jitsi.conference(tx, slot_id, self._hours, now)

        found = await self._db.transact(work)
        return _refused(404) if found is None else _reserved(found, now, "")

    async def end_conference(self, _: web.Request) -> web.Response:
        """Nothing is kept for a conference, so nothing ends here; who was in it is told as news."""
        return web.json_response({})

    async def room_created(self, request: web.Request) -> web.Response:
        """Says nothing about who is there: any good token opens a room."""
        await self._hear(request)
        return web.json_response({})

    async def room_destroyed(self, request: web.Request) -> web.Response:
        hook = await self._hear(request)
        call = own_call("rooms", hook.now)

        async def work(tx: Tx) -> Heard:
            if hook.room is None or hook.is_breakout:
                return Heard.IGNORED
            return await jitsi.room_destroyed(tx, hook.room, hook.destroyed_at, hook.everybody, call)

        return _heard(await self._db.transact(work))

    async def occupant_joined(self, request: web.Request) -> web.Response:
        hook = await self._hear(request)
        return await self._came_or_went(hook, hook.joined)

    async def occupant_left(self, request: web.Request) -> web.Response:
        hook = await self._hear(request)
        return await self._came_or_went(hook, hook.left)

    async def _came_or_went(self, hook: Webhook, seen: Sighting | None) -> web.Response:
        call = own_call("rooms", hook.now)

        async def work(tx: Tx) -> Heard:
            if seen is None or hook.is_breakout:
                return Heard.IGNORED
            return await jitsi.came_or_went(tx, hook.room, seen, call, self._hours)

        heard = await self._db.transact(work)
        return _heard(heard, participant_id=str(seen.participant_id) if seen else None)

    async def _hear(self, request: web.Request) -> Webhook:
        try:
            return webhooks.read(await _body(request), self._clock.now())
        except Unreadable as error:
            raise web.HTTPBadRequest from error


async def _body(request: web.Request) -> bytes:
    """The whole body, or 413 for one that is too large and 408 for one that does not end."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=20)
    except ValueError as error:
        raise web.HTTPBadRequest from error
    return {name: values[0] for name, values in fields.items()}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _reserved(conference: Conference, now: datetime, mail_owner: str) -> web.Response:
    """From now until the room closes; a start in the past would shorten it by as much."""
    starts_at = now.replace(microsecond=0)
    return web.json_response(
        {
            "id": str(conference.slot_id),
            "name": conference.room,
            "mail_owner": mail_owner,
            "start_time": starts_at.isoformat(),
            "duration": int((conference.ends_at - starts_at).total_seconds()),
            "max_occupants": conference.max_occupants,
        }
    )


def _refused(status: int) -> web.Response:
    """Shown to the person as it is; the same whatever the reason."""
    return web.json_response({"message": NOT_OPEN}, status=status)


def _heard(heard: Heard, **about: str | None) -> web.Response:
    """News of strangers and of rooms long gone is no error of the teller's, and no reason to repeat it."""
    match heard:
        case Heard.IGNORED:
            log.info("sighting.ignored")
        case Heard.UNWELCOME:
            log.warning("sighting.unwelcome", **about)
    return web.json_response({})

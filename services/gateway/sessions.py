"""Sessions of those who serve: kept in the database under a digest, so that one can be ended at once.

The cookie holds 256 random bits and nothing else. A session is over when it has
been idle, when it is old, or when its row is gone.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from aiohttp import web

from services.gateway import store
from services.gateway.config import Config
from services.gateway.door import door_of
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.forgetting import forget_all

LONGEST = timedelta(hours=10)
SEEN_EVERY = timedelta(minutes=1)


@dataclass
class Session:
    """What one request knows of its session; `changed` when the answer must carry another cookie."""

    cookie: str | None
    person_id: UUID | None
    changed: bool = False


class Sessions:
    def __init__(self, *, db: Database, clock: Clock, settings: Config) -> None:
        self.cookie_name = "__Host-sid" if settings.secure else "sid"
        self._secure = settings.secure
        self._db = db
        self._clock = clock
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._form_key = settings.form_key.encode()

    async def find(self, cookie: str) -> UUID | None:
        """The person whose living session this is."""
        digest, now = _digest(cookie), self._clock.now()

        async def work(tx: Tx) -> UUID | None:
            row = await store.find_session(tx, digest)
            if row is None or self._is_over(row, now):
                return None
            if now - row.seen_at > SEEN_EVERY:
                await store.touch_session(tx, digest, now)
            return row.person_id

        return await self._db.transact(work)

    async def write(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        """Sign in, always with a new id and the old one gone, or out."""
        old = request.cookies.get(self.cookie_name)
        fresh = secrets.token_urlsafe(32)
        person_id, now = session.person_id, self._clock.now()

        async def work(tx: Tx) -> None:
            if old:
                await store.remove_session(tx, _digest(old))
            if person_id:
                await store.add_session(tx, _digest(fresh), person_id, now)

        await self._db.transact(work)
        if person_id:
            response.set_cookie(
                self.cookie_name, fresh, path="/", httponly=True, secure=self._secure, samesite="Lax"
            )
        else:
            # Without `secure` browsers would not let go of a __Host- cookie.
            response.del_cookie(self.cookie_name, path="/", secure=self._secure)

    def csrf_token(self, cookie: str) -> str:
        """What a write in this session must carry: follows from the cookie, and not the other way."""
        mac = hmac.new(self._form_key, b"digiaula csrf v1\0" + cookie.encode(), sha256)
        return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode("ascii")

    async def forget_old(self) -> None:
        """Take out what can no longer be used."""
        seen, made = self._clock.now() - self._idle, self._clock.now() - LONGEST
        await forget_all(
            self._db,
            lambda tx, most: store.forget_sessions(tx, seen_before=seen, made_before=made, most=most),
        )

    def _is_over(self, row: store.SessionRow, now: datetime) -> bool:
        return now - row.seen_at > self._idle or now - row.created_at > LONGEST


_SESSIONS = web.AppKey("sessions", Sessions)
_SESSION = web.RequestKey("session", Session)


def install(app: web.Application, sessions: Sessions) -> None:
    app[_SESSIONS] = sessions


async def keep(request: web.Request, response: web.StreamResponse) -> None:
    """Write a session that the handler has begun or ended, before its answer goes out."""
    session = request.get(_SESSION)
    if session is not None and session.changed:
        await request.config_dict[_SESSIONS].write(request, response, session)


async def session_of(request: web.Request) -> Session:
    """Looked up once per request."""
    if _SESSION not in request:
        sessions = request.config_dict[_SESSIONS]
        cookie = request.cookies.get(sessions.cookie_name)
        person_id = await sessions.find(cookie) if cookie else None
        request[_SESSION] = Session(cookie=cookie if person_id else None, person_id=person_id)
    return request[_SESSION]


def csrf_token(request: web.Request, session: Session) -> str | None:
    """The token of the session that this request came in, if it came in one."""
    return request.config_dict[_SESSIONS].csrf_token(session.cookie) if session.cookie else None


def has_cookie(request: web.Request) -> bool:
    """Whether the browser believes it is in a session."""
    return request.config_dict[_SESSIONS].cookie_name in request.cookies


async def begin(request: web.Request, person_id: UUID) -> None:
    request[_SESSION] = Session(cookie=None, person_id=person_id, changed=True)


async def end(request: web.Request) -> None:
    cookie = request.cookies.get(request.config_dict[_SESSIONS].cookie_name)
    if cookie:
        door_of(request).known.forget_session(cookie)
    request[_SESSION] = Session(cookie=None, person_id=None, changed=True)


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "surrogateescape")).digest()

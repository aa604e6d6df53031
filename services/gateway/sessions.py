"""Sessions of those who serve: kept in the database under a digest, so that one can be ended at once."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import aiohttp_session
from aiohttp import web
from aiohttp_session import AbstractStorage, Session

from services.gateway import store
from services.gateway.config import Config
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx

LONGEST = timedelta(hours=10)
SEEN_EVERY = timedelta(minutes=1)
PERSON = "person_id"


class PostgresSessions(AbstractStorage):
    """A session is over when it has been idle, when it is old, or when its row is gone.

    The cookie holds 256 random bits; the table only their digest.
    """

    def __init__(self, *, db: Database, clock: Clock, settings: Config) -> None:
        super().__init__(
            cookie_name="__Host-sid" if settings.secure else "sid",
            secure=settings.secure,
            httponly=True,
            samesite="Lax",
        )
        self._db = db
        self._clock = clock
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._form_key = settings.form_key.encode()

    async def load_session(self, request: web.Request) -> Session:
        cookie = self.load_cookie(request)
        row = await self._find(cookie) if cookie else None
        if cookie is None or row is None:
            return Session(None, data=None, new=True)
        data: aiohttp_session.SessionData = {
            "created": int(row.created_at.timestamp()),
            "session": {PERSON: str(row.person_id)},
        }
        return Session(cookie, data=data, new=False)

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: Session
    ) -> None:
        """Sign in (a new id, the old one gone) or out, as the session now is."""
        old = self.load_cookie(request)
        fresh = secrets.token_urlsafe(32)
        person = session.get(PERSON)
        now = self._clock.now()

        async def work(tx: Tx) -> None:
            if old:
                await store.remove_session(tx, _digest(old))
            if person:
                await store.add_session(tx, _digest(fresh), UUID(person), now)

        await self._db.transact(work)
        if person:
            self.save_cookie(response, fresh)
        else:
            # Without `secure` browsers would not let go of a __Host- cookie.
            response.del_cookie(self.cookie_name, path="/", secure=bool(self.cookie_params["secure"]))

    def csrf_token(self, cookie: str) -> str:
        """What a write in this session must carry: follows from the cookie, and not the other way."""
        mac = hmac.new(self._form_key, b"digiaula csrf v1\0" + cookie.encode(), sha256)
        return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode("ascii")

    async def _find(self, cookie: str) -> store.SessionRow | None:
        digest, now = _digest(cookie), self._clock.now()

        async def work(tx: Tx) -> store.SessionRow | None:
            row = await store.find_session(tx, digest)
            if row is None or self._is_over(row, now):
                return None
            if now - row.seen_at > SEEN_EVERY:
                await store.touch_session(tx, digest, now)
            return row

        return await self._db.transact(work)

    def _is_over(self, row: store.SessionRow, now: datetime) -> bool:
        return now - row.seen_at > self._idle or now - row.created_at > LONGEST

    async def forget_old(self) -> None:
        """Take out what can no longer be used."""
        now = self._clock.now()

        async def work(tx: Tx) -> None:
            await store.forget_sessions(tx, seen_before=now - self._idle, made_before=now - LONGEST)

        await self._db.transact(work)


_STORAGE = web.AppKey("sessions", PostgresSessions)


def install(app: web.Application, sessions: PostgresSessions) -> None:
    app[_STORAGE] = sessions


async def person_id_of(request: web.Request) -> UUID | None:
    """Whose session this is, as far as its cookie tells. Whether they still serve is booking's to say."""
    session = await aiohttp_session.get_session(request)
    person = session.get(PERSON)
    return UUID(person) if person else None


async def csrf_token(request: web.Request) -> str | None:
    """The token of the session that this request came in, if it came in one."""
    session = await aiohttp_session.get_session(request)
    if session.new or session.identity is None:
        return None
    return request.config_dict[_STORAGE].csrf_token(session.identity)


def has_cookie(request: web.Request) -> bool:
    """Whether the browser believes it is in a session."""
    return request.config_dict[_STORAGE].cookie_name in request.cookies


async def begin(request: web.Request, person_id: UUID) -> None:
    """Sign in: always with a new id, whatever the browser came with."""
    session = await aiohttp_session.new_session(request)
    session[PERSON] = str(person_id)


async def end(request: web.Request) -> None:
    (await aiohttp_session.get_session(request)).invalidate()


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode()).digest()

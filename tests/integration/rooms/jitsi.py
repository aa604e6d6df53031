"""Jitsi as rooms sees it: what it asks and tells over HTTP, and what stands in a token."""

from datetime import datetime, timedelta
from typing import Any

import jwt
from aiohttp import ClientSession

from services.contracts.rooms import Joined
from tests.support.clock import SetClock
from tests.support.system import System

CALLBACK_SECRET = "callback-secret"
SHOWN = {"Authorization": f"Bearer {CALLBACK_SECRET}"}


class Jitsi:
    """Speaks to rooms as Prosody does. Every message is told a minute after the one before."""

    def __init__(self, system: System, clock: SetClock, http: ClientSession) -> None:
        self._system = system
        self._clock = clock
        self._http = http
        self.headers = SHOWN

    async def asks(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        url = self._system.http("rooms") + path
        async with self._http.request(method, url, headers=self.headers, **kwargs) as response:
            return response.status, await response.json() if "json" in response.content_type else None

    async def reserves(self, room: str) -> tuple[int, Any]:
        form = {"name": room, "start_time": "2027-03-02T10:00:00.000Z", "mail_owner": "x@meet.jitsi"}
        return await self.asks("POST", "/conference", data=form)

    async def tells(self, what: str, **content: Any) -> int:
        status, _ = await self.asks("POST", f"/events/{what}", json=content)
        return status

    async def saw(self, what: str, joined: Joined, connection: str = "one", **content: Any) -> int:
        """`what` is joined or left; happens a minute from now unless `content` says when."""
        at = content.pop("at", None) or self.a_minute_later()
        occupant: dict[str, Any] = {
            "id": user_of(joined),
            "occupant_jid": f"{connection}@meet.jitsi/x",
            "name": "Aino",
        }
        seconds = int(at.timestamp())
        occupant |= {"joined_at": seconds} if what == "joined" else {"left_at": seconds}
        return await self.tells(f"occupant/{what}", room_name=room_of(joined), occupant=occupant, **content)

    def a_minute_later(self) -> datetime:
        self._clock.advance(timedelta(minutes=1))
        return self._clock.now()


def room_of(joined: Joined) -> str:
    assert joined.video is not None
    return joined.video.room


def claims_of(joined: Joined) -> dict[str, Any]:
    assert joined.video is not None
    claims: dict[str, Any] = jwt.decode(joined.video.jwt, options={"verify_signature": False})
    return claims


def user_of(joined: Joined) -> str:
    user_id: str = claims_of(joined)["context"]["user"]["id"]
    return user_id

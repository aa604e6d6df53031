"""Visitors of django-appointment: what its pages have a browser send, as raw bytes that cost little."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from time import perf_counter
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.peer_server import Peer
from bench.stage import SECONDS

HALF_HOURS = 18  # from nine to six
IDLE = 1.0  # seconds; gunicorn lets go of a connection after two
SUBMIT = "/appointment/request-submit/"
FREE = "/appointment/ajax/available_slots/"
THANKS = "/appointment/thank-you/"
CODES = """
    SELECT u.email, c.code FROM appointment_emailverificationcode c JOIN auth_user u ON u.id = c.user_id
"""
BOOKED = "SELECT count(*) AS n FROM appointment_appointment"
_LENGTH = re.compile(r"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_LOCATION = re.compile(r"^location: *(\S+)", re.IGNORECASE | re.MULTILINE)
_COOKIE = re.compile(r"^set-cookie: *([^=]+)=([^;\r]*)", re.IGNORECASE | re.MULTILINE)
_LAST = re.compile(r"^connection: *close", re.IGNORECASE | re.MULTILINE)


class NotBookedError(Exception):
    """Answered with something else than the way to the next page."""


@dataclass(frozen=True)
class Time:
    staff: int
    starts: datetime

    def form(self, service: int) -> dict[str, Any]:
        """As the script of the library's page fills it in."""
        ends = self.starts + timedelta(minutes=30)
        return {
            "date": self.starts.date(),
            "start_time": self.starts.time(),
            "end_time": ends.time(),
            "service": service,
            "staff_member": self.staff,
        }


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: str


def times(staff: Sequence[int]) -> Iterator[Time]:
    """Every time of everybody once, day after day."""
    first = datetime.combine(datetime.now(UTC).date(), time(9))
    for day in count(3):
        for half_hour in range(HALF_HOURS):
            for each in staff:
                yield Time(each, first + timedelta(days=day, minutes=30 * half_hour))


class Visitor:
    """One browser: a connection that is kept, its cookies, and an account after the first booking."""

    def __init__(self, peer: Peer, number: int) -> None:
        self.email = f"kielo{number}@posti.example"
        self._peer = peer
        self._place = urlsplit(peer.address)
        self._cookies: dict[str, str] = {}
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._last_heard = 0.0

    async def ask_for(self, wanted: Time) -> str:
        """As somebody new: the page that asks for the code in their mail."""
        await self._get(f"/appointment/request/{self._peer.service}/")
        return await self._send(await self._send(SUBMIT, wanted.form(self._peer.service)), self._who())

    async def confirm(self, page: str, code: str) -> None:
        """With that code comes the booking, and they are signed in from then on."""
        await self._send(page, {"code": code})

    async def book(self, wanted: Time) -> str:
        """Two forms when signed in; the page that says that it is theirs."""
        told = await self._send(await self._send(SUBMIT, wanted.form(self._peer.service)), self._who())
        if not told.startswith(THANKS):
            raise NotBookedError(told)
        return told

    async def sees(self, wanted: Time) -> bool:
        """Whether the library shows it as free."""
        day, staff = wanted.starts.date(), wanted.staff
        query = urlencode({"selected_date": day, "staff_member": staff, "service_id": self._peer.service})
        answer = await self._get(f"{FREE}?{query}", "X-Requested-With: XMLHttpRequest\r\n")
        return f'"{wanted.starts.isoformat()}"' in answer.body

    async def is_told(self, wanted: Time) -> bool:
        """Whether the page at the end says that it is theirs."""
        try:
            page = await self.book(wanted)
        except NotBookedError:
            return False
        return (await self._get(page)).status == 200

    def leave(self) -> None:
        if self._line:
            self._line[1].close()
            self._line = None

    def _who(self) -> dict[str, Any]:
        return {
            "name": "Kielo Lehto",
            "email": self.email,
            "phone_0": "FI",
            "phone_1": "0401234567",
            "payment_type": "full",
        }

    async def _get(self, path: str, header: str = "") -> Answer:
        return await self._ask(f"GET {path} HTTP/1.1\r\n{header}")

    async def _send(self, path: str, fields: dict[str, Any]) -> str:
        """Where a form leads to."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self._cookies["csrftoken"]}).encode()
        kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        answer = await self._ask(f"POST {path} HTTP/1.1\r\n{kind}", body)
        if answer.status != 302:
            raise NotBookedError(f"{path} answered {answer.status}")
        return answer.location

    async def _ask(self, head: str, body: bytes = b"") -> Answer:
        if perf_counter() - self._last_heard > IDLE:
            self.leave()
        reader, writer = self._line = self._line or await self._connect()
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        writer.write(f"{head}Host: {self._place.netloc}\r\nCookie: {cookies}\r\n\r\n".encode() + body)
        told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length, location = _LENGTH.search(told), _LOCATION.search(told)
        rest = await reader.readexactly(int(length[1]) if length else 0)
        self._last_heard = perf_counter()
        self._cookies |= _COOKIE.findall(told)
        if _LAST.search(told):
            self.leave()
        return Answer(int(told[9:12]), location[1] if location else "", rest.decode())

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._place.hostname, self._place.port)


async def all_arrive(peer: Peer, free: Iterator[Time], number: int) -> list[Visitor]:
    """So many with an account. No mail goes out, so the codes come from where the library keeps them."""
    visitors = [Visitor(peer, each) for each in range(number)]
    pages = await asyncio.gather(*(each.ask_for(next(free)) for each in visitors))
    codes = {row["email"]: row["code"] for row in await peer.sql(CODES)}
    both = zip(visitors, pages, strict=True)
    await asyncio.gather(*(each.confirm(page, codes[each.email]) for each, page in both))
    return visitors


async def peer_booked_per_second(peer: Peer, visitors: Sequence[Visitor], free: Iterator[Time]) -> float:
    """Each books again when the last one is theirs; what stands in the database counts."""
    (before,) = await peer.sql(BOOKED)
    began = perf_counter()

    async def again_and_again(visitor: Visitor) -> None:
        while perf_counter() - began < SECONDS:
            await visitor.book(next(free))
        visitor.leave()

    async with asyncio.timeout(SECONDS + 30):
        await asyncio.gather(*map(again_and_again, visitors))
    took = perf_counter() - began
    (after,) = await peer.sql(BOOKED)
    return float((after["n"] - before["n"]) / took)

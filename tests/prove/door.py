"""The way in that a proxy gives: several copies of the gateway behind one name, and what each answered."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import aiohttp
import msgspec

from deploy.embedded.ready import answers
from services.runtime.main import LEAVE_SECONDS

NO_ANSWER = 0
MAYBE = (NO_ANSWER, 500, 502, 503, 504)
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Answer:
    """`status` is 0 when the connection broke before there was an answer."""

    status: int
    body: Any
    seconds: float
    sent_at: datetime
    retry_after: str | None = None

    @property
    def is_definite(self) -> bool:
        return self.status not in MAYBE

    @property
    def what(self) -> str:
        """The status, and for a refusal its code."""
        code = self.body.get("code", "") if isinstance(self.body, dict) else ""
        return f"{self.status} {code}".strip()


class Door:
    """The copies of the gateway behind one name, as a proxy has them: one that is not ready or takes no
    connection is passed over. A request that was sent is never sent again by the door."""

    def __init__(self, addresses: Sequence[str], host: str, *, timeout: float = 20) -> None:
        self.answers: list[Answer] = []
        self._addresses = addresses
        self._turn = itertools.count()
        self._ready = set(addresses)
        self._looking: asyncio.Task[None] | None = None
        # From and until when a look took longer than a copy takes to leave.
        self.blind: list[tuple[datetime, datetime]] = []
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout),
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=10),
            headers={"Host": host},
        )

    async def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        began, sent_at = perf_counter(), datetime.now(UTC)
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        data = None if body is None else msgspec.json.encode(body)
        for address in self._in_turn():
            try:
                async with self._session.request(
                    method, f"{address}/api/v1{path}", data=data, headers=headers
                ) as said:
                    text = await said.read()
                    content = msgspec.json.decode(text) if "json" in said.content_type else None
                    again = said.headers.get("Retry-After")
                    return self._note(Answer(said.status, content, perf_counter() - began, sent_at, again))
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError, OSError):
                break
        return self._note(Answer(NO_ANSWER, None, perf_counter() - began, sent_at))

    def _in_turn(self) -> list[str]:
        """Those that say they are ready first; with none ready, all of them."""
        if self._looking is None and len(self._addresses) > 1:
            self._looking = asyncio.create_task(self._look())
        first = next(self._turn) % len(self._addresses)
        turn = [*self._addresses[first:], *self._addresses[:first]]
        return sorted(turn, key=lambda address: address not in self._ready)

    async def _look(self) -> None:
        """Health checks, as often as a proxy makes them."""
        while True:
            began_at, began = datetime.now(UTC), perf_counter()
            said = await asyncio.gather(*(answers(f"{each}/health/ready") for each in self._addresses))
            self._ready = {each for each, ready in zip(self._addresses, said, strict=True) if ready}
            await asyncio.sleep(LOOK_SECONDS)
            if perf_counter() - began > LEAVE_SECONDS:
                self.blind.append((began_at, datetime.now(UTC)))

    def was_blind(self, answer: Answer) -> bool:
        """Whether it was sent, or waited for, while the door could not know where not to go."""
        ended_at = answer.sent_at + timedelta(seconds=answer.seconds)
        return any(began <= ended_at and answer.sent_at <= ended for began, ended in self.blind)

    def _note(self, answer: Answer) -> Answer:
        self.answers.append(answer)
        return answer

    async def close(self) -> None:
        if self._looking:
            self._looking.cancel()
        await self._session.close()

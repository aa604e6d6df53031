"""A client that costs little: raw bytes over kept connections, so that what is measured is the server."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STATUS = slice(9, 12)


def request(url: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> bytes:
    """One request as it goes over the wire."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method != "GET":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


@dataclass
class Seen:
    """Answers by status, and how long each took, in milliseconds."""

    by_status: dict[bytes, int] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def note(self, status: bytes, milliseconds: float) -> None:
        self.by_status[status] = self.by_status.get(status, 0) + 1
        self.took.append(milliseconds)

    @property
    def per_second(self) -> float:
        return len(self.took) / self.seconds

    def only(self, *statuses: bytes) -> "Seen":
        """A figure made of refusals would be a lie."""
        others = set(self.by_status) - set(statuses)
        if others or not self.took:
            raise AssertionError(f"answered {self.by_status}")
        return self


class _Line(asyncio.Protocol):
    """One connection: `next_` gives what is sent when the answer before has come, or None to rest."""

    def __init__(self, next_: Callable[[], bytes | None], seen: Seen, done: Callable[[], None]) -> None:
        self._next = next_
        self._seen = seen
        self._done = done
        self._buffer = b""
        self._sent_at = 0.0
        self._resting = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by birth
        self.go_on()

    def go_on(self) -> None:
        asked = self._next()
        assert self._transport is not None
        if asked is None:
            self._resting = True
            self._transport.close()
        else:
            self._sent_at = time.perf_counter()
            self._transport.write(asked)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head)
        if len(rest) < (int(length[1]) if length else 0):
            return
        self._seen.note(head[_STATUS], (time.perf_counter() - self._sent_at) * 1000)
        self._buffer = b""
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._resting:
            self._seen.note(b"cut", 0.0)
        self._done()


async def as_fast_as_it_goes(
    address: str, asked: Iterator[bytes], *, seconds: float, connections: int
) -> Seen:
    """Each connection sends its next request when the last was answered."""
    seen, ended = Seen(), asyncio.Event()
    began = time.perf_counter()
    open_ = connections

    def following() -> bytes | None:
        return next(asked, None) if time.perf_counter() - began < seconds else None

    def done() -> None:
        nonlocal open_
        open_ -= 1
        if open_ == 0:
            ended.set()

    host, port = _place(address)
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: _Line(following, seen, done), host, port)
    async with asyncio.timeout(seconds + 30):
        await ended.wait()
    seen.seconds = time.perf_counter() - began
    return seen


async def at_a_rate(address: str, asked: bytes, *, per_second: float, seconds: float) -> Seen:
    """A request every so often, whether or not the one before has been answered: as visitors come."""
    return await over(address, [asked] * int(per_second * seconds), seconds=seconds)


async def over(address: str, asked: Sequence[bytes], *, seconds: float) -> Seen:
    """Each request at its moment of the stretch, whether or not those before have been answered."""
    seen, tasks = Seen(), []
    began = time.perf_counter()
    for number, each in enumerate(asked):
        await asyncio.sleep(max(0.0, began + number * seconds / len(asked) - time.perf_counter()))
        tasks.append(asyncio.create_task(_one(address, each, seen)))
    await asyncio.gather(*tasks)
    seen.seconds = time.perf_counter() - began
    return seen


async def _one(address: str, asked: bytes, seen: Seen) -> None:
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(*_place(address))
    writer.write(asked)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    await reader.readexactly(int(length[1]) if length else 0)
    seen.note(head[_STATUS], (time.perf_counter() - began) * 1000)
    writer.close()


def _place(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port

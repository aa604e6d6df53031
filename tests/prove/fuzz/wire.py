"""Requests as the bytes they are, since no client that means well would send these."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from shlex import quote

Headers = tuple[tuple[bytes, bytes], ...]

LONGEST_HEAD = 256 * 1024
SECONDS = 30.0
IMPATIENT_SECONDS = 1.0  # with what says that more is to come
NO_ANSWER = 0


@dataclass(frozen=True)
class Sent:
    """`framed` is whether its length is said for it, as it is."""

    method: str
    target: bytes
    headers: Headers = ()
    body: bytes = b""
    framed: bool = True

    def raw(self) -> bytes:
        lines = [self.method.encode() + b" " + self.target + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self.headers]
        if self.framed and (self.body or self.method in ("POST", "PUT")):
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body

    def curl(self, address: str) -> str:
        """The same to be pasted into a shell."""
        words = ["curl", "-i", "--path-as-is", "--globoff", "-X", self.method]
        for name, value in self.headers:
            if name.lower() != b"host" or value.decode("latin-1") not in address:
                words += ["-H", _quoted(name + b": " + value)]
        if self.body:
            words += ["--data-binary", _quoted(self.body)]
        return " ".join([*words, _quoted(address.encode() + self.target)])


def _quoted(data: bytes) -> str:
    if all(32 <= byte < 127 for byte in data):
        return quote(data.decode())
    return "$'" + "".join(_shown(byte) for byte in data) + "'"


def _shown(byte: int) -> str:
    plain = 32 <= byte < 127 and byte not in b"'\\"
    return chr(byte) if plain else f"\\x{byte:02x}"


@dataclass(frozen=True)
class Said:
    """`status` is 0 when nothing was said."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip()


class Wire:
    """One connection, kept while both sides want to."""

    def __init__(self, host: str, port: int) -> None:
        self._at = (host, port)
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, sent: Sent) -> Said:
        began = asyncio.get_running_loop().time()
        status, headers, body = NO_ANSWER, dict[str, str](), b""
        for _ in range(2):  # what was kept may have been closed a moment ago
            was_open = self._open is not None
            try:
                async with asyncio.timeout(SECONDS if sent.framed else IMPATIENT_SECONDS):
                    status, headers, body = await self._exchange(sent)
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                self.close()
            if status or not was_open:
                break
        return Said(status, headers, body, asyncio.get_running_loop().time() - began)

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    async def _exchange(self, sent: Sent) -> tuple[int, dict[str, str], bytes]:
        if self._open is None:
            self._open = await asyncio.open_connection(*self._at, limit=LONGEST_HEAD)
        reader, writer = self._open
        writer.write(sent.raw())
        status, headers = await _head(reader)
        while status == 100:
            status, headers = await _head(reader)
        body = await _body(reader, sent.method, status, headers)
        if not sent.framed or headers.get("connection", "").lower() == "close" or _endless(headers):
            self.close()
        return status, headers, body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    parts = (line.partition(":") for line in lines if line)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in parts}


def _endless(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").startswith("text/event-stream")


async def _body(
    reader: asyncio.StreamReader, method: str, status: int, headers: Mapping[str, str]
) -> bytes:
    if method == "HEAD" or status in (101, 204, 304):
        return b""
    if _endless(headers):
        return await reader.read(1024)  # that it begins is enough
    if headers.get("transfer-encoding") == "chunked":
        return await _chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        found += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return found

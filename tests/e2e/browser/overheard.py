"""Everything that is sent to somebody's browser, listened to on the wire: pages, JSON, streams, headers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from urllib.parse import quote


class Wire:
    """A proxy that a browser is told to use; it passes bytes on as they are and keeps what comes back."""

    def __init__(self, port: int) -> None:
        self.heard = bytearray()
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        assert self._server, "not laid"
        port: int = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def lay(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1")

    async def cut(self) -> None:
        if self._server:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, back}
        await asyncio.gather(_pour(reader, back), _pour(there, writer, self.heard))
        self._writers -= {writer, back}


def told(seen: bytes, secrets: Iterable[str]) -> list[str]:
    """Which of the secrets are in it, in whatever letters, as they are or as an address would hold them."""
    lower = seen.lower()
    return [
        secret
        for secret in secrets
        if any(form.lower().encode() in lower for form in (secret, quote(secret)))
    ]


async def _pour(
    source: asyncio.StreamReader, into: asyncio.StreamWriter, kept: bytearray | None = None
) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            if kept is not None:
                kept += data
            into.write(data)
            await into.drain()
    into.close()
    with contextlib.suppress(ConnectionError):
        await into.wait_closed()


@contextlib.asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    laid = Wire(port)
    await laid.lay()
    try:
        yield laid
    finally:
        await laid.cut()

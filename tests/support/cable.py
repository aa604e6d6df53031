"""A cable between a service and a server, which a test can cut and mend."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Literal


class Cable:
    """Listens on a port of its own and carries everything to `port` while it is whole.

    Held in one direction, it keeps what is sent that way until it is released: packets are lost and
    sent again for as long, and nobody hears that the connection does not work.
    """

    def __init__(self, port: int) -> None:
        self.port = 0
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = {"there": asyncio.Event(), "back": asyncio.Event()}
        self.release()

    def hold(self, direction: Literal["there", "back"]) -> None:
        """`there` is what the service says, `back` what the server says to it."""
        self._open[direction].clear()

    def release(self) -> None:
        for way in self._open.values():
            way.set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Every connection breaks, and no new one is taken."""
        assert self._server, "not whole"
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        await asyncio.gather(
            _pour(reader, back, self._open["there"]), _pour(there, writer, self._open["back"])
        )
        self._writers -= {writer, back}


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter, way: asyncio.Event) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            await way.wait()
            into.write(data)
            await into.drain()
    into.close()
    with contextlib.suppress(ConnectionError):
        await into.wait_closed()


@contextlib.asynccontextmanager
async def cable(port: int) -> AsyncIterator[Cable]:
    laid = Cable(port)
    await laid.mend()
    try:
        yield laid
    finally:
        await laid.cut()

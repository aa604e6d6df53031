"""A cable between a service and a server, which a test can cut and mend."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Cable:
    """Listens on a port of its own and carries everything to `port` while it is whole."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

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
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, back}
        await asyncio.gather(_pour(reader, back), _pour(there, writer))
        self._writers -= {writer, back}


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
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

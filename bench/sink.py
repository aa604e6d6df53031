"""An SMTP server that takes everything and keeps nothing: what a mail server can be at its quickest."""

import asyncio
import sys
from typing import cast

import uvloop


class Sink(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            said, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            self._answer(said)

    def _answer(self, said: bytes) -> None:
        if self._in_data:
            self._in_data = False
            self._transport.write(b"250 kept\r\n")
            return
        match said[:4].upper():
            case b"EHLO":
                self._transport.write(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
            case b"DATA":
                self._in_data = True
                self._transport.write(b"354 go on\r\n")
            case b"QUIT":
                self._transport.write(b"221 bye\r\n")
                self._transport.close()
            case _:
                self._transport.write(b"250 fine\r\n")


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())

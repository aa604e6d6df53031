"""How those come in who knock at one moment."""

import asyncio
import socket

import pytest
from aiohttp import web

from services.runtime import web as runtime_web
from services.runtime.web import DOORS, HttpServer

uvloop = pytest.importorskip("uvloop", reason="not on this system")
KNOCK = 12


async def turns_until_all_are_in() -> int:
    """Turns of the loop, for so many whom the system has connected already."""
    made: list[asyncio.BaseTransport] = []

    class Counted(web.RequestHandler):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            made.append(transport)

    with pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        patch.setattr("aiohttp.web_server.RequestHandler", Counted)
        free.bind(("127.0.0.1", 0))
        address: tuple[str, int] = free.getsockname()
        free.close()
        server = HttpServer(web.Application())
        await server.start(*address)
        callers = [socket.create_connection(address) for _ in range(KNOCK)]
        turns = 0
        while len(made) < KNOCK:
            await asyncio.sleep(0)
            turns += 1
        for caller in callers:
            caller.close()
        await server.stop()
    return turns


def test_those_who_knock_together_come_in_together() -> None:
    assert KNOCK <= DOORS
    assert uvloop.run(turns_until_all_are_in()) < KNOCK / 2


def test_by_one_door_they_come_in_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: otherwise all those doors are for nothing."""
    monkeypatch.setattr(runtime_web, "DOORS", 1)
    assert uvloop.run(turns_until_all_are_in()) >= KNOCK - 1


async def test_nobody_comes_in_once_the_doors_are_closed() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address: tuple[str, int] = free.getsockname()
    server = HttpServer(web.Application())
    await server.start(*address)
    (await asyncio.open_connection(*address))[1].close()

    await server.stop()

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)

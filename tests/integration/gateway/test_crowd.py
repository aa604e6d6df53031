"""More at once than can be done: who comes then is told so, and costs next to nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_string
from email.message import Message
from typing import Any

import pytest

from services.contracts.booking.catalogue import ListThemes, Themes
from services.gateway import gate, limits, places
from services.gateway.gate import SHORT
from services.gateway.limits import IN_FLIGHT
from services.runtime.call import Call
from tests.support.eventually import eventually
from tests.support.system import System
from tests.support.visitor import Visitor

ENOUGH = SHORT + 1
OF_THE_USUAL_WAY = ("Date", "Server", "Connection")


class SlowThemes:
    """A neighbour that is there and answers only when told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.asked = 0

    async def answer(self, _: Any, __: Call) -> Themes:
        self.asked += 1
        await self.go_on.wait()
        return Themes(items=[])


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[places.Places]:
    """Those of every gateway: each becomes a crowd soon, and nobody in it is in a hurry."""
    made: list[places.Places] = []

    class Seen(places.Places):
        def __init__(self, count: int) -> None:
            super().__init__(count)
            made.append(self)

    monkeypatch.setattr(limits, "Places", Seen)
    monkeypatch.setattr(gate, "CALM", gate.CALM._replace(in_a_row=SHORT, late=3600))
    monkeypatch.setattr(gate, "CROWDED", gate.CROWDED._replace(late=3600))
    monkeypatch.setattr(places, "PATIENCE_SECONDS", 60)
    return made


@asynccontextmanager
async def a_crowd(system: System, lines: list[places.Places]) -> AsyncIterator[None]:
    """One more is turned away; all those before are served in the end."""
    slow = SlowThemes()
    await (await system.bus("booking")).serve({ListThemes: slow.answer})
    await system.start("gateway")
    async with Visitor(system.http("gateway")) as visitor:
        let_in = [asyncio.create_task(visitor.get("/themes")) for _ in range(IN_FLIGHT + ENOUGH)]
        await eventually(lambda: slow.asked == IN_FLIGHT)
        await eventually(lambda: lines[-1].in_line == ENOUGH)
        yield
        slow.go_on.set()
        served = await asyncio.gather(*let_in)
    assert [reply.status for reply in served] == [200] * (IN_FLIGHT + ENOUGH)


async def test_who_finds_every_place_taken_waits_and_who_finds_a_long_line_is_told_so_at_once(
    system: System, lines: list[places.Places], capfd: pytest.CaptureFixture[str]
) -> None:
    async with a_crowd(system, lines), Visitor(system.http("gateway")) as late:
        refused = await late.get("/themes")
        shown = [await page(late, path) for path in ("/times", "/groups")]
        posted = await page(late, "/t/abc/join", method="POST")
        machine = await late.session.get(late.address + "/health/ready")
    async with Visitor(system.http("gateway")) as visitor:
        after = await visitor.get("/themes")

    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "overloaded", "2")
    assert refused.json["request_id"] == refused.headers["X-Request-ID"]
    assert machine.status == after.status == 200
    for (headers, text), way in zip([*shown, posted], ("/times", "/groups", "/t/abc"), strict=True):
        assert f'href="{way}">' in text.partition("</main>")[0]
        assert headers["X-Request-ID"] in text
        assert 'lang="sv"' in text.partition("<head>")[0]
        assert headers["Retry-After"] == "2"
    assert capfd.readouterr().out.count("http.answered") == IN_FLIGHT + ENOUGH + 2


async def test_in_a_crowd_a_program_is_refused_on_the_doorstep_in_the_same_words(
    system: System, lines: list[places.Places]
) -> None:
    async with a_crowd(system, lines):
        usual, at_once = await knock(system, "/api/v1/themes"), await knock(system, "/api/v1/themes")
        health, person = await knock(system, "/health/live"), await knock(system, "/times")
        silent = await connect(system)
    served = await say(silent, "/api/v1/themes")

    assert [is_last(*each) for each in (usual, at_once, health, person, served)] == [0, 1, 0, 0, 0]
    assert [each[0].split()[1] for each in (usual, at_once, health, person)] == ["503", "503", "200", "503"]
    assert served[0].split()[1] == "200"
    assert without_its_own(*at_once) == without_its_own(*usual)
    assert at_once[1]["X-Request-ID"] != usual[1]["X-Request-ID"]
    assert at_once[1]["X-Request-ID"] in at_once[2]


async def test_who_comes_in_a_crowd_and_says_nothing_is_let_go_when_we_go(
    system: System, lines: list[places.Places]
) -> None:
    async with a_crowd(system, lines):
        await knock(system, "/api/v1/themes")
        reader, writer = await connect(system)
        await knock(system, "/api/v1/themes")
    await system.stop("gateway")

    assert await reader.read() == b""
    writer.close()


Said = tuple[str, Message, str]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(system: System) -> Connection:
    return await asyncio.open_connection("127.0.0.1", system.ports["gateway"])


async def say(connection: Connection, path: str) -> Said:
    """The status line, the headers and the body of what is answered."""
    reader, writer = connection
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    status, _, head = (await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")
    headers = message_from_string(head)
    body = await reader.readexactly(int(headers["Content-Length"]))
    writer.close()
    return status, headers, body.decode()


async def knock(system: System, path: str) -> Said:
    return await say(await connect(system), path)


def is_last(_: str, headers: Message, __: str) -> bool:
    return headers["Connection"] == "close"


def without_its_own(status: str, headers: Message, body: str) -> tuple[str, dict[str, str], str]:
    own = headers["X-Request-ID"]
    kept = {name: value for name, value in headers.items() if name not in OF_THE_USUAL_WAY}
    return status, {name: value.replace(own, "") for name, value in kept.items()}, body.replace(own, "")


async def page(visitor: Visitor, path: str, method: str = "GET") -> tuple[Any, str]:
    async with visitor.session.request(
        method, visitor.address + path, headers={"Accept-Language": "sv"}
    ) as answer:
        assert answer.status == 503
        return answer.headers, await answer.text()

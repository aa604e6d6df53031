"""More at once than can be done: who comes then is told so, and costs next to nothing."""

import asyncio
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
    monkeypatch.setattr(places, "PATIENCE_SECONDS", 60)
    return made


async def test_who_finds_every_place_taken_waits_and_who_finds_a_long_line_is_told_so_at_once(
    system: System, lines: list[places.Places], capfd: pytest.CaptureFixture[str]
) -> None:
    slow = SlowThemes()
    await (await system.bus("booking")).serve({ListThemes: slow.answer})
    await system.start("gateway")
    async with Visitor(system.http("gateway")) as visitor:
        let_in = [asyncio.create_task(visitor.get("/themes")) for _ in range(IN_FLIGHT + ENOUGH)]
        await eventually(lambda: slow.asked == IN_FLIGHT)
        await eventually(lambda: lines[-1].in_line == ENOUGH)
        async with Visitor(system.http("gateway")) as late:
            refused = await late.get("/themes")
            shown = [await page(late, path) for path in ("/times", "/groups")]
            posted = await page(late, "/t/abc/join", method="POST")
            machine = await late.session.get(late.address + "/health/ready")
        slow.go_on.set()
        served = await asyncio.gather(*let_in)
        after = await visitor.get("/themes")

    assert [reply.status for reply in served] == [200] * (IN_FLIGHT + ENOUGH)
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "overloaded", "2")
    assert refused.json["request_id"] == refused.headers["X-Request-ID"]
    assert machine.status == after.status == 200
    for (headers, text), way in zip([*shown, posted], ("/times", "/groups", "/t/abc"), strict=True):
        assert f'href="{way}">' in text.partition("</main>")[0]
        assert headers["X-Request-ID"] in text
        assert 'lang="sv"' in text.partition("<head>")[0]
        assert headers["Retry-After"] == "2"
    assert capfd.readouterr().out.count("http.answered") == IN_FLIGHT + ENOUGH + 2


async def page(visitor: Visitor, path: str, method: str = "GET") -> tuple[Any, str]:
    async with visitor.session.request(
        method, visitor.address + path, headers={"Accept-Language": "sv"}
    ) as answer:
        assert answer.status == 503
        return answer.headers, await answer.text()

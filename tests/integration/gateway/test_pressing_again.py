"""Pressing join again, alone and with many: what was true before holds no longer than it is true."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.contracts.booking.names import DescribeNames
from services.contracts.envelope import Staff
from services.contracts.rooms import Join, JoinAgain, Leave
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.integration.gateway.test_journey import link_of
from tests.support.eventually import eventually
from tests.support.visitor import Visitor

SOON = timedelta(minutes=10)


Came = tuple[int, str | None]


class Session:
    """A session whose host is in, and those who have a seat in it, by their links."""

    def __init__(self, doorstep: Doorstep, host: Staff, slot_id: Any, visitor: Visitor) -> None:
        self.doorstep = doorstep
        self.host = host
        self.slot_id = slot_id
        self.visitor = visitor
        self.links: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    async def comes(self, name: str, **body: str) -> Came:
        """Status, and the name that the others see or the code of a refusal."""
        reply = await self.visitor.post(f"{self.links[name]}/join", body)
        return reply.status, reply.code or reply.json["display_name"]

    async def asked(self, service: str, subject: str) -> float:
        """How often the service has answered this."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.doorstep.system.http(service)}/metrics") as response,
        ):
            told = await response.text()
        return sum(
            sample.value
            for family in text_string_to_metric_families(told)
            for sample in family.samples
            if sample.name == "digiaula_requests_total" and sample.labels["subject"] == subject
        )


async def at_once(*coming: Awaitable[Came]) -> list[Came]:
    return list(await asyncio.gather(*coming))


async def a_session(doorstep: Doorstep) -> Session:
    host = await doorstep.house.expert(display_name="Aino Neuvoja")
    slot = await doorstep.house.group(host, doorstep.system.clock.now() + SOON, 30)
    session = Session(doorstep, host, slot.id, await doorstep.visitor())
    for name in ("Kielo", "Vuokko", "Lilja"):
        made = await session.visitor.post("/bookings", a_booking(slot.id, display_name=name))
        session.links[name], session.ids[name] = link_of(made.json["manage_url"]), made.json["id"]
    await doorstep.system.ask(Join(slot_id=slot.id, display_name="Aino Neuvoja"), host)
    return session


@pytest.fixture
async def session(shared: Doorstep) -> Session:
    return await a_session(shared)


async def test_who_is_in_is_let_in_again_without_joining_anew(session: Session) -> None:
    first = await session.comes("Kielo")
    joins = await session.asked("rooms", Join.subject)
    joins_again = await session.asked("rooms", JoinAgain.subject)

    again = await at_once(*(session.comes("Kielo") for _ in range(10)))

    assert {first, *again} == {(200, "Kielo")}
    assert await session.asked("rooms", Join.subject) == joins
    assert await session.asked("rooms", JoinAgain.subject) > joins_again


async def test_who_was_let_in_before_is_refused_as_soon_as_that_is_over(session: Session) -> None:
    for name in session.links:
        assert await session.comes(name) == (200, name)
    host = await session.doorstep.signed_in(session.host.person_id)

    removed = await host.post(f"/slots/{session.slot_id}/remove", {"booking_id": session.ids["Kielo"]})
    assert removed.status == 204, removed.body
    assert await session.comes("Kielo") == (403, "removed")
    others = await at_once(session.comes("Kielo"), session.comes("Vuokko"))
    assert others == [(403, "removed"), (200, "Vuokko")]

    await session.doorstep.system.ask(Leave(slot_id=session.slot_id), session.host)
    assert await session.comes("Vuokko") == (202, "Vuokko")

    await host.post(f"/slots/{session.slot_id}/close")
    assert await session.comes("Lilja") == (409, "room_closed")


async def test_nobody_who_presses_with_others_goes_by_the_hosts_name(session: Session) -> None:
    assert await session.comes("Kielo", display_name="Pihla") == (200, "Pihla")

    came = await at_once(
        session.comes("Kielo", display_name="Pihla"),
        session.comes("Vuokko", display_name="aino neuvoja"),
        session.comes("Kielo", display_name="AINO  NEUVOJA"),
        session.comes("Lilja"),
    )

    assert came == [(200, "Pihla"), (400, "nickname_invalid"), (400, "nickname_invalid"), (200, "Lilja")]


@pytest.mark.parametrize(
    ("older", "unknown"), [("booking", DescribeNames.subject), ("rooms", JoinAgain.subject)]
)
async def test_an_older_release_beside_us_keeps_nobody_out(
    session: Session, monkeypatch: pytest.MonkeyPatch, older: str, unknown: str
) -> None:
    """It knows the questions about one alone."""
    server = session.doorstep.system._living[older]._bus._server
    monkeypatch.delitem(server._by_subject, unknown)

    first = await session.comes("Kielo")
    again = await at_once(*(session.comes("Kielo") for _ in range(5)))

    assert {first, *again} == {(200, "Kielo")}
    assert await session.comes("Vuokko", display_name="Aino Neuvoja") == (400, "nickname_invalid")


async def all_known_to_rooms(session: Session) -> bool:
    heard = "SELECT 1 FROM rooms.place WHERE slot_id = $1"
    return len(await session.doorstep.system.sql(heard, session.slot_id)) == len(session.links)


async def test_with_booking_away_who_is_in_comes_in_again(doorstep: Doorstep) -> None:
    session = await a_session(doorstep)
    await session.comes("Kielo")
    await eventually(lambda: all_known_to_rooms(session))
    await doorstep.system.stop("booking")
    again = await at_once(session.comes("Kielo"), session.comes("Vuokko", display_name="Vuokko"))

    assert again == [(200, "Vieras"), (200, "Vuokko")]

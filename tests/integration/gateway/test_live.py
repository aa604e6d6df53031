"""Live news of a meeting, and how it stands when a neighbour is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
import pytest

from services.contracts.envelope import Told
from services.gateway.api import events
from services.gateway.limits import IN_FLIGHT
from services.gateway.live import Hub
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.eventually import PATIENCE, eventually
from tests.support.house import A_TUESDAY
from tests.support.visitor import Visitor

BY_NEWS = events.LOOK_AGAIN_SECONDS - 3
"""Seconds within which a page hears of it: later it would have been found by looking again."""


class Stream:
    """The events of one open page, as a browser reads them."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self, *, within: float = PATIENCE) -> tuple[str, Any]:
        """The next event; comments are passed over."""
        async with asyncio.timeout(within):
            name = ""
            while True:
                line = (await self.response.content.readline()).decode().rstrip("\n")
                if not line and self.response.content.at_eof():
                    return "end", None
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                if line.startswith("data: ") and name:
                    return name, msgspec.json.decode(line.removeprefix("data: "))

    async def comment(self, *, within: float = PATIENCE) -> str:
        async with asyncio.timeout(within):
            while True:
                line = (await self.response.content.readline()).decode()
                if line.startswith(":"):
                    return line


@asynccontextmanager
async def opened(visitor: Visitor, link: str) -> AsyncIterator[Stream]:
    async with visitor.session.get(f"{visitor.address}/api/v1{link}/events") as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        yield Stream(response)


class Meeting:
    """A booked time with its host and its resident."""

    def __init__(self, doorstep: Doorstep, host: Any, slot: Any, resident: Visitor, link: str) -> None:
        self.doorstep, self.host, self.slot = doorstep, host, slot
        self.resident, self.link = resident, link


@pytest.fixture
async def meeting(doorstep: Doorstep) -> Meeting:
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=3))
    resident = await doorstep.visitor()
    made = await resident.post("/bookings", a_booking(slot.id))
    return Meeting(doorstep, host, slot, resident, "/t/" + made.json["manage_url"].rpartition("/")[2])


async def test_a_waiting_resident_hears_of_the_host_and_of_the_end(meeting: Meeting) -> None:
    doorstep, slot = meeting.doorstep, meeting.slot
    doorstep.system.clock.set(slot.starts_at - timedelta(minutes=10))
    expert = await doorstep.signed_in(meeting.host.person_id)
    async with opened(meeting.resident, meeting.link) as stream:
        assert (await stream.next())[0] == "waiting"

        await expert.post(f"/slots/{slot.id}/join")
        name, told = await stream.next(within=BY_NEWS)
        assert (name, told["host_present"]) == ("open", True)

        await expert.post(f"/slots/{slot.id}/leave")
        assert (await stream.next(within=BY_NEWS))[0] == "waiting"

        await expert.post(f"/slots/{slot.id}/join")
        assert (await stream.next(within=BY_NEWS))[0] == "open"

        await expert.post(f"/slots/{slot.id}/close")
        assert (await stream.next(within=BY_NEWS))[0] == "closed"
        assert (await stream.next(within=BY_NEWS))[0] == "end"


async def test_the_room_opens_on_the_page_by_the_clock_alone(meeting: Meeting) -> None:
    opens_at = meeting.slot.starts_at - timedelta(minutes=15)
    for early in (0.5, 2, 8):  # seconds; a machine that stands still for as long comes when it is open
        meeting.doorstep.system.clock.set(opens_at - timedelta(seconds=early))
        async with opened(meeting.resident, meeting.link) as stream:
            seen = [(await stream.next())[0]]
            if seen == ["before"]:
                seen.append((await stream.next(within=BY_NEWS))[0])
                break
    assert seen == ["before", "waiting"]


async def test_a_page_hears_of_a_move_and_of_a_cancellation(meeting: Meeting) -> None:
    later = await meeting.doorstep.house.slot(
        meeting.host, meeting.doorstep.system.clock.now() + timedelta(hours=5)
    )
    async with opened(meeting.resident, meeting.link) as stream:
        assert (await stream.next())[0] == "before"

        await meeting.resident.post(f"{meeting.link}/move", {"slot_id": str(later.id)})
        name, told = await stream.next(within=BY_NEWS)
        assert name == "moved"
        assert told["starts_at"] == later.starts_at.isoformat().replace("+00:00", "Z")

        await meeting.resident.post(f"{meeting.link}/cancel")
        assert (await stream.next())[0] == "cancelled"


async def test_a_page_hears_nothing_of_other_meetings(meeting: Meeting) -> None:
    """And looks again by itself, so that news it missed costs no more than that."""
    doorstep = meeting.doorstep
    other = await doorstep.house.slot(meeting.host, doorstep.system.clock.now() + timedelta(hours=6))
    stranger = await doorstep.visitor()
    made = await stranger.post("/bookings", a_booking(other.id))
    async with opened(meeting.resident, meeting.link) as stream:
        await stream.next()
        await stranger.post("/t/" + made.json["manage_url"].rpartition("/")[2] + "/cancel")
        await meeting.resident.post(f"{meeting.link}/cancel")
        assert (await stream.next())[0] == "cancelled"


async def test_an_open_page_is_told_now_and_then_that_we_are_here(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_AGAIN_SECONDS", 0.1)
    async with opened(meeting.resident, meeting.link) as stream:
        assert await stream.comment()


async def test_open_pages_end_with_the_service_and_without_delay(meeting: Meeting) -> None:
    async with opened(meeting.resident, meeting.link) as stream:
        await stream.next()
        async with asyncio.timeout(7):  # pages that stay open are waited for a second longer
            await meeting.doorstep.system.stop("gateway")
        assert (await stream.next())[0] == "end"


async def test_more_open_pages_than_places_hold_up_nobody(meeting: Meeting) -> None:
    links = [meeting.link]
    for number in range(1, 2 + IN_FLIGHT // events.OF_ONE_LINK):
        at = meeting.slot.starts_at + timedelta(days=number)
        slot = await meeting.doorstep.house.slot(meeting.host, at)
        made = await meeting.resident.post("/bookings", a_booking(slot.id))
        links.append("/t/" + made.json["manage_url"].rpartition("/")[2])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        streams = [f"{meeting.resident.address}/api/v1{link}/events" for link in links]
        pages = await asyncio.gather(
            *(session.get(streams[number % len(streams)]) for number in range(IN_FLIGHT + 10))
        )
        assert {page.status for page in pages} == {200}
        assert (await meeting.resident.get(meeting.link)).status == 200
        for page in pages:
            page.close()


async def test_one_link_takes_no_more_than_its_share_of_the_open_pages(meeting: Meeting) -> None:
    """Were there no end to them, whoever has one link could take live news from everybody else."""
    async with AsyncExitStack() as stack:
        for _ in range(events.OF_ONE_LINK):
            stream = await stack.enter_async_context(opened(meeting.resident, meeting.link))
            await stream.next()
        refused = await meeting.resident.get(f"{meeting.link}/events")
        assert (refused.status, refused.code) == (429, "too_many")

    async def comes_again() -> bool:
        async with meeting.resident.session.get(
            f"{meeting.resident.address}/api/v1{meeting.link}/events"
        ) as response:
            return response.status == 200

    await eventually(comes_again)


async def test_a_booked_meeting_can_be_seen_and_joined_with_booking_down(meeting: Meeting) -> None:
    """Rooms alone lets people in; what booking knows is left out."""
    doorstep, slot = meeting.doorstep, meeting.slot
    assert (await meeting.resident.get(meeting.link)).json["opens_at"]
    doorstep.system.clock.set(slot.starts_at)
    expert = await doorstep.signed_in(meeting.host.person_id)
    await expert.post(f"/slots/{slot.id}/join")

    await doorstep.system.stop("booking")

    seen = (await meeting.resident.get(meeting.link)).json
    assert (seen["state"], seen["booking"], seen["actions"]) == ("open", None, ["join", "help"])
    joined = await meeting.resident.post(f"{meeting.link}/join")
    assert (joined.status, joined.json["state"]) == (200, "open")
    away = await meeting.resident.post(f"{meeting.link}/cancel")
    assert (away.status, away.code) == (503, "unavailable")
    assert away.headers["Retry-After"]


async def test_a_booking_can_be_seen_and_cancelled_with_rooms_down(meeting: Meeting) -> None:
    await meeting.doorstep.system.stop("rooms")
    seen = (await meeting.resident.get(meeting.link)).json
    assert (seen["state"], seen["opens_at"]) == ("before", None)
    assert (await meeting.resident.post(f"{meeting.link}/cancel")).json["state"] == "cancelled"


async def test_looking_never_changes_anything(meeting: Meeting) -> None:
    """Mail scanners open links first, with every kind of look they know."""
    await meeting.resident.get(meeting.link)
    before = await changes(meeting)
    for _ in range(20):
        for path in (meeting.link, f"{meeting.link}/calendar.ics"):
            assert (await meeting.resident.get(path)).status == 200
            assert (await meeting.resident.ask("HEAD", path)).status == 200
        await meeting.resident.get("/" + meeting.link)
        await meeting.resident.ask("HEAD", "/" + meeting.link)
    assert await changes(meeting) == before
    assert (await meeting.resident.post(f"{meeting.link}/cancel")).json["state"] == "cancelled"
    assert await changes(meeting) != before


async def changes(meeting: Meeting) -> list[tuple[Any, ...]]:
    rows = await meeting.doorstep.system.sql(
        "SELECT (SELECT count(*) FROM booking.outbox), (SELECT count(*) FROM rooms.outbox), "
        "(SELECT count(*) FROM rooms.attendance), (SELECT count(*) FROM booking.booking_change)"
    )
    return [tuple(row) for row in rows]


async def test_news_of_one_person_wakes_nobody_else_in_the_same_slot() -> None:
    """A group has hundreds: one who comes must not make all the others look."""
    hub, slot_id = Hub(), uuid4()
    mine, others = uuid4(), uuid4()

    async def heard(event: dict[str, str]) -> list[bool]:
        with hub.watching(mine, slot_id) as one, hub.watching(others, slot_id) as another:
            told = Told(event_id=uuid4(), at=A_TUESDAY, body=msgspec.Raw(msgspec.json.encode(event)))
            await hub._hear("rooms.v1.event.x", told)
            return [await watch.rest(0.01) for watch in (one, another)]

    assert await heard({"slot_id": str(slot_id), "booking_id": str(mine)}) == [True, False]
    assert await heard({"slot_id": str(slot_id)}) == [True, True], "the door opens for all"

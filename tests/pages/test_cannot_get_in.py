""" "I cannot get in": what the resident is told, and how the host sees it."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.people import FindPersonByEmail, Identify
from services.contracts.booking.slots import GetSlot, HostSlots, ListHostSlots
from services.contracts.envelope import Nothing, Resident
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import AskForHelp, Join, Leave, Look, LookAtSlots, RoomState, RoomViews
from services.gateway.api import events
from services.gateway.door import DOOR
from services.gateway.waiting import GRACE
from tests.pages import examples
from tests.pages.test_my_week import sign_in
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

LINK = examples.link()
SLOT = examples.host_slot()


@pytest.fixture(autouse=True)
def open_door(neighbours: Neighbours, clock: SetClock) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    neighbours.answers(Join, examples.joined("meet.digiaula.example"))
    neighbours.answers(AskForHelp, examples.view(RoomState.OPEN))
    neighbours.answers(Leave, Nothing())


@pytest.mark.parametrize("where", ["at the door", "in the room"])
async def test_the_host_is_told_and_the_resident_hears_what_happens_now(
    visitor: Visitor, neighbours: Neighbours, where: str
) -> None:
    neighbours.answers(DescribeBooking, examples.booking(phone_on_file=True))
    page = await visitor.open(LINK)
    if where == "in the room":
        page = await visitor.send(page.form("/join"))

    page = await visitor.send(page.form("/help"))

    assert len(neighbours.heard(AskForHelp)) == 1
    assert "et pääse sisään" in page.text
    assert "Aino Asiantuntija voi soittaa numeroon, jonka annoit" in page.text
    assert page.has_form("/join"), "and may try again"


async def test_without_a_number_nobody_is_promised_a_call(visitor: Visitor) -> None:
    page = await visitor.send((await visitor.open(LINK)).form("/help"))

    assert "soittaa" not in page.text
    assert "toisella puhelimella tai tietokoneella" in page.text


async def test_when_the_room_is_shut_the_page_says_how_things_stand(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    neighbours.refuses(AskForHelp, Refusal(Code.ROOM_CLOSED, "Ended."))
    page = await visitor.open(LINK)
    neighbours.answers(Look, examples.view(RoomState.OVER))

    page = await visitor.send(page.form("/help"))

    assert page.heading == "Kiitos käynnistä"


async def test_programs_are_told_what_happens_now(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(DescribeBooking, examples.booking(phone_on_file=True))

    async with visitor.session.post(f"{visitor.address}/api/v1{LINK}/help") as response:
        assert (response.status, await response.json()) == (200, {"may_ring": True})


async def test_one_may_come_with_sound_alone(visitor: Visitor) -> None:
    with_camera = await visitor.send((await visitor.open(LINK)).form("/join"))
    without = await visitor.send((await visitor.open(LINK)).form("/join"), press=("camera", "off"))

    assert without.by_id("frame")["data-sound-only"] == "yes"
    assert any("startAudioOnly=true" in link for link in without.links)
    assert not with_camera.by_id("frame")["data-sound-only"]
    assert not any("startAudioOnly" in link for link in with_camera.links)


@pytest.fixture
async def host(visitor: Visitor, neighbours: Neighbours, system: System) -> Visitor:
    outside = examples.view(RoomState.OPEN, waiting=1, cannot_get_in=[examples.BOOKING_ID])
    neighbours.answers(FindPersonByEmail, examples.EXPERT)
    neighbours.answers(Identify, examples.EXPERT)
    neighbours.answers(ListHostSlots, HostSlots([SLOT]))
    neighbours.answers(ListOpenOutcomes, HostSlots([]))
    neighbours.answers(LookAtSlots, RoomViews([outside]))
    neighbours.answers(GetSlot, SLOT)
    neighbours.answers(Look, outside)
    await sign_in(visitor, system)
    return visitor


async def test_the_host_sees_it_in_the_week_and_by_name_at_the_door(host: Visitor) -> None:
    week = await host.open("/my/week")
    assert "1 ei pääse sisään" in week.text

    door = await host.open(next(link for link in week.links if link.endswith("/door")))

    assert "Kielo ei pääse sisään" in door.text
    assert "1 odottaa" in door.text
    assert any(str(examples.BOOKING_ID) in link for link in door.links), "the way to reach them"


async def test_the_meetings_own_page_leads_to_the_door(host: Visitor) -> None:
    room = await host.send((await host.open("/my/week")).form("/join"))

    assert room.by_id("hall")["data-from"] in room.links
    assert not room.has_form("/help"), "a host asks nobody"


async def test_nobody_at_the_door_is_said_so(host: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(Look, examples.view(RoomState.OPEN))

    page = await host.open(f"/my/week/slots/{SLOT.id}/door")

    assert "Ovella ei ole ketään" in page.text


@pytest.fixture
def waiting(neighbours: Neighbours) -> None:
    neighbours.answers(Look, examples.view(RoomState.WAITING, here=True))


async def test_who_closed_the_waiting_page_waits_no_more(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock, waiting: None
) -> None:
    await visitor.open(LINK)

    clock.advance(GRACE + timedelta(seconds=1))

    left = await eventually(lambda: neighbours.calls(Leave))
    assert neighbours.heard(Leave) == [Leave(only_waiting=True)]
    assert left[0].actor == Resident(booking_id=examples.BOOKING_ID, link_version=1)


async def test_loading_the_page_again_keeps_ones_place(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock, system: System, waiting: None
) -> None:
    for _ in range(3):
        await visitor.open(LINK)
        clock.advance(GRACE * 0.6)
        await sweep(system)

    assert not neighbours.heard(Leave)


async def test_an_open_stream_keeps_ones_place_and_its_end_starts_the_grace(
    visitor: Visitor,
    neighbours: Neighbours,
    clock: SetClock,
    system: System,
    waiting: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "LOOK_AGAIN_SECONDS", 0.1)
    stream = await opened(visitor)
    clock.advance(GRACE * 2)
    await sweep(system)
    assert not neighbours.heard(Leave)

    stream.close()
    await eventually(lambda: not waiting_pages(system)._streams)
    await sweep(system)
    assert not neighbours.heard(Leave), "a reload comes back within the grace"

    clock.advance(GRACE * 2)
    await sweep(system)
    await eventually(lambda: neighbours.heard(Leave))  # the gateway may have begun to tell it by itself


async def test_who_only_looks_is_never_said_to_have_left(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock, system: System
) -> None:
    neighbours.answers(Look, examples.view(RoomState.WAITING))
    await visitor.open(LINK)

    clock.advance(GRACE * 2)
    await sweep(system)

    assert not neighbours.heard(Leave)


async def test_while_rooms_is_away_leaving_is_told_later(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock, system: System, waiting: None
) -> None:
    await visitor.open(LINK)
    await neighbours.away("rooms")
    clock.advance(GRACE * 2)
    await sweep(system)

    await neighbours.back("rooms")

    await eventually(lambda: neighbours.heard(Leave))


async def opened(visitor: Visitor) -> aiohttp.ClientResponse:
    stream = await visitor.session.get(f"{visitor.address}/api/v1{LINK}/events")
    assert (await stream.content.readline()) == b"event: waiting\n"
    return stream


def waiting_pages(system: System) -> Any:
    app = system._living["gateway"]._service.web
    assert app is not None
    return app[DOOR].waiting


async def sweep(system: System) -> None:
    await waiting_pages(system).sweep()

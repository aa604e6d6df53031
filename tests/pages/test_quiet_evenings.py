"""Into a room for many one comes with microphone and camera off, by the frame and by the plain link."""

import aiohttp
import msgspec
import pytest

from services.contracts.rooms import Join, Look, RoomState
from tests.pages import examples
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor

LINK = examples.link()
MUTED = ("config.startWithAudioMuted=true", "config.startWithVideoMuted=true")


@pytest.fixture(autouse=True)
def open_door(neighbours: Neighbours, clock: SetClock) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))


def lets_in(neighbours: Neighbours, *, quiet: bool) -> None:
    joined = examples.joined("meet.digiaula.example")
    neighbours.answers(Join, msgspec.structs.replace(joined, quiet=quiet, display_name="Kielo 2"))


@pytest.mark.parametrize("quiet", [True, False])
async def test_one_begins_quietly_where_many_come(
    visitor: Visitor, neighbours: Neighbours, quiet: bool
) -> None:
    lets_in(neighbours, quiet=quiet)

    page = await visitor.send((await visitor.open(LINK)).form("/join"))

    assert bool(page.by_id("frame")["data-quiet"]) is quiet
    for word in MUTED:
        assert any(word in link for link in page.links) is quiet


async def test_programs_are_told_the_name_one_goes_by_and_whether_to_begin_quietly(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    lets_in(neighbours, quiet=True)

    async with aiohttp.ClientSession() as program:
        url = f"{visitor.address}/api/v1{LINK}/join"
        async with program.post(url, json={"display_name": "Kielo"}) as response:
            said = await response.json()

    assert (said["state"], said["display_name"], said["quiet"]) == ("open", "Kielo 2", True)

"""A neighbour that is cut off while NATS answers us: people behind the gateway do not wait for it."""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter

import pytest

from services.contracts.refusals import Unavailable
from services.runtime import bus as nats_bus
from services.runtime.bus import Bus
from services.runtime.call import Call
from tests.integration.runtime.conftest import Pieces
from tests.integration.runtime.words import Done, DoSomething
from tests.support.cable import Cable, cable
from tests.support.eventually import eventually


async def repeat(request: DoSomething, _: Call) -> Done:
    return Done(request.what)


@pytest.fixture
async def line(pieces: Pieces, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cable]:
    """Between booking, which answers, and NATS."""
    monkeypatch.setattr(nats_bus, "LOOK_SECONDS", 0.35)
    system = pieces.system
    async with cable(system.nats.port) as laid:
        url = system.nats.url("booking").replace(f":{system.nats.port}", f":{laid.port}")
        booking = await nats_bus.connect("booking", url, system.clock)
        await booking.serve({DoSomething: repeat})
        yield laid
        laid.release()
        await booking.stop_serving(0)
        await booking.close()


async def heard_of_it(asker: Bus, call: Call) -> float:
    began = perf_counter()
    with pytest.raises(Unavailable):
        await asker.call(DoSomething(), call)
    return perf_counter() - began


@pytest.mark.parametrize("way", ["there", "back"])
async def test_who_waits_for_it_is_told_soon_and_who_asks_at_once(
    pieces: Pieces, line: Cable, way: str
) -> None:
    asker = await pieces.bus("gateway")
    assert await asker.call(DoSomething(), pieces.call()) == Done("something")

    line.hold("there" if way == "there" else "back")
    first = await heard_of_it(asker, pieces.call(seconds=60))
    then = await heard_of_it(asker, pieces.call(seconds=60))
    line.release()

    assert first < 30  # and not the whole minute
    assert then < 30
    await eventually(lambda: answers(asker, pieces))


async def answers(asker: Bus, pieces: Pieces) -> bool:
    try:
        return await asker.call(DoSomething(), pieces.call(seconds=1)) == Done("something")
    except Unavailable:
        return False


async def test_without_looking_it_is_waited_for_to_the_end(
    pieces: Pieces, line: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: NATS is well, so nothing else tells."""
    monkeypatch.setattr(nats_bus, "LOOKS_FOR_NEIGHBOURS", frozenset())
    asker = await pieces.bus("gateway")

    line.hold("there")
    took = await heard_of_it(asker, pieces.call(seconds=3))
    line.release()

    assert took > 2.9


async def test_what_is_slow_and_there_is_waited_for(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_bus, "LOOK_SECONDS", 1.0)

    async def slowly(request: DoSomething, _: Call) -> Done:
        await asyncio.sleep(4)  # longer than the looks after which it would count as away
        return Done(request.what)

    await pieces.answering(slowly)
    asker = await pieces.bus("gateway")

    assert await asker.call(DoSomething(), pieces.call(seconds=30)) == Done("something")

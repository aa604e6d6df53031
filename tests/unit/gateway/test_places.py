"""Places for requests, and the line of those who wait for one."""

import asyncio

import pytest

from services.contracts.refusals import Code, Refusal
from services.gateway import places as gateway_places
from services.gateway.places import LONGEST, Places
from tests.support.eventually import eventually


async def take(places: Places, name: str, let_in: list[str], go: asyncio.Event) -> None:
    async with places:
        let_in.append(name)
        await go.wait()


async def line_of(
    places: Places, names: list[str], let_in: list[str]
) -> tuple[list[asyncio.Task[None]], asyncio.Event]:
    """Each has come when this returns: in a place, or in line for one."""
    go = asyncio.Event()
    tasks = [asyncio.create_task(take(places, name, let_in, go)) for name in names]
    await eventually(lambda: len(let_in) + places.in_line == len(names))
    return tasks, go


async def test_who_finds_every_place_taken_is_let_in_by_the_order_of_coming() -> None:
    places, let_in = Places(2), list[str]()
    tasks, go = await line_of(places, ["Kielo", "Oiva", "Sini", "Otso"], let_in)
    assert (let_in, places.in_line) == (["Kielo", "Oiva"], 2)

    go.set()
    await asyncio.gather(*tasks)

    assert (let_in, places.in_line) == (["Kielo", "Oiva", "Sini", "Otso"], 0)


async def test_whoever_comes_to_a_line_that_is_full_is_refused() -> None:
    places, let_in = Places(1), list[str]()
    tasks, go = await line_of(places, [str(number) for number in range(1 + LONGEST)], let_in)

    with pytest.raises(Refusal) as refused:
        await places.__aenter__()

    assert refused.value.code is Code.OVERLOADED
    go.set()
    await asyncio.gather(*tasks)
    assert len(let_in) == 1 + LONGEST


async def test_a_place_that_never_becomes_free_is_waited_for_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway_places, "PATIENCE_SECONDS", 0)
    places = Places(1)
    async with places:
        with pytest.raises(Refusal) as refused:
            await places.__aenter__()
        assert places.in_line == 0
    assert refused.value.code is Code.OVERLOADED
    async with places:
        pass


async def test_who_leaves_the_line_keeps_nobody_out() -> None:
    places, let_in = Places(1), list[str]()
    tasks, go = await line_of(places, ["Kielo", "Oiva", "Sini"], let_in)

    tasks[1].cancel()
    go.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert (let_in, places.in_line) == (["Kielo", "Sini"], 0)

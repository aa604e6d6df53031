"""Who waits for the same row waits in turn and holds nothing; who wants another goes on."""

import asyncio
import gc
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.contracts.envelope import Anyone, Nothing, Request
from services.runtime.call import Call
from services.runtime.turns import Turns

NOW = datetime(2027, 1, 1, tzinfo=UTC)
CALL = Call(actor=Anyone(), now=NOW, deadline=NOW + timedelta(seconds=5), request_id="r")


class Enter(Request[Nothing], frozen=True, kw_only=True):
    number: int
    group: str | None = "a"


async def about(request: Any) -> Hashable | None:
    group: str | None = request.group
    return group


class Room:
    """Keeps whoever is inside until they are let go."""

    def __init__(self) -> None:
        self.inside: list[int] = []
        self.go: dict[int, asyncio.Event] = {}

    async def __call__(self, request: Any, _: Call) -> Nothing:
        self.inside.append(request.number)
        self.go[request.number] = asyncio.Event()
        await self.go[request.number].wait()
        self.inside.remove(request.number)
        return Nothing()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_few_at_a_time_go_in_and_the_others_in_the_order_of_their_coming() -> None:
    room = Room()
    enter = Turns(at_once=2).in_turn(room, about)
    tasks = [asyncio.ensure_future(enter(Enter(number=number), CALL)) for number in range(4)]
    await settle()
    assert room.inside == [0, 1]

    room.go[1].set()
    await settle()
    assert room.inside == [0, 2]

    room.go[0].set()
    room.go[2].set()
    await settle()
    assert room.inside == [3]
    room.go[3].set()
    await asyncio.gather(*tasks)


async def test_who_wants_something_else_or_nothing_of_the_kind_does_not_wait() -> None:
    room = Room()
    enter = Turns(at_once=1).in_turn(room, about)
    groups: list[str | None] = ["a", "a", "b", None, None]
    tasks = [
        asyncio.ensure_future(enter(Enter(number=number, group=group), CALL))
        for number, group in enumerate(groups)
    ]
    await settle()

    assert room.inside == [0, 2, 3, 4]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_gives_up_or_fails_lets_the_next_one_in_and_nothing_is_kept() -> None:
    room = Room()
    turns = Turns(at_once=1)
    enter = turns.in_turn(room, about)
    tasks = [asyncio.ensure_future(enter(Enter(number=number), CALL)) for number in range(3)]
    await settle()
    tasks[1].cancel()
    tasks[0].cancel()
    await settle()
    assert 2 in room.inside
    room.go[2].set()
    await tasks[2]

    async def fails(_: Any, __: Call) -> Nothing:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await turns.in_turn(fails, about)(Enter(number=9), CALL)
    del tasks
    gc.collect()
    assert not turns._queues

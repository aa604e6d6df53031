"""Many who look at once share one question."""

import asyncio
from collections.abc import Collection, Mapping
from uuid import UUID

import pytest

from services.rooms.gathering import Gathering

ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)


class Owner:
    """Answers when it is let, with what it knows by then."""

    def __init__(self) -> None:
        self.asked: list[set[UUID]] = []
        self.may_answer = asyncio.Event()
        self.knows = {ONE: "one", TWO: "two"}

    async def fetch(self, keys: Collection[UUID]) -> Mapping[UUID, str]:
        self.asked.append(set(keys))
        await self.may_answer.wait()
        return {key: self.knows[key] for key in keys if key in self.knows}


async def started(owner: Owner, questions: int) -> None:
    while len(owner.asked) < questions:
        await asyncio.sleep(0)


async def test_who_asks_meanwhile_shares_the_next_question() -> None:
    owner = Owner()
    gathering = Gathering(owner.fetch)
    first = asyncio.create_task(gathering.get(ONE))
    await started(owner, 1)
    others = [asyncio.create_task(gathering.get(key)) for key in (ONE, TWO, TWO, THREE)]
    await asyncio.sleep(0)

    owner.may_answer.set()

    assert await first == "one"
    assert await asyncio.gather(*others) == ["one", "two", "two", None]
    assert owner.asked == [{ONE}, {ONE, TWO, THREE}]


async def test_an_answer_is_never_older_than_its_question() -> None:
    """Whoever asks after a change must see it: a question already under way is not shared."""
    owner = Owner()
    gathering = Gathering(owner.fetch)
    first = asyncio.create_task(gathering.get(ONE))
    await started(owner, 1)
    second = asyncio.create_task(gathering.get(ONE))
    await asyncio.sleep(0)
    owner.may_answer.set()
    await first

    assert await second == "one"
    assert len(owner.asked) == 2


async def test_an_asker_who_gives_up_takes_nobody_along() -> None:
    owner = Owner()
    gathering = Gathering(owner.fetch)
    impatient, patient = (asyncio.create_task(gathering.get(ONE)) for _ in range(2))
    await started(owner, 1)

    impatient.cancel()
    owner.may_answer.set()

    assert await patient == "one"


async def test_an_error_reaches_who_asked_and_not_who_asks_later() -> None:
    calls = 0

    async def fails_once(keys: Collection[UUID]) -> Mapping[UUID, str]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError
        return dict.fromkeys(keys, "fine")

    gathering = Gathering(fails_once)

    with pytest.raises(ConnectionError):
        await gathering.get(ONE)
    assert await gathering.get(ONE) == "fine"

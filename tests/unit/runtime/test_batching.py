"""What comes while work is in hand goes together into the next, and each gets what is theirs."""

import asyncio
from collections.abc import Sequence

import pytest

from services.runtime.batching import Batches


class Work:
    """Doubles numbers when told to; notes what came together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.fails = False

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.go.wait()
        if self.fails:
            raise ConnectionError
        return [2 * item for item in items]


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_lone_asker_is_served_at_once_and_those_who_come_meanwhile_go_together() -> None:
    work = Work()
    batches = Batches(work)
    asking = [asyncio.create_task(batches.put(1))]
    await turns()
    asking += [asyncio.create_task(batches.put(number)) for number in (2, 3, 4)]
    await turns()
    work.go.set()

    assert await asyncio.gather(*asking) == [2, 4, 6, 8]
    assert work.batches == [[1], [2, 3, 4]]


async def test_no_batch_is_larger_than_it_may_be() -> None:
    work = Work()
    work.go.set()
    batches = Batches(work, largest=3)

    assert await asyncio.gather(*(batches.put(number) for number in range(8))) == list(range(0, 16, 2))
    assert [len(batch) for batch in work.batches] == [3, 3, 2]


async def test_two_are_in_hand_at_most_when_two_may_be() -> None:
    work = Work()
    batches = Batches(work, largest=1, at_once=2)
    asking = [asyncio.create_task(batches.put(number)) for number in range(4)]
    await turns()

    assert work.batches == [[0], [1]]
    work.go.set()
    assert await asyncio.gather(*asking) == [0, 2, 4, 6]


async def test_an_error_of_the_batch_reaches_everybody_in_it_and_the_next_is_served() -> None:
    work = Work()
    work.go.set()
    work.fails = True
    batches = Batches(work)

    failed = await asyncio.gather(batches.put(1), batches.put(2), return_exceptions=True)
    work.fails = False

    assert [type(error) for error in failed] == [ConnectionError, ConnectionError]
    assert await batches.put(3) == 6


async def test_who_goes_away_before_their_batch_is_left_out_and_after_it_began_changes_nothing() -> None:
    work = Work()
    batches = Batches(work)
    first, second, third = (asyncio.create_task(batches.put(number)) for number in (1, 2, 3))
    await turns(1)
    work.batches.clear()
    fourth = asyncio.create_task(batches.put(4))
    await turns()
    fourth.cancel()
    first.cancel()
    await turns()
    work.go.set()

    assert list(await asyncio.gather(second, third)) == [4, 6]
    with pytest.raises(asyncio.CancelledError):
        await first
    assert all(4 not in batch for batch in work.batches)
    assert await batches.put(5) == 10

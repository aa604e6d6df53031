"""Events of one moment share a transaction; what goes wrong with one of them harms none of the others."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from services.contracts.envelope import Told
from services.runtime import durables, hearing, streams
from services.runtime.db import Tx
from services.runtime.streams import Consumer
from tests.integration.runtime.conftest import Pieces, add_effect
from tests.integration.runtime.test_consumers import booking_tells, has_letters, letters, taken
from tests.integration.runtime.test_outbox import nothing_pending
from tests.integration.runtime.words import SomethingDone
from tests.support.eventually import eventually

__all__ = ["booking_tells"]  # a fixture

TRANSACTIONS = "SELECT count(DISTINCT xmin::text) AS n FROM notify.test_effect"

Deed = Callable[[Tx, SomethingDone, Told], Awaitable[None]]


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch has all the time it needs, unless a test says otherwise."""
    monkeypatch.setattr(hearing, "BATCH_SECONDS", 20)


class Gate:
    """Its own event keeps the first batch in hand until all the others have come: they share the next."""

    def __init__(self, deed: Deed) -> None:
        self.thing = uuid4()
        self._deed = deed
        self._open = asyncio.Event()
        self.heard: list[UUID] = []

    async def __call__(self, tx: Tx, event: SomethingDone, told: Told) -> None:
        if event.thing_id == self.thing:
            await self._open.wait()
            await add_effect(tx, event, told)
            return
        self.heard.append(event.thing_id)
        await self._deed(tx, event, told)

    async def gather(
        self, storm: Pieces, things: list[UUID], *, then: Callable[[], None] = lambda: None
    ) -> Consumer:
        """`then` is done before the batch of all the others begins."""
        consumer = await storm.listener(self)
        storm.run(consumer.run())
        await storm.tell(SomethingDone(thing_id=self.thing))
        await eventually(lambda: len(consumer._in_hand) == 1)
        await storm.tell(*(SomethingDone(thing_id=thing) for thing in things))
        await eventually(lambda: len(consumer._in_hand) == 1 + len(things))
        then()
        self._open.set()
        return consumer


async def transactions(storm: Pieces) -> int:
    count: int = (await storm.system.sql(TRANSACTIONS))[0]["n"]
    return count


async def test_what_came_at_one_moment_shares_a_transaction_in_its_order(storm: Pieces) -> None:
    things = [uuid4() for _ in range(30)]
    gate = Gate(add_effect)

    await gate.gather(storm, things)

    await storm.came_of([gate.thing, *things])
    assert gate.heard == things
    assert await transactions(storm) == 2
    assert await taken(storm) == 31
    await eventually(lambda: nothing_pending(storm))


async def test_who_fails_is_tried_again_and_kept_while_the_others_go_on(storm: Pieces) -> None:
    things = [uuid4() for _ in range(20)]
    poison = things[7]

    async def deed(tx: Tx, event: SomethingDone, told: Told) -> None:
        await add_effect(tx, event, told)
        if event.thing_id == poison:
            raise ZeroDivisionError

    gate = Gate(deed)
    await gate.gather(storm, things)

    await storm.came_of([gate.thing, *(thing for thing in things if thing != poison)])
    await eventually(lambda: has_letters(storm, 1))
    assert gate.heard.count(poison) == streams.MOST_TRIES
    await eventually(lambda: nothing_pending(storm))


async def test_who_hangs_does_not_keep_the_others(storm: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    things = [uuid4() for _ in range(10)]

    async def deed(tx: Tx, event: SomethingDone, told: Told) -> None:
        if event.thing_id == things[3]:
            await asyncio.Event().wait()
        await add_effect(tx, event, told)

    def hurry() -> None:
        monkeypatch.setattr(hearing, "BATCH_SECONDS", 0.3)

    gate = Gate(deed)
    consumer = await gate.gather(storm, things, then=hurry)

    await storm.came_of([gate.thing, *(thing for thing in things if thing != things[3])])
    await eventually(lambda: len(consumer._in_hand) == 1)
    assert gate.heard.count(things[3]) in (1, 2)  # alone, and with the others if they had come so far


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError(""), TimeoutError()])
async def test_a_lock_in_the_way_is_nobodys_fault(storm: Pieces, error: Exception) -> None:
    """Not even counted: the message fails as often as it takes to bury it, and goes through at last."""
    things = [uuid4() for _ in range(5)]
    failures = [error]

    async def deed(tx: Tx, event: SomethingDone, told: Told) -> None:
        await add_effect(tx, event, told)
        if event.thing_id == things[2] and failures:
            raise failures.pop()

    gate = Gate(deed)
    await gate.gather(storm, things)

    await storm.came_of([gate.thing, *things])
    assert await storm.system.sql("SELECT 1 FROM notify.delivery_try") == []
    assert await letters(storm) == []


async def test_ended_between_commit_and_word_of_it_all_is_done_once(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durables, "ACK_WAIT_SECONDS", 0.5)
    monkeypatch.setattr(streams, "AT_WORK_SECONDS", 0.1)
    things = [uuid4() for _ in range(12)]
    unsaid = 0
    say = Msg.ack

    async def ack(self: Msg) -> None:
        nonlocal unsaid
        if self.metadata.num_delivered == 1:
            unsaid += 1
            raise NatsError
        await say(self)

    monkeypatch.setattr(Msg, "ack", ack)
    gate = Gate(add_effect)

    await gate.gather(storm, things)

    await eventually(lambda: nothing_pending(storm))
    assert unsaid == 13
    await storm.came_of([gate.thing, *things])
    assert gate.heard == things


async def test_the_same_event_twice_in_a_batch_is_done_once(storm: Pieces) -> None:
    """The server's own memory of message ids does not reach so far back."""
    things: list[UUID] = [uuid4()]
    gate = Gate(add_effect)
    consumer = await storm.listener(gate)
    storm.run(consumer.run())
    await storm.tell(SomethingDone(thing_id=gate.thing))
    await eventually(lambda: len(consumer._in_hand) == 1)
    await storm.tell(SomethingDone(thing_id=things[0]))
    bus = await storm.bus("booking")
    rows = await storm.system.sql("SELECT subject, body FROM booking.outbox ORDER BY id DESC LIMIT 1")
    for _ in range(3):
        await bus.jetstream.publish(rows[0]["subject"], rows[0]["body"])
    await eventually(lambda: len(consumer._in_hand) == 5)
    gate._open.set()

    await eventually(lambda: nothing_pending(storm))
    await storm.came_of([gate.thing, *things])
    assert gate.heard == things

"""News written beside the fact and spread by one relay at a time."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from services.contracts.envelope import Told
from services.runtime import outbox
from services.runtime.db import Database, Tx
from services.runtime.loops import end
from tests.integration.runtime.conftest import Pieces, add_effect
from tests.integration.runtime.words import SomethingDone
from tests.support.eventually import eventually

HOLDER = "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database"
RELAYS = f"{HOLDER} WHERE locktype = 'advisory' AND granted AND datname = current_database()"
UNPUBLISHED = "SELECT id FROM booking.outbox WHERE published_at IS NULL"


@pytest.fixture
async def heard(storm: Pieces) -> list[UUID]:
    """What notify has heard, in the order in which it did."""
    things: list[UUID] = []

    async def hear(_: Tx, event: SomethingDone, __: Told) -> None:
        things.append(event.thing_id)

    storm.run((await storm.listener(hear)).run())
    return things


async def relay_holder(pieces: Pieces) -> int:
    rows = await pieces.system.sql(RELAYS)
    assert len(rows) == 1
    pid: int = rows[0]["pid"]
    return pid


async def in_stream(pieces: Pieces) -> int:
    bus = await pieces.bus("booking")
    info = await bus.jetstream.stream_info("BOOKING")
    return info.state.messages


async def all_published(pieces: Pieces) -> bool:
    return not await pieces.system.sql(UNPUBLISHED)


async def test_what_was_rolled_back_is_never_told(storm: Pieces, heard: list[UUID]) -> None:
    storm.run((await storm.relay()).run())
    db = await storm.db("booking")
    kept, dropped = uuid4(), uuid4()

    async def change_ones_mind(tx: Tx) -> None:
        await outbox.add(tx, SomethingDone(thing_id=dropped))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.transact(change_ones_mind)
    await storm.tell(SomethingDone(thing_id=kept))

    await eventually(lambda: heard)
    assert heard == [kept]
    assert await in_stream(storm) == 1


async def test_slow_commits_are_not_skipped(storm: Pieces, heard: list[UUID]) -> None:
    """Ids are given out before the commit. A cursor past the last one seen loses the slow ones: the
    same rows are read by one here, as the control."""
    storm.run((await storm.relay()).run())
    db = await storm.db("booking", largest=12)
    things = [uuid4() for _ in range(12)]
    may_commit = [asyncio.Event() for _ in things]
    written = [asyncio.Event() for _ in things]
    seen_by_cursor: list[int] = []

    async def write(n: int) -> None:
        async def work(tx: Tx) -> None:
            await outbox.add(tx, SomethingDone(thing_id=things[n]))
            written[n].set()
            await may_commit[n].wait()

        await db.transact(work)

    writers = []
    for n in range(12):  # ids in the order of n
        writers.append(storm.run(write(n)))
        await asyncio.wait_for(written[n].wait(), 30)
    for n in reversed(range(12)):  # commits in the opposite one, each seen before the next
        may_commit[n].set()
        await writers[n]
        last = max(seen_by_cursor, default=0)
        new = await storm.system.sql("SELECT id FROM booking.outbox WHERE id > $1 ORDER BY id", last)
        seen_by_cursor += [row["id"] for row in new]
        if n % 3 == 0:
            await eventually(lambda: all_published(storm))

    await eventually(lambda: len(heard) == 12)
    assert sorted(heard) == sorted(things)
    assert len(seen_by_cursor) < 12


async def test_one_relay_publishes_and_another_takes_over_when_it_dies(
    storm: Pieces, heard: list[UUID]
) -> None:
    storm.run((await storm.relay()).run())
    first = await eventually(lambda: relay_holder(storm))
    storm.run((await storm.relay()).run())
    things = [uuid4() for _ in range(6)]

    await storm.tell(*(SomethingDone(thing_id=thing) for thing in things[:3]))
    await eventually(lambda: len(heard) == 3)
    still = await relay_holder(storm)
    await storm.system.sql("SELECT pg_terminate_backend($1)", first)
    second = await eventually(lambda: another_holder(storm, first))
    await storm.tell(*(SomethingDone(thing_id=thing) for thing in things[3:]))

    await eventually(lambda: len(heard) == 6)
    assert still == first != second
    assert sorted(heard) == sorted(things)


async def another_holder(pieces: Pieces, first: int) -> int:
    holder = await relay_holder(pieces)
    return holder if holder != first else 0


async def test_a_crash_between_acknowledgement_and_mark_tells_nothing_twice(storm: Pieces) -> None:
    """A PubAck that was not noted is repeated with the same id; the server knows it for a while, and
    whoever listens remembers for longer."""
    relay = storm.run((await storm.relay()).run())
    storm.run((await storm.listener(add_effect)).run())
    things = [uuid4() for _ in range(5)]
    await storm.tell(*(SomethingDone(thing_id=thing) for thing in things))
    await storm.came_of(things)
    await end([relay])

    await storm.system.sql("UPDATE booking.outbox SET published_at = NULL")  # as the crash would leave it
    storm.run((await storm.relay()).run())
    await eventually(lambda: all_published(storm))

    assert await in_stream(storm) == 5
    bus = await storm.bus("booking")
    for row in await storm.system.sql("SELECT subject, body FROM booking.outbox"):  # longer than it knows
        await bus.jetstream.publish(row["subject"], row["body"])
    await eventually(lambda: nothing_pending(storm))
    assert await in_stream(storm) == 10
    await storm.came_of(things)


async def nothing_pending(pieces: Pieces) -> bool:
    info = await pieces.progress()
    return bool(info.num_pending == 0 and info.num_ack_pending == 0)


async def test_a_commit_wakes_the_relay(storm: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "POLL_SECONDS", 3600)
    relay = await storm.relay()
    storm.run(relay.run())
    await eventually(lambda: relay_holder(storm))
    db: Database = relay._db  # its own, as the service's handlers have it

    async def work(tx: Tx) -> None:
        await outbox.add(tx, SomethingDone(thing_id=uuid4()))

    await db.transact(work)

    await eventually(lambda: all_published(storm))


async def test_a_stream_that_is_not_what_was_declared_is_logged_once(storm: Pieces) -> None:
    """Nobody may change a stream here, and an existing one ignores what add_stream would have wanted."""
    bus = await storm.bus("booking")
    wanted = outbox.stream_config("booking")
    await bus.jetstream.add_stream(wanted.evolve(max_age=60, duplicate_window=30))

    with capture_logs() as logs:
        storm.run((await storm.relay()).run())
        drifts = await eventually(lambda: events(logs, "stream.drifted"))

    assert [drift["fields"] for drift in drifts] == [["duplicate_window", "max_age"]]


async def test_a_stream_as_declared_is_not(storm: Pieces) -> None:
    with capture_logs() as logs:
        storm.run((await storm.relay()).run())
        await eventually(lambda: events(logs, "stream.made"))
        await storm.tell(SomethingDone(thing_id=uuid4()))
        await eventually(lambda: all_published(storm))

    assert not events(logs, "stream.drifted")


def events(logs: Any, name: str) -> list[Any]:
    return [entry for entry in logs if entry["event"] == name]

"""Hearing events: once each, those that fail put back and in the end kept, the others unharmed."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from structlog.testing import capture_logs

from services.contracts.envelope import Told
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime import dead_letters, durables, hearing, streams
from services.runtime.bus import Bus
from services.runtime.db import Tx
from services.runtime.durables import ConsumerRefused
from services.runtime.streams import Consumer
from tests.integration.runtime.conftest import Pieces, add_effect
from tests.integration.runtime.test_outbox import all_published, nothing_pending
from tests.integration.runtime.words import SomethingDone, SomethingElse
from tests.support.cable import cable
from tests.support.eventually import eventually

LETTERS = "SELECT reason, settled_at, redrive_at FROM notify.dead_letter ORDER BY id"
TAKEN = "SELECT count(*) AS n FROM notify.inbox"
TRIES = "SELECT tries FROM notify.delivery_try"


@pytest.fixture(autouse=True)
async def booking_tells(storm: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay runs, and nobody waits long for a second try."""
    monkeypatch.setattr(streams, "PUT_BACK_SECONDS", (0.02,))
    monkeypatch.setattr(streams, "WAIT_SECONDS", (0.02,))
    monkeypatch.setattr(streams, "MOST_TRIES", 3)
    monkeypatch.setattr(streams, "REDRIVE_SECONDS", 0.05)
    monkeypatch.setattr(hearing, "BATCH_SECONDS", 20)  # of a machine that stands still for a moment
    storm.run((await storm.relay()).run())


class Listener:
    """Does what it was told to do with a thing, and otherwise adds its effect."""

    def __init__(self) -> None:
        self.heard: list[UUID] = []
        self.fails_for: set[UUID] = set()
        self.fails_with: Exception = ZeroDivisionError()

    async def __call__(self, tx: Tx, event: SomethingDone, told: Told) -> None:
        self.heard.append(event.thing_id)
        await add_effect(tx, event, told)
        if event.thing_id in self.fails_for:
            raise self.fails_with.with_traceback(None)  # it would grow with every time


async def letters(pieces: Pieces) -> list[Any]:
    return await pieces.system.sql(LETTERS)


async def taken(pieces: Pieces) -> int:
    count: int = (await pieces.system.sql(TAKEN))[0]["n"]
    return count


async def test_effect_and_memory_share_a_transaction(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_TRIES", 1_000_000)  # however long it takes to look
    listener = Listener()
    thing = uuid4()
    listener.fails_for = {thing}
    storm.run((await storm.listener(listener)).run())

    await storm.tell(SomethingDone(thing_id=thing))
    await eventually(lambda: listener.heard)
    assert (await storm.effects(), await taken(storm)) == ([], 0)
    listener.fails_for.clear()

    await storm.came_of([thing])
    assert await taken(storm) == 1


async def test_delivered_twice_is_done_once(storm: Pieces) -> None:
    """The server's own memory of message ids ends after some minutes; ours does not."""
    things = [uuid4(), uuid4()]
    storm.run((await storm.listener(add_effect)).run())
    await storm.tell(*(SomethingDone(thing_id=thing) for thing in things))
    await storm.came_of(things)

    bus = await storm.bus("booking")
    for row in await storm.system.sql("SELECT subject, body FROM booking.outbox"):
        for _ in range(3):
            await bus.jetstream.publish(row["subject"], row["body"])

    await eventually(lambda: nothing_pending(storm))
    await storm.came_of(things)


async def test_copies_share_the_work_and_repeat_none_of_it(storm: Pieces) -> None:
    things = [uuid4() for _ in range(60)]
    for _ in range(2):
        storm.run((await storm.listener(add_effect)).run())

    await storm.tell(*(SomethingDone(thing_id=thing) for thing in things))

    await storm.came_of(things)
    assert await taken(storm) == 60


async def test_two_events_of_one_thing_are_both_done(storm: Pieces) -> None:
    thing = uuid4()
    storm.run((await storm.listener(add_effect)).run())

    await storm.tell(SomethingDone(thing_id=thing), SomethingDone(thing_id=thing))

    await storm.came_of([thing, thing])


async def test_what_nobody_cares_for_passes(storm: Pieces) -> None:
    thing = uuid4()
    storm.run((await storm.listener(add_effect)).run())

    await storm.tell(SomethingElse(), SomethingDone(thing_id=thing))

    await storm.came_of([thing])
    await eventually(lambda: nothing_pending(storm))
    assert await letters(storm) == []


async def test_what_a_rule_refuses_is_not_tried_again(storm: Pieces) -> None:
    listener = Listener()
    listener.fails_with = Refusal(Code.ALREADY_CANCELLED, "It is off.")
    refused, good = uuid4(), uuid4()
    listener.fails_for = {refused}
    storm.run((await storm.listener(listener)).run())

    with capture_logs() as logs:
        await storm.tell(SomethingDone(thing_id=refused), SomethingDone(thing_id=good))
        await storm.came_of([good])
        await eventually(lambda: nothing_pending(storm))

    assert sorted(listener.heard) == sorted([refused, good])
    assert [e["log_level"] for e in logs if e["event"] == "event.refused"] == ["info"]
    assert await letters(storm) == []


async def test_what_cannot_be_read_is_kept_at_once_and_the_others_go_on(storm: Pieces) -> None:
    """A message from the future must not hold up those of today."""
    listener = Listener()
    thing = uuid4()
    await eventually(lambda: stream_is_there(storm))
    bus = await storm.bus("booking")
    for body in (b"", b"{", b'{"event_id":"x"}', b"\xff"):
        await bus.jetstream.publish(SomethingDone.subject, body)
    storm.run((await storm.listener(listener)).run())

    await storm.tell(SomethingDone(thing_id=thing))

    await storm.came_of([thing])
    await eventually(lambda: has_letters(storm, 4))
    assert {letter["reason"] for letter in await letters(storm)} == {"unreadable"}
    await eventually(lambda: nothing_pending(storm))


async def stream_is_there(pieces: Pieces) -> bool:
    return bool(await pieces.system.sql("SELECT 1 FROM booking.relay"))


async def has_letters(pieces: Pieces, count: int) -> bool:
    return len(await letters(pieces)) == count


async def test_what_always_fails_is_kept_after_its_tries_and_the_others_go_on(storm: Pieces) -> None:
    listener = Listener()
    poison, others = uuid4(), [uuid4() for _ in range(20)]
    listener.fails_for = {poison}
    storm.run((await storm.listener(listener)).run())

    with capture_logs() as logs:
        await storm.tell(*(SomethingDone(thing_id=thing) for thing in [poison, *others]))
        await storm.came_of(others)
        await eventually(lambda: has_letters(storm, 1))

    assert listener.heard.count(poison) == 3
    assert (await letters(storm))[0]["reason"] == "too_many_tries"
    assert "event.buried" in {e["event"] for e in logs if e["log_level"] == "error"}
    await eventually(lambda: nothing_pending(storm))


async def test_what_failed_its_last_try_is_kept_at_once(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put back once more only to be buried then, it would hold its place for nothing."""
    monkeypatch.setattr(streams, "MOST_TRIES", 2)
    monkeypatch.setattr(streams, "PUT_BACK_SECONDS", (0.02, 60))
    listener = Listener()
    poison = uuid4()
    listener.fails_for = {poison}
    storm.run((await storm.listener(listener)).run())

    await storm.tell(SomethingDone(thing_id=poison))

    await eventually(lambda: has_letters(storm, 1))
    assert listener.heard == [poison, poison]


@pytest.mark.parametrize("places", [None, pytest.param(100, id="with few places")])
async def test_three_hundred_that_fail_do_not_deafen_for_the_others(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch, places: int | None
) -> None:
    """What is put back keeps its place in hand; with all of them taken, nothing else is delivered."""
    monkeypatch.setattr(streams, "PUT_BACK_SECONDS", (60,))
    if places is not None:
        monkeypatch.setattr(durables, "MOST_IN_HAND", places)
    listener = Listener()
    poison, healthy = [uuid4() for _ in range(300)], uuid4()
    listener.fails_for = set(poison)
    storm.run((await storm.listener(listener)).run())
    await storm.tell(*(SomethingDone(thing_id=thing) for thing in poison))
    await eventually(lambda: len(set(listener.heard)) == (places or 300), within=60)

    await storm.tell(SomethingDone(thing_id=healthy))

    if places is None:
        await storm.came_of([healthy])
    else:
        notify = await storm.bus("notify")
        await eventually(lambda: left_behind(notify, 301 - places))
        assert await storm.effects() == []


async def left_behind(notify: Bus, count: int) -> bool:
    """Whether so many are told and not delivered, with nobody free to take them."""
    info = await notify.jetstream.consumer_info("BOOKING", "notify-booking")
    return bool(info.num_pending == count)


async def test_whoever_must_know_of_a_burial_is_told_with_it(storm: Pieces) -> None:
    """In its transaction, and woken after the commit."""
    woken = asyncio.Event()
    listener = Listener()
    poison, mark = uuid4(), uuid4()
    listener.fails_for = {poison}

    async def tell(tx: Tx) -> None:
        await add_effect(tx, SomethingDone(thing_id=mark), None)

    storm.run((await storm.listener(listener, then=woken.set, on_buried=tell)).run())
    await storm.tell(SomethingDone(thing_id=poison))

    await asyncio.wait_for(woken.wait(), 30)
    assert await storm.effects() == [mark]
    assert await has_letters(storm, 1)


async def test_a_message_that_ends_the_process_is_counted_too(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tries are counted before each repetition: whoever dies of a message cannot count afterwards."""
    monkeypatch.setattr(durables, "ACK_WAIT_SECONDS", 0.3)
    deaths = 0
    begun = asyncio.Event()
    thing = uuid4()

    async def die(_: Tx, __: SomethingDone, ___: Told) -> None:
        nonlocal deaths
        deaths += 1
        begun.set()
        await asyncio.Event().wait()

    await storm.tell(SomethingDone(thing_id=thing))

    async def begun_or_buried() -> bool:
        return begun.is_set() or await has_letters(storm, 1)

    # Three lives, or fewer if it comes a second time to one that was slow to die.
    for _ in range(3):
        consumer = await storm.listener(die)
        run = storm.run(consumer.run())
        await eventually(begun_or_buried)
        begun.clear()
        run.cancel()
        await consumer.stop(grace=0)  # nothing is said to the server, as when killed
    storm.run((await storm.listener(die)).run())
    await eventually(lambda: has_letters(storm, 1))
    assert deaths == 3


@pytest.mark.parametrize(
    ("ack_wait", "at_work", "says_so"),
    [(3.0, 0.1, True), pytest.param(0.5, 60.0, False, id="without saying so")],
)
async def test_what_takes_its_time_is_not_given_to_another(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch, ack_wait: float, at_work: float, says_so: bool
) -> None:
    monkeypatch.setattr(durables, "ACK_WAIT_SECONDS", ack_wait)
    monkeypatch.setattr(streams, "AT_WORK_SECONDS", at_work)
    begun, done = asyncio.Event(), asyncio.Event()

    async def slowly(_: Tx, __: SomethingDone, ___: Told) -> None:
        begun.set()
        await done.wait()

    for _ in range(2):
        storm.run((await storm.listener(slowly)).run())
    await storm.tell(SomethingDone(thing_id=uuid4()))
    await asyncio.wait_for(begun.wait(), 30)
    try:
        again = await eventually(lambda: redelivered(storm, 2), within=ack_wait + 1 if says_so else 30)
    except AssertionError:
        again = False
    done.set()

    assert again is not says_so


@pytest.mark.parametrize(
    ("suspect_after", "tastes", "alone"),
    [(2, 0.1, True), pytest.param(99, 20, False, id="without taking turns")],
)
async def test_those_beside_a_message_that_ends_the_process_are_not_buried_with_it(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch, suspect_after: int, tastes: float, alone: bool
) -> None:
    monkeypatch.setattr(durables, "ACK_WAIT_SECONDS", 0.8)
    monkeypatch.setattr(streams, "AT_WORK_SECONDS", 0.2)
    monkeypatch.setattr(streams, "SUSPECT_AFTER", suspect_after)
    poison, others = uuid4(), [uuid4() for _ in range(3)]
    dying = asyncio.Event()

    async def taste(tx: Tx, event: SomethingDone, told: Told) -> None:
        if event.thing_id == poison:
            dying.set()
            await asyncio.Event().wait()
        try:
            await asyncio.wait_for(dying.wait(), tastes)
        except TimeoutError:  # nothing dies beside it
            await add_effect(tx, event, told)
        else:
            await asyncio.Event().wait()

    await storm.tell(*(SomethingDone(thing_id=thing) for thing in [poison, *others]))
    await eventually(lambda: all_published(storm))

    async def dying_or_buried() -> bool:
        return dying.is_set() or bool(await letters(storm))

    for _ in range(3):
        consumer = await storm.listener(taste)
        run = storm.run(consumer.run())
        await eventually(dying_or_buried)
        dying.clear()
        run.cancel()
        await consumer.stop(grace=0)
    storm.run((await storm.listener(taste)).run())

    await eventually(lambda: nothing_pending(storm))
    assert (len(await letters(storm)) == 1) is alone
    assert (sorted(await storm.effects()) == sorted(others)) is alone


async def test_what_hangs_is_given_up_before_the_database_ends_its_session(storm: Pieces) -> None:
    """Else it would look as if the database were away, no try be counted, and nothing ever buried."""
    (row,) = await storm.system.sql("SHOW transaction_timeout", role="notify")

    ended_after = int(row[0].removesuffix("s"))
    assert ended_after > hearing.HANDLE_SECONDS


async def test_a_dead_letter_is_settled_when_it_is_driven_again(storm: Pieces) -> None:
    listener = Listener()
    thing, hopeless = uuid4(), uuid4()
    listener.fails_for = {thing, hopeless}
    consumer = await storm.listener(listener)
    storm.run(consumer.run())
    storm.run(consumer.run_redrive())
    await storm.tell(SomethingDone(thing_id=thing), SomethingDone(thing_id=hopeless))
    await eventually(lambda: has_letters(storm, 2))
    listener.fails_for = {hopeless}

    asked_for = await dead_letters.redrive(await storm.db("notify"))

    assert asked_for == 2
    await storm.came_of([thing])
    await eventually(lambda: reasons(storm, ["ZeroDivisionError"]))
    assert await dead_letters.redrive(await storm.db("notify")) == 1


async def reasons(pieces: Pieces, wanted: list[str]) -> bool:
    """Of those still dead and not asked for."""
    found = await letters(pieces)
    return [x["reason"] for x in found if x["settled_at"] is None and x["redrive_at"] is None] == wanted


async def test_waiting_for_the_database_is_no_try(storm: Pieces) -> None:
    """A broken connection, not a broken message: however long it lasts, nothing is buried."""
    listener = Listener()
    thing = uuid4()
    async with cable(storm.system.postgres.port) as line:
        subscription = (await storm.listener(listener))._subscription
        consumer = Consumer(
            subscription, db=await storm.db("notify", port=line.port), bus=await storm.bus("notify")
        )
        await line.cut()
        storm.run(consumer.run())
        await storm.tell(SomethingDone(thing_id=thing))
        await eventually(lambda: redelivered(storm, 6))
        assert listener.heard == []
        await line.mend()

        await storm.came_of([thing])

    assert [row["tries"] for row in await storm.system.sql(TRIES)] in ([], [1])
    assert await letters(storm) == []


async def test_waiting_for_a_neighbour_is_no_try(storm: Pieces) -> None:
    listener = Listener()
    listener.fails_with = Unavailable()
    thing = uuid4()
    listener.fails_for = {thing}
    storm.run((await storm.listener(listener)).run())

    await storm.tell(SomethingDone(thing_id=thing))
    await eventually(lambda: len(listener.heard) >= 6)  # twice what would bury it
    listener.fails_for.clear()

    await storm.came_of([thing])
    assert await letters(storm) == []


async def redelivered(pieces: Pieces, times: int) -> bool:
    try:
        info = await pieces.progress()
    except NotFoundError:  # nothing has been told yet
        return False
    assert info.delivered
    return bool(info.delivered.consumer_seq >= times)


async def test_stopping_finishes_what_is_in_hand(storm: Pieces) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    thing = uuid4()

    async def slowly(tx: Tx, event: SomethingDone, told: Told) -> None:
        begun.set()
        await go_on.wait()
        await add_effect(tx, event, told)

    consumer = await storm.listener(slowly)
    storm.run(consumer.run())
    await storm.tell(SomethingDone(thing_id=thing))
    await begun.wait()

    stopping = storm.run(consumer.stop(grace=5))
    go_on.set()
    await stopping

    assert await storm.effects() == [thing]
    await eventually(lambda: nothing_pending(storm))


async def test_what_is_not_done_within_the_grace_is_left_undone_and_comes_again(
    storm: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durables, "ACK_WAIT_SECONDS", 0.3)
    begun = asyncio.Event()
    thing = uuid4()

    async def half(tx: Tx, event: SomethingDone, told: Told) -> None:
        await add_effect(tx, event, told)
        begun.set()
        await asyncio.Event().wait()

    consumer = await storm.listener(half)
    run = storm.run(consumer.run())
    await storm.tell(SomethingDone(thing_id=thing))
    await begun.wait()
    run.cancel()
    await consumer.stop(grace=0.01)
    assert (await storm.effects(), await taken(storm)) == ([], 0)

    storm.run((await storm.listener(add_effect)).run())

    await storm.came_of([thing])


async def test_whoever_waits_for_the_effect_is_woken_after_the_commit(storm: Pieces) -> None:
    woken = asyncio.Event()
    thing = uuid4()
    storm.run((await storm.listener(add_effect, then=woken.set)).run())

    await storm.tell(SomethingDone(thing_id=thing))
    await asyncio.wait_for(woken.wait(), 30)

    assert await storm.effects() == [thing]


async def test_a_consumer_that_was_declared_otherwise_is_put_right(storm: Pieces) -> None:
    """Subscribing to a durable that is there ignores what one asked for: ack_wait stayed as it was."""
    await eventually(lambda: stream_is_there(storm))
    bus = await storm.bus("notify")
    other = ConsumerConfig(durable_name="notify-booking", ack_policy=AckPolicy.EXPLICIT, ack_wait=7)
    await bus.jetstream.add_consumer("BOOKING", other)

    storm.run((await storm.listener(add_effect)).run())

    await eventually(lambda: waits(storm, durables.ACK_WAIT_SECONDS))


async def waits(pieces: Pieces, seconds: float) -> bool:
    info = await pieces.progress()
    return bool(info.config.ack_wait == seconds)


async def test_a_consumer_that_can_never_be_put_right_ends_the_process(storm: Pieces) -> None:
    await eventually(lambda: stream_is_there(storm))
    bus = await storm.bus("notify")
    other = ConsumerConfig(
        durable_name="notify-booking", ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.NEW
    )
    await bus.jetstream.add_consumer("BOOKING", other)
    consumer = await storm.listener(add_effect)

    with capture_logs() as logs, pytest.raises(ConsumerRefused):
        await asyncio.wait_for(consumer.run(), 30)

    assert "consumer.refused" in {entry["event"] for entry in logs}


async def test_a_consumer_whose_server_died_goes_on_by_itself(storm: Pieces) -> None:
    """fetch reports a lost connection and an idle stream by the same kind of error."""
    things = [uuid4(), uuid4()]
    storm.run((await storm.listener(add_effect)).run())
    await storm.tell(SomethingDone(thing_id=things[0]))
    await storm.came_of(things[:1])

    await storm.system.nats.kill()
    await storm.tell(SomethingDone(thing_id=things[1]))
    await storm.system.nats.start()

    await storm.came_of(things)

"""Figures about a service: told whatever is away, and no old figure in place of none."""

import asyncio
import time
from datetime import timedelta
from uuid import uuid4

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.booking.jobs import holds_overdue
from services.contracts.refusals import Code, Refusal, Unavailable
from services.notify.lateness import OLDEST_DUE, OLDEST_UNTRIED, questions
from services.notify.timekeeping import DatabaseTime
from services.runtime import backlog, bus, config, main, serving
from services.runtime import db as database
from services.runtime.backlog import LOOK, Backlog
from services.runtime.call import Call
from services.runtime.config import Common
from services.runtime.db import Database, Tx
from services.runtime.main import Living, Service
from services.runtime.measures import Measures
from tests.integration.runtime.conftest import Pieces
from tests.integration.runtime.words import Done, DoSomething, SomethingDone
from tests.support.cable import cable
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.system import System

AGES = ("digiaula_outbox_oldest_seconds", "digiaula_dead_letters", "digiaula_dead_letter_oldest_seconds")
OLDER = "UPDATE booking.outbox SET created_at = now() - interval '90 seconds', repeated = $1"
MUCH_NEWS = """
    INSERT INTO booking.outbox (event_id, subject, body, published_at, repeated)
    SELECT gen_random_uuid(), '', '', CASE WHEN n > 5000 THEN now() END, n % 2 = 0
    FROM generate_series(1, 20000) n
"""
MANY_LETTERS = """
    INSERT INTO booking.dead_letter (consumer, event_id, subject, body, reason, settled_at)
    SELECT '', n::text, '', '', '', CASE WHEN n % 50 > 0 THEN now() END FROM generate_series(1, 20000) n
"""
DEAD = """
    INSERT INTO booking.dead_letter (consumer, event_id, subject, body, reason, dead_at)
    VALUES ('booking-rooms', $1, 'rooms.v1.event.host_left', '', 'unreadable', now() - $2::interval)
"""
OWED = """
    INSERT INTO notify.message
        (id, kind, about, occasion, due_at, not_after, give_up_at, next_try_at)
    VALUES ($1, 'links', $1, 1, $2, $2, $2, $3)
"""


async def told(system: System, name: str = "booking") -> dict[str, float]:
    """What /metrics says: samples without labels by name."""
    async with aiohttp.ClientSession() as http, http.get(f"{system.http(name)}/metrics") as said:
        assert said.status == 200
        return plain(await said.text())


def plain(text: str) -> dict[str, float]:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name: sample.value for sample in samples if not sample.labels}


def looked(asked: Backlog) -> dict[str, float]:
    return {sample.name: sample.value for family in asked.collect() for sample in family.samples}


def counted(measures: Measures, name: str, **labels: str) -> float:
    return measures.registry.get_sample_value(f"digiaula_{name}", labels) or 0.0


async def start(pieces: Pieces, **other: str) -> Living:
    system = pieces.system
    system.give_port("booking")
    settings = config.load(Common, system.environment("booking") | other)
    return await main.start("booking", lambda _, __: Service(), settings, system.clock)


async def test_without_the_database_there_are_figures_but_no_ages(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "LOOK_EVERY", timedelta(seconds=0.1))
    system = pieces.system
    async with cable(system.postgres.port) as line:
        url = system.database_url("booking").replace(f":{system.postgres.port}/", f":{line.port}/")
        living = await start(pieces, DIGIAULA_DATABASE_URL=url)
        await eventually(lambda: ages_are_told(system, True))
        await line.cut()
        await eventually(lambda: ages_are_told(system, False))
        assert (await told(system))["process_resident_memory_bytes"] > 1e6
        await line.mend()
        await eventually(lambda: ages_are_told(system, True))
        await living.stop()


async def ages_are_told(system: System, wanted: bool) -> bool:
    said = await told(system)
    there = [name in said for name in AGES]
    return there == [wanted] * len(AGES) and said["digiaula_database_answers"] == wanted


async def test_an_answer_that_is_no_longer_fresh_is_not_told(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Backlog(await pieces.db("booking"), [])
    await asked.look()
    assert set(AGES) < looked(asked).keys()

    monkeypatch.setattr(backlog, "FRESH_SECONDS", 0.0)

    assert looked(asked) == {"digiaula_database_answers": 0}


async def test_figures_are_told_before_the_service_is_ready_and_while_nats_hangs(storm: Pieces) -> None:
    living = await start(storm)
    assert (await told(storm.system))["digiaula_nats_answers"] == 1
    living._health.ready = False  # as while it starts or stops
    storm.system.nats.freeze()

    async def silent() -> bool:
        return (await told(storm.system))["digiaula_nats_answers"] == 0

    await eventually(silent)

    storm.system.nats.thaw()
    await living.stop()


async def test_the_oldest_news_counts_and_repeated_news_does_not(storm: Pieces) -> None:
    """What is published again after a stream was lost may be two weeks old: that is no delay."""
    asked = Backlog(await storm.db("booking"), [])
    await asked.look()
    assert looked(asked)["digiaula_outbox_oldest_seconds"] == 0

    await storm.tell(SomethingDone(thing_id=uuid4()))
    await storm.system.sql(OLDER, False)
    await asked.look()
    assert looked(asked)["digiaula_outbox_oldest_seconds"] == pytest.approx(90, abs=30)
    await storm.system.sql(OLDER, True)
    await asked.look()

    said = looked(asked)
    assert (said["digiaula_outbox_oldest_seconds"], said["digiaula_outbox_repeats"]) == (0, 1)


async def test_an_index_answers_however_much_there_is(storm: Pieces) -> None:
    """Published news lies there for two weeks, and all of it may have to be told again."""
    await storm.system.sql(MUCH_NEWS)
    await storm.system.sql(MANY_LETTERS)
    await storm.system.sql("ANALYZE booking.outbox, booking.dead_letter")

    asked = LOOK.replace("FROM outbox", "FROM booking.outbox")
    asked = asked.replace("FROM dead_letter", "FROM booking.dead_letter")
    plan = "\n".join(row[0] for row in await storm.system.sql(f"EXPLAIN {asked}"))

    assert "outbox_unpublished_idx" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
    whole = await storm.system.sql("EXPLAIN SELECT max(published_at - created_at) FROM booking.outbox")
    assert any("Seq Scan" in row[0] for row in whole)  # the control: no index knows this


async def test_dead_letters_are_counted_until_they_are_settled(storm: Pieces) -> None:
    asked = Backlog(await storm.db("booking"), [])
    for age in (timedelta(minutes=5), timedelta(minutes=2)):
        await storm.system.sql(DEAD, str(uuid4()), age)
    await asked.look()
    said = looked(asked)
    assert said["digiaula_dead_letters"] == 2
    assert said["digiaula_dead_letter_oldest_seconds"] == pytest.approx(300, abs=30)

    await storm.system.sql("UPDATE booking.dead_letter SET settled_at = now()")
    await asked.look()

    assert looked(asked)["digiaula_dead_letters"] == 0


async def test_a_hold_that_did_not_end_is_seen(system: System, storm: Pieces) -> None:
    system.clock.set(A_TUESDAY)
    await system.start("booking", BOOKING_MODE="confirm")
    house = await House.build(system)
    host = await house.expert()
    slot = await house.slot(host, system.clock.now() + timedelta(days=2))
    await house.book(slot.id)
    await system.stop("booking")
    db = await storm.db("booking")
    question = holds_overdue(system.clock)
    (name,) = question.figures
    assert await db.transact(question.ask) == {name: 0}

    system.clock.advance(timedelta(minutes=62))

    assert (await db.transact(question.ask))[name] == pytest.approx(120, abs=30)


async def test_messages_are_told_apart_that_wait_and_that_were_tried_in_vain(storm: Pieces) -> None:
    db, (question,) = await storm.db("notify"), questions(DatabaseTime(storm.system.clock))
    now = storm.system.clock.now()
    assert await db.transact(question.ask) == {OLDEST_DUE: 0, OLDEST_UNTRIED: 0}

    await storm.system.sql(OWED, uuid4(), now - timedelta(minutes=10), now + timedelta(minutes=10))
    said = await db.transact(question.ask)
    assert said == {OLDEST_DUE: pytest.approx(600, abs=30), OLDEST_UNTRIED: 0}
    await storm.system.sql(OWED, uuid4(), now - timedelta(minutes=2), now - timedelta(minutes=2))
    said = await db.transact(question.ask)

    assert said == {OLDEST_DUE: pytest.approx(600, abs=30), OLDEST_UNTRIED: pytest.approx(120, abs=30)}


async def test_requests_are_counted_on_both_sides_by_how_they_ended(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def moody(request: DoSomething, _: Call) -> Done:
        match request.what:
            case "refuse":
                raise Refusal(Code.SLOT_TAKEN, "It is taken.")
            case "fail":
                raise ZeroDivisionError
            case "away":
                raise Unavailable("a neighbour")
        return Done(request.what)

    owner, asker = await pieces.answering(moody), await pieces.bus("gateway")
    for what in ("do", "do", "refuse", "fail", "away"):
        try:
            await asker.call(DoSomething(what=what), pieces.call())
        except (Refusal, Unavailable, bus.AnswerFailed):
            continue
    monkeypatch.setattr(serving, "WAITING_AT_MOST", 0)
    with pytest.raises(Refusal):
        await asker.call(DoSomething(), pieces.call())

    subject = DoSomething.subject
    answered = {
        outcome: counted(owner.measures, "requests_total", subject=subject, outcome=outcome)
        for outcome in ("answered", "slot_taken", "internal", "unavailable", "overloaded")
    }
    asked = {
        outcome: counted(asker.measures, "asks_total", subject=subject, outcome=outcome)
        for outcome in ("answered", "slot_taken", "failed", "unavailable", "overloaded")
    }
    assert list(answered.values()) == list(asked.values()) == [2, 1, 1, 1, 1]
    assert counted(owner.measures, "request_seconds_count", subject=subject) == 5
    assert counted(asker.measures, "ask_seconds_count", subject=subject) == 6


async def test_a_request_that_nobody_here_answers_has_no_label_of_its_own(pieces: Pieces) -> None:
    async def never(_: DoSomething, __: Call) -> Done:
        raise AssertionError

    owner, asker = await pieces.answering(never), await pieces.bus("gateway")
    subject = "booking.v1.rpc.book"  # one that may be asked, and that this copy does not know
    reply = await asker.client.request(subject, pieces.asked(), timeout=30)

    assert b"unavailable" in reply.data
    assert counted(owner.measures, "requests_total", subject="unknown", outcome="unavailable") == 1
    assert counted(owner.measures, "requests_total", subject=subject, outcome="unavailable") == 0


async def test_waits_for_a_connection_are_measured_in_vain_too(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ACQUIRE_SECONDS", 0.2)
    measures = Measures()
    go_on = asyncio.Event()

    async def hold(_: Tx) -> None:
        await go_on.wait()

    db = await pieces.db("booking", largest=2)
    db = Database(db._pool, measures)
    held = [pieces.run(db.transact(hold)) for _ in range(2)]
    await eventually(lambda: counted(measures, "db_pool_in_use") == 2)
    with pytest.raises(Unavailable):
        await db.ping()
    go_on.set()
    await asyncio.gather(*held)

    assert counted(measures, "db_acquire_seconds_count") == 3
    assert counted(measures, "db_acquire_seconds_sum") > 0.15
    assert counted(measures, "db_pool_in_use") == 0


async def test_news_is_counted_by_what_came_of_it_and_by_when_it_was_last_published(
    storm: Pieces,
) -> None:
    seen: list[SomethingDone] = []

    async def stumble_once(_: Tx, event: SomethingDone, __: object) -> None:
        seen.append(event)
        if len(seen) == 1:
            raise ZeroDivisionError

    relay, listener = await storm.relay(), await storm.listener(stumble_once)
    storm.run(relay.run())
    storm.run(listener.run())
    began = time.time()
    await storm.tell(SomethingDone(thing_id=uuid4()))
    labels = {"consumer": "notify-booking", "event": SomethingDone.subject}
    heard = listener._bus.measures

    await eventually(lambda: counted(heard, "events_total", **labels, outcome="handled") == 1)

    assert counted(heard, "events_total", **labels, outcome="failed") == 1
    told_by = relay._bus.measures
    assert counted(told_by, "relay_published_total") == 1
    assert counted(told_by, "relay_leads") == 1
    assert counted(told_by, "relay_last_publish_timestamp_seconds") >= began - 1


async def test_a_blocked_loop_is_seen(pieces: Pieces) -> None:
    measures = Measures()
    pieces.run(measures.watch_loop())
    await asyncio.sleep(0)
    time.sleep(0.6)  # noqa: ASYNC251 - this is what must be noticed

    await eventually(lambda: counted(measures, "loop_lag_seconds_count") >= 1)

    assert counted(measures, "loop_lag_seconds_sum") > 0.3

"""Asking and answering: many at once, in time, and nothing over the wire that does not belong there."""

import asyncio
from datetime import datetime
from time import perf_counter
from typing import Any

import pytest
from msgspec import json
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from structlog.testing import capture_logs

from services.contracts.envelope import Answer, Answered, Failed, Refused
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime import bus as nats_bus
from services.runtime import serving
from services.runtime.bus import AnswerFailed
from services.runtime.call import Call
from services.runtime.db import Tx
from tests.integration.runtime.conftest import Pieces
from tests.integration.runtime.words import Done, DoSomething
from tests.support.eventually import eventually


class Gate:
    """A handler that waits to be let on, and tells how many stand before it."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.inside = 0
        self.most_inside = 0
        self.cut = 0

    async def __call__(self, request: DoSomething, _: Call) -> Done:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cut += 1
            raise
        finally:
            self.inside -= 1
        return Done(request.what)


async def repeat(request: DoSomething, _: Call) -> Done:
    return Done(request.what)


async def test_twenty_slow_requests_take_as_long_as_one(pieces: Pieces) -> None:
    """They wait together. A nats-py subscription runs one callback at a time, and so does nats.micro."""
    gate = Gate()
    await pieces.answering(gate)
    asker = await pieces.bus("gateway")
    calls = [pieces.run(asker.call(DoSomething(what=str(n)), pieces.call())) for n in range(20)]
    await eventually(lambda: gate.inside == 20)
    gate.opened.set()
    replies = await asyncio.gather(*calls)

    assert [reply.what for reply in replies] == [str(n) for n in range(20)]


async def test_no_more_are_served_at_once_than_there_are_places(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "SERVED_AT_ONCE", 3)
    gate = Gate()
    await pieces.answering(gate)
    asker = await pieces.bus("gateway")

    calls = [pieces.run(asker.call(DoSomething(), pieces.call())) for _ in range(9)]
    await eventually(lambda: gate.inside == 3)
    gate.opened.set()
    await asyncio.gather(*calls)

    assert gate.most_inside == 3


async def test_too_many_at_once_are_refused_at_once(
    pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "WAITING_AT_MOST", 3)
    gate = Gate()
    await pieces.answering(gate)
    asker = await pieces.bus("gateway")
    calls = [pieces.run(asker.call(DoSomething(), pieces.call())) for _ in range(3)]
    await eventually(lambda: gate.inside == 3)

    with pytest.raises(Refusal) as refused:
        await asker.call(DoSomething(), pieces.call())

    assert refused.value.code == Code.OVERLOADED
    gate.opened.set()
    assert await asyncio.gather(*calls) == [Done("something")] * 3


async def test_a_request_whose_time_is_spent_is_not_carried_out(pieces: Pieces) -> None:
    """It may have lain in a buffer, of ours or of the server's, until the asker had gone."""
    gate = Gate()
    gate.opened.set()
    await pieces.answering(gate)
    asker = await pieces.bus("gateway")

    late = await asker.client.request(DoSomething.subject, pieces.asked(seconds=-0.01))
    in_time = await asker.client.request(DoSomething.subject, pieces.asked())

    refused = json.decode(late.data, type=Answer)
    assert isinstance(refused, Refused)
    assert refused.code == Code.DEADLINE_EXCEEDED
    assert isinstance(json.decode(in_time.data, type=Answer), Answered)
    assert gate.most_inside == 1


async def test_an_asker_without_time_left_asks_nobody(pieces: Pieces) -> None:
    asker = await pieces.bus("gateway")

    with pytest.raises(Refusal) as refused:
        await asker.call(DoSomething(), pieces.call(seconds=0))

    assert refused.value.code == Code.DEADLINE_EXCEEDED


async def test_a_handler_is_cut_at_its_askers_deadline(pieces: Pieces) -> None:
    gate = Gate()
    await pieces.answering(gate)
    asker = await pieces.bus("gateway")

    with pytest.raises(Unavailable):
        await asker.call(DoSomething(), pieces.call(seconds=1))

    await eventually(lambda: gate.cut == 1)
    assert gate.inside == 0


async def test_a_refusal_arrives_as_it_was_said(pieces: Pieces) -> None:
    async def refuse(_: DoSomething, __: Call) -> Done:
        raise Refusal(Code.SLOT_TAKEN, "That time has just been taken.", next=[{"id": "1"}], left=0)

    await pieces.answering(refuse)
    asker = await pieces.bus("gateway")

    with pytest.raises(Refusal) as refused:
        await asker.call(DoSomething(), pieces.call())

    assert refused.value.code is Code.SLOT_TAKEN
    assert refused.value.detail == "That time has just been taken."
    assert refused.value.facts == {"next": [{"id": "1"}], "left": 0}


async def test_a_bug_crosses_the_wire_without_a_word(pieces: Pieces) -> None:
    """asyncpg quotes the values of a broken key; nats.micro would send and keep the error's repr."""
    db = await pieces.db("booking")
    said: list[str] = []

    async def stumble(_: DoSomething, __: Call) -> Done:
        async def twice(tx: Tx) -> None:
            for _ in range(2):
                await tx.execute(
                    "INSERT INTO inbox (consumer, event_id) VALUES ($1, gen_random_uuid() )"
                    " ON CONFLICT DO NOTHING",
                    "x",
                )
                await tx.execute(
                    "INSERT INTO command (scope, key, fingerprint) VALUES ($1, 'k', '')", "anna@example.fi"
                )

        try:
            await db.transact(twice)
        except Exception as error:
            said.append(str(error))
            raise
        return Done("never")

    await pieces.answering(stumble)
    asker = await pieces.bus("gateway")

    on_the_wire = await asker.client.request(DoSomething.subject, pieces.asked())
    with pytest.raises(AnswerFailed) as failed:
        await asker.call(DoSomething(), pieces.call())

    assert "anna@example.fi" in said[0]
    assert json.decode(on_the_wire.data, type=Answer) == Failed()
    assert b"anna" not in on_the_wire.data
    assert on_the_wire.headers is None
    assert str(failed.value) == DoSomething.subject


async def test_what_cannot_be_read_is_refused(pieces: Pieces) -> None:
    await pieces.answering(repeat)
    asker = await pieces.bus("gateway")
    wrong = pieces.asked().replace(b'"what":"something"', b'"what":5')

    for payload in (b"", b"{", b"[]", b"\xff", wrong):
        answer = await asker.client.request(DoSomething.subject, payload)
        refused = json.decode(answer.data, type=Answer)
        assert isinstance(refused, Refused), payload
        assert refused.code == Code.FIELD_INVALID
        assert "something" not in refused.detail


async def test_a_request_nobody_knows_is_no_refusal(pieces: Pieces) -> None:
    """A newer or older copy may know it: "not found" would be taken for the owner's word on the thing."""
    await pieces.answering(repeat)
    asker = await pieces.bus("gateway")

    answer = await asker.client.request("booking.v1.rpc.test_unheard_of", pieces.asked())

    assert json.decode(answer.data, type=Answer) == Failed(unavailable=True)


async def test_when_nobody_serves_the_asker_hears_it_at_once(pieces: Pieces) -> None:
    asker = await pieces.bus("gateway")
    began = perf_counter()

    with pytest.raises(Unavailable):
        await asker.call(DoSomething(), pieces.call(seconds=60))

    assert perf_counter() - began < 30


async def test_a_requests_headers_do_not_come_back(pieces: Pieces) -> None:
    """Msg.respond() sends the request's headers back: with a Status of 503 in them, the asker would
    take the answer for "nobody serves this"."""
    await pieces.answering(repeat)
    asker = await pieces.bus("gateway")

    answer = await asker.client.request(
        DoSomething.subject, pieces.asked(), headers={"Status": "503", "Session": "secret"}
    )

    assert answer.headers is None
    assert isinstance(json.decode(answer.data, type=Answer), Answered)


async def test_the_librarys_own_answer_would_send_them_back(pieces: Pieces) -> None:
    """The control of the test above."""
    responder, asker = await pieces.bus("booking"), await pieces.bus("gateway")

    async def respond(msg: Msg) -> None:
        await msg.respond(b"{}")

    await responder.client.subscribe("booking.v1.rpc.>", queue="booking", cb=respond)
    await responder.settle()

    with pytest.raises(NoRespondersError):
        await asker.client.request(DoSomething.subject, b"", headers={"Status": "503"})


async def test_a_question_one_may_not_ask_ends_at_its_deadline_and_is_logged(pieces: Pieces) -> None:
    """A refused publish raises nothing in nats-py; only its error callback hears of it."""
    asker = await pieces.bus("rooms")

    with capture_logs() as logs:
        with pytest.raises(Unavailable):
            await asker.call(DoSomething(), pieces.call(seconds=0.3))
        await eventually(lambda: logs)

    assert [entry["event"] for entry in logs] == ["nats.error"]
    await asker.ping()


async def test_stopping_answers_what_is_in_hand(pieces: Pieces) -> None:
    """nats.micro cancels the handler that is at work."""
    gate = Gate()
    bus = await pieces.answering(gate)
    asker = await pieces.bus("gateway")
    call = pieces.run(asker.call(DoSomething(what="in hand"), pieces.call()))
    await eventually(lambda: gate.inside == 1)

    stopping = pieces.run(bus.stop_serving(grace=5))
    with pytest.raises(Unavailable):  # nothing new is taken
        await eventually(lambda: _refused_new(asker, pieces))
    gate.opened.set()
    await stopping

    assert await call == Done("in hand")


async def _refused_new(asker: nats_bus.Bus, pieces: Pieces) -> bool:
    await asker.call(DoSomething(), pieces.call(seconds=0.5))
    return False


async def test_what_is_not_done_within_the_grace_is_cut(pieces: Pieces) -> None:
    gate = Gate()
    bus = await pieces.answering(gate)
    asker = await pieces.bus("gateway")
    call = pieces.run(asker.call(DoSomething(), pieces.call(seconds=3)))
    await eventually(lambda: gate.inside == 1)

    await bus.stop_serving(grace=0.05)

    await eventually(lambda: gate.cut == 1)
    with pytest.raises(Unavailable):
        await call


async def test_no_request_is_lost_while_copies_come_and_go(pieces: Pieces) -> None:
    """Unsubscribing throws away what the server has already sent our way; draining does not."""
    asker = await pieces.bus("gateway")
    copies = [await pieces.answering(repeat), await pieces.answering(repeat)]
    answered = 0
    enough = asyncio.Event()

    async def keep_asking() -> None:
        nonlocal answered
        while not enough.is_set():
            await asker.call(DoSomething(), pieces.call())
            answered += 1

    askers = [pieces.run(keep_asking()) for _ in range(20)]
    changes = 0
    while (changes < 6 or answered <= 100) and not any(each.done() for each in askers):
        copies.append(await pieces.answering(repeat))
        await copies.pop(0).stop_serving(grace=1)
        changes += 1
    enough.set()
    await asyncio.gather(*askers)


async def test_an_answer_to_an_asker_who_left_is_no_error(pieces: Pieces) -> None:
    gate = Gate()
    await pieces.answering(gate)
    leaving, staying = await pieces.bus("gateway"), await pieces.bus("gateway")
    call = pieces.run(leaving.call(DoSomething(), pieces.call()))
    await eventually(lambda: gate.inside == 1)
    await leaving.close()
    with pytest.raises(Unavailable):
        await call

    with capture_logs() as logs:
        gate.opened.set()
        await eventually(lambda: [entry for entry in logs if entry["event"] == "request.answered"])

    assert {entry["log_level"] for entry in logs} == {"info"}
    assert await staying.call(DoSomething(), pieces.call()) == Done("something")


async def test_a_use_case_is_told_who_asks_when_and_under_which_key(pieces: Pieces) -> None:
    heard: list[Call] = []

    async def listen(_: DoSomething, call: Call) -> Done:
        heard.append(call)
        return Done("heard")

    await pieces.answering(listen)
    asker = await pieces.bus("gateway")
    asked = pieces.call(key="press-1")

    await asker.call(DoSomething(), asked)

    (call,) = heard
    assert (call.actor, call.key, call.request_id) == (asked.actor, "press-1", asked.request_id)
    assert 0 <= (asked.deadline - call.deadline).total_seconds() < 0.001
    assert isinstance(call.now, datetime)
    assert asked.now <= call.now <= asked.deadline


async def test_live_news_that_cannot_be_read_does_not_deafen(pieces: Pieces) -> None:
    hearer, teller = await pieces.bus("gateway"), await pieces.bus("booking")
    heard: list[Any] = []

    async def hear(subject: str, told: Any) -> None:
        heard.append((subject, told))

    await hearer.listen("booking.v1.event.>", hear)
    told = b'{"event_id":"00000000-0000-0000-0000-000000000001","at":"2027-01-01T00:00:00Z","body":{}}'

    with capture_logs() as logs:
        for body in (b"{", told):
            await teller.client.publish("booking.v1.event.test_something", body)
        await eventually(lambda: heard)

    assert [subject for subject, _ in heard] == ["booking.v1.event.test_something"]
    assert [entry["event"] for entry in logs] == ["news.unheard"]

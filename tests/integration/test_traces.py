"""Traces, told to a real collector: what belongs to one press is one trace, and nobody else's say in it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.integration.gateway.conftest import a_booking
from tests.integration.notify.mailroom import Mailroom
from tests.support.clock import SetClock
from tests.support.collector import Collector, Seen, collecting
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.system import System
from tests.support.visitor import Reply, Visitor

THEIRS = "4bf92f3577b34da6a3ce929d0e0e4736"
CONFIRMED = "booking.v1.event.booking_confirmed"
EVERYBODY = ("booking", "rooms", "notify", "gateway")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


@pytest.fixture
async def mailroom() -> AsyncIterator[Mailroom]:
    room = Mailroom()
    await room.open()
    yield room
    await room.close()


class Town:
    """All four services, telling their traces, and somebody who books."""

    def __init__(self, system: System, mailroom: Mailroom, collector: Collector) -> None:
        self.system = system
        self.mailroom = mailroom
        self.collector = collector

    async def start(self, **settings: str) -> None:
        told = {"TRACES": self.collector.url, "SMTP_URL": self.mailroom.url} | settings
        await self.system.start(*EVERYBODY, **told)

    async def a_slot(self) -> UUID:
        house = await House.build(self.system)
        slot = await house.slot(await house.expert(), A_TUESDAY + timedelta(days=7))
        return slot.id

    async def book(self, headers: dict[str, str] | None = None) -> Reply:
        """One press, until its mail is there."""
        slot_id = await self.a_slot()
        async with Visitor(self.system.http("gateway")) as visitor:
            reply = await visitor.post("/bookings", a_booking(slot_id), headers=headers)
        assert reply.status == 201, reply.body
        await self.mailroom.mail()
        return reply

    async def the_press(self) -> Seen:
        (press,) = await eventually(lambda: self.collector.of("POST /api/v1/bookings"))
        return press


@pytest.fixture
async def town(collector: Collector, mailroom: Mailroom, system: System, clock: SetClock) -> Town:
    """What it tells to and sends to is there for longer than the town."""
    clock.set(A_TUESDAY)
    return Town(system, mailroom, collector)


async def test_a_booking_is_one_trace_from_the_press_to_the_room_and_the_mail(
    town: Town, collector: Collector
) -> None:
    await town.start()
    reply = await town.book()
    press = await town.the_press()

    def all_told() -> list[Seen]:
        told = collector.trace(press)
        assert {(span.service, span.kind, span.name) for span in told} >= {
            ("gateway", "server", "POST /api/v1/bookings"),
            ("gateway", "client", "booking.v1.rpc.book"),
            ("booking", "server", "booking.v1.rpc.book"),
            ("rooms", "consumer", CONFIRMED),
            ("notify", "consumer", CONFIRMED),
            ("notify", "producer", "send confirmation"),
            ("notify", "client", "booking.v1.rpc.describe_message"),
            ("booking", "server", "booking.v1.rpc.describe_message"),
        }
        return told

    told = await eventually(all_told)
    assert (press.parent, press.facts["digiaula.outcome"], press.failed) == ("", "201", False)
    assert press.facts["digiaula.request_id"] == reply.headers["X-Request-ID"]
    assert press.facts["http.route"] == "/api/v1/bookings"
    asked, answered = (collector.of("booking.v1.rpc.book", outcome="answered")[n] for n in (0, 1))
    client, server = sorted((asked, answered), key=lambda span: span.kind)
    assert (client.parent, server.parent) == (press.id, client.id)
    assert {collector.parent(span).id for span in told if span.name == CONFIRMED} == {server.id}
    (sent,) = collector.of("send confirmation", outcome="sent")
    heard = collector.parent(sent)
    assert (heard.service, heard.name) == ("notify", CONFIRMED)


async def test_what_came_last_is_told_before_the_services_end(town: Town, collector: Collector) -> None:
    await town.start()
    await town.book()

    await town.system.stop(*reversed(EVERYBODY))

    (press,) = collector.of("POST /api/v1/bookings")
    assert {span.service for span in collector.trace(press)} == set(EVERYBODY)


async def test_a_stranger_neither_joins_a_trace_nor_begins_one_of_their_choice(
    town: Town, collector: Collector
) -> None:
    await town.start()
    await town.book({"traceparent": f"00-{THEIRS}-00f067aa0ba902b7-01", "tracestate": "theirs=1"})

    press = await town.the_press()
    await town.system.stop(*reversed(EVERYBODY))
    assert (press.trace == THEIRS, press.parent) == (False, "")
    assert not {span.service for span in collector.spans if span.trace == THEIRS}
    assert "theirs" not in collector.said


async def test_a_stranger_makes_nobody_tell_what_was_not_to_be_told(
    town: Town, collector: Collector
) -> None:
    """The first test is the control: there the same press is told."""
    await town.start(TRACES_SHARE="0")

    await town.book({"traceparent": f"00-{THEIRS}-00f067aa0ba902b7-01"})

    await town.system.stop(*reversed(EVERYBODY))
    assert (collector.asked, collector.spans) == (0, [])


@pytest.mark.parametrize("told", [False, True])
async def test_news_carries_a_trace_of_our_own(town: Town, told: bool) -> None:
    """Which is told of further on only where it was told here."""
    await town.start(**{} if told else {"TRACES": ""})

    await town.book({"traceparent": f"00-{THEIRS}-00f067aa0ba902b7-01"})

    (row,) = await town.system.sql(
        "SELECT convert_from(body, 'UTF8')::jsonb ->> 'trace' AS trace FROM booking.outbox"
        " WHERE subject = $1",
        CONFIRMED,
    )
    _, trace, _, flags = row["trace"].split("-")
    assert trace != THEIRS
    assert bool(int(flags, 16) & 1) is told


async def test_a_rule_that_says_no_is_no_failure_and_a_neighbour_that_is_away_is(
    town: Town, collector: Collector
) -> None:
    await town.start()
    slot_id = await town.a_slot()
    async with Visitor(town.system.http("gateway")) as visitor:
        answers = [await visitor.post("/bookings", a_booking(slot_id)) for _ in range(2)]
        await town.system.stop("booking")
        answers.append(await visitor.post("/bookings", a_booking(slot_id)))
    await town.system.stop("gateway")

    assert [answer.status for answer in answers] == [201, 409, 503]
    pages = [
        (span.facts["digiaula.outcome"], span.failed) for span in collector.of("POST /api/v1/bookings")
    ]
    assert pages == [("201", False), ("409", False), ("503", True)]
    asked = [span for span in collector.of("booking.v1.rpc.book") if span.kind == "client"]
    ended = [(span.facts["digiaula.outcome"], span.failed) for span in asked]
    assert ended == [("answered", False), ("slot_taken", False), ("unavailable", True)]


async def test_with_the_collector_away_everything_is_answered(town: Town, collector: Collector) -> None:
    collector.status = 503
    with capture_logs() as lines:
        await town.start()
        await town.book()
        await eventually(lambda: collector.asked >= len(EVERYBODY))
        await town.system.stop(*reversed(EVERYBODY))

    said = [line for line in lines if line["event"] == "traces.unsent"]
    assert 0 < len(said) <= len(EVERYBODY)
    assert not [line for line in lines if line["log_level"] == "error"]

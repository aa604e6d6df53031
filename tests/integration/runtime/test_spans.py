"""Spans by themselves, told to a real collector: who decides, what is bounded, what is never said."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from services.contracts.envelope import Told, encode, raw
from services.runtime.call import within_trace
from services.runtime.db import Tx
from services.runtime.hearing import GoAlone, Hearing, News, Subscription
from services.runtime.measures import Measures
from services.runtime.spans import BATCH, QUEUE, REMEMBERED, Spans
from services.runtime.traces import Span
from tests.integration.runtime.conftest import Pieces
from tests.integration.runtime.words import SomethingDone
from tests.support.collector import Collector, collecting
from tests.support.eventually import eventually

SUBJECT = "booking.v1.rpc.book"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
Telling = Callable[[float], Spans]


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


@pytest.fixture
async def telling(collector: Collector) -> AsyncIterator[Telling]:
    begun: list[Spans] = []

    def begin(share: float = 1.0) -> Spans:
        begun.append(Spans("booking", version="7", collector=collector.url, share=share))
        return begun[-1]

    yield begin
    for spans in begun:
        await spans.close()


@pytest.mark.parametrize(("share", "flags", "told"), [(0.0, "01", 1), (1.0, "00", 0)])
async def test_whoever_begins_a_trace_decides_for_all_of_it(
    telling: Telling, collector: Collector, share: float, flags: str, told: int
) -> None:
    spans = telling(share)

    span = spans.answers(SUBJECT, "r1", f"00-{TRACE}-{SPAN}-{flags}")
    span.end("answered")

    await spans.close()
    assert span.trace.startswith(f"00-{TRACE}-")
    assert span.trace.endswith(f"-{flags}")
    assert [(seen.trace, seen.parent) for seen in collector.spans] == [(TRACE, SPAN)] * told


@pytest.mark.parametrize("trace", [None, "", "what", f"00-{'0' * 32}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01"])
async def test_a_trace_that_cannot_be_read_is_the_beginning_of_another(
    telling: Telling, collector: Collector, trace: str | None
) -> None:
    spans = telling(1.0)

    spans.answers(SUBJECT, "r1", trace).end("internal", failed=True)

    await spans.close()
    (seen,) = collector.spans
    assert (seen.parent, seen.failed) == ("", True)
    assert seen.facts == {"digiaula.request_id": "r1", "digiaula.outcome": "internal"}


async def test_a_part_of_all_traces_is_told(telling: Telling, collector: Collector) -> None:
    spans = telling(0.25)

    for _ in range(1000):
        spans.page("GET /t/{token}", "r1").end("200")

    await spans.close()
    assert 100 < len(collector.spans) < 500


async def test_of_what_does_not_fit_while_nobody_takes_it_nothing_is_kept(
    telling: Telling, collector: Collector
) -> None:
    """The collector shares this loop: as long as the loop below runs, it hangs."""
    spans = telling(1.0)
    with capture_logs() as lines:
        for _ in range(4 * QUEUE):
            spans.asks(SUBJECT, "r1", None).end("answered")

        await spans.close()

    assert QUEUE <= len(collector.spans) <= QUEUE + BATCH
    assert [line["event"] for line in lines] == ["traces.unsent"]


async def test_trouble_is_said_once_and_without_what_it_quotes(telling: Telling) -> None:
    telling(1.0)
    library = logging.getLogger("opentelemetry.somewhere")
    with capture_logs() as lines:
        for _ in range(100):
            library.warning("Transient error %s", "http://anna@posti.example")
        await eventually(lambda: lines)

    assert [(line["event"], line["message"]) for line in lines] == [("traces.unsent", "Transient error %s")]


async def test_what_is_sent_belongs_to_the_newest_news_of_the_same(
    telling: Telling, collector: Collector
) -> None:
    spans = telling(1.0)
    booking_id = uuid4()
    for _ in range(2):
        heard = spans.hears("notify-booking", news(booking_id), uuid4(), None)
        heard.end("handled")

    spans.sends("confirmation", uuid4(), booking_id).end("sent")
    spans.sends("confirmation", uuid4(), uuid4()).end("sent")

    await spans.close()
    one, other = collector.of("send confirmation")
    assert collector.parent(one).id == heard.trace.split("-")[2]
    assert other.parent == ""


async def test_of_news_no_more_is_remembered_than_there_is_room_for(telling: Telling) -> None:
    spans = telling(0.0)
    bookings = [uuid4() for _ in range(REMEMBERED + 1)]
    heard = [spans.hears("notify-booking", news(booking_id), uuid4(), None) for booking_id in bookings]

    sent = [spans.sends("confirmation", uuid4(), booking_id) for booking_id in bookings]

    belongs = [_trace(one) == _trace(other) for one, other in zip(heard, sent, strict=True)]
    assert belongs == [False] + [True] * REMEMBERED


async def test_of_news_heard_together_each_is_told_as_it_ended(
    telling: Telling, collector: Collector, pieces: Pieces
) -> None:
    spans = telling(1.0)
    poison = uuid4()
    traces: list[str | None] = []

    async def hear(_: Tx, event: SomethingDone, __: Told) -> None:
        traces.append(within_trace.get())
        if event.thing_id == poison:
            raise ValueError("anna@posti.example")

    hearing = Hearing(
        Subscription(owner="booking", durable="notify-booking", handlers={SomethingDone: hear}),
        db=await pieces.db("notify"),
        measures=Measures(),
        traces=spans,
    )
    batch = [told_of(thing) for thing in (uuid4(), poison, uuid4())]

    came = await hearing.together(batch)
    await hearing.alone(batch[2])

    await spans.close()
    assert [type(each) for each in came] == [GoAlone, ValueError, GoAlone]
    ended = [(seen.facts["digiaula.outcome"], seen.failed) for seen in collector.trace_of(TRACE)]
    assert sorted(ended) == [
        ("failed", True),
        ("goes_alone", False),
        ("goes_alone", False),
        ("handled", False),
    ]
    assert {trace.split("-")[2] for trace in traces if trace} <= {seen.id for seen in collector.spans}
    assert (len(traces), None in traces, within_trace.get()) == (3, False, None)
    assert "anna" not in collector.said


def told_of(thing_id: UUID) -> News:
    told = Told(
        event_id=uuid4(),
        at=datetime.now(UTC),
        body=raw(SomethingDone(thing_id=thing_id)),
        trace=f"00-{TRACE}-{SPAN}-01",
    )
    return News(SomethingDone.subject, encode(told))


def _trace(span: Span) -> str:
    return span.trace.split("-")[1]


def news(booking_id: UUID) -> SimpleNamespace:
    return SimpleNamespace(subject="booking.v1.event.booking_confirmed", booking_id=booking_id)

"""Spans, made by hand at a few places: libraries that make them by themselves tell addresses and SQL.

They leave in the background. A collector that is slow or away costs what does not fit into the queue.
"""

import asyncio
import contextlib
import contextvars
import logging
import re
import threading
import time
from collections import OrderedDict
from typing import Any
from uuid import UUID, uuid4

import structlog
from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags

log = structlog.get_logger()

PATH = "/v1/traces"
QUEUE = 2048
BATCH = 256
SEND_EVERY_MS = 1000.0
SEND_SECONDS = 2.0
STOP_SECONDS = 2.0
SAY_EVERY_SECONDS = 300.0
# How long what is sent about something is taken as a consequence of the newest news of it, and of how many.
CONSEQUENCE_SECONDS = 600.0
REMEMBERED = 4096
# What a message may be about. Not a slot: news of many people is news of it.
ABOUT = ("booking_id", "enrolment_id", "link_request_id", "sign_in_id", "own_data_link_id")

_LIBRARY = logging.getLogger("opentelemetry")
_LIBRARY.propagate = False
_LIBRARY.addHandler(logging.NullHandler())
_TRACE = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_OUTERMOST = Context()


class Under:
    """A span that has begun."""

    __slots__ = ("_span", "trace")

    def __init__(self, span: api.Span) -> None:
        at = span.get_span_context()
        self._span = span
        self.trace = f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}"

    def end(self, outcome: str, *, failed: bool = False, **facts: str | int) -> None:
        if self._span.is_recording():
            self._span.set_attribute("digiaula.outcome", outcome)
            for name, value in facts.items():
                self._span.set_attribute(f"digiaula.{name}", value)
            if failed:
                self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Spans:
    """Of one service."""

    def __init__(self, service: str, *, version: str, collector: str, share: float) -> None:
        self._exporter = OTLPSpanExporter(endpoint=collector + PATH, timeout=SEND_SECONDS)
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=QUEUE,
            max_export_batch_size=BATCH,
            schedule_delay_millis=SEND_EVERY_MS,
        )
        provider = TracerProvider(
            # Whoever begins a trace decides for all of it, and those are our own services alone.
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource(
                {
                    "service.namespace": "digiaula",
                    "service.name": service,
                    "service.version": version,
                    "service.instance.id": str(uuid4()),
                }
            ),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(self._processor)
        self._tracer = provider.get_tracer("digiaula")
        self._news: OrderedDict[UUID, tuple[float, str]] = OrderedDict()
        self._seldom = Seldom(asyncio.get_running_loop())
        _LIBRARY.addHandler(self._seldom)

    def page(self, route: str, request_id: str) -> Under:
        method, _, template = route.partition(" ")
        facts = {"http.request.method": method, "http.route": template, "digiaula.request_id": request_id}
        return self._begin(route, SpanKind.SERVER, None, facts)

    def asks(self, subject: str, request_id: str, trace: str | None) -> Under:
        return self._begin(subject, SpanKind.CLIENT, trace, {"digiaula.request_id": request_id})

    def answers(self, subject: str, request_id: str, trace: str | None) -> Under:
        return self._begin(subject, SpanKind.SERVER, trace, {"digiaula.request_id": request_id})

    def hears(self, consumer: str, event: Any, event_id: UUID, trace: str | None) -> Under:
        facts = {"digiaula.consumer": consumer, "messaging.message.id": str(event_id)}
        span = self._begin(event.subject, SpanKind.CONSUMER, trace, facts)
        for name in ABOUT:
            if (about := getattr(event, name, None)) is not None:
                self._remember(about, span.trace)
        return span

    def sends(self, kind: str, message_id: UUID, about: UUID) -> Under:
        facts = {"messaging.message.id": str(message_id)}
        return self._begin(f"send {kind}", SpanKind.PRODUCER, self._cause(about), facts)

    async def close(self) -> None:
        """In a thread that may be left behind: the library waits for half a minute if it must."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def send_the_rest() -> None:
            self._processor.shutdown()  # type: ignore[no-untyped-call]
            with contextlib.suppress(RuntimeError):  # nobody waits any more, and the loop has ended
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=send_the_rest, name="traces-end", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await done.wait()
        if not done.is_set():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]
        _LIBRARY.removeHandler(self._seldom)

    def _begin(self, name: str, kind: SpanKind, trace: str | None, facts: dict[str, str]) -> Under:
        return Under(self._tracer.start_span(name, _within(trace), kind, facts))

    def _remember(self, about: UUID, trace: str) -> None:
        self._news[about] = time.monotonic() + CONSEQUENCE_SECONDS, trace
        self._news.move_to_end(about)
        if len(self._news) > REMEMBERED:
            self._news.popitem(last=False)

    def _cause(self, about: UUID) -> str | None:
        until, trace = self._news.get(about, (0.0, ""))
        return trace if time.monotonic() < until else None


class Seldom(logging.Handler):
    """What the library says of the way to the collector: its first sentence in five minutes, without what
    it quotes, in our own log. It may speak in its own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.WARNING)
        self._loop = loop
        self._context = contextvars.copy_context()
        self._silent_until = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now < self._silent_until:
            return
        self._silent_until = now + SAY_EVERY_SECONDS
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(_say, str(record.msg), context=self._context)


def _say(message: str) -> None:
    log.warning("traces.unsent", message=message)


def _within(trace: str | None) -> Context:
    """What a new span is part of; nothing where that cannot be read."""
    read = _TRACE.fullmatch(trace) if trace else None
    if read is None:
        return _OUTERMOST
    trace_id, span_id, flags = (int(each, 16) for each in read.groups())
    at = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return api.set_span_in_context(api.NonRecordingSpan(at), _OUTERMOST)

"""What a service counts about itself, told at /metrics.

A label's value is a name out of the code: a subject, a route's template, a code. Never anything
that somebody sent, so that their number is bounded and none of them is about a person.
"""

import asyncio
import time

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
LATE_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
LOOK_AT_LOOP_SECONDS = 0.25
PATH = "/metrics"

# A series more for each counter, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Counted:
    """A kind of thing that happens: how often, by what and how it ended, and how long it took.

    Used for every request, so what a set of labels leads to is looked up once.
    """

    def __init__(
        self, registry: CollectorRegistry, name: str, says: str, labels: tuple[str, ...], ended: str
    ) -> None:
        whole = f"digiaula_{name}"
        self._total = Counter(f"{whole}s", says, (*labels, ended), registry=registry)
        self._seconds = Histogram(
            f"{whole}_seconds", f"{says}: duration", labels, registry=registry, buckets=SECONDS
        )
        self._known: dict[tuple[str, ...], tuple[Counter, Histogram]] = {}

    def note(self, *what: str, seconds: float | None = None) -> None:
        """`what` holds the value of each label; the last one is how it ended."""
        known = self._known.get(what)
        if known is None:
            known = self._total.labels(*what), self._seconds.labels(*what[:-1])
            self._known[what] = known
        known[0].inc()
        if seconds is not None:
            known[1].observe(seconds)


class Measures:
    """One service's figures. Several services in one process keep theirs apart."""

    def __init__(self, service: str = "", version: str = "") -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counted(
            registry, "request", "Requests that this service answered", ("subject",), "outcome"
        )
        self.asks = Counted(
            registry, "ask", "Requests that this service asked its neighbours", ("subject",), "outcome"
        )
        self.events = Counted(
            registry, "event", "Events that this service took in", ("consumer", "event"), "outcome"
        )
        self.http = Counted(registry, "http_request", "HTTP requests", ("route", "method"), "status")
        self.pool_size = self.gauge("db_pool_connections", "Open connections of the pool")
        self.pool_in_use = self.gauge("db_pool_in_use", "Connections of the pool that work just now")
        self.db_wait = self.histogram("db_acquire_seconds", "Waits for a connection of the pool")
        self.loop_lag = self.histogram("loop_lag_seconds", "How late the event loop woke somebody")
        self.nats_answers = self.gauge("nats_answers", "1 while NATS answers")
        self.relay_leads = self.gauge("relay_leads", "1 in the copy that publishes the outbox")
        self._published = self.counter("relay_published", "Events published out of the outbox")
        self._published_at = self.gauge("relay_last_publish_timestamp_seconds", "When it last did so")
        self.gauge("service_info", "1; what runs", ("service", "version")).labels(service, version).set(1)

    def gauge(self, name: str, says: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"digiaula_{name}", says, labels, registry=self.registry)

    def counter(self, name: str, says: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"digiaula_{name}", says, labels, registry=self.registry)

    def histogram(self, name: str, says: str, buckets: tuple[float, ...] = SECONDS) -> Histogram:
        return Histogram(f"digiaula_{name}", says, registry=self.registry, buckets=buckets)

    def published(self, count: int) -> None:
        self._published.inc(count)
        self._published_at.set(time.time())

    async def watch_loop(self) -> None:
        """Whoever blocks the loop is seen by everybody who waits for it: so is this."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(LOOK_AT_LOOP_SECONDS)
            self.loop_lag.observe(max(0.0, time.perf_counter() - began - LOOK_AT_LOOP_SECONDS))

    async def tell(self, _: web.Request) -> web.Response:
        """Out of memory alone: whatever is away, this is answered.

        Written in a thread: with every route in use it takes tens of milliseconds, which nobody's
        page should wait for.
        """
        body = await asyncio.to_thread(generate_latest, self.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


MEASURES = web.AppKey("measures", Measures)

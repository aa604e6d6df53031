"""A collector of traces as others run one: OTLP over HTTP, and whatever came in kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

KINDS = ("", "internal", "server", "client", "producer", "consumer")


@dataclass(frozen=True)
class Seen:
    """A span as it came over the wire. `parent` is empty where a trace begins."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    facts: dict[str, str]
    failed: bool


class Collector:
    """`said` is every byte that was sent to it, as text, and `asked` how often."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.said = ""
        self.asked = 0
        self.status = 200
        self.url = ""

    def of(self, name: str, **facts: str) -> list[Seen]:
        """The spans of that name, with these facts."""
        wanted = {(f"digiaula.{fact}", value) for fact, value in facts.items()}
        return [span for span in self.spans if span.name == name and wanted <= set(span.facts.items())]

    def trace(self, one: Seen) -> list[Seen]:
        """Everything that belongs together with this one."""
        return self.trace_of(one.trace)

    def trace_of(self, trace: str) -> list[Seen]:
        return [span for span in self.spans if span.trace == trace]

    def parent(self, one: Seen) -> Seen:
        (found,) = [span for span in self.spans if (span.trace, span.id) == (one.trace, one.parent)]
        return found

    async def take(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = await request.read()
        if self.status == 200:
            told = ExportTraceServiceRequest.FromString(body)
            self.said += str(told) + body.decode("utf-8", "replace")
            self.spans += [span for each in told.resource_spans for span in _spans(each)]
        answer = ExportTraceServiceResponse().SerializeToString()
        return web.Response(status=self.status, body=answer, content_type="application/x-protobuf")


def _spans(told: Any) -> list[Seen]:
    service = _facts(told.resource.attributes)["service.name"]
    return [
        Seen(
            service=service,
            name=span.name,
            kind=KINDS[span.kind],
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            facts=_facts(span.attributes),
            failed=span.status.code == span.status.STATUS_CODE_ERROR,
        )
        for scope in told.scope_spans
        for span in scope.spans
    ]


def _facts(attributes: Any) -> dict[str, str]:
    return {each.key: each.value.string_value or str(each.value.int_value) for each in attributes}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """One that listens as long as the block lasts."""
    collector = Collector()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()

"""Traces: where the time of one press goes, through all services, told to a collector. An optional extra.

Off by default: then `Bus.traces` is None, and nothing of OpenTelemetry, which spans.py alone knows, is
imported.
"""

from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from services.runtime.config import Common, SettingsError

SCHEMES = {"http", "https"}
NOT_INSTALLED = (
    "DIGIAULA_TRACES is set, but the extra is not installed:"
    " pip install --require-hashes -r requirements/traces.txt, or leave the setting away"
)


class Span(Protocol):
    """Something under way. `trace` is for whatever is part of it, in the envelope of each message."""

    trace: str

    def end(self, outcome: str, *, failed: bool = False, **facts: str | int) -> None:
        """`failed` is trouble of ours: a rule that says no is none."""


class Traces(Protocol):
    """What one service tells. Names and facts are out of the code, or ids: nothing that somebody sent."""

    def page(self, route: str, request_id: str) -> Span:
        """A request from outside, by its row in the table: always the beginning of a trace of our own."""

    def asks(self, subject: str, request_id: str, trace: str | None) -> Span: ...

    def answers(self, subject: str, request_id: str, trace: str | None) -> Span: ...

    def hears(self, consumer: str, event: Any, event_id: UUID, trace: str | None) -> Span:
        """What is done about an event; what is sent about the same soon after is part of it."""

    def sends(self, kind: str, message_id: UUID, about: UUID) -> Span: ...

    async def close(self) -> None:
        """Send what is left, as far as that is soon done."""


def check(settings: Common) -> None:
    """Raises SettingsError where traces are wanted and cannot be."""
    if not settings.traces:
        return
    address = urlsplit(settings.traces)
    if address.scheme not in SCHEMES or not address.hostname or "@" in address.netloc or address.query:
        raise SettingsError("unusable settings: DIGIAULA_TRACES")
    try:
        import services.runtime.spans  # noqa: F401
    except ImportError as error:
        raise SettingsError(NOT_INSTALLED) from error


def begin(service: str, settings: Common) -> Traces | None:
    """None unless they are wanted. Begins a thread, so a process that forks has done so before."""
    if not settings.traces:
        return None
    from services.runtime.spans import Spans

    return Spans(
        service,
        version=settings.version,
        collector=settings.traces.rstrip("/"),
        share=settings.traces_share,
    )

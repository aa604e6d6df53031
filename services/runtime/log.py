"""Logs: JSON lines of facts. No name, address, token or message body ever becomes a field."""

import asyncio
import atexit
import io
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, BinaryIO

import msgspec
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

# How long an everyday line may wait for others: each write is a call of the kernel, and wakes who reads it.
SOON_SECONDS = 0.02

_encoder = msgspec.json.Encoder(enc_hook=str)


def configure(service: str, level: str = "info") -> None:
    """Send everything, the libraries' words too, to stdout as JSON."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    out = sys.stdout.buffer
    # Unbuffered, it would write a part of many lines, and say so to nobody.
    lines = _Lines(io.BufferedWriter(out) if isinstance(out, io.RawIOBase) else out)
    atexit.register(lines.flush)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _safe_exception,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_LibraryHandler()], level=max(threshold, logging.WARNING), force=True)


def describe(error: BaseException) -> list[str]:
    """Where and of what kind an error was, cause by cause, without its words.

    The text of a database error quotes key values, and so addresses; the
    traceback, the type, the SQLSTATE and the constraint say enough.
    """
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}{_database_facts(current)}")
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)
        ]
        if isinstance(current, BaseExceptionGroup):
            for inner in current.exceptions:
                lines += describe(inner)
        current = current.__cause__ or current.__context__
    return lines


def _database_facts(error: BaseException) -> str:
    facts = [getattr(error, name, None) for name in ("sqlstate", "constraint_name")]
    known = [fact for fact in facts if isinstance(fact, str)]
    return f" [{' '.join(known)}]" if known else ""


def _safe_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()[1]
    if isinstance(info, tuple):
        info = info[1]
    if isinstance(info, BaseException):
        event["error"] = describe(info)
    return event


class _Lines:
    """Lines of one moment go out in one write; where no loop runs, at once."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._kept: list[bytes] = []
        self._waits_in: asyncio.AbstractEventLoop | None = None

    def msg(self, line: bytes) -> None:
        self._kept.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._waits_in is not loop:
            self._waits_in = loop
            loop.call_later(SOON_SECONDS, self.flush)

    def urgent(self, line: bytes) -> None:
        """What may be the last word of a process does not wait."""
        self._kept.append(line)
        self.flush()

    def flush(self) -> None:
        kept, self._kept = self._kept, []
        self._waits_in = None
        if kept:
            self._out.write(b"\n".join(kept) + b"\n")
            self._out.flush()

    debug = info = msg
    warning = error = critical = urgent


def _render(_: Any, __: str, event: MutableMapping[str, Any]) -> bytes:
    return _encoder.encode(dict(event))


def stray_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the event loop tells when nobody waits for an error: its own words would quote the error's."""
    facts = {"exc_info": context["exception"]} if "exception" in context else {}
    structlog.get_logger().error("task.failed", message=context["message"], **facts)


class _LibraryHandler(logging.Handler):
    """Carries what libraries log: their own sentence, and an error without its words.

    A stranger who sends what is no HTTP is nobody's bug, and wakes nobody.
    """

    def emit(self, record: logging.LogRecord) -> None:
        facts: dict[str, Any] = {"library": record.name, "message": str(record.msg)}
        log = structlog.get_logger()
        if record.exc_info and (error := record.exc_info[1]):
            if isinstance(error, (HttpProcessingError, RequestPayloadError)):
                log.info("http.unreadable", kind=type(error).__name__)
                return
            facts["exc_info"] = error
        (log.error if record.levelno >= logging.ERROR else log.warning)("library.logged", **facts)

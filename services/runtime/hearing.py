"""News into effects: an event alone in a transaction, or all that came at one moment in one.

Together is only quicker: what does not go through like that is done alone, and judged there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import structlog

from services.contracts.envelope import Event, Told
from services.contracts.refusals import Refusal, Unavailable
from services.runtime import inbox
from services.runtime.call import within_trace
from services.runtime.db import Database, Tx
from services.runtime.measures import Measures
from services.runtime.traces import Span, Traces

log = structlog.get_logger()

# Before PostgreSQL ends the session, after eight: that would look like its absence, and count no try.
HANDLE_SECONDS = 6
# How long a batch may take, and each event in it longer: what hangs must not keep the others long.
BATCH_SECONDS = 1.0
BATCH_SECONDS_EACH = 0.05

EventHandler = Callable[[Tx, Any, Told], Awaitable[None]]


@dataclass(frozen=True, eq=False)
class Heard:
    """An event that was read. `handler` is what it does, `span` what is told of that."""

    event: Any
    told: Told
    handler: EventHandler
    span: Span | None = None

    async def handle(self, tx: Tx) -> None:
        if self.span is None:
            await self.handler(tx, self.event, self.told)
            return
        before = within_trace.set(self.span.trace)
        try:
            await self.handler(tx, self.event, self.told)
        finally:
            within_trace.reset(before)

    def end(self, outcome: str, *, failed: bool = False) -> None:
        if self.span is not None:
            self.span.end(outcome, failed=failed)


# Does what several events together make easy, and says by their ids which it has done; the others are
# left to their own handlers, which run after it in the order in which the events came.
FirstOfAll = Callable[[Tx, Sequence[Heard]], Awaitable[Collection[UUID]]]


@dataclass(frozen=True)
class Subscription:
    """What a service wants to hear of one neighbour: events by type, each with what it does.

    `then` is called after the commit of each event or batch, to wake whoever waits for its effect.
    `on_buried` shares the transaction in which an event is given up. `first_of_all` is quicker than the
    handlers, never different.
    """

    owner: str
    durable: str
    handlers: Mapping[type[Event], EventHandler]
    then: Callable[[], None] = lambda: None
    on_buried: Callable[[Tx], Awaitable[None]] | None = None
    first_of_all: FirstOfAll | None = None

    @property
    def stream(self) -> str:
        return self.owner.upper()


def first_of_each(batch: Sequence[Heard], *kinds: type[Any]) -> list[Heard]:
    """Events of these kinds that are the first in the batch about their booking: none overtakes another."""
    met: set[UUID] = set()
    found = []
    for heard in batch:
        about = getattr(heard.event, "booking_id", None)
        if about is not None and about not in met:
            met.add(about)
            if isinstance(heard.event, kinds):
                found.append(heard)
    return found


class GoAlone(Exception):
    """The batch did not go through, for whatever reason: this event has not been tried yet."""


@dataclass(frozen=True)
class News:
    """An event as it came over the wire."""

    subject: str
    data: bytes


_told = msgspec.json.Decoder(Told)


class Hearing:
    """Carries out what events mean. Effect and inbox row share the transaction."""

    def __init__(
        self, subscription: Subscription, *, db: Database, measures: Measures, traces: Traces | None = None
    ) -> None:
        self._subscription = subscription
        self._traces = traces
        self._durable = subscription.durable
        self._db = db
        self._measures = measures
        self._by_subject = {
            event.subject: (msgspec.json.Decoder(event), handler)
            for event, handler in subscription.handlers.items()
        }

    async def alone(self, news: News) -> None:
        """An event that nobody here cares for passes, and so does one that a rule refuses.

        Raises DecodeError for what cannot be read, and whatever the handler raised.
        """
        began = time.perf_counter()
        heard = self._read(news)
        if heard is None:
            return
        told = heard.told
        _bind(told)

        async def work(tx: Tx) -> bool:
            if not await inbox.first_time(tx, self._durable, told.event_id):
                return False
            await heard.handle(tx)
            return True

        try:
            async with asyncio.timeout(HANDLE_SECONDS):
                fresh = await self._db.transact(work)
        except Refusal as refusal:
            self._refused(heard, refusal, time.perf_counter() - began)
            return
        except BaseException:
            heard.end("failed", failed=True)
            raise
        if fresh:
            self._subscription.then()
        self._done(heard, time.perf_counter() - began, fresh=fresh)

    async def together(self, batch: Sequence[News]) -> Sequence[Exception | None]:
        """What came of each, in their order: None when it is done, GoAlone when it is still to be done.

        Who is to blame for the failure of all has had its try; those who shared its transaction go alone.
        """
        read = [self._read_or_say_why(news) for news in batch]
        came = iter(await self._share([each for each in read if isinstance(each, Heard)]))
        return [next(came) if isinstance(each, Heard) else each for each in read]

    async def _share(self, batch: list[Heard]) -> Sequence[Exception | None]:
        if not batch:
            return []
        began = time.perf_counter()
        begun: list[Heard] = []

        async def work(tx: Tx) -> Collection[UUID]:
            begun.clear()
            return await self._handle_all(tx, batch, begun)

        try:
            async with asyncio.timeout(BATCH_SECONDS + BATCH_SECONDS_EACH * len(batch)):
                fresh = await self._db.transact(work, attempts=1)
        except Exception as error:
            return [self._blamed(each, error, begun, time.perf_counter() - began) for each in batch]
        except BaseException:
            for each in batch:
                each.end("given_up", failed=True)
            raise
        if fresh:
            self._subscription.then()
        seconds = (time.perf_counter() - began) / len(batch)
        for heard in batch:
            self._done(heard, seconds, fresh=heard.told.event_id in fresh)
        return [None] * len(batch)

    async def _handle_all(self, tx: Tx, batch: Sequence[Heard], begun: list[Heard]) -> Collection[UUID]:
        """Those that were new. What is in `begun` at the end is what it was working at."""
        fresh = await inbox.first_times(tx, self._durable, [heard.told.event_id for heard in batch])
        once = {heard.told.event_id: heard for heard in batch}
        new = [heard for event_id, heard in once.items() if event_id in fresh]
        done: Collection[UUID] = ()
        if self._subscription.first_of_all is not None and len(new) > 1:
            done = await self._subscription.first_of_all(tx, new)
        for heard in new:
            if heard.told.event_id not in done:
                begun[:] = [heard]
                _bind(heard.told)
                await heard.handle(tx)
        begun.clear()
        return fresh

    def _blamed(
        self, heard: Heard, error: Exception, begun: Sequence[Heard], seconds: float
    ) -> Exception | None:
        """Only what its own handler said of it. A neighbour away, a lock or the time is nobody's fault."""
        if heard not in begun or isinstance(error, Unavailable | TimeoutError):
            heard.end("goes_alone")
            return GoAlone()
        if isinstance(error, Refusal):
            self._refused(heard, error, seconds)
            return None
        heard.end("failed", failed=True)
        return error

    def _read_or_say_why(self, news: News) -> Heard | Exception | None:
        try:
            return self._read(news)
        except msgspec.DecodeError as error:
            return error

    def _read(self, news: News) -> Heard | None:
        """None is what nobody here cares for."""
        known = self._by_subject.get(news.subject)
        if known is None:
            self.note(news.subject, "ignored")
            return None
        decoder, handler = known
        told = _told.decode(news.data)
        event = decoder.decode(told.body)
        if self._traces is None:
            return Heard(event, told, handler)
        span = self._traces.hears(self._durable, event, told.event_id, told.trace)
        return Heard(event, told, handler, span)

    def _done(self, heard: Heard, seconds: float, *, fresh: bool) -> None:
        subject = heard.event.subject
        _bind(heard.told)
        log.info("event.handled", consumer=self._durable, subject=subject, fresh=fresh)
        outcome = "handled" if fresh else "repeated"
        self.note(subject, outcome, seconds)
        heard.end(outcome)

    def _refused(self, heard: Heard, refusal: Refusal, seconds: float) -> None:
        subject = heard.event.subject
        log.info("event.refused", consumer=self._durable, subject=subject, code=refusal.code)
        self.note(subject, "refused", seconds)
        heard.end("refused")

    def note(self, subject: str, outcome: str, seconds: float | None = None) -> None:
        """Count what came of an event."""
        known = subject if subject in self._by_subject else "other"
        self._measures.events.note(self._durable, known, outcome, seconds=seconds)


def _bind(told: Told) -> None:
    """For every line that is logged about it."""
    structlog.contextvars.bind_contextvars(request_id=told.request_id, message_id=str(told.event_id))

"""Request and reply over NATS: many at once, with deadlines, and refusals that keep their type."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar, cast
from uuid import uuid4

import msgspec
import structlog
from msgspec import Raw
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from services.contracts.envelope import (
    Answer,
    Answered,
    Asked,
    Failed,
    Refused,
    Request,
    Told,
    encode,
    raw,
)
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime.call import Call, Handlers
from services.runtime.clock import Clock
from services.runtime.line import Line, take_note
from services.runtime.measures import Measures
from services.runtime.serving import Server, are_you_there
from services.runtime.traces import Traces

log = structlog.get_logger()

R = TypeVar("R")
T = TypeVar("T")

CONNECT_SECONDS = 30
SWEEP_SECONDS = 0.02
# Behind whom people wait, and who may ask everybody: looks whether a neighbour that is slow is there.
LOOKS_FOR_NEIGHBOURS = frozenset({"gateway"})
SLOW_SECONDS = 0.4
LOOK_SECONDS = 0.35
AWAY_AFTER_LOOKS = 2
TROUBLE = frozenset({"unavailable", "failed", "given_up"})

_answers = msgspec.json.Decoder(Answer)
_told = msgspec.json.Decoder(Told)


class Bus:
    """A service's one connection to NATS: asks neighbours, answers for itself, hears live news."""

    def __init__(
        self,
        name: str,
        client: Client,
        clock: Clock,
        measures: Measures | None = None,
        traces: Traces | None = None,
    ) -> None:
        self.name = name
        self.traces = traces
        self.measures = measures or Measures(name)
        self.measures.nats_answers.set_function(lambda: client.is_connected and not self.line.silent)
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=5)
        self.line = Line(client, on_silence=self._fail_waiting)
        self.closed = asyncio.Event()
        self._clock = clock
        self._inbox = f"_INBOX_{name}.{uuid4().hex}"
        self._waiting: dict[str, _Waiting] = {}
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._away: set[str] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._count = 0
        self._server = Server(name, client, self.settle, clock=clock, measures=self.measures, traces=traces)

    async def call(self, request: Request[R], call: Call) -> R:
        """Ask the owner of `request` and wait for its reply until the call's deadline.

        Raises Refusal when a rule said no and Unavailable when nobody answered
        in time: then the request may or may not have been carried out.
        """

        def read(body: Raw) -> R:
            return cast(R, msgspec.json.decode(body, type=request.reply))

        return await self._noted(request, call, read)

    async def call_as_is(self, request: Request[R], call: Call) -> bytes:
        """As `call`, and the reply's JSON unread: for who hands it on as it came."""
        return await self._noted(request, call, bytes)

    async def _noted(self, request: Request[Any], call: Call, read: Callable[[Raw], T]) -> T:
        began, outcome = time.perf_counter(), "given_up"
        span = None
        if self.traces is not None:
            span = self.traces.asks(request.subject, call.request_id, call.trace)
            call = call.within(span.trace)
        try:
            reply = read(await self._call(request, call))
            outcome = "answered"
        except Refusal as refusal:
            outcome = refusal.code
            raise
        except Unavailable:
            outcome = "unavailable"
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            self.measures.asks.note(request.subject, outcome, seconds=time.perf_counter() - began)
            if span is not None:
                span.end(outcome, failed=outcome in TROUBLE)
        return reply

    async def _call(self, request: Request[Any], call: Call) -> Raw:
        if self.line.silent:
            raise Unavailable("NATS does not answer")
        left = (call.deadline - self._clock.now()).total_seconds()
        if left <= 0:
            raise Refusal(Code.DEADLINE_EXCEEDED, "There was no time left to do this.")
        asked = Asked(
            message_id=uuid4(),
            request_id=call.request_id,
            deadline_ms=int(call.deadline.timestamp() * 1000),
            actor=call.actor,
            body=raw(request),
            key=call.key,
            trace=call.trace,
        )
        answer = await self._ask(request.subject, encode(asked), left)
        match answer:
            case Answered(body=body):
                return body
            case Refused(code=code, detail=detail, facts=facts):
                raise Refusal(Code(code), detail, **facts)
            case Failed(unavailable=True):
                raise Unavailable(f"{request.subject}: something it needs is away")
            case Failed():
                raise AnswerFailed(request.subject)

    async def _ask(self, subject: str, payload: bytes, seconds: float) -> Answer:
        owner = subject.partition(".")[0]
        if owner in self._away and subject != are_you_there(owner):
            raise Unavailable(f"{owner} does not answer")
        self._count += 1
        token = str(self._count)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting[token] = _Waiting(owner, loop.time(), loop.time() + seconds, answer)
        if self._sweep is None:
            self._sweep = loop.call_later(SWEEP_SECONDS, self._sweep_late)
        try:
            # Never waits for the server: what cannot be sent at once lies in the client's own buffer.
            await self.client.publish(subject, payload, reply=f"{self._inbox}.{token}")
            return await answer
        except (TimeoutError, NatsError, OSError) as error:
            raise Unavailable(f"{subject}: no answer") from error
        finally:
            del self._waiting[token]
            take_note(answer)  # publish may have failed first

    async def listen(self, subject: str, hear: Callable[[str, Told], Awaitable[None]]) -> None:
        """Hear events as they pass, with no promise that none is missed: for live pages only."""

        async def heard(msg: Msg) -> None:
            try:
                await hear(msg.subject, _told.decode(msg.data))
            except Exception:
                log.exception("news.unheard", subject=msg.subject)

        await self.client.subscribe(subject, cb=heard)
        await self.settle()

    async def say(self, subject: str, what: Any) -> None:
        """To whoever listens at this moment, with no promise that anybody hears it."""
        told = Told(event_id=uuid4(), at=self._clock.now(), body=raw(what))
        try:
            await self.client.publish(subject, encode(told))
        except (NatsError, OSError) as error:
            raise Unavailable("NATS does not answer") from error

    async def serve(self, handlers: Handlers) -> None:
        """Answer every request that `handlers` knows, as one of the service's copies."""
        await self._server.start(handlers)

    async def stop_serving(self, grace: float) -> None:
        await self._server.stop(grace)

    async def settle(self) -> None:
        """Return once the server knows every subscription made so far.

        The client's first PING overtakes the queue in which a SUB may still lie; the second comes
        after it. With one alone, whoever asks at once is told that nobody serves. One that was lost with
        its connection is never answered: it goes again on the next, which knows the subscriptions.
        """
        connection = self.line.connections
        try:
            await self.client.flush(timeout=5)
            await self.client.flush(timeout=5)
        except NatsError:
            if connection == self.line.connections:
                raise
            await self.settle()

    async def ping(self) -> None:
        """A real round trip, or Unavailable."""
        await self.line.ping()

    async def watch(self) -> None:
        """Keep asking whether NATS still hears us, as long as the service lives; see Line.watch."""
        await self.line.watch()

    async def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for look in self._looks.values():
            look.cancel()
        self.line.close()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2):
                await self.client.flush(timeout=1)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2):
                await self.client.close()

    async def _open(self) -> None:
        await self.client.subscribe(f"{self._inbox}.*", cb=self._answered)
        await self.settle()

    async def _answered(self, msg: Msg) -> None:
        waiting = self._waiting.get(msg.subject.rpartition(".")[2])
        if waiting is None or waiting.answer.done():
            return
        future = waiting.answer
        if msg.headers and msg.headers.get("Status") == "503":
            future.set_exception(Unavailable("nobody serves this request"))
            return
        try:
            future.set_result(_answers.decode(msg.data))
        except msgspec.DecodeError as error:
            future.set_exception(error)

    def _fail_waiting(self, owner: str | None = None) -> None:
        """In-flight requests, or one owner's, would wait out their whole time after a lost connection."""
        for waiting in self._waiting.values():
            if not waiting.answer.done() and owner in (None, waiting.owner):
                waiting.answer.set_exception(Unavailable("the connection was lost"))

    def _sweep_late(self) -> None:
        """One clock for all who wait: a timer for each would cost more than the asking."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for waiting in self._waiting.values():
            if waiting.until <= now and not waiting.answer.done():
                waiting.answer.set_exception(TimeoutError())
            elif waiting.since + SLOW_SECONDS <= now and self.name in LOOKS_FOR_NEIGHBOURS:
                self._look_for(waiting.owner)
        self._sweep = loop.call_later(SWEEP_SECONDS, self._sweep_late) if self._waiting else None

    def _look_for(self, owner: str) -> None:
        if owner not in self._looks:
            look = self._looks[owner] = asyncio.create_task(self._look(owner))
            look.add_done_callback(lambda _: self._looks.pop(owner))

    async def _look(self, owner: str) -> None:
        """Ask a slow neighbour whether it is there. It may be cut off while NATS answers us: then those
        who wait for it are told, and who asks is told at once, until it says something.

        What is there and slow is waited for.
        """
        missed = 0
        try:
            while await self._keeps_silent(owner):
                missed += 1
                if missed == AWAY_AFTER_LOOKS:
                    log.warning("neighbour.silent", neighbour=owner)
                    self._away.add(owner)
                    self._fail_waiting(owner)
        finally:
            self._away.discard(owner)
        await asyncio.sleep(SLOW_SECONDS)  # it is there: no need to ask again for a moment

    async def _keeps_silent(self, owner: str) -> bool:
        """Not so when nobody serves it, or NATS is away: that is told to everybody who asks."""
        if self.line.silent or not self.client.is_connected:
            return False
        try:
            await self._ask(are_you_there(owner), b"", LOOK_SECONDS)
        except Unavailable as error:
            return isinstance(error.__cause__, TimeoutError)
        return False


class _Waiting(NamedTuple):
    """A request under way, by the loop's time."""

    owner: str
    since: float
    until: float
    answer: "asyncio.Future[Answer]"


class AnswerFailed(Exception):
    """The owner met a bug. It has logged it; the subject is all that is told here."""


async def connect(
    name: str, url: str, clock: Clock, measures: Measures | None = None, traces: Traces | None = None
) -> Bus:
    """Connect as `name`, giving up after half a minute: a wrong password would be retried for ever.

    `url` may name several servers of one cluster, separated by commas: any of them will do.
    Nothing is buffered while disconnected: what would be sent late must fail
    now. A connection closed for good sets `closed`, which ends the process.
    """
    client = Client()
    bus = Bus(name, client, clock, measures, traces)
    servers = [each.strip() for each in url.split(",")]
    bus.line.has_choice = len(servers) > 1

    async def on_error(error: Exception) -> None:
        """Must never raise: an exception here would end the read loop without a word."""
        log.warning("nats.error", reason=type(error).__name__)

    async def on_disconnect() -> None:
        bus._fail_waiting()

    async def on_reconnect() -> None:
        bus.line.connections += 1
        log.info("nats.reconnected")

    async def on_closed() -> None:
        bus._fail_waiting()
        bus.closed.set()

    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                servers,
                name=f"{name}-{socket.gethostname()}",
                error_cb=on_error,
                disconnected_cb=on_disconnect,
                reconnected_cb=on_reconnect,
                closed_cb=on_closed,
                max_reconnect_attempts=-1,
                reconnect_time_wait=cast(int, 0.25),
                connect_timeout=2,
                ping_interval=10,
                max_outstanding_pings=2,
                pending_size=0,
                drain_timeout=8,
                inbox_prefix=f"_INBOX_{name}",
            )
            await bus._open()
    except (TimeoutError, NatsError, OSError) as error:
        raise Unavailable("NATS does not answer") from error
    return bus

"""The answering side of the bus: requests of neighbours, each in time or not at all."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from msgspec import structs
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError

from services.contracts.envelope import Answer, Answered, Asked, Failed, Refused, Request, encode, raw
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime.call import Call, Handler, Handlers
from services.runtime.clock import Clock
from services.runtime.measures import Measures
from services.runtime.traces import Traces

log = structlog.get_logger()

SERVED_AT_ONCE = 64
WAITING_AT_MOST = 1024
STOP_LISTENING_SECONDS = 2
TROUBLE = frozenset({"unavailable", "internal", "given_up"})

Settle = Callable[[], Awaitable[None]]

_asked = msgspec.json.Decoder(Asked)
_HERE = Answered(raw(None))


def are_you_there(owner: str) -> str:
    """Answered by every service as it comes in, before whatever else waits there."""
    return f"{owner}.v1.rpc.are_you_there"


class Server:
    """The answering side: a task per request, so many at once, each within its own deadline."""

    def __init__(
        self,
        name: str,
        client: Client,
        settle: Settle,
        *,
        clock: Clock,
        measures: Measures,
        traces: Traces | None,
    ) -> None:
        self._name = name
        self._client = client
        self._settle = settle
        self._clock = clock
        self._measures = measures
        self._traces = traces
        self._by_subject: dict[str, tuple[type[Request[Any]], Handler]] = {}
        self._places = asyncio.Semaphore(SERVED_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscription: Any = None

    async def start(self, handlers: Handlers) -> None:
        self._by_subject = {request.subject: (request, handler) for request, handler in handlers.items()}
        self._subscription = await self._client.subscribe(
            f"{self._name}.v1.rpc.>", queue=self._name, cb=self._received
        )
        await self._settle()

    async def stop(self, grace: float) -> None:
        """Take nothing new, answer what has come. Unsubscribing would drop what is under way to us."""
        if self._subscription is None:
            return
        draining = asyncio.create_task(self._drain())
        await asyncio.wait({draining}, timeout=STOP_LISTENING_SECONDS)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()

    async def _drain(self) -> None:
        """Have the server send no more, and take in all that it had sent until then.

        The library's own drain lets go of the subscription after one round trip, whose PING may have
        overtaken the UNSUB: what the server sends in between would be dropped without a word.
        """
        if self._client.is_connected:
            with contextlib.suppress(NatsError, OSError):
                # There is no public way to do only this.
                await self._client._send_unsubscribe(self._subscription._id)
                await self._settle()
                await self._subscription._pending_queue.join()

    async def _received(self, msg: Msg) -> None:
        if not msg.reply:
            return
        if msg.subject == are_you_there(self._name):
            await self._reply(msg, _HERE)
            return
        if len(self._tasks) >= WAITING_AT_MOST:
            self._note(msg.subject, Code.OVERLOADED)
            await self._reply(msg, Refused(Code.OVERLOADED, "Too many requests at once. Try again soon."))
            return
        task = asyncio.create_task(self._serve(msg))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, msg: Msg) -> None:
        began = time.perf_counter()
        try:
            asked = _asked.decode(msg.data)
            structlog.contextvars.bind_contextvars(request_id=asked.request_id)
            answer = await self._placed(msg.subject, asked)
        except msgspec.DecodeError:
            answer = Refused(Code.FIELD_INVALID, "The request could not be read.")
        await self._reply(msg, answer)
        seconds = time.perf_counter() - began
        self._note(msg.subject, _outcome(answer), seconds)
        log.info(
            "request.answered",
            subject=msg.subject,
            outcome=_outcome(answer),
            ms=round(seconds * 1000, 1),
        )

    async def _placed(self, subject: str, asked: Asked) -> Answer:
        """Answered when there is room, which is part of how long it takes."""
        if self._traces is None:
            async with self._places:
                return await self._answer(subject, asked)
        span = self._traces.answers(self._known(subject), asked.request_id, asked.trace)
        outcome = "given_up"
        try:
            async with self._places:
                answer = await self._answer(subject, structs.replace(asked, trace=span.trace))
            outcome = _outcome(answer)
        finally:
            span.end(outcome, failed=outcome in TROUBLE)
        return answer

    def _note(self, subject: str, outcome: str, seconds: float | None = None) -> None:
        self._measures.requests.note(self._known(subject), outcome, seconds=seconds)

    def _known(self, subject: str) -> str:
        return subject if subject in self._by_subject else "unknown"

    async def _answer(self, subject: str, asked: Asked) -> Answer:
        """The handler's answer; whatever is not a refusal crosses the wire without its words.

        A request nobody here answers is another release's: no rule has spoken, so its asker may try again.
        """
        now = self._clock.now()
        deadline = datetime.fromtimestamp(asked.deadline_ms / 1000, UTC)
        left = (deadline - now).total_seconds()
        try:
            if left <= 0:
                raise Refusal(Code.DEADLINE_EXCEEDED, "This request came too late to be carried out.")
            if subject not in self._by_subject:
                raise Unavailable("this release does not answer it")
            request_type, handler = self._by_subject[subject]
            request = msgspec.json.decode(asked.body, type=request_type)
            call = Call(
                actor=asked.actor,
                now=now,
                deadline=deadline,
                request_id=asked.request_id,
                key=asked.key,
                trace=asked.trace,
            )
            async with asyncio.timeout(left):
                return Answered(raw(await handler(request, call)))
        except Refusal as refusal:
            return Refused(refusal.code, refusal.detail, refusal.facts)
        except msgspec.ValidationError:
            return Refused(Code.FIELD_INVALID, "The request could not be read.")
        except TimeoutError:
            return Failed(unavailable=True)
        except Unavailable as error:
            log.warning("request.unavailable", subject=subject, exc_info=error)
            return Failed(unavailable=True)
        except Exception:
            log.exception("request.failed", subject=subject)
            return Failed()

    async def _reply(self, msg: Msg, answer: Answer) -> None:
        """Sent without the request's headers; a lost connection leaves the asker to its deadline."""
        try:
            await self._client.publish(msg.reply, encode(answer))
        except MaxPayloadError:
            log.error("reply.too_large", subject=msg.subject)
            await self._reply(msg, Failed())
        except (NatsError, OSError) as error:
            log.warning("reply.lost", subject=msg.subject, reason=type(error).__name__)


def _outcome(answer: Answer) -> str:
    match answer:
        case Answered():
            return "answered"
        case Refused(code=code):
            return code
        case Failed(unavailable=unavailable):
            return "unavailable" if unavailable else "internal"

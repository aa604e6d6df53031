"""Durable consumers: pull, do once, acknowledge; put back what cannot be done now; keep what never can.

Deliveries are counted in PostgreSQL, before each repetition: a message that ends
the process is counted, and one that only waited for a server is not.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

import msgspec
import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import APIError, NotFoundError

from services.contracts.refusals import Unavailable
from services.runtime import dead_letters
from services.runtime.batching import Batches
from services.runtime.bus import Bus
from services.runtime.db import Database, Tx
from services.runtime.dead_letters import DeadLetter
from services.runtime.durables import ACK_WAIT_SECONDS, declare
from services.runtime.hearing import GoAlone, Hearing, News, Subscription

log = structlog.get_logger()

BATCH = 64
ALONE_AT_ONCE = 6
LEFT_TO_OTHERS = 2  # of the connections of the pool, whatever waits for a lock
REQUEST_SECONDS = 5
HEARTBEAT_SECONDS = 0.5  # three missed ones tell that a request was lost with its connection
AT_WORK_SECONDS = ACK_WAIT_SECONDS / 3
MOST_TRIES = 4
SUSPECT_AFTER = 3
PUT_BACK_SECONDS = (1, 5, 30)  # after a failure; what is put back keeps its place in hand
WAIT_SECONDS = (1, 2, 5, 10)  # for a server that is away: soon after it is back, all is done
REDRIVE_SECONDS = 5

_NEXT = msgspec.json.encode(
    {
        "batch": BATCH,
        "expires": int(REQUEST_SECONDS * 1e9),
        "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
    }
)


class Consumer:
    """One durable consumer of one stream. Copies of the service share its work."""

    def __init__(self, subscription: Subscription, *, db: Database, bus: Bus) -> None:
        self._subscription = subscription
        self._durable = subscription.durable
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{subscription.stream}.{subscription.durable}"
        self._db = db
        self._bus = bus
        self._hearing = Hearing(subscription, db=db, measures=bus.measures, traces=bus.traces)
        self._together = Batches(self._hearing.together, largest=BATCH)
        self._alone = asyncio.Semaphore(max(1, min(ALONE_AT_ONCE, db.connections - LEFT_TO_OTHERS)))
        self._places = asyncio.Semaphore(BATCH)
        self._tasks: set[asyncio.Task[None]] = set()
        self._suspects = asyncio.Lock()
        self._in_hand: dict[int, Msg] = {}
        self._at_work: asyncio.Task[None] | None = None
        self._stopping = False

    async def run(self) -> None:
        """Pull for ever; when the server, the stream or the consumer went away, declare it anew."""
        while not self._stopping:
            try:
                await declare(self._bus.jetstream, self._subscription)
                await self._pull()
            except NotFoundError:
                log.info("consumer.awaits_stream", consumer=self._durable)
                await asyncio.sleep(0.2)
            except (NatsError, OSError, TimeoutError, Unavailable) as error:
                log.warning("consumer.interrupted", consumer=self._durable, reason=type(error).__name__)
                await asyncio.sleep(0.5)

    async def run_redrive(self) -> None:
        """Handle again, from the table, what somebody asked to be tried once more."""
        while True:
            with contextlib.suppress(Unavailable):
                await self._redrive()
            await asyncio.sleep(REDRIVE_SECONDS)

    async def stop(self, grace: float) -> None:
        """Take nothing new and finish what is in hand; what is not finished comes again."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        self._together.stop()
        for task in self._tasks:
            task.cancel()
        if self._at_work:
            self._at_work.cancel()

    async def _pull(self) -> None:
        """Ask for some, take each as it comes, ask again: for ever, or until nothing more is heard.

        The client library's own fetch keeps a message back until its time is over or the batch is
        full; a person would wait for their mail that long. Its next_msg() now and then forgets that it
        was cancelled.
        """
        reply_to = self._bus.client.new_inbox()
        answers: asyncio.Queue[Msg] = asyncio.Queue()
        subscription = await self._bus.client.subscribe(reply_to, cb=answers.put)
        try:
            while not self._stopping:
                async with self._places:  # ask only when somebody could take it
                    pass
                await self._bus.client.publish(self._next, _NEXT, reply=reply_to)
                await self._take_answers(answers)
        finally:
            with contextlib.suppress(Exception):
                await subscription.unsubscribe()

    async def _take_answers(self, answers: "asyncio.Queue[Msg]") -> None:
        """What comes of one request. Heartbeats fail to come when the consumer or the connection is
        gone: then TimeoutError; any other word of the server is raised as the error it is.
        """
        taken = 0
        while taken < BATCH:
            async with asyncio.timeout(3 * HEARTBEAT_SECONDS):
                message = await answers.get()
            match (message.headers or {}).get("Status"):
                case None:
                    await self._spawn(message)
                    taken += 1
                case "100":  # a heartbeat
                    continue
                case "404" | "408":  # nothing more in this request's time
                    return
                case _:
                    raise APIError.from_msg(message)

    async def _spawn(self, message: Msg) -> None:
        await self._places.acquire()
        if self._stopping:
            self._places.release()
            await _put_back(message, after=0)
            return
        task = asyncio.create_task(self._take(message))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._places.release()

    async def _take(self, message: Msg) -> None:
        """Handle it, bury it or put it back, and tell the server which."""
        delivered = message.metadata.num_delivered
        try:
            with self._held(message):
                settle = await self._handle_or_bury(message)
        except Unavailable:
            self._hearing.note(message.subject, "put_back")
            await _put_back(message, after=_longer(WAIT_SECONDS, delivered))
        except Exception:
            log.exception("event.failed", consumer=self._durable, subject=message.subject)
            self._hearing.note(message.subject, "failed")
            await _put_back(message, after=_longer(PUT_BACK_SECONDS, delivered))
        else:
            try:
                await settle()
            except (NatsError, OSError) as error:
                log.warning("ack.lost", consumer=self._durable, reason=type(error).__name__)

    @contextlib.contextmanager
    def _held(self, message: Msg) -> Iterator[None]:
        self._in_hand[id(message)] = message
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._say_at_work())
        try:
            yield
        finally:
            del self._in_hand[id(message)]

    async def _say_at_work(self) -> None:
        """As long as anything is in hand: the server gives to another copy what nobody works at."""
        while self._in_hand:
            await asyncio.sleep(AT_WORK_SECONDS)
            for message in tuple(self._in_hand.values()):
                with contextlib.suppress(NatsError, OSError):
                    await message.in_progress()

    async def _handle_or_bury(self, message: Msg) -> Callable[[], Awaitable[None]]:
        """What came back twice may be what ends the process: one at a time from then on, and counted only
        when it is its turn, so that the others are not buried beside it.
        """
        if message.metadata.num_delivered < SUSPECT_AFTER:
            return await self._try_or_bury(message)
        async with self._suspects:
            return await self._try_or_bury(message)

    async def _try_or_bury(self, message: Msg) -> Callable[[], Awaitable[None]]:
        """What the server is to be told once this is done: that it was, or that it never will be.

        Whoever died of the last try could not bury it: that is done before another.
        """
        tries = await self._count_try(message)
        if tries > MOST_TRIES:
            return await self._bury(message, "too_many_tries")
        try:
            await self._handle(message)
        except msgspec.DecodeError:
            return await self._bury(message, "unreadable")
        except Unavailable:
            await self._forgive(message)
            raise
        except Exception:
            if tries < MOST_TRIES:
                raise
            log.exception("event.failed", consumer=self._durable, subject=message.subject)
            return await self._bury(message, "too_many_tries")
        return message.ack

    async def _handle(self, message: Msg) -> None:
        """With whatever else came at the moment, the first time; alone if that failed, and ever after.

        What comes again may have ended the process, and would take the others with it.
        """
        news = News(message.subject, message.data)
        if message.metadata.num_delivered == 1:
            came = await self._together.put(news)
            if came is None:
                return
            if not isinstance(came, GoAlone):
                raise came
        async with self._alone:
            await self._hearing.alone(news)

    async def _count_try(self, message: Msg) -> int:
        """Which try this is. The first costs no statement: most events need no second one."""
        if message.metadata.num_delivered == 1:
            return 1
        return 1 + await self._db.transact(
            lambda tx: dead_letters.count_try(tx, self._durable, _identity(message))
        )

    async def _forgive(self, message: Msg) -> None:
        """Waiting for a server is no try of the message's; uncounted when the database can be told so."""
        if message.metadata.num_delivered > 1:
            with contextlib.suppress(Unavailable):
                await self._db.transact(
                    lambda tx: dead_letters.forgive_try(tx, self._durable, _identity(message))
                )

    async def _bury(self, message: Msg, reason: str) -> Callable[[], Awaitable[None]]:
        """Before the message ends on the server: a terminated one may be gone."""
        letter = DeadLetter(_identity(message), message.subject, message.data)

        async def work(tx: Tx) -> None:
            await dead_letters.bury(tx, self._durable, letter, reason)
            if self._subscription.on_buried is not None:
                await self._subscription.on_buried(tx)

        await self._db.transact(work)
        log.error("event.buried", consumer=self._durable, subject=message.subject, reason=reason)
        self._hearing.note(message.subject, "buried")
        self._subscription.then()
        return message.term

    async def _redrive(self) -> None:
        for letter in await self._db.transact(lambda tx: dead_letters.to_redrive(tx, self._durable)):
            try:
                await self._hearing.alone(News(letter.subject, letter.body))
            except Unavailable:
                raise
            except Exception as error:
                log.exception("event.still_dead", consumer=self._durable, subject=letter.subject)
                reason: str | None = type(error).__name__
            else:
                reason = None
            await self._db.transact(partial(self._settle, letter, reason))

    async def _settle(self, letter: DeadLetter, reason: str | None, tx: Tx) -> None:
        if reason is None:
            await dead_letters.settle(tx, self._durable, letter)
        else:
            await dead_letters.keep(tx, self._durable, letter, reason)


def _identity(message: Msg) -> str:
    """The event's id as its publisher set it, or the place in the stream for what has none."""
    return (message.headers or {}).get("Nats-Msg-Id") or f"seq-{message.metadata.sequence.stream}"


def _longer(pauses: Sequence[float], tries: int) -> float:
    """Longer each time, never all at once."""
    return pauses[min(tries, len(pauses)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - jitter


async def _put_back(message: Msg, *, after: float) -> None:
    with contextlib.suppress(NatsError, OSError):
        await message.nak(delay=after)

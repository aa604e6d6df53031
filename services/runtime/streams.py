"""Durable consumers: pull, do once, acknowledge; put back what cannot be done now; keep what never can.

Deliveries are counted in PostgreSQL, before each repetition: a message that ends
the process is counted, and one that only waited for a server is not.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import FetchTimeoutError

from services.contracts.envelope import Event, Told
from services.contracts.refusals import Refusal, Unavailable
from services.runtime import inbox
from services.runtime.bus import Bus
from services.runtime.db import Database, Tx

log = structlog.get_logger()

EventHandler = Callable[[Tx, Any, Told], Awaitable[None]]

BATCH = 16
FETCH_SECONDS = 5
ACK_WAIT_SECONDS = 30
HANDLE_SECONDS = 20
MOST_TRIES = 8
PUT_BACK_SECONDS = (1, 5, 30, 120, 300)
REDRIVE_SECONDS = 5

COUNT_TRY = """
    INSERT INTO delivery_try (consumer, event_id, tries) VALUES ($1, $2, 1)
    ON CONFLICT ON CONSTRAINT delivery_try_pkey DO UPDATE SET tries = delivery_try.tries + 1, at = now()
    RETURNING tries
"""
BURY = """
    INSERT INTO dead_letter (consumer, event_id, subject, body, reason) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT ON CONSTRAINT dead_letter_once
    DO UPDATE SET reason = $5, dead_at = now(), redrive_at = NULL, settled_at = NULL
"""
TO_REDRIVE = """
    SELECT id, subject, body FROM dead_letter
    WHERE consumer = $1 AND redrive_at IS NOT NULL AND settled_at IS NULL ORDER BY id LIMIT 100
"""
SETTLE = "UPDATE dead_letter SET settled_at = now() WHERE id = $1"
STILL_DEAD = "UPDATE dead_letter SET redrive_at = NULL, reason = $2 WHERE id = $1"
REDRIVE_ALL = "UPDATE dead_letter SET redrive_at = now() WHERE settled_at IS NULL"

_told = msgspec.json.Decoder(Told)


@dataclass(frozen=True)
class Subscription:
    """What a service wants to hear of one neighbour: events by type, each with what it does.

    `then` is called after the commit of each event, to wake whoever waits for its effect.
    """

    owner: str
    durable: str
    handlers: Mapping[type[Event], EventHandler]
    then: Callable[[], None] = lambda: None

    @property
    def stream(self) -> str:
        return self.owner.upper()


async def redrive(db: Database) -> int:
    """Ask for every dead letter of the service to be handled again; returns how many there are."""

    async def work(tx: Tx) -> int:
        return int((await tx.execute(REDRIVE_ALL)).rpartition(" ")[2])

    return await db.transact(work)


class Consumer:
    """One durable consumer of one stream. Copies of the service share its work."""

    def __init__(self, subscription: Subscription, *, db: Database, bus: Bus) -> None:
        self._subscription = subscription
        self._durable = subscription.durable
        self._by_subject = {
            event.subject: (event, handler) for event, handler in subscription.handlers.items()
        }
        self._db = db
        self._bus = bus
        self._places = asyncio.Semaphore(BATCH)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self) -> None:
        """Pull for ever; when the server, the stream or the consumer went away, declare it anew."""
        while not self._stopping:
            try:
                await self._declare()
                await self._pull()
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
        for task in self._tasks:
            task.cancel()

    async def _declare(self) -> None:
        """Tries are counted by us, so the server repeats without end."""
        await self._bus.jetstream.add_consumer(
            self._subscription.stream,
            ConsumerConfig(
                durable_name=self._durable,
                ack_policy=AckPolicy.EXPLICIT,
                deliver_policy=DeliverPolicy.ALL,
                ack_wait=ACK_WAIT_SECONDS,
                max_deliver=-1,
                max_ack_pending=256,
            ),
        )

    async def _pull(self) -> None:
        pull = await self._bus.jetstream.pull_subscribe_bind(
            consumer=self._durable, stream=self._subscription.stream
        )
        try:
            lost = 0
            while not self._stopping:
                async with self._places:  # fetch only when somebody could take it
                    pass
                try:
                    messages = await pull.fetch(BATCH, timeout=FETCH_SECONDS, heartbeat=1)
                except FetchTimeoutError:
                    lost = 0  # nothing new
                except TimeoutError:
                    lost += 1  # the consumer or the connection is gone, or the server is slow
                    if lost >= 2:
                        raise
                else:
                    lost = 0
                    await self._spawn(messages)
        finally:
            with contextlib.suppress(Exception):
                await pull.unsubscribe()

    async def _spawn(self, messages: list[Msg]) -> None:
        for message in messages:
            await self._places.acquire()
            task = asyncio.create_task(self._take(message))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._places.release()

    async def _take(self, message: Msg) -> None:
        try:
            await self._handle_or_bury(message)
        except Unavailable:
            await _put_back(message)
        except (NatsError, OSError) as error:
            log.warning("ack.lost", consumer=self._durable, reason=type(error).__name__)
        except Exception:
            log.exception("event.failed", consumer=self._durable, subject=message.subject)
            await _put_back(message)

    async def _handle_or_bury(self, message: Msg) -> None:
        if message.metadata.num_delivered > 1 and await self._count_try(message) >= MOST_TRIES:
            await self._bury(message, "too_many_tries")
            return
        try:
            await self._handle(message.subject, message.data)
        except msgspec.DecodeError:
            await self._bury(message, "unreadable")
            return
        except Refusal as refusal:
            log.info("event.refused", consumer=self._durable, subject=message.subject, code=refusal.code)
        await message.ack()

    async def _handle(self, subject: str, data: bytes) -> None:
        """Effect and inbox row in one transaction; an event nobody here cares for passes."""
        if subject not in self._by_subject:
            return
        event_type, handler = self._by_subject[subject]
        told = _told.decode(data)
        event: Event = msgspec.json.decode(told.body, type=event_type)
        structlog.contextvars.bind_contextvars(request_id=told.request_id, message_id=str(told.event_id))

        async def work(tx: Tx) -> bool:
            if not await inbox.first_time(tx, self._durable, told.event_id):
                return False
            await handler(tx, event, told)
            return True

        async with asyncio.timeout(HANDLE_SECONDS):
            fresh = await self._db.transact(work)
        if fresh:
            self._subscription.then()
        log.info("event.handled", consumer=self._durable, subject=subject, fresh=fresh)

    async def _count_try(self, message: Msg) -> int:
        async def work(tx: Tx) -> int:
            return cast(int, await tx.fetchval(COUNT_TRY, self._durable, _identity(message)))

        return await self._db.transact(work)

    async def _bury(self, message: Msg, reason: str) -> None:
        """The row comes before the end of the message: a terminated one may be gone."""

        async def work(tx: Tx) -> None:
            await tx.execute(BURY, self._durable, _identity(message), message.subject, message.data, reason)

        await self._db.transact(work)
        await message.term()
        log.error("event.buried", consumer=self._durable, subject=message.subject, reason=reason)

    async def _redrive(self) -> None:
        async def due(tx: Tx) -> list[Any]:
            return await tx.fetch(TO_REDRIVE, self._durable)

        for row in await self._db.transact(due):
            try:
                await self._handle(row["subject"], row["body"])
            except Unavailable:
                raise
            except Exception as error:
                log.exception("event.still_dead", consumer=self._durable, subject=row["subject"])
                await self._settle(STILL_DEAD, row["id"], type(error).__name__)
            else:
                await self._settle(SETTLE, row["id"])

    async def _settle(self, sql: str, *args: Any) -> None:
        async def work(tx: Tx) -> None:
            await tx.execute(sql, *args)

        await self._db.transact(work)


def _identity(message: Msg) -> str:
    """The event's id as its publisher set it, or the place in the stream for what has none."""
    return (message.headers or {}).get("Nats-Msg-Id") or f"seq-{message.metadata.sequence.stream}"


async def _put_back(message: Msg) -> None:
    """Waiting longer each time, never all at once."""
    tries = message.metadata.num_delivered
    delay = PUT_BACK_SECONDS[min(tries, len(PUT_BACK_SECONDS)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311
    with contextlib.suppress(NatsError, OSError):
        await message.nak(delay=delay)

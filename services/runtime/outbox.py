"""The outbox: news written beside the fact, and the relay that spreads it.

PostgreSQL is the record. A stream that was lost, recreated or cut short is
noticed by its creation time and last sequence, and everything kept (14 days) is
published again; the inboxes of those who listen take out the doubles.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import structlog
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, PubAck, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from services.contracts.envelope import Event, Told, encode, raw
from services.contracts.refusals import Unavailable
from services.runtime.bus import Bus
from services.runtime.call import Call
from services.runtime.db import Database, Tx, changed, dedicated

log = structlog.get_logger()

BATCH = 500
REMEMBER_BATCH = 5_000
POLL_SECONDS = 1.0
LOOK_AT_STREAM_SECONDS = 5.0
ACK_SECONDS = 5.0
RELAY_LOCK = 1

ADD = "INSERT INTO outbox (event_id, subject, body) VALUES ($1, $2, $3)"
UNPUBLISHED = """
    SELECT id, event_id, subject, body FROM outbox
    WHERE published_at IS NULL ORDER BY repeated, id LIMIT $1
"""
# The array in a subquery, or one of one item would be planned anew each time.
MARK = """
    WITH marked AS (
        UPDATE outbox SET published_at = now() WHERE id = ANY (ARRAY(SELECT unnest($1::bigint[]))))
    UPDATE relay SET last_seq = greatest(last_seq, $3) WHERE stream = $2
"""
PUBLISH_AGAIN = """
    UPDATE outbox SET published_at = NULL, repeated = true
    WHERE id IN (SELECT id FROM outbox WHERE published_at IS NOT NULL ORDER BY published_at LIMIT $1)
"""
STREAM_SEEN = "SELECT created_at, last_seq FROM relay WHERE stream = $1"
SEE_STREAM = """
    INSERT INTO relay (stream, created_at, last_seq) VALUES ($1, $2, $3)
    ON CONFLICT (stream) DO UPDATE SET created_at = $2, last_seq = $3
"""
DOUBT = "UPDATE relay SET created_at = '-infinity' WHERE stream = $1"
FORGET = """
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox WHERE created_at < now() - interval '14 days' AND published_at IS NOT NULL
        LIMIT $1 FOR UPDATE SKIP LOCKED)
"""
LOCK = "SELECT pg_try_advisory_lock(hashtext(current_schema()), $1)"


async def add(tx: Tx, event: Event, call: Call | None = None) -> None:
    """Promise an event in the transaction of its fact. It is published after the commit."""
    await tx.execute(ADD, *row_of(event, call))
    tx.promised = True


async def add_all(tx: Tx, events: Sequence[Event], call: Call | None = None) -> None:
    """Many at once, in their order: a change that hundreds of people are to hear of."""
    if events:
        await tx.executemany(ADD, [row_of(event, call) for event in events])
        tx.promised = True


async def add_each(tx: Tx, told: Sequence[tuple[Event, Call]]) -> None:
    """Many at once, each of a call of its own."""
    if told:
        await tx.executemany(ADD, [row_of(event, call) for event, call in told])
        tx.promised = True


def row_of(event: Event, call: Call | None) -> tuple[UUID, str, bytes]:
    """Id, subject and body, for who writes the row together with others."""
    event_id = uuid4()
    told = Told(
        event_id=event_id,
        at=call.now if call else datetime.now(UTC),
        body=raw(event),
        request_id=call.request_id if call else None,
        trace=call.trace if call else None,
    )
    return event_id, event.subject, encode(told)


async def forget_old_news(tx: Tx, most: int) -> int:
    return changed(await tx.execute(FORGET, most))


def stream_config(service: str, replicas: int = 1) -> StreamConfig:
    """The one stream of a service, kept by so many servers. Its owner makes it; nobody may change, empty
    or remove it.
    """
    return StreamConfig(
        name=service.upper(),
        subjects=[f"{service}.*.event.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        max_age=14 * 24 * 3600,
        max_bytes=1 << 29,
        num_replicas=replicas,
        discard=DiscardPolicy.NEW,  # a full stream refuses; the outbox keeps, and says so
        duplicate_window=600,
        deny_delete=True,
        deny_purge=True,
    )


class Relay:
    """Publishes a service's outbox, one relay per service at a time, in the order of the ids."""

    def __init__(self, *, service: str, url: str, db: Database, bus: Bus, replicas: int = 1) -> None:
        self._service = service
        self._stream = stream_config(service, replicas)
        self._url = url
        self._db = db
        self._bus = bus
        self._last_seq = 0
        self._drift: list[str] = []

    async def run(self) -> None:
        """For ever: take the lock, publish, and start over whenever a server went away."""
        while True:
            try:
                connection = await dedicated(self._url, schema=self._service)
                try:
                    await self._relay(connection)
                finally:
                    self._bus.measures.relay_leads.set(0)
                    with contextlib.suppress(Exception):
                        await connection.close(timeout=1)
            except (
                Unavailable,
                NatsError,
                OSError,
                TimeoutError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
            ) as error:
                log.warning("relay.stalled", reason=type(error).__name__)
                await asyncio.sleep(POLL_SECONDS / 2)

    async def _relay(self, connection: Any) -> None:
        while not await connection.fetchval(LOCK, RELAY_LOCK):
            await asyncio.sleep(POLL_SECONDS)
        self._bus.measures.relay_leads.set(1)
        loop = asyncio.get_running_loop()
        look_at, connections = 0.0, 0
        while True:
            self._db.promised.clear()
            if loop.time() >= look_at or connections != self._bus.line.connections:
                connections = self._bus.line.connections
                await self._look_at_stream(connection)
                look_at = loop.time() + LOOK_AT_STREAM_SECONDS
            if await self._publish_some(connection) < BATCH:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._db.promised.wait()

    async def _publish_some(self, connection: Any) -> int:
        rows = await connection.fetch(UNPUBLISHED, BATCH)
        if not rows:
            return 0
        acks = await asyncio.gather(*(self._publish(row) for row in rows), return_exceptions=True)
        done = [(row["id"], ack) for row, ack in zip(rows, acks, strict=True) if isinstance(ack, PubAck)]
        if any(ack.seq <= self._last_seq and not ack.duplicate for _, ack in done):
            await connection.execute(DOUBT, self._stream.name)  # cut short since the last look at it
            await self._look_at_stream(connection)
            return BATCH
        if done:
            last = max(ack.seq for _, ack in done)
            await connection.execute(MARK, [row_id for row_id, _ in done], self._stream.name, last)
            self._last_seq = max(self._last_seq, last)
            self._bus.measures.published(len(done))
        for ack in acks:
            if isinstance(ack, BaseException):
                raise ack
        return len(rows)

    async def _publish(self, row: Any) -> PubAck:
        """Where the stream keeps the event; a repetition is told the first one's place."""
        return await self._bus.jetstream.publish(
            row["subject"],
            row["body"],
            timeout=ACK_SECONDS,
            headers={
                "Nats-Msg-Id": str(row["event_id"]),
                "Nats-Expected-Stream": self._stream.name or "",
            },
        )

    async def _look_at_stream(self, connection: Any) -> None:
        """Make the stream if it is not there; publish all again if it is not the one that was."""
        try:
            info = await self._bus.jetstream.stream_info(self._stream.name or "")
        except NotFoundError:
            info = await self._bus.jetstream.add_stream(self._stream)
            log.info("stream.made", stream=self._stream.name)
        self._compare(info.config)
        seen = await connection.fetchrow(STREAM_SEEN, self._stream.name)
        if seen and seen["created_at"] == info.created and info.state.last_seq >= seen["last_seq"]:
            self._last_seq = seen["last_seq"]
            return
        if seen:
            await self._remember_all(connection)
        self._last_seq = info.state.last_seq
        await connection.execute(SEE_STREAM, self._stream.name, info.created, self._last_seq)

    def _compare(self, found: StreamConfig) -> None:
        """Nobody here may change a stream that is there: an operator must, so an operator is told."""
        there = found.as_dict()
        drift = sorted(name for name, value in self._stream.as_dict().items() if there.get(name) != value)
        if drift != self._drift:
            log.warning("stream.drifted", stream=self._stream.name, fields=drift)
        self._drift = drift

    async def _remember_all(self, connection: Any) -> None:
        """Owe everything kept once more. In parts, each shorter than a statement may take; broken off
        in between, the next look at the stream begins again.
        """
        log.warning("stream.replaced", stream=self._stream.name)
        while await connection.execute(PUBLISH_AGAIN, REMEMBER_BATCH) != "UPDATE 0":
            pass

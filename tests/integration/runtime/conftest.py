"""Pieces of services on real servers: a database here, a connection there, a loop or two."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from nats.js.api import ConsumerInfo

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE
from services.contracts.envelope import Actor, Anyone, Asked, Event, Told, encode, raw
from services.runtime import bus as nats_bus
from services.runtime import db as database
from services.runtime import outbox
from services.runtime.bus import Bus
from services.runtime.call import Call, Handler
from services.runtime.db import Database, Tx
from services.runtime.hearing import EventHandler, Subscription
from services.runtime.loops import end
from services.runtime.outbox import Relay
from services.runtime.streams import Consumer
from tests.integration.runtime.words import DoSomething, SomethingDone
from tests.support.clock import SetClock
from tests.support.eventually import PATIENCE, eventually
from tests.support.system import System

EFFECTS = (
    "CREATE TABLE notify.test_effect (thing_id uuid NOT NULL)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON notify.test_effect TO notify",
)
ADD_EFFECT = "INSERT INTO test_effect (thing_id) VALUES ($1)"


class Pieces:
    """booking tells and answers, notify hears, gateway asks: what there is of them is what a test needs."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._kept = contextlib.AsyncExitStack()
        self._loops: list[asyncio.Task[Any]] = []

    async def db(
        self, name: str, *, largest: int = 8, idle: float = database.IDLE_SECONDS, port: int = 0
    ) -> Database:
        url = self.system.database_url(name)
        if port:
            url = url.replace(f":{self.system.postgres.port}/", f":{port}/")
        opened = await database.connect(url, schema=name, largest=largest, idle=idle)
        self._kept.push_async_callback(opened.close)
        return opened

    async def bus(self, name: str) -> Bus:
        """A new connection, as a copy of the service would have."""
        opened = await nats_bus.connect(name, self.system.nats.url(name), self.system.clock)
        self._kept.push_async_callback(opened.close)
        return opened

    async def progress(self) -> ConsumerInfo:
        """How far notify has come in hearing booking, however often one asks."""
        bus = await nats_bus.connect("notify", self.system.nats.url("notify"), self.system.clock)
        try:
            info: ConsumerInfo = await bus.jetstream.consumer_info("BOOKING", "notify-booking")
            return info
        finally:
            await bus.close()

    async def answering(self, handler: Handler) -> Bus:
        """A copy of booking that answers DoSomething with `handler`."""
        bus = await self.bus("booking")
        await bus.serve({DoSomething: handler})
        self._kept.push_async_callback(bus.stop_serving, 0)
        return bus

    def run(self, loop: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(loop)
        self._loops.append(task)
        return task

    def call(
        self, *, seconds: float = PATIENCE, key: str | None = None, actor: Actor | None = None
    ) -> Call:
        now = self.system.clock.now()
        return Call(
            actor=actor or Anyone(),
            now=now,
            deadline=now + timedelta(seconds=seconds),
            request_id=f"test-{uuid4().hex[:8]}",
            key=key,
        )

    def asked(self, *, seconds: float = PATIENCE) -> bytes:
        """DoSomething as it goes over the wire."""
        deadline = self.system.clock.now() + timedelta(seconds=seconds)
        return encode(
            Asked(
                message_id=uuid4(),
                request_id="test",
                deadline_ms=int(deadline.timestamp() * 1000),
                actor=Anyone(),
                body=raw(DoSomething()),
            )
        )

    async def relay(self) -> Relay:
        db, bus = await self.db("booking"), await self.bus("booking")
        url = self.system.database_url("booking")
        return Relay(service="booking", url=url, db=db, bus=bus)

    async def listener(
        self,
        handler: EventHandler,
        *,
        then: Callable[[], None] = lambda: None,
        on_buried: Callable[[Tx], Awaitable[None]] | None = None,
    ) -> Consumer:
        """A copy of notify that hears SomethingDone."""
        subscription = Subscription(
            owner="booking",
            durable="notify-booking",
            handlers={SomethingDone: handler},
            then=then,
            on_buried=on_buried,
        )
        return Consumer(subscription, db=await self.db("notify"), bus=await self.bus("notify"))

    async def tell(self, *events: Event) -> None:
        """The events as booking's facts, each in a transaction of its own. Whether they are spread is
        a relay's business."""
        db = await self.db("booking", largest=2)
        for event in events:

            async def work(tx: Tx, event: Event = event) -> None:
                await outbox.add(tx, event)

            await db.transact(work)

    async def effects(self) -> list[UUID]:
        """What came of the events, in no order."""
        return [row["thing_id"] for row in await self.system.sql("SELECT thing_id FROM notify.test_effect")]

    async def came_of(self, things: list[UUID], *, within: float = PATIENCE) -> None:
        """Each exactly once, and nothing else."""

        async def all_there() -> bool:
            return sorted(await self.effects()) == sorted(things)

        await eventually(all_there, within=within)

    async def stop_loops(self) -> None:
        await end(self._loops)
        await asyncio.gather(*self._loops, return_exceptions=True)  # how each ended is its test's business
        self._loops.clear()

    async def close(self) -> None:
        await self.stop_loops()
        await self._kept.aclose()


async def add_effect(tx: Tx, event: SomethingDone, _: Told | None) -> None:
    await tx.execute(ADD_EFFECT, event.thing_id)


@pytest.fixture(scope="module")
async def calm(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """Servers for a whole file of tests, none of which harms them."""
    name = f"runtime_{uuid4().hex[:8]}"
    server = await asyncpg.connect(postgres.superuser_dsn())
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
    await server.execute(f"GRANT CONNECT ON DATABASE {name} TO booking, rooms, notify, gateway")
    nats = await Nats(tmp_path_factory.mktemp("runtime") / "nats").start()
    yield System(postgres=postgres, database=name, nats=nats, clock=SetClock())
    await nats.stop()
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def pieces(calm: System) -> AsyncIterator[Pieces]:
    """For tests that leave the servers as they found them."""
    together = Pieces(calm)
    yield together
    await together.close()


@pytest.fixture
async def storm(system: System, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pieces]:
    """For tests that need streams of their own, or end and lose what they like."""
    monkeypatch.setattr(outbox, "POLL_SECONDS", 0.1)
    for statement in EFFECTS:
        await system.sql(statement)
    together = Pieces(system)
    yield together
    await together.close()

"""How every service starts and stops. The order is the promise: ready comes last and goes first."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

import structlog
from aiohttp.web import Application

from services.contracts.refusals import Unavailable
from services.runtime import bus as nats_bus
from services.runtime import (
    commands,
    config,
    dead_letters,
    durability,
    inbox,
    letters,
    migrate,
    outbox,
    traces,
)
from services.runtime import db as database
from services.runtime import log as logs
from services.runtime.backlog import LOOK_EVERY, Backlog, Question
from services.runtime.bus import Bus
from services.runtime.call import Handlers
from services.runtime.clock import Clock, SystemClock
from services.runtime.config import Common, SettingsError
from services.runtime.db import Database
from services.runtime.forgetting import forget_all
from services.runtime.hearing import Subscription
from services.runtime.jobs import Job
from services.runtime.loops import end
from services.runtime.measures import MEASURES, PATH, Measures
from services.runtime.streams import Consumer
from services.runtime.web import Health, HttpServer, log_requests

log = structlog.get_logger()

GRACE_SECONDS = 8.0
LEAVE_SECONDS = 2.0

C = TypeVar("C", bound=Common)


@dataclass(frozen=True)
class Parts:
    """What the runtime hands a service to build itself from."""

    name: str
    db: Database
    bus: Bus
    clock: Clock
    measures: Measures = field(default_factory=Measures)


@dataclass(frozen=True)
class Service:
    """What a service is, as far as the runtime must know: what it answers, hears and does by itself.

    `questions` are put to its database for /metrics. That lies beside the health checks, but where
    strangers reach those, at `metrics_port` instead; 0 is nowhere.
    """

    handlers: Handlers = field(default_factory=dict)
    subscriptions: Sequence[Subscription] = ()
    jobs: Sequence[Job] = ()
    questions: Sequence[Question] = ()
    web: Application | None = None
    metrics_port: int | None = None
    on_start: Callable[[], Any] | None = None


Build = Callable[[Parts, C], Service]


def run(name: str, build: Build[C], config_type: type[C]) -> None:
    """Run one service until it is told to stop; `redrive` as an argument handles dead letters again."""
    try:
        settings = config.load(config_type)
        traces.check(settings)
    except SettingsError as error:
        sys.exit(f"{name}: {error}")
    logs.configure(name, settings.log_level)
    task = _redrive(name, settings) if sys.argv[1:] == ["redrive"] else _live(name, build, settings)
    try:
        _loop_run(task)
    except (Unavailable, migrate.MigrationError, durability.NotDurable) as error:
        log.error("service.not_started", reason=str(error))
        sys.exit(1)
    except PartEnded:
        sys.exit(1)
    except Exception:
        log.exception("service.failed")  # the interpreter would print the error's words
        sys.exit(1)


def _loop_run(task: Any) -> None:
    try:
        import uvloop
    except ImportError:  # not on this system: the standard loop does
        asyncio.run(task)
    else:
        uvloop.run(task)


async def _redrive(name: str, settings: Common) -> None:
    db = await database.connect(settings.database_url, schema=name)
    log.info("dead_letters.asked_for", count=await dead_letters.redrive(db))
    await db.close()


async def _live(name: str, build: Build[C], settings: C) -> None:
    asyncio.get_running_loop().set_exception_handler(logs.stray_error)
    living = await start(name, build, settings, SystemClock())
    gc.collect()
    gc.freeze()  # what has been made so far stays: no collection need look at it again
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await living.until(stop)
        await living.leave()
    finally:
        await living.stop()


async def start(name: str, build: Build[C], settings: C, clock: Clock) -> "Living":
    """Database, schema, NATS, the service's own parts, then its loops, then ready."""
    async with contextlib.AsyncExitStack() as undo:
        measures = Measures(name, settings.version)
        db = await database.connect(
            settings.database_url,
            schema=name,
            largest=settings.database_connections,
            measures=measures,
        )
        undo.push_async_callback(db.close)
        telling = traces.begin(name, settings)
        if telling is not None:
            undo.push_async_callback(telling.close)
        bus = await nats_bus.connect(name, settings.nats_url, clock, measures, telling)
        undo.push_async_callback(bus.close)
        await migrate.check(db, name)
        await durability.check(bus)
        service = build(Parts(name=name, db=db, bus=bus, clock=clock, measures=measures), settings)
        health = Health(version=settings.version, checks={"database": db.ping, "nats": bus.ping})
        app = service.web or Application(middlewares=[log_requests])
        health.add_routes(app)
        app[MEASURES] = measures
        inside = app if service.metrics_port is None else Application()
        inside.router.add_get(PATH, measures.tell)
        living = Living(
            name=name,
            db=db,
            bus=bus,
            health=health,
            http=HttpServer(app),
            inside=HttpServer(inside) if service.metrics_port else None,
            service=service,
        )
        undo.push_async_callback(living.stop)
        await living.begin(settings, clock)
        undo.pop_all()
    return living


class PartEnded(Exception):
    """A loop died or NATS closed for good: half a service is none."""


class Living:
    """A running service: its loops, and how they end."""

    def __init__(
        self,
        *,
        name: str,
        db: Database,
        bus: Bus,
        health: Health,
        http: HttpServer,
        inside: HttpServer | None,
        service: Service,
    ) -> None:
        self._name = name
        self._db = db
        self._bus = bus
        self._health = health
        self._http = http
        self._inside = inside
        self._service = service
        self._backlog = Backlog(db, service.questions)
        bus.measures.registry.register(self._backlog)
        self._consumers = [Consumer(item, db=db, bus=bus) for item in service.subscriptions]
        self._jobs = list(service.jobs)
        self._loops: list[asyncio.Task[Any]] = []

    async def begin(self, settings: Common, clock: Clock) -> None:
        relay = outbox.Relay(
            service=self._name,
            url=settings.database_url,
            db=self._db,
            bus=self._bus,
            replicas=settings.nats_replicas,
        )
        self._jobs.append(Job("housekeeping", self._keep_house, every=timedelta(hours=1), clock=clock))
        self._jobs.append(Job("backlog", self._backlog.look, every=LOOK_EVERY, clock=clock))
        if self._service.on_start is not None:
            await self._service.on_start()
        coroutines = [
            self._bus.watch(),
            self._bus.measures.watch_loop(),
            relay.run(),
            *(job.run(after=before) for before, job in pairwise([None, *self._jobs]) if job),
            *(consumer.run() for consumer in self._consumers),
            *(consumer.run_redrive() for consumer in self._consumers),
        ]
        self._loops = [asyncio.create_task(coroutine) for coroutine in coroutines]
        await self._bus.serve({**letters.handlers(self._name, self._db), **self._service.handlers})
        await self._http.start(settings.http_host, settings.http_port)
        if self._inside and self._service.metrics_port:
            await self._inside.start(settings.http_host, self._service.metrics_port)
        self._health.ready = True
        log.info("service.ready")

    async def until(self, stop: asyncio.Event) -> None:
        """Wait to be told, or raise PartEnded."""
        told = asyncio.create_task(stop.wait())
        closed = asyncio.create_task(self._bus.closed.wait())
        done, _ = await asyncio.wait([told, closed, *self._loops], return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        if told in done:
            return
        told.cancel()
        for task in done:
            if task is not closed and (error := task.exception()):
                log.error("loop.died", exc_info=error)
        log.error("service.broken", nats_closed=closed in done)
        raise PartEnded

    async def leave(self) -> None:
        """Say that it goes while it still works, so that whoever asks over HTTP goes elsewhere first.

        A connection that is closed under a request would lose it: nobody may send that again unasked.
        """
        self._health.ready = False
        if self._service.web is not None:
            await asyncio.sleep(LEAVE_SECONDS)

    async def stop(self) -> None:
        """Not ready, take nothing new, finish what is in hand, let go."""
        self._health.ready = False
        log.info("service.stopping")
        await asyncio.gather(
            self._bus.stop_serving(GRACE_SECONDS),
            *(consumer.stop(GRACE_SECONDS) for consumer in self._consumers),
            *(job.stop(GRACE_SECONDS) for job in self._jobs),
            self._http.stop(),
        )
        await end(self._loops)
        if self._inside:
            await self._inside.stop()
        if self._bus.traces is not None:
            await self._bus.traces.close()
        await self._bus.close()
        await self._db.close()
        log.info("service.stopped")

    async def _keep_house(self) -> datetime | None:
        """By the database's clock: what the streams keep, and what a retry may meet, goes by that too."""
        for forget in (
            outbox.forget_old_news,
            inbox.forget_old_news,
            inbox.forget_tries,
            commands.forget_old_keys,
            dead_letters.forget_settled,
        ):
            await forget_all(self._db, forget)
        return None

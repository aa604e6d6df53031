"""A12: a clock that jumps, a worker's or the database's, sends nothing twice, early or never."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.notify import jobs, store
from services.notify.app import build
from services.notify.config import Config
from services.notify.timekeeping import DatabaseTime
from services.runtime import config, main
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours
from tests.prove.a9_reminders import PLAN
from tests.prove.places import a_system
from tests.prove.proof import IN_THE_END, Run
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import a_slot
from tests.support.system import System

STEPS = tuple(timedelta(hours=hours) for hours in (1, -1, -24, 24))
COUNT = 40
STATES = "SELECT state, count(*) AS n FROM notify.message WHERE kind = 'reminder_hour' GROUP BY state"
PRESENT = store.PRESENT


class Workers:
    """Two copies of notify with a clock each, and a mail server that notes when mail came."""

    def __init__(self, system: System, neighbours: Neighbours, room: Mailroom) -> None:
        self.system = system
        self.neighbours = neighbours
        self.room = room
        self.clocks = (SetClock(), SetClock())
        self.due: dict[str, datetime] = {}

    async def plan(self, *, ahead: timedelta) -> None:
        """Reminders due from `ahead` on, over two seconds."""
        now = datetime.now(UTC)
        starts_at = now.replace(microsecond=0) + timedelta(days=3)
        ids = [uuid4() for _ in range(COUNT)]
        moments = [now + ahead + timedelta(seconds=2 * n / COUNT) for n in range(COUNT)]
        for its_id, moment in zip(ids, moments, strict=True):
            address = f"{its_id.hex}@posti.example"
            self.due[address] = moment
            self.neighbours.has(booking_id=its_id, email=address, slot=a_slot(starts_at))
        await self.system.sql(PLAN, ids, moments, starts_at)

    async def came(self, count: int) -> None:
        await eventually(lambda: len(self.room.taken) >= count, within=IN_THE_END)


async def prove(run: Run) -> None:
    steps = run.choose(long=STEPS, short=(STEPS[1], STEPS[3]))
    doubled: list[str] = []
    early: list[str] = []
    missing: list[str] = []
    for whose in ("a worker", "PostgreSQL"):
        for step in steps:
            async with _workers(run) as workers:
                await _one(workers, whose, step)
                times = Counter(mail.to for mail in workers.room.taken)
                case = f"{whose} {step}"
                doubled += [case for to, count in times.items() if count > 1]
                early += [case for mail in workers.room.taken if _is_early(workers, mail)]
                missing += [case for to in _due_now(workers) if to not in times]
    cases = f"{2 * len(steps)} steps of a worker's clock and of PostgreSQL's"
    run.none(f"sent twice, {cases}", doubled)
    run.none(f"sent before its time, {cases}", early)
    run.none(f"never sent, {cases}", missing)


async def _one(workers: Workers, whose: str, step: timedelta) -> None:
    """Some are due now, some in a day: the step makes the one late or the other seem due."""
    await workers.plan(ahead=timedelta(hours=20))
    await workers.plan(ahead=timedelta(seconds=1))
    if whose == "a worker":
        workers.clocks[0].strays_by = step
        await workers.came(COUNT)  # by the other worker
        workers.clocks[0].strays_by = timedelta()
    else:
        store.PRESENT = f"SELECT now() + interval '{step.total_seconds():.0f} seconds'"
        before = len(workers.room.taken)
        await workers.plan(ahead=timedelta(seconds=0))
        await _paused(workers)
        assert len(workers.room.taken) <= before + COUNT
        store.PRESENT = PRESENT
        await workers.came(2 * COUNT)
    await eventually(lambda: _nothing_in_hand(workers), within=IN_THE_END)


async def _paused(workers: Workers) -> None:
    """Nothing more comes for a second: sending rests while clocks contradict each other."""
    before = -1
    while before != len(workers.room.taken):
        before = len(workers.room.taken)
        await asyncio.sleep(1)


async def _nothing_in_hand(workers: Workers) -> bool:
    rows = {row["state"]: row["n"] for row in await workers.system.sql(STATES)}
    return bool(not rows.get("sending") and rows.get("planned", 0) == COUNT)


def _due_now(workers: Workers) -> list[str]:
    soon = datetime.now(UTC) + timedelta(hours=1)
    return [to for to, moment in workers.due.items() if moment < soon]


def _is_early(workers: Workers, mail: Any) -> bool:
    return bool(mail.received_at < workers.due[mail.to] - timedelta(seconds=0.5))


@asynccontextmanager
async def _workers(run: Run) -> AsyncIterator[Workers]:
    room = Mailroom()
    await room.open()
    kept = jobs.LOOK_EVERY
    jobs.LOOK_EVERY = timedelta(seconds=0.2)
    living = []
    try:
        async with a_system(run) as system:
            workers = Workers(system, await Neighbours.move_in(system), room)
            for clock in workers.clocks:
                system.give_port("notify")
                environ = system.environment("notify") | {"DIGIAULA_SMTP_URL": room.url}
                living.append(await main.start("notify", build, config.load(Config, environ), clock))
            try:
                yield workers
            finally:
                for each in living:
                    await each.stop()
    finally:
        jobs.LOOK_EVERY = kept
        store.PRESENT = PRESENT
        await room.close()


async def control(run: Run) -> None:
    """Whoever believes every clock: what is due in a day goes out now."""
    look = DatabaseTime.look

    def believe(self: DatabaseTime, there: datetime) -> bool:
        self._seen = None
        look(self, there)
        self._seen = None
        return True

    DatabaseTime.look = believe  # type: ignore[method-assign]
    try:
        async with _workers(run) as workers:
            await workers.plan(ahead=timedelta(hours=20))
            workers.clocks[0].strays_by = timedelta(days=1)
            with suppress(AssertionError):
                await eventually(lambda: workers.room.taken, within=IN_THE_END)
            early = len(workers.room.taken)
    finally:
        DatabaseTime.look = look  # type: ignore[method-assign]
    run.control("comparing clocks", f"{early} sent before their time", broke=early > 0)

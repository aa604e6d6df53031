"""A4: a restart of PostgreSQL costs seconds, not data."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from time import perf_counter

import asyncpg

from tests.prove.door import NO_ANSWER
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import Journal, residents, under_load
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually

PER_SECOND = 20
CARELESS = (
    "ALTER SYSTEM SET synchronous_commit = off",
    "ALTER SYSTEM SET wal_writer_delay = '10s'",
    "SELECT pg_reload_conf()",
)
SEATS = 20
KEPT = "SELECT count(*) AS n FROM booking.booking WHERE slot_id = $1"
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> 'postgres'"


async def prove(run: Run) -> None:
    restarts = run.choose(long=20, short=1)
    ready_again: list[float] = []
    async with a_fleet(run) as fleet, residents(run, fleet) as journal:
        harm = _restart(run, fleet, restarts, ready_again)
        await under_load(journal, harm, per_second=PER_SECOND, after=run.choose(long=1, short=0.3))
        await fleet.settled()
        run.said("immediate restarts, as many ends of every connection", restarts)
        run.measured("ready again, the slowest", max(ready_again), 15, "s")
        refused(run, journal)
        await journal.compare(run, fleet.system)


async def _restart(run: Run, fleet: Fleet, restarts: int, ready_again: list[float]) -> None:
    for _ in range(restarts):
        await asyncio.sleep(run.chance.uniform(*run.choose(long=(0.5, 4.0), short=(0.5, 1.0))))
        began = perf_counter()
        await _end_at_once(fleet)
        ready_again.append(perf_counter() - began)
        await asyncio.sleep(run.chance.uniform(0.2, 1.0))
        await _terminate(fleet)


async def _end_at_once(fleet: Fleet) -> None:
    """Until another runs in its place, and everybody works with that one."""
    before = fleet.pid("postgres")
    fleet.kill("postgres", signal.SIGQUIT)
    await eventually(lambda: fleet.pid("postgres") != before, within=IN_THE_END)
    await eventually(fleet.all_ready, within=IN_THE_END)


async def _terminate(fleet: Fleet) -> None:
    """End every connection of every service."""
    server = await asyncpg.connect(fleet.postgres.superuser_dsn())
    await server.execute(TERMINATE)
    await server.close()


def refused(run: Run, journal: Journal) -> None:
    """Whoever cannot be served is told so, and when to come again."""
    later = [answer for answer in journal.answers if answer.status == 503]
    run.said("answered 503", len(later))
    run.none("503 without Retry-After", sum(1 for answer in later if not answer.retry_after))
    run.none("left without an answer", sum(1 for answer in journal.answers if answer.status == NO_ANSWER))


async def control(run: Run) -> None:
    """A commit that is answered before it is written."""
    if run.short:
        return  # a fleet of its own
    async with a_fleet(run, services={"booking": 1}) as fleet:
        host = await fleet.house.expert()
        group = await fleet.house.group(host, datetime.now(UTC) + timedelta(days=3), capacity=SEATS)
        server = await asyncpg.connect(fleet.postgres.superuser_dsn())
        for statement in CARELESS:
            await server.execute(statement)
        await server.close()
        await eventually(lambda: _is_careless(fleet), within=IN_THE_END)
        for _ in range(SEATS):
            await fleet.house.book(group.id)
        await _end_at_once(fleet)
        (row,) = await fleet.system.sql(KEPT, group.id)
        lost = SEATS - row["n"]
    run.control("a commit that waits for the disk", f"{lost} of {SEATS} lost", broke=lost > 0)


async def _is_careless(fleet: Fleet) -> bool:
    """Every session has heard of it, those of booking's pool too, when a new one has."""
    (row,) = await fleet.system.sql("SHOW synchronous_commit")
    return bool(row[0] == "off")

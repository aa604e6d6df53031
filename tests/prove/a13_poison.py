"""A13: one bad message cannot stop the rest."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.events import BookingExpired
from services.contracts.letters import ListNotifyDeadLetters, RedriveNotifyDeadLetters
from services.contracts.refusals import Unavailable
from services.notify.config import Config
from services.runtime import config, db, hearing, main
from tests.prove import poisonable
from tests.prove.a6_events import put
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.places import a_system
from tests.prove.poisonable import EXITS, HANGS, RAISES
from tests.prove.proof import IN_THE_END, Run, percentile
from tests.support.eventually import eventually
from tests.support.system import System

KINDS = {RAISES: "raises", HANGS: "hangs", EXITS: "ends the process"}
PER_SECOND = 50
PATIENCE_SECONDS = 5
BESIDE = 20
ENDS_A_SESSION = "idle_in_transaction_session_timeout"
DELAYS = """
    SELECT o.event_id, extract(epoch FROM i.taken_at - o.created_at) AS seconds
    FROM booking.outbox o LEFT JOIN notify.inbox i ON i.event_id = o.event_id
    WHERE o.subject = 'booking.v1.event.booking_expired' AND o.created_at > $1
"""
KNOWN = "SELECT count(*) AS n FROM notify.meeting WHERE booking_id = ANY($1::uuid[])"


async def prove(run: Run) -> None:
    """Notify in two copies hears a thousand events round each poison."""
    kinds, count = run.choose(long=((RAISES, HANGS, EXITS), 1000), short=((RAISES, HANGS), 50))
    flag = run.new_folder() / "poison"
    flag.parent.mkdir(parents=True)
    flag.touch()
    modules = {"notify": "tests.prove.poisonable"}
    services = {"booking": 1, "notify": 2}
    async with a_fleet(run, services=services, modules=modules, POISON=str(flag)) as fleet:
        poisons: list[UUID] = []
        for kind in kinds:
            what = KINDS[kind]
            since = datetime.now(UTC)
            others = await _tell(run, fleet, kind, count, poisons)
            with suppress(AssertionError):
                await eventually(partial(_all_known, fleet, others), within=IN_THE_END)
            unheard = len(others) - await _known(fleet, others)
            run.none(f"one of {count} {what}: others never heard", unheard)
            rows = await fleet.system.sql(DELAYS, since)
            delays = [float(row["seconds"]) for row in rows if row["seconds"] is not None]
            late = percentile(delays, 0.99)
            run.measured(f"one of {count} {what}: the others, p99", late, PATIENCE_SECONDS, "s")
        if run.short:
            return  # parked after four tries and half a minute: in the long form
        letters = await eventually(lambda: _letters(fleet, len(poisons)), within=240)
        run.none("poisons that no coordinator can see", len(poisons) - len(letters))
        flag.unlink()
        await fleet.system.ask(RedriveNotifyDeadLetters(), fleet.house.coordinator)
        await eventually(lambda: _all_known(fleet, poisons), within=IN_THE_END)
        run.none("left after they were driven again", len(await _letters(fleet, 0)))


async def _tell(run: Run, fleet: Fleet, kind: int, count: int, poisons: list[UUID]) -> list[UUID]:
    ids = [_ending_in(0) for _ in range(count)]
    poison = _ending_in(kind)
    poisons.append(poison)
    ids.insert(count // 3, poison)
    for start in range(0, len(ids), PER_SECOND // 10):
        await put(fleet.system, [_news(each) for each in ids[start : start + PER_SECOND // 10]])
        await asyncio.sleep(0.1)
    return [each for each in ids if each != poison]


def _ending_in(last: int) -> UUID:
    return UUID(int=(uuid4().int >> 16 << 16) | last)


def _news(booking_id: UUID) -> BookingExpired:
    starts_at = datetime.now(UTC) + timedelta(days=2)
    return BookingExpired(
        booking_id=booking_id,
        slot_id=uuid4(),
        host_id=uuid4(),
        kind=SlotKind.APPOINTMENT,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        time_zone="Europe/Helsinki",
        version=1,
        link_version=1,
        sequence=0,
    )


async def _all_known(fleet: Fleet, ids: list[UUID]) -> bool:
    return await _known(fleet, ids) == len(ids)


async def _known(fleet: Fleet, ids: list[UUID]) -> int:
    (row,) = await fleet.system.sql(KNOWN, ids)
    return int(row["n"])


async def _letters(fleet: Fleet, at_least: int) -> list[Any]:
    try:
        found = await fleet.system.ask(ListNotifyDeadLetters(), fleet.house.coordinator)
    except Unavailable as error:
        raise AssertionError("both copies are just dying of it") from error
    assert len(found.items) >= at_least, f"{len(found.items)} of {at_least}"
    return found.items


async def control(run: Run) -> None:
    """Without an end to what a handler may take, those beside the one that hangs wait with it, longer than
    it takes all of them to be heard where there is one."""
    async with _one_hangs(run) as left:
        began = perf_counter()
        await eventually(lambda: _none(left), within=IN_THE_END)
        took = perf_counter() - began
    kept = hearing.BATCH_SECONDS, hearing.HANDLE_SECONDS, vars(db)["_server_settings"]
    vars(hearing).update(BATCH_SECONDS=600, HANDLE_SECONDS=600)
    vars(db)["_server_settings"] = lambda schema: kept[2](schema) | {ENDS_A_SESSION: "0"}
    try:
        async with _one_hangs(run) as left:
            await asyncio.sleep(took + 1)
            waiting = await left()
    finally:
        vars(hearing).update(BATCH_SECONDS=kept[0], HANDLE_SECONDS=kept[1])
        vars(db)["_server_settings"] = kept[2]
    what = f"{waiting} of {BESIDE} not heard when with it all have been, {took:.1f} s"
    run.control("an end to what a handler may take", what, broke=waiting > 0)


async def _none(left: Callable[[], Awaitable[int]]) -> bool:
    return await left() == 0


@asynccontextmanager
async def _one_hangs(run: Run) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Notify hears of one that hangs and others, all of which have come at one moment: how many of the
    others are not heard yet."""
    flag = run.new_folder() / "poison"
    flag.parent.mkdir(parents=True)
    flag.touch()
    os.environ["DIGIAULA_POISON"] = str(flag)
    others = [_ending_in(0) for _ in range(BESIDE)]
    try:
        async with a_system(run) as system:

            async def left() -> int:
                return BESIDE - int((await system.sql(KNOWN, others))[0]["n"])

            await system.start("booking")
            await put(system, [_news(each) for each in [_ending_in(HANGS), *others]])
            await eventually(lambda: _all_told(system), within=IN_THE_END)
            system.give_port("notify")
            settings = config.load(Config, system.environment("notify"))
            living = await main.start("notify", poisonable.build, settings, system.clock)
            try:
                yield left
            finally:
                flag.unlink()
                await living.stop()
    finally:
        del os.environ["DIGIAULA_POISON"]


async def _all_told(system: System) -> bool:
    return not await system.sql("SELECT 1 FROM booking.outbox WHERE published_at IS NULL")

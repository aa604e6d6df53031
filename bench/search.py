"""Looking for a free time among those of a thousand hosts in half a year."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from bench.figures import Figure, beside
from bench.load import as_fast_as_it_goes, request
from bench.stage import ROUNDS, add_times, system
from services.booking.service.appointments.searching import find_slots
from services.booking.service.deps import Deps
from services.booking.store.directory import catalogue
from services.contracts.booking.catalogue import FindSlots
from services.contracts.envelope import Anyone
from services.runtime import db as database
from services.runtime.call import Call
from tests.support.stack import Stack

HOSTS, WEEKS, A_WEEK = 1000, 26, 10
SHOWN = 100
EACH_ROUND = 60


async def measure() -> list[Figure]:
    async with system() as stack:
        await add_times(stack, hosts=HOSTS, each=WEEKS * A_WEEK, begins="2 days", every="1000 minutes")
        bare, ours, through = [], [], []
        fetch, find = await _fetching(stack), await _finding(stack)
        for _ in range(ROUNDS):
            bare.append(await _median(fetch))
            ours.append(await _median(find))
            through.append(await _through(stack))
    said = f"{SHOWN} of {HOSTS * WEEKS * A_WEEK:,} free times"
    limit = "the same rows fetched"
    return [
        beside(
            "free-slot search in booking, p50",
            ours,
            bare,
            unit="ms",
            limit=limit,
            target=1.1,
            less=True,
            said=said,
        ),
        beside(
            "… and through the gateway, p50", through, bare, unit="ms", limit=limit, target=2.5, less=True
        ),
    ]


def _wanted() -> FindSlots:
    now = datetime.now(UTC)
    return FindSlots(from_at=now, to_at=now + timedelta(weeks=WEEKS), theme="digineuvonta", limit=SHOWN)


async def _fetching(stack: Stack) -> Callable[[], Awaitable[Any]]:
    connection = await asyncpg.connect(stack.state["database"], server_settings={"search_path": "booking"})

    class Straight:
        """The statement with nothing around it: as a transaction, it only fetches."""

        async def fetch(self, sql: str, *args: Any) -> list[Any]:
            self.asked = sql, args
            return []

    straight: Any = Straight()
    await catalogue.free_slots(
        straight, _wanted(), now=datetime.now(UTC), after=(None, None), limit=SHOWN + 1
    )
    sql, args = straight.asked
    return lambda: connection.fetch(sql, *args)


async def _finding(stack: Stack) -> Callable[[], Awaitable[Any]]:
    db = await database.connect(stack.state["database"], schema="booking")
    deps = Deps(
        zone=ZoneInfo("Europe/Helsinki"),
        confirm_first=False,
        hold=timedelta(hours=1),
        link_life=timedelta(days=7),
    )

    async def find() -> None:
        now = datetime.now(UTC)
        call = Call(
            actor=Anyone(), now=now, deadline=now + timedelta(seconds=5), request_id="bench", key=None
        )
        found = await db.glance(lambda tx: find_slots(tx, _wanted(), call, deps))
        assert len(found.items) == SHOWN

    return find


async def _median(work: Callable[[], Awaitable[Any]]) -> float:
    took = []
    for _ in range(EACH_ROUND):
        began = time.perf_counter()
        await work()
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


async def _through(stack: Stack) -> float:
    asked = request(f"{stack.gateway}/api/v1/slots?theme=digineuvonta&limit={SHOWN}")
    seen = await as_fast_as_it_goes(stack.gateway, iter([asked] * EACH_ROUND), seconds=30, connections=1)
    return median(seen.only(b"200").took)

"""Loops that know when they are next needed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from services.contracts.refusals import Unavailable
from services.runtime import jobs
from services.runtime.jobs import Job
from tests.support.clock import SetClock
from tests.support.eventually import eventually

LONG = timedelta(hours=1)


class Work:
    """Counts its runs and answers with what it was told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.due: datetime | None = None
        self.fails_with: list[Exception] = []
        self.began: Callable[[], Any] = int
        self.before: Callable[[], Awaitable[Any]] | None = None

    async def __call__(self) -> datetime | None:
        self.runs += 1
        self.began()
        if self.before:
            await self.before()
        if self.fails_with:
            raise self.fails_with.pop(0)
        due, self.due = self.due, None
        return due


class Running:
    def __init__(self) -> None:
        self.work = Work()
        self.clock = SetClock()
        self.task: asyncio.Task[None] | None = None

    def start(self, *, every: timedelta = LONG) -> Job:
        job = Job("a-job", self.work, every=every, clock=self.clock)
        self.task = asyncio.create_task(job.run())
        return job


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    started = Running()
    yield started
    if started.task:
        started.task.cancel()
        await asyncio.gather(started.task, return_exceptions=True)


async def test_it_runs_at_once_and_then_rests(running: Running) -> None:
    running.start()

    await eventually(lambda: running.work.runs == 1)
    for _ in range(5):
        await asyncio.sleep(0)
    assert running.work.runs == 1


async def test_it_runs_at_least_so_often(running: Running) -> None:
    running.start(every=timedelta(milliseconds=10))

    await eventually(lambda: running.work.runs >= 3)


async def test_it_runs_when_it_asked_to(running: Running) -> None:
    began = monotonic()
    running.work.due = datetime.now(UTC) + timedelta(milliseconds=50)
    running.start()

    await eventually(lambda: running.work.runs == 2)

    assert monotonic() - began >= 0.04


async def test_what_is_overdue_runs_at_once(running: Running) -> None:
    running.work.due = datetime(2020, 1, 1, tzinfo=UTC)
    running.start()

    await eventually(lambda: running.work.runs == 2)


async def test_it_runs_when_woken(running: Running) -> None:
    job = running.start()
    await eventually(lambda: running.work.runs == 1)

    job.wake()

    await eventually(lambda: running.work.runs == 2)


async def test_a_call_while_it_works_is_not_missed(running: Running) -> None:
    """What became due after the look at the table and before the rest must not wait for the next hour."""
    looked, go_on = asyncio.Event(), asyncio.Event()
    runs = 0

    async def work() -> datetime | None:
        nonlocal runs
        runs += 1
        looked.set()
        await go_on.wait()
        return None

    job = Job("a-job", work, every=LONG, clock=running.clock)
    running.task = asyncio.create_task(job.run())
    await looked.wait()

    job.wake()
    go_on.set()

    await eventually(lambda: runs == 2)


async def test_a_server_that_is_away_is_waited_for(running: Running) -> None:
    running.work.fails_with = [Unavailable()]
    running.start()

    await eventually(lambda: running.work.runs == 2)


async def test_a_bug_ends_the_loop(running: Running) -> None:
    running.work.fails_with = [ZeroDivisionError()]
    running.start()
    assert running.task

    with pytest.raises(ZeroDivisionError):
        await running.task


async def test_the_next_one_first_looks_when_the_one_before_has_even_in_vain(running: Running) -> None:
    first, looking, there = running.start(), asyncio.Event(), asyncio.Event()
    running.work.fails_with = [Unavailable("away")]
    second = Work()
    running.work.before = there.wait
    running.work.began = looking.set

    task = asyncio.create_task(Job("next", second, every=LONG, clock=running.clock).run(after=first))
    await looking.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    assert second.runs == 0

    there.set()
    await eventually(lambda: second.runs == 1)
    task.cancel()


async def test_a_first_look_that_does_not_end_holds_up_nobody_for_ever(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "FIRST_LOOK_SECONDS", 0.01)
    running.work.before = asyncio.Event().wait
    second = Work()

    first = running.start()
    task = asyncio.create_task(Job("next", second, every=LONG, clock=running.clock).run(after=first))

    await eventually(lambda: second.runs == 1)
    assert running.work.runs == 1
    task.cancel()

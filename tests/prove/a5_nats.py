"""A5: NATS lost, frozen or heard one way only: there is a quick clear answer, and nothing is done late."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import perf_counter
from typing import Literal, cast
from uuid import uuid4

from services.contracts.envelope import Anyone
from services.contracts.refusals import Unavailable
from services.runtime.call import Call
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import Journal, residents, under_load
from tests.prove.places import a_house
from tests.prove.proof import IN_THE_END, Run, percentile
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, a_booking

PER_SECOND = 10  # those who were told to come again do so, and add to it
DEADLINE = timedelta(seconds=6.25)  # of which a quarter passes before the gateway sets it
CREATED = "SELECT email, created_at FROM booking.booking"
OWED = "SELECT 1 FROM notify.message WHERE state IN ('planned', 'sending') AND due_at <= now() LIMIT 1"
WIRED = ("gateway-1", "booking-1")
Harm = Callable[[Run, Fleet], Awaitable[None]]


async def prove(run: Run) -> None:
    async with (
        a_fleet(run) as fleet,
        residents(run, fleet, changes=0, longest_pause=run.choose(long=5, short=1)) as journal,
    ):
        for what, harm in _harms(run).items():
            before = len(journal.answers)
            await under_load(
                journal, harm(run, fleet), per_second=PER_SECOND, after=run.choose(long=1, short=0.3)
            )
            began = perf_counter()
            await eventually(lambda: _drained(fleet), within=IN_THE_END)
            run.measured(f"{what}: queue drained", perf_counter() - began, 30, "s")
            _judge(run, what, journal, before)
        run.none("commands carried out after their deadline", await _late(journal, fleet))
        await journal.compare(run, fleet.system)


def _harms(run: Run) -> dict[str, Harm]:
    seconds = run.choose(long=60.0, short=2.0)
    harms: dict[str, Harm] = {"NATS killed": _kill, f"NATS frozen {seconds:g} s": _freeze(seconds)}
    if not run.short:
        for name in WIRED:
            for way in ("there", "back"):
                harms[f"{name.partition('-')[0]} cut off, {way}"] = _hold(name, way, 20)
    return harms


async def _kill(run: Run, fleet: Fleet) -> None:
    for _ in range(run.choose(long=5, short=1)):
        fleet.kill("nats")
        await asyncio.sleep(run.chance.uniform(*run.choose(long=(0.5, 3), short=(0.3, 0.6))))


def _freeze(seconds: float) -> Harm:
    async def freeze(_: Run, fleet: Fleet) -> None:
        fleet.kill("nats", signal.SIGSTOP)
        await asyncio.sleep(seconds)
        fleet.kill("nats", signal.SIGCONT)

    return freeze


def _hold(name: str, way: str, seconds: float) -> Harm:
    async def hold(_: Run, fleet: Fleet) -> None:
        fleet.cables[name].hold(cast(Literal["there", "back"], way))
        await asyncio.sleep(seconds)
        fleet.cables[name].release()

    return hold


def _judge(run: Run, what: str, journal: Journal, before: int) -> None:
    """How long those waited who were told to come again."""
    waited = [answer.seconds for answer in journal.answers[before:] if not answer.is_definite]
    run.measured(f"{what}: {len(waited)} errors, p99", percentile(waited, 0.99), 1.5, "s")


async def _drained(fleet: Fleet) -> bool:
    return await fleet.all_ready() and await fleet.news_spread() and not await fleet.system.sql(OWED)


async def _late(journal: Journal, fleet: Fleet) -> list[str]:
    """Bookings made at a moment when none of their requests was alive."""
    made = {row["email"]: row["created_at"] for row in await fleet.system.sql(CREATED)}
    return [
        wish.email
        for wish in journal.wishes
        if wish.email in made
        and not any(a.sent_at <= made[wish.email] <= a.sent_at + DEADLINE for a in wish.answers)
    ]


async def control(run: Run) -> None:
    """A command without a deadline: whoever asked has long been told no when it is carried out."""
    async with a_house(run) as house:
        slot = await house.slot(await house.expert(), A_TUESDAY + timedelta(days=1))
        bus = await house.system.bus("gateway")
        now = house.system.clock.now()
        call = Call(
            actor=Anyone(), now=now, deadline=now + timedelta(hours=1), request_id="x", key=str(uuid4())
        )
        house.system.nats.freeze()
        with contextlib.suppress(TimeoutError, Unavailable):
            async with asyncio.timeout(0.5):
                await bus.call(a_booking(slot.id), call)
        house.system.nats.thaw()
        try:
            await eventually(lambda: house.system.sql("SELECT 1 FROM booking.booking"), within=IN_THE_END)
            late = 1
        except AssertionError:
            late = 0
        run.control("a deadline in the command", f"{late} carried out late", broke=late == 1)

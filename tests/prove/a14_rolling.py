"""A14: a new release is rolled out and no work is dropped."""

import asyncio
import signal
from collections import Counter
from time import perf_counter

from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import residents, under_load
from tests.prove.proof import Run
from tests.support.eventually import eventually
from tests.support.processes import is_alive

PER_SECOND = 20
COPIES = 2
AT_MOST_SECONDS = 240
CONTROL_ROLLS = 2


async def prove(run: Run) -> None:
    """Two copies of every service; one copy of each is replaced, then the other, again and again."""
    rolls = run.choose(long=20, short=1)
    ends: list[float] = []
    async with a_fleet(run, copies=COPIES, own=True) as fleet, residents(run, fleet) as journal:
        await under_load(journal, _roll(fleet, rolls, ends), per_second=PER_SECOND)
        await fleet.settled()
        run.said("rolling restarts, processes replaced", f"{len(ends) // 4 // COPIES}, {len(ends)}")
        failed = [answer.what for answer in journal.answers if not answer.is_definite]
        counted = ", ".join(f"{count} × {what}" for what, count in Counter(failed).items())
        run.holds(f"failed writes of {len(journal.answers)}", counted or 0, "0", not failed)
        run.measured("from SIGTERM to the end, the slowest", max(ends), 15, "s")
        stopping = sum(1 for line in fleet.logs() if '"service.stopping"' in line)
        stopped = sum(1 for line in fleet.logs() if '"service.stopped"' in line)
        run.none("told to stop and cut off", stopping - stopped)
        await journal.compare(run, fleet.system)


async def _roll(fleet: Fleet, rolls: int, ends: list[float], how: signal.Signals = signal.SIGTERM) -> None:
    end = perf_counter() + AT_MOST_SECONDS
    while len(ends) < rolls * 4 * COPIES and perf_counter() < end:
        for number in range(COPIES):
            names = [names[number] for names in fleet.names.values()]
            ends += await asyncio.gather(*(_replace(fleet, name, how) for name in names))
            await eventually(fleet.all_ready, within=30)


async def _replace(fleet: Fleet, name: str, how: signal.Signals) -> float:
    """Tell it to stop; the supervisor starts the next. How long the stopping took."""
    pid, began = fleet.pid(name), perf_counter()
    fleet.kill(name, how)
    await eventually(lambda: not is_alive(pid), within=30)
    took = perf_counter() - began
    await eventually(lambda: fleet.ready(name), within=30)
    return took


async def control(run: Run) -> None:
    """Ended at once instead of being told: what was in hand is not answered."""
    async with a_fleet(run, copies=COPIES, own=True) as fleet, residents(run, fleet) as journal:
        await under_load(
            journal, _roll(fleet, CONTROL_ROLLS, [], how=signal.SIGKILL), per_second=PER_SECOND
        )
        failed = sum(not answer.is_definite for answer in journal.answers)
    run.control("time to finish", f"{failed} failed writes of {len(journal.answers)}", broke=failed > 0)

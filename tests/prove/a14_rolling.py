"""A14: a new release is rolled out and no work is dropped."""

import asyncio
import signal
from collections import Counter
from time import perf_counter

from tests.prove.door import NO_ANSWER, Door
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import FREE, Journal, residents, under_load
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.processes import is_alive

COPIES = 2
AT_MOST_SECONDS = 240
IN_HAND = 10


async def prove(run: Run) -> None:
    """Two copies of every service; one copy of each is replaced, then the other, again and again."""
    rolls, per_second = run.choose(long=(20, 20), short=(1, 10))
    ends: list[float] = []
    async with a_fleet(run, copies=COPIES) as fleet, residents(run, fleet) as journal:
        await under_load(journal, _roll(fleet, rolls, ends), per_second=per_second)
        await fleet.settled()
        run.said("rolling restarts, processes replaced", f"{len(ends) // 4 // COPIES}, {len(ends)}")
        _judge(run, journal)
        run.measured("from SIGTERM to the end, the slowest", max(ends), 15, "s")
        stopping = sum(1 for line in fleet.logs() if '"service.stopping"' in line)
        stopped = sum(1 for line in fleet.logs() if '"service.stopped"' in line)
        run.none("told to stop and cut off", stopping - stopped)
        await journal.compare(run, fleet.system)


def _judge(run: Run, journal: Journal) -> None:
    """In the short form a full machine may say "later", and may be too slow to be a proxy: one that hears
    of a leaving copy when it has left cannot know where not to go."""
    failed = [answer for answer in journal.answers if not answer.is_definite]
    if run.short:
        run.said("told to come again", sum(bool(answer.retry_after) for answer in failed))
        failed = [
            each
            for each in failed
            if not each.retry_after and not (each.status == NO_ANSWER and journal.was_blind(each))
        ]
    counted = ", ".join(f"{count} × {what}" for what, count in Counter(a.what for a in failed).items())
    run.holds(f"failed writes of {len(journal.answers)}", counted or 0, "0", not failed)


async def _roll(fleet: Fleet, rolls: int, ends: list[float]) -> None:
    end = perf_counter() + AT_MOST_SECONDS
    while len(ends) < rolls * 4 * COPIES and perf_counter() < end:
        for number in range(COPIES):
            names = [names[number] for names in fleet.names.values()]
            ends += await asyncio.gather(*(_replace(fleet, name) for name in names))
            await eventually(fleet.all_ready, within=IN_THE_END)


async def _replace(fleet: Fleet, name: str, how: signal.Signals = signal.SIGTERM) -> float:
    """Tell it to stop; the supervisor starts the next. How long the stopping took."""
    pid, began = fleet.pid(name), perf_counter()
    fleet.kill(name, how)
    await eventually(lambda: not is_alive(pid), within=IN_THE_END)
    took = perf_counter() - began
    await eventually(lambda: fleet.pid(name) != pid, within=IN_THE_END)
    await eventually(lambda: fleet.ready(name), within=IN_THE_END)
    return took


async def control(run: Run) -> None:
    """Ended at once instead of being told: what was in hand is not answered."""
    async with a_fleet(run, copies=COPIES) as fleet, residents(run, fleet):
        told = await _unanswered(fleet, signal.SIGTERM)
        at_once = await _unanswered(fleet, signal.SIGKILL)
    what = f"{at_once} of {IN_HAND} in hand never answered, {told} with it"
    run.control("time to finish", what, broke=at_once > 0 and told == 0)


async def _unanswered(fleet: Fleet, how: signal.Signals) -> int:
    """Booking stands while some press, until every gateway is being ended."""
    free = [row["id"] for row in await fleet.system.sql(FREE)]
    door = Door(fleet.gateways, fleet.host, timeout=60)
    for name in fleet.names["booking"]:
        fleet.kill(name, signal.SIGSTOP)
    try:
        pressing = [asyncio.create_task(_press(door, slot_id)) for slot_id in free[:IN_HAND]]
        await asyncio.sleep(0.5)
        ending = [asyncio.create_task(_replace(fleet, name, how)) for name in fleet.names["gateway"]]
        await asyncio.sleep(0.1)
    finally:
        for name in fleet.names["booking"]:
            fleet.kill(name, signal.SIGCONT)
    unanswered = [status for status in await asyncio.gather(*pressing) if status == NO_ANSWER]
    await asyncio.gather(*ending)
    await door.close()
    await fleet.settled()
    return len(unanswered)


async def _press(door: Door, slot_id: object) -> int:
    body = {
        "slot_id": str(slot_id),
        "display_name": "Kielo",
        "email": "kielo@posti.example",
        "consent": True,
    }
    return (await door.ask("POST", "/bookings", body, key=f"press-{slot_id}")).status

"""A9: every due reminder is sent, whatever the mail server does and whoever dies."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.integration.notify.neighbours import Neighbours
from tests.prove.bad_mail import BadMailServer
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.proof import IN_THE_END, Run, percentile
from tests.support.eventually import eventually
from tests.support.facts import a_slot

WORKERS = 3
SHORT_KILLS = 2
PLAN = """
    INSERT INTO notify.message (id, kind, about, occasion, booking_id, starts_at, due_at, not_after,
                                give_up_at, next_try_at)
    SELECT gen_random_uuid(), 'reminder_hour', id, 0, id, $3, due, $3,
        $3::timestamptz - interval '10 minutes', due
    FROM unnest($1::uuid[], $2::timestamptz[]) AS planned(id, due)
"""
OWED = (
    "SELECT 1 FROM notify.message WHERE kind = 'reminder_hour' AND state IN ('planned', 'sending') LIMIT 1"
)
UNTRIED = "SELECT 1 FROM notify.message WHERE kind = 'reminder_hour' AND state = 'planned' AND attempts = 0"
IN_HAND = "SELECT about FROM notify.message WHERE kind = 'reminder_hour' AND state = 'sending'"
LEASES_END = "UPDATE notify.message SET next_try_at = now() WHERE about = ANY($1) AND state = 'sending'"
LOST = "SELECT 1 FROM notify.message WHERE about = ANY($1) AND state = 'sending' AND next_try_at <= now()"


class Reminders:
    """Those that are owed, by the receiver's address."""

    def __init__(self, run: Run, fleet: Fleet, server: BadMailServer, neighbours: Neighbours) -> None:
        self.run = run
        self.fleet = fleet
        self.server = server
        self.due: dict[str, datetime] = {}
        self.kills = 0
        self.in_hand: set[str] = set()  # when somebody was killed
        self._neighbours = neighbours
        self._address: dict[UUID, str] = {}

    @classmethod
    async def planned(
        cls, run: Run, fleet: Fleet, server: BadMailServer, count: int, spread: float
    ) -> "Reminders":
        here = cls(run, fleet, server, await Neighbours.move_in(fleet.system))
        await here.plan(count, spread)
        return here

    async def plan(self, count: int, spread: float) -> None:
        now = datetime.now(UTC)
        starts_at = now.replace(microsecond=0) + timedelta(hours=1)
        slot = a_slot(starts_at)
        chance = self.run.chance
        moments = [now + timedelta(seconds=3 + chance.uniform(0, spread)) for _ in range(count)]
        ids = [uuid4() for _ in range(count)]
        for its_id, moment in zip(ids, moments, strict=True):
            address = f"asukas{len(self.due)}@posti.example"
            self._neighbours.has(booking_id=its_id, email=address, slot=slot)
            self.due[address] = moment
            self._address[its_id] = address
        await self.fleet.system.sql(PLAN, ids, moments, starts_at)

    async def kill_one(self) -> None:
        self.kills += self.fleet.kill(self.run.chance.choice(self.fleet.names["notify"]))
        self.in_hand |= set(await self.those(IN_HAND))

    async def those(self, statement: str) -> list[str]:
        return [self._address[row["about"]] for row in await self.fleet.system.sql(statement)]

    async def none(self, statement: str) -> bool:
        return not await self.fleet.system.sql(statement)

    async def in_order(self) -> bool:
        """All came but those that the server itself did not want yet or at all, and nobody is at it."""
        server = self.server
        came = {to for to, _, _ in server.taken}
        return self.due.keys() <= came | server.refused | server.put_off and await self.none(IN_HAND)


async def prove(run: Run) -> None:
    """Three workers, one killed every five seconds; reminders due over a minute. In the short form one is
    killed whenever there is something in hand, twice."""
    count, spread, slow = run.choose(long=(10_000, 60.0, 0.0), short=(60, 2.0, 0.2))
    server = BadMailServer(run.chance, slow=slow)
    try:
        async with a_fleet(run, services={"notify": WORKERS}, smtp=await server.open()) as fleet:
            reminders = await Reminders.planned(run, fleet, server, count, spread)
            await eventually(lambda: server.taken, within=IN_THE_END)
            await (_kill_some(reminders) if run.short else _kill_until(reminders, within=285.0))
            over, within = run.choose(
                long=(lambda: reminders.none(OWED), 30), short=(reminders.in_order, IN_THE_END)
            )
            with suppress(AssertionError):  # judged as missed
                await eventually(over, within=within)
            _judge(run, reminders)
    finally:
        server.close()


async def _kill_until(reminders: Reminders, *, within: float) -> None:
    """One worker every five seconds, as long as any reminder is owed."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while loop.time() < end and not await reminders.none(OWED):
        await asyncio.sleep(5)
        await reminders.kill_one()


async def _kill_some(reminders: Reminders) -> None:
    async def in_hand_or_over() -> bool:
        return bool(await reminders.those(IN_HAND)) or await reminders.in_order()

    for _ in range(SHORT_KILLS):
        await eventually(in_hand_or_over, within=IN_THE_END)
        await reminders.kill_one()
        await asyncio.sleep(1)


def _judge(run: Run, reminders: Reminders) -> None:
    due, server, kills = reminders.due, reminders.server, reminders.kills
    took: dict[str, float] = {}
    times: Counter[str] = Counter()
    ids: dict[str, set[str]] = {}
    for to, message_id, at in server.taken:
        if to in due:
            took.setdefault(to, (at - due[to]).total_seconds())
            times[to] += 1
            ids.setdefault(to, set()).add(message_id)
    cut, put_off = set(server.cut), server.put_off - took.keys()
    run.said("reminders, killed workers, cuts", f"{len(due)}, {kills}, {len(server.cut)}")
    run.none("sent before they were due", sum(1 for seconds in took.values() if seconds < -0.5))
    doubled = {to for to, count in times.items() if count > 1}
    run.none("came twice, not cut and not in hand at a kill", doubled - reminders.in_hand - cut)
    if not run.short:
        doubles, most = sum(count - 1 for count in times.values()), kills + len(server.cut)
        run.holds(
            f"came twice, {kills} kills, {len(server.cut)} cuts", doubles, f"≤ {most}", doubles <= most
        )
    run.none("came twice under another Message-ID", [to for to, known in ids.items() if len(known) > 1])
    missed = set(due) - set(took) - server.refused - (put_off if run.short else set())
    beside = f"{len(server.refused)} refused for good, {len(put_off)} put off"
    run.none(f"missed of {len(due)}, {beside}", missed)
    run.measured("from due to taken, p95", percentile(list(took.values()), 0.95), 60, "s")
    run.measured("from due to taken, the slowest", max(took.values()), 300, "s")


async def control(run: Run) -> None:
    """Without the lease, workers that live take each other's messages; with a claim that never ends, what
    a killed one had in hand goes to nobody."""
    without = (("lease", "came twice", _doubled), ("taking over", "went to nobody", _left_behind))
    founds = await asyncio.gather(*(_unguarded(run, guard, find) for guard, _, find in without))
    for (guard, what, _), found in zip(without, founds, strict=True):
        run.control(guard, f"{found} {what}", broke=found > 0)


async def _unguarded(run: Run, guard: str, find: Callable[[Reminders], Awaitable[int]]) -> int:
    server = BadMailServer(run.chance, slow=0.5)
    try:
        async with a_fleet(
            run,
            services={"notify": 2},
            modules={"notify": "tests.prove.unguarded"},
            smtp=await server.open(),
            WITHOUT=guard,
        ) as fleet:
            return await find(await Reminders.planned(run, fleet, server, 40, 1.0))
    finally:
        server.close()


async def _doubled(reminders: Reminders) -> int:
    """Nobody is killed, and those that were cut off do not count."""

    async def doubles() -> int:
        taken = Counter(to for to, _, _ in reminders.server.taken if to in reminders.due)
        return sum(1 for to, times in taken.items() if times > 1 and to not in reminders.server.cut)

    with suppress(AssertionError):
        await eventually(doubles, within=IN_THE_END)
    return await doubles()


async def _left_behind(reminders: Reminders) -> int:
    """All die with something in hand, and its leases end. Whoever comes after them does what became due
    later, and has not taken that over."""
    fleet = reminders.fleet
    await eventually(lambda: fleet.system.sql(IN_HAND), within=IN_THE_END)
    before = {name: fleet.pid(name) for name in fleet.names["notify"]}
    for name in before:
        fleet.kill(name)
    held = [row["about"] for row in await fleet.system.sql(IN_HAND)]
    await fleet.system.sql(LEASES_END, held)
    await eventually(lambda: all(fleet.pid(name) != pid for name, pid in before.items()), within=IN_THE_END)
    await reminders.plan(10, 0.0)
    await eventually(lambda: reminders.none(UNTRIED), within=IN_THE_END)
    return len(await fleet.system.sql(LOST, held))

"""Several copies of every service, three NATS servers: whichever process is lost, the others carry on."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import UUID

from deploy.embedded.environment import SERVICES
from services.contracts.refusals import Unavailable
from services.runtime.bus import Bus
from tests.prove.door import NO_ANSWER, Answer
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import Journal, residents, under_load
from tests.prove.places import a_system
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.nats_cluster import SERVERS, NatsCluster, a_cluster, insisted
from tests.support.system import System

PER_SECOND = 10
OVER_WITHIN = 10  # seconds; who was on their way to what died hears of it at their deadline, after six
HEARD_WITHIN = 15
STREAM = "BOOKING"


@dataclass(frozen=True)
class Loss:
    """What was ended, when, and when it was ready again."""

    name: str
    at: datetime
    was_door: bool

    def was_under_way(self, answer: Answer) -> bool:
        """A request of which this moment was a part. The clock is read a little before the signal."""
        ended = answer.sent_at + timedelta(seconds=answer.seconds)
        return answer.sent_at <= self.at + timedelta(seconds=1) and ended >= self.at


@dataclass
class Losses:
    all: list[Loss] = field(default_factory=list)
    back: list[float] = field(default_factory=list)

    def told_later(self, answers: list[Answer]) -> dict[str, float]:
        """For each loss, how long after it somebody was last told to come again."""
        last: dict[str, float] = {}
        for number, loss in enumerate(self.all):
            until = (
                self.all[number + 1].at if number + 1 < len(self.all) else datetime.max.replace(tzinfo=UTC)
            )
            ends = [a.sent_at + timedelta(seconds=a.seconds) for a in answers if not a.is_definite]
            here = [(end - loss.at).total_seconds() for end in ends if loss.at <= end < until]
            last[f"{number + 1} {loss.name}"] = max(here, default=0.0)
        return last


async def prove(run: Run) -> None:
    """Each in turn ends as in a crash, the leader of the streams among them, while residents book."""
    of_each = run.choose(
        long=dict.fromkeys(SERVICES, 3), short={"booking": 2, "rooms": 1, "notify": 1, "gateway": 2}
    )
    losses = Losses()
    async with (
        a_fleet(run, services=of_each, clustered=True) as fleet,
        residents(run, fleet) as journal,
    ):
        bus = await fleet.system.bus("booking")
        await under_load(
            journal,
            _lose(run, fleet, bus, losses),
            per_second=PER_SECOND,
            after=run.choose(long=1, short=0.3),
        )
        repaired = perf_counter()
        await fleet.settled()
        run.said(
            f"copies of each service, NATS servers, processes lost under {PER_SECOND}/s",
            f"{of_each['booking']}, {SERVERS}, {len(losses.all)}",
        )
        run.measured("all news spread, after the last loss", perf_counter() - repaired, 60, "s")
        _judge(run, journal, losses)
        again = [line for line in fleet.logs() if '"stream.replaced"' in line or '"stream.drifted"' in line]
        run.none("streams that were found cut short or otherwise", again)
        await journal.compare(run, fleet.system)


def _judge(run: Run, journal: Journal, losses: Losses) -> None:
    later = [answer for answer in journal.answers if not answer.is_definite]
    unheard = [answer for answer in later if answer.status == NO_ANSWER]
    run.said(f"told to come again, of {len(journal.answers)}", len(later))
    run.none(
        "without Retry-After",
        [answer.status for answer in later if answer.status != NO_ANSWER and not answer.retry_after],
    )
    doors = [loss for loss in losses.all if loss.was_door]
    run.none(
        f"without an answer, besides the {len(unheard)} in hand at a gateway that died",
        [a.sent_at for a in unheard if not any(loss.was_under_way(a) for loss in doors)],
    )
    told = losses.told_later(journal.answers)
    worst = max(told, key=lambda name: told[name])
    run.measured(f"writes go through again, the slowest ({worst})", told[worst], OVER_WITHIN, "s")
    run.measured("what was lost is ready again, the slowest", max(losses.back), 60, "s")


async def _lose(run: Run, fleet: Fleet, bus: Bus, losses: Losses) -> None:
    services = [name for names in fleet.names.values() for name in names if len(names) > 1]
    run.chance.shuffle(services)
    for name in [
        *services[: run.choose(long=len(services), short=1)],
        "",
        *run.choose(long=["", ""], short=[]),
    ]:
        name = name or await _leader(fleet, bus)
        began = perf_counter()
        losses.all.append(Loss(name, datetime.now(UTC), name.startswith("gateway")))
        pid = fleet.pid(name)
        fleet.kill(name)
        await eventually(lambda: fleet.pid(name) != pid, within=IN_THE_END)  # noqa: B023 - awaited at once
        await eventually(lambda: _healthy(fleet), within=IN_THE_END)
        losses.back.append(perf_counter() - began)
        await asyncio.sleep(run.chance.uniform(1, 2))


async def _healthy(fleet: Fleet) -> bool:
    return await fleet.all_ready() and await fleet.news_spread()


async def _leader(fleet: Fleet, bus: Bus) -> str:
    assert isinstance(fleet.nats, NatsCluster)
    cluster = fleet.nats
    return await eventually(lambda: cluster.leader(bus, STREAM), within=IN_THE_END)


async def control(run: Run) -> None:
    """Streams kept by one of the three servers: with that one away, news stands still."""
    if run.short:
        return  # a quarter of a minute in which nothing happens
    folder = run.new_folder()
    async with a_cluster(folder) as cluster, a_system(run) as system:
        alone, system.nats = system.nats, cluster
        try:
            system.clock.set(A_TUESDAY)
            await system.start("booking", "rooms", NATS_REPLICAS="1")
            house = await insisted(lambda: House.build(system))
            host = await house.expert()
            slots = [await house.slot(host, A_TUESDAY + timedelta(days=day)) for day in (1, 2)]
            await house.book(slots[0].id)
            bus = await system.bus("booking")
            await eventually(lambda: system.sql("SELECT 1 FROM rooms.place"), within=30)
            keeper = await eventually(lambda: cluster.leader(bus, STREAM), within=30)
            await cluster.servers[keeper].kill()
            await eventually(lambda: _books(house, slots[1].id), within=30)
            stood_still = await _stands_still(system)
        finally:
            await system.stop()
            system.nats = alone
    run.control("replicas", "news stands still" if stood_still else "news arrives", broke=stood_still)


async def _books(house: House, slot_id: UUID) -> bool:
    try:
        await house.book(slot_id, key="the-same")
    except Unavailable:
        return False
    return True


async def _stands_still(system: System) -> bool:
    try:
        await eventually(lambda: _two_places(system), within=HEARD_WITHIN)
    except AssertionError:
        return True
    return False


async def _two_places(system: System) -> bool:
    return len(await system.sql("SELECT 1 FROM rooms.place")) == 2

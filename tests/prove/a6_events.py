"""A6: events reach every consumer, each effect exactly once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID, uuid4

import asyncpg

from services.contracts.envelope import Event, Told, encode, raw
from services.runtime import config, inbox, main
from services.runtime.config import Common
from tests.prove import stand_in
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.places import a_system
from tests.prove.proof import IN_THE_END, Run
from tests.prove.stand_in import SERVICES, ToldByBooking, ToldByRooms
from tests.support.eventually import eventually
from tests.support.system import System

MODULES = {name: f"tests.prove.stand_in {name}" for name in SERVICES}
PUT = """
    INSERT INTO {}.outbox (event_id, subject, body)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
"""
EFFECTS = "SELECT count(*) AS n FROM {}.test_effect"
WRONG = """
    SELECT thing_id, count(e.thing_id) AS times FROM unnest($1::uuid[]) AS thing_id
    LEFT JOIN {}.test_effect e USING (thing_id) GROUP BY thing_id HAVING count(e.thing_id) <> 1
"""
OF_EACH = 1000


async def prove(run: Run) -> None:
    """Booking's news goes to two consumers, rooms' to a third; relays, consumers and NATS die meanwhile."""
    rounds, wanted = run.choose(long=(40, 10), short=(2, 1))
    kills: list[bool] = []
    restarts: list[bool] = []
    async with a_fleet(run, services=dict.fromkeys(SERVICES, 2), modules=MODULES) as fleet:
        for statement in stand_in.TABLES:
            await fleet.system.sql(statement)
        by_booking: list[UUID] = []
        by_rooms: list[UUID] = []
        pause = run.choose(long=3.0, short=0.0)  # so that there is news for as long as there is harm
        telling = asyncio.create_task(_tell(fleet, rounds, pause, by_booking, by_rooms))
        while not telling.done() or len(restarts) < wanted:
            await asyncio.sleep(run.chance.uniform(*run.choose(long=(2, 4), short=(0.5, 1))))
            if len(kills) % 4 == 3 and len(restarts) < wanted:
                restarts += [fleet.kill("nats")]
            kills += [fleet.kill(run.chance.choice([n for names in fleet.names.values() for n in names]))]
        await telling
        repaired = perf_counter()
        await eventually(lambda: _all_came(fleet, by_booking, by_rooms), within=IN_THE_END)
        told, effects = len(by_booking) + len(by_rooms), 2 * len(by_booking) + len(by_rooms)
        run.said(
            "events, effects, kills, restarts of NATS", f"{told}, {effects}, {sum(kills)}, {sum(restarts)}"
        )
        run.measured("all effects are there, after the last harm", perf_counter() - repaired, 60, "s")
        for name in SERVICES:
            things = by_rooms if name == "booking" else by_booking
            run.none(f"not done exactly once by {name}", await fleet.system.sql(WRONG.format(name), things))


async def _tell(
    fleet: Fleet, rounds: int, pause: float, by_booking: list[UUID], by_rooms: list[UUID]
) -> None:
    for _ in range(rounds):
        for kind, into, count in (
            (ToldByBooking, by_booking, OF_EACH),
            (ToldByRooms, by_rooms, OF_EACH // 2),
        ):
            things = [uuid4() for _ in range(count)]
            await put(fleet.system, [kind(thing_id=thing) for thing in things])
            into += things
        await asyncio.sleep(pause)


async def put(system: System, events: Sequence[Event]) -> None:
    """Into the outbox of their owner, as its transactions would."""
    ids = [uuid4() for _ in events]
    bodies = [
        encode(Told(event_id=its_id, at=datetime.now(UTC), body=raw(event)))
        for its_id, event in zip(ids, events, strict=True)
    ]
    owner = events[0].subject.partition(".")[0]
    server = await asyncpg.connect(system.database_url(owner))
    await server.execute(PUT.format(owner), ids, [event.subject for event in events], bodies)
    await server.close()


async def _all_came(fleet: Fleet, by_booking: list[UUID], by_rooms: list[UUID]) -> bool:
    wanted = {"rooms": len(by_booking), "notify": len(by_booking), "booking": len(by_rooms)}
    for name, count in wanted.items():
        (row,) = await fleet.system.sql(EFFECTS.format(name))
        if row["n"] < count:
            return False
    return True


async def control(run: Run) -> None:
    """A consumer that does not remember: what comes twice is done twice."""
    remembered = inbox.first_time, inbox.first_times

    async def always(*_: object) -> bool:
        return True

    async def all_of_them(_: object, __: str, event_ids: Sequence[UUID]) -> set[UUID]:
        return set(event_ids)

    async with a_system(run) as system:
        for statement in stand_in.TABLES:
            await system.sql(statement)
        inbox.first_time = always  # type: ignore[assignment]
        inbox.first_times = all_of_them  # type: ignore[assignment]
        try:
            living = []
            for name in ("booking", "notify"):
                system.give_port(name)
                settings = config.load(Common, system.environment(name))
                living.append(await main.start(name, stand_in.build, settings, system.clock))
            thing = uuid4()
            await put(system, [ToldByBooking(thing_id=thing)])
            await eventually(lambda: system.sql("SELECT 1 FROM notify.test_effect"), within=IN_THE_END)
            (row,) = await system.sql("SELECT subject, body FROM booking.outbox")
            bus = await system.bus("booking")
            await bus.jetstream.publish(row["subject"], row["body"])
            await eventually(lambda: _heard(system, 2), within=IN_THE_END)
        finally:
            inbox.first_time, inbox.first_times = remembered
            for each in living:
                await each.stop()
        (row,) = await system.sql(EFFECTS.format("notify"))
        run.control("the inbox", f"{row['n']} effects of one event", broke=row["n"] > 1)


async def _heard(system: System, times: int) -> bool:
    bus = await system.bus("notify")
    info = await bus.jetstream.consumer_info("BOOKING", "notify-booking")
    return bool(info.ack_floor and info.ack_floor.stream_seq >= times)

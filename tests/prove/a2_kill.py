"""A2: a booking we confirmed is never lost or doubled, whichever process is killed when."""

import asyncio
from datetime import timedelta
from functools import partial

from services.runtime import commands
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import residents, under_load
from tests.prove.places import a_house
from tests.prove.proof import Run
from tests.support.house import A_TUESDAY

PER_SECOND = 20
FORGETFUL = "SELECT $1::text || $2::text IS NOT NULL AND $3::bytea IS NOT NULL"
SERVICES = ("booking", "rooms", "notify", "gateway")


async def prove(run: Run) -> None:
    """Random processes are killed outright while residents book, move, cancel and repeat by key."""
    kills = run.choose(long=100, short=4)
    async with a_fleet(run, copies=2) as fleet, residents(run, fleet) as journal:
        await under_load(
            journal,
            kill_some(run, fleet, kills),
            per_second=PER_SECOND,
            after=run.choose(long=1, short=0.3),
        )
        await fleet.settled()
        run.said("processes killed outright", kills)
        await journal.compare(run, fleet.system)


async def kill_some(run: Run, fleet: Fleet, kills: int) -> None:
    names = [name for service in SERVICES for name in fleet.names[service]]
    while kills:
        kills -= fleet.kill(run.chance.choice(names))
        await asyncio.sleep(run.chance.uniform(*run.choose(long=(1.5, 2.7), short=(0.3, 0.8))))


async def control(run: Run) -> None:
    """A key that is not remembered: the repetition of an answer that was lost books a second time."""
    async with a_house(run) as house:
        host = await house.expert()
        group = await house.group(host, A_TUESDAY + timedelta(hours=3), capacity=10)
        claim, commands.CLAIM_KEY = commands.CLAIM_KEY, FORGETFUL
        try:
            ask = partial(house.book, group.id, key="the-same")
            ids = {(await ask()).id for _ in range(2)}
        finally:
            commands.CLAIM_KEY = claim
        run.control("the memory of keys", f"{len(ids)} bookings of one key", broke=len(ids) > 1)

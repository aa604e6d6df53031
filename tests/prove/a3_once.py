"""A3: pressing the button twice books once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.runtime import commands
from tests.prove.door import Door
from tests.prove.journal import invariants
from tests.prove.places import a_house
from tests.prove.proof import Run
from tests.support.house import A_TUESDAY, House

PRESSES = 20
FORGETFUL = "SELECT $1::text || $2::text IS NOT NULL AND $3::bytea IS NOT NULL"
BOOKED = "SELECT count(*) AS n FROM booking.booking WHERE slot_id = $1"


async def prove(run: Run) -> None:
    rounds = run.choose(long=50, short=3)
    async with a_house(run, "rooms", "gateway", LIMITS="off") as house:
        door = _door(house)
        host = await house.expert()
        bookings, bodies, others, replays = [], [], [], []
        for number in range(rounds):
            slot = await house.group(host, A_TUESDAY + timedelta(days=3, hours=number), capacity=PRESSES)
            key = f"{run.chance.getrandbits(64):016x}"
            answers = await _press(door, slot.id, key)
            if await _booked(house, slot.id) != 1:
                bookings.append(number)
            if len({str(answer) for answer in answers}) != 1 or answers[0][0] != 201:
                bodies.append(number)
            other = await door.ask(
                "POST", "/bookings", _body(slot.id) | {"display_name": "Toinen"}, key=key
            )
            if other.status != 422:
                others.append(other.status)
            replays.append((slot.id, key, answers[0]))
        house.system.clock.advance(timedelta(hours=23))
        late = [
            slot_id for slot_id, key, first in replays if (await _press(door, slot_id, key, 1))[0] != first
        ]
        run.none(f"booked other than once by {PRESSES} presses, {rounds} rounds", bookings)
        run.none("answers that differ among the twenty", bodies)
        run.none("the same key for something else, not answered 422", others)
        run.none("a replay 23 hours later that differs", late)
        await invariants(run, house.system)
        await door.close()


async def control(run: Run) -> None:
    claim, commands.CLAIM_KEY = commands.CLAIM_KEY, FORGETFUL
    try:
        async with a_house(run, "rooms", "gateway", LIMITS="off") as house:
            door = _door(house)
            slot = await house.group(await house.expert(), A_TUESDAY + timedelta(days=3), capacity=PRESSES)
            await _press(door, slot.id, "the-same")
            count = await _booked(house, slot.id)
            await door.close()
    finally:
        commands.CLAIM_KEY = claim
    run.control("the memory of keys", f"{count} bookings", broke=count > 1)


def _door(house: House) -> Door:
    address = house.system.http("gateway")
    return Door([address], address.removeprefix("http://"))


def _body(slot_id: UUID) -> dict[str, Any]:
    return {
        "slot_id": str(slot_id),
        "display_name": "Kielo",
        "email": "kielo@posti.example",
        "language": "fi",
        "consent": True,
    }


async def _press(door: Door, slot_id: UUID, key: str, times: int = PRESSES) -> list[tuple[int, Any]]:
    presses = (door.ask("POST", "/bookings", _body(slot_id), key=key) for _ in range(times))
    return [(answer.status, answer.body) for answer in await asyncio.gather(*presses)]


async def _booked(house: House, slot_id: UUID) -> int:
    count: int = (await house.system.sql(BOOKED, slot_id))[0]["n"]
    return count

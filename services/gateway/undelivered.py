"""What did not get through, gathered from its owners: messages that failed, news that was given up."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from msgspec import Struct

from services.contracts.letters import LISTS, REDRIVES, DeadLetter, DeadLetters, Redriven
from services.contracts.refusals import Unavailable
from services.gateway.door import Door
from services.runtime.call import Call


class OwnersLetters(Struct, frozen=True, kw_only=True):
    """One service's dead letters: the oldest, and how many there are; `away` when it does not answer."""

    service: str
    away: bool = False
    count: int = 0
    items: Sequence[DeadLetter] = ()


async def dead_letters(door: Door, call: Call) -> list[OwnersLetters]:
    """Of every service that hears news. One that is away hides no other's."""
    return list(await asyncio.gather(*(_of(door, call, service) for service in LISTS)))


async def redrive(door: Door, call: Call, service: str, letter_ids: Sequence[int]) -> int:
    """Have them handled once more, all of the service's with none named; returns how many."""
    asked: Any = REDRIVES[service](letter_ids=list(letter_ids))
    return cast(Redriven, await door.bus.call(asked, call)).count


async def _of(door: Door, call: Call, service: str) -> OwnersLetters:
    asked: Any = LISTS[service]()
    try:
        found: DeadLetters = await door.bus.call(asked, call)
    except Unavailable:
        return OwnersLetters(service=service, away=True)
    return OwnersLetters(service=service, count=found.count, items=found.items)

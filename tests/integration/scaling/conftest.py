"""Two copies of what is in a resident's way, over the same servers."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.copies import Copies, second_copies
from tests.support.house import A_TUESDAY, House
from tests.support.system import System
from tests.support.visitor import Visitor


class Both:
    """One doorstep, and the address of each copy of the gateway behind it."""

    def __init__(self, doorstep: Doorstep, copies: Copies) -> None:
        self.doorstep = doorstep
        self.system = doorstep.system
        self.house = doorstep.house
        self.copies = copies
        self.a = self.system.http("gateway")
        self.b = copies.http("gateway")

    async def with_notify(self) -> None:
        """Only where it is looked at: it would take the sign-in links that a test takes."""
        await self.system.start("notify")
        await self.copies.start("notify")

    async def a_meeting(self) -> tuple[Any, Any, Visitor, str]:
        """Booked at A, with its room open."""
        host = await self.house.expert()
        slot = await self.house.slot(host, self.system.clock.now() + timedelta(hours=3))
        resident = await self.doorstep.visitor()
        made = await resident.post("/bookings", a_booking(slot.id))
        assert made.status == 201
        self.system.clock.set(slot.starts_at - timedelta(minutes=10))
        return host, slot, resident, "/t/" + made.json["manage_url"].rpartition("/")[2]


@pytest.fixture
async def both(system: System) -> AsyncIterator[Both]:
    system.clock.set(A_TUESDAY)
    in_the_way = ("booking", "rooms", "gateway")
    await system.start(*in_the_way)
    async with second_copies(system, *in_the_way) as copies, AsyncExitStack() as stack:
        yield Both(Doorstep(system, await House.build(system), stack), copies)

"""Rooms running, with a neighbour that tells and answers what booking would."""

from datetime import datetime, timedelta

import msgspec
import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Resident, Staff, Told
from services.contracts.rooms import Join, Joined
from tests.integration.rooms.neighbour import ABooking, ASlot, Booking
from tests.support.clock import SetClock
from tests.support.system import System

NOON = datetime.fromisoformat("2027-03-02T10:00:00+00:00")


@pytest.fixture
async def booking(system: System) -> Booking:
    neighbour = Booking(system, await system.bus("booking"))
    await neighbour.declare_stream()
    return neighbour


@pytest.fixture
async def rooms(system: System, booking: Booking, clock: SetClock) -> "Rooms":
    """Started an hour before noon, the hour of the meeting; booking is not there unless it answers."""
    clock.set(NOON - timedelta(hours=1))
    await system.start("rooms", ROOM_OPENS_MINUTES="15", ROOM_CLOSES_MINUTES="30")
    return Rooms(system, booking, clock)


class Rooms:
    """What tests do with rooms, in the words of the people who do it."""

    def __init__(self, system: System, booking: Booking, clock: SetClock) -> None:
        self.system = system
        self.booking = booking
        self.clock = clock

    async def a_meeting(self, kind: SlotKind = SlotKind.APPOINTMENT, *, open_now: bool = True) -> ABooking:
        """A confirmed booking at noon, which rooms has heard of."""
        booked = ABooking(slot=ASlot(starts_at=NOON, kind=kind))
        await self.booking.tell(booked.confirmed())
        if open_now:
            self.clock.set(NOON)
        return booked

    async def another_in(self, booked: ABooking) -> ABooking:
        other = ABooking(slot=booked.slot)
        await self.booking.tell(other.confirmed())
        return other

    async def host_joins(self, booked: ABooking, host: Staff | None = None) -> Joined:
        return await self.system.ask(
            Join(slot_id=booked.slot.id, display_name="Aino"), host or booked.slot.host
        )

    async def resident_joins(self, who: ABooking | Resident, name: str = "Vieras") -> Joined:
        resident = who.resident if isinstance(who, ABooking) else who
        return await self.system.ask(Join(display_name=name), resident)

    async def news(self) -> list[str]:
        """What rooms has announced, in order."""
        rows = await self.system.sql("SELECT subject FROM rooms.outbox ORDER BY id")
        return [row["subject"].rpartition(".")[2] for row in rows]

    async def told(self) -> list[Told]:
        rows = await self.system.sql("SELECT body FROM rooms.outbox ORDER BY id")
        return [msgspec.json.decode(row["body"], type=Told) for row in rows]

    async def attendance(self) -> list[tuple[str, str]]:
        rows = await self.system.sql("SELECT source, what FROM rooms.attendance ORDER BY at, id")
        return [(row["source"], row["what"]) for row in rows]

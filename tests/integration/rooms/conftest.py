"""Rooms running, with a neighbour that tells and answers what booking would."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from aiohttp import ClientSession

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE
from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Resident, Staff, Told
from services.contracts.rooms import (
    AskForHelp,
    Here,
    Join,
    Joined,
    Leave,
    ListPresence,
    Look,
    RemoveParticipant,
    RoomView,
)
from tests.integration.rooms.jitsi import Jitsi
from tests.integration.rooms.neighbour import ABooking, ASlot, Booking
from tests.support.clock import SetClock
from tests.support.system import System

NOON = datetime.fromisoformat("2027-03-02T10:00:00+00:00")


class Rooms:
    """What tests do with rooms, in the words of the people who do it. Every test has its own meetings."""

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

    async def host_joins(self, booked: ABooking, host: Staff | None = None, name: str = "Aino") -> Joined:
        host = host or booked.slot.host
        return await self.system.ask(Join(slot_id=booked.slot.id, display_name=name), host)

    async def resident_joins(self, who: ABooking | Resident, name: str = "Vieras") -> Joined:
        resident = who.resident if isinstance(who, ABooking) else who
        return await self.system.ask(Join(display_name=name), resident)

    async def resident_asks_for_help(self, booked: ABooking) -> RoomView:
        return await self.system.ask(AskForHelp(), booked.resident)

    async def resident_looks(self, booked: ABooking) -> RoomView:
        return await self.system.ask(Look(), booked.resident)

    async def host_looks(self, booked: ABooking) -> RoomView:
        return await self.system.ask(Look(slot_id=booked.slot.id), booked.slot.host)

    async def leaves(self, booked: ABooking) -> None:
        await self.system.ask(Leave(), booked.resident)

    async def removes(self, booked: ABooking, *, by: Staff | None = None, back: bool = False) -> None:
        request = RemoveParticipant(slot_id=booked.slot.id, booking_id=booked.id, back=back)
        await self.system.ask(request, by or booked.slot.host)

    async def presence(self, booked: ABooking) -> dict[UUID, Here]:
        listed = await self.system.ask(ListPresence(slot_id=booked.slot.id), booked.slot.host)
        return {here.who_id: here for here in listed.items}

    async def news(self, booked: ABooking) -> list[str]:
        """What rooms has announced of this meeting, in order."""
        heard = "SELECT subject, body FROM rooms.outbox ORDER BY id"
        return [
            row["subject"].rpartition(".")[2]
            for row in await self.system.sql(heard)
            if _slot_of(row["body"]) == booked.slot.id
        ]

    async def attendance(self, booked: ABooking) -> list[tuple[str, str]]:
        """Who saw what of this meeting, in order."""
        seen = (
            "SELECT source, what FROM rooms.attendance JOIN rooms.participant USING (participant_id)"
            " WHERE slot_id = $1 ORDER BY at, id"
        )
        return [(row["source"], row["what"]) for row in await self.system.sql(seen, booked.slot.id)]


def _slot_of(body: bytes) -> UUID:
    told = msgspec.json.decode(body, type=Told)
    return UUID(msgspec.json.decode(told.body)["slot_id"])


@pytest.fixture(scope="module")
async def shared(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rooms]:
    """One system for a file of tests: starting rooms takes longer than most of them."""
    name = f"rooms_{uuid4().hex[:8]}"
    server = await asyncpg.connect(postgres.superuser_dsn())
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
    await server.execute(f"GRANT CONNECT ON DATABASE {name} TO rooms, booking")
    nats = await Nats(tmp_path_factory.mktemp("rooms") / "nats").start()
    clock = SetClock()
    system = System(postgres=postgres, database=name, nats=nats, clock=clock)
    booking = Booking(system, await system.bus("booking"))
    await booking.declare_stream()
    await system.start("rooms", ROOM_OPENS_MINUTES="15", ROOM_CLOSES_MINUTES="30")
    yield Rooms(system, booking, clock)
    await system.stop()
    await nats.stop()
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def rooms(shared: Rooms) -> AsyncIterator[Rooms]:
    """An hour before noon, the hour of every meeting. Booking does not answer unless it is told to."""
    shared.clock.set(NOON - timedelta(hours=1))
    shared.booking.asked.clear()
    yield shared
    await shared.booking.go_away()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def jitsi(rooms: Rooms, http: ClientSession) -> Jitsi:
    return Jitsi(rooms.system, rooms.clock, http)

"""Builders that speak the domain: a house with a coordinator, experts, hours and residents."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.contracts.booking.appointments import Book, Booked
from services.contracts.booking.catalogue import AddOrganisation, FindSlots, FreeSlot, SlotKind
from services.contracts.booking.people import AddPerson
from services.contracts.booking.receptions import AddReception, Hours, Published
from services.contracts.booking.slots import AddSlot, HostSlot
from services.contracts.envelope import Resident, Role, Staff
from tests.support.system import System

ZONE = ZoneInfo("Europe/Helsinki")
A_TUESDAY = datetime(2027, 2, 2, 7, 0, tzinfo=UTC)
"""Nine in the morning in Helsinki, in winter, on no holiday."""


@dataclass(frozen=True)
class House:
    """A system with people in it. `booking` must run."""

    system: System
    coordinator: Staff
    organisation_id: UUID
    _numbers: "count[int]"

    @classmethod
    async def build(cls, system: System) -> "House":
        rows = await system.sql("SELECT id FROM booking.person WHERE role = 'coordinator'")
        coordinator = Staff(person_id=rows[0]["id"], role=Role.COORDINATOR)
        organisation = await system.ask(
            AddOrganisation(name="Savon Arkiapu ry"), coordinator, key=str(uuid4())
        )
        return cls(system, coordinator, organisation.id, count(1))

    async def expert(self, **differs: Any) -> Staff:
        number = next(self._numbers)
        wanted: dict[str, Any] = {
            "email": f"asiantuntija{number}@digiaula.example",
            "display_name": f"Neuvoja {number}",
            "role": Role.EXPERT,
            "organisation_id": self.organisation_id,
            "languages": ["fi"],
        } | differs
        person = await self.system.ask(AddPerson(**wanted), self.coordinator, key=str(uuid4()))
        return Staff(person_id=person.id, role=person.role, organisation_id=person.organisation_id)

    async def hours(self, host: Staff, **differs: Any) -> Published:
        """Publish weekly hours: Tuesdays 13–16, 45 minutes and 15 in between, unless it differs."""
        return await self.system.ask(AddReception(hours=hours(**differs)), host, key=str(uuid4()))

    async def slot(self, host: Staff, starts_at: datetime, **differs: Any) -> HostSlot:
        """A single time of 45 minutes."""
        wanted: dict[str, Any] = {
            "theme": "digineuvonta",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=45),
            "languages": ["fi"],
        } | differs
        return await self.system.ask(AddSlot(**wanted), host, key=str(uuid4()))

    async def group(self, host: Staff, starts_at: datetime, capacity: int) -> HostSlot:
        return await self.slot(host, starts_at, kind=SlotKind.GROUP, capacity=capacity)

    async def free(self, **filters: Any) -> list[FreeSlot]:
        now = self.system.clock.now()
        wanted: dict[str, Any] = {
            "from_at": now,
            "to_at": now + timedelta(days=90),
            "limit": 100,
        } | filters
        return (await self.system.ask(FindSlots(**wanted))).items

    async def book(self, slot_id: UUID, *, key: str | None = None, **differs: Any) -> Booked:
        return await self.system.ask(a_booking(slot_id, **differs), key=key or str(uuid4()))


def hours(**differs: Any) -> Hours:
    wanted: dict[str, Any] = {
        "theme": "digineuvonta",
        "weekday": 2,
        "starts": time(13),
        "ends": time(16),
        "slot_minutes": 45,
        "gap_minutes": 15,
        "valid_from": date(2026, 1, 1),
        "languages": ["fi"],
    } | differs
    return Hours(**wanted)


def a_booking(slot_id: UUID, **differs: Any) -> Book:
    wanted: dict[str, Any] = {
        "slot_id": slot_id,
        "display_name": "Kielo",
        "email": "kielo@posti.example",
    } | differs
    return Book(**wanted)


def resident(booking: Booked) -> Resident:
    return Resident(booking_id=booking.id, link_version=booking.link_version)

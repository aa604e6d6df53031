"""Groups of a house, and those who enrol in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.booking.jobs import Jobs
from services.booking.service.deps import Deps
from services.contracts.booking.appointments import Companion, CompanionKind
from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import DescribeEnrolment, Enrol, Enrolled, MyGroup
from services.contracts.booking.groups import AddGroup, ChangeGroup
from services.contracts.booking.slots import AddSlot
from services.contracts.envelope import Resident, Staff
from services.runtime import db
from tests.support.clock import SetClock
from tests.support.house import A_TUESDAY, ZONE, House

DAY = timedelta(days=1)
FRIEND = Companion(display_name="Bea", email="bea@posti.example", comes_as=CompanionKind.CLOSE_PERSON)


@dataclass(frozen=True)
class Circle:
    """A group with its sessions, led by `host`."""

    house: House
    id: UUID
    host: Staff
    sessions: Sequence[UUID]

    @classmethod
    async def build(
        cls, house: House, *starts: datetime, capacity: int = 2, host: Staff | None = None, **differs: Any
    ) -> "Circle":
        """An open group with a session tomorrow, unless it differs; each lasts an hour."""
        leads = host or await house.expert()
        wanted: dict[str, Any] = {
            "name": Words("Omaiset", "Anhöriga", "Carers"),
            "description": Words("Vertaistukea.", "Stöd.", "Support."),
            "open": True,
            "theme": "omaishoito",
            "organisation_id": house.organisation_id,
            "languages": ["fi"],
            "capacity": capacity,
            "facilitators": [leads.person_id],
        } | differs
        group = await house.system.ask(AddGroup(**wanted), house.coordinator, key=str(uuid4()))
        sessions = []
        for starts_at in starts or (A_TUESDAY + DAY,):
            wish = AddSlot(
                theme="omaishoito",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                languages=["fi"],
                group_id=group.id,
            )
            sessions.append((await house.system.ask(wish, leads, key=str(uuid4()))).id)
        return cls(house, group.id, leads, sessions)

    async def enrol(self, session: int | None = 0, *, key: str | None = None, **differs: Any) -> Enrolled:
        """In one session by its number, or in all of them."""
        wanted: dict[str, Any] = {
            "group_id": self.id,
            "slot_id": None if session is None else self.sessions[session],
            "display_name": "Kielo",
            "email": "kielo@posti.example",
        } | differs
        return await self.house.system.ask(Enrol(**wanted), key=key or str(uuid4()))

    async def taken(self, session: int = 0) -> int:
        rows = await self.house.system.sql(
            "SELECT taken FROM booking.slot WHERE id = $1", self.sessions[session]
        )
        taken: int = rows[0]["taken"]
        return taken

    async def set_capacity(self, capacity: int) -> None:
        change = ChangeGroup(
            group_id=self.id,
            name=Words("Omaiset", "Anhöriga", "Carers"),
            description=Words("Vertaistukea.", "Stöd.", "Support."),
            theme="omaishoito",
            organisation_id=self.house.organisation_id,
            languages=["fi"],
            capacity=capacity,
            facilitators=[self.host.person_id],
        )
        await self.house.system.ask(change, self.house.coordinator)


def bearer(enrolled: Enrolled) -> Resident:
    return Resident(booking_id=enrolled.booking_id, link_version=enrolled.link_version)


async def look(house: House, enrolled: Enrolled) -> MyGroup:
    return await house.system.ask(DescribeEnrolment(booking_id=enrolled.booking_id), bearer(enrolled))


async def let_time_pass(house: House) -> None:
    """What the service's jobs do about offers, waits and holds, now rather than within seconds."""
    system = house.system
    database = await db.connect(system.database_url("booking"), schema="booking", largest=2)
    deps = Deps(zone=ZONE, confirm_first=False, hold=timedelta(hours=1), link_life=timedelta(days=7))
    jobs = Jobs(database, deps, system.clock)
    try:
        while await _work_left(jobs, system.clock):
            pass
    finally:
        await database.close()


async def _work_left(jobs: Jobs, clock: SetClock) -> bool:
    following = [await jobs.expire_holds(), await jobs.expire_offers(), await jobs.end_waits()]
    return any(moment is not None and moment <= clock.now() for moment in following)

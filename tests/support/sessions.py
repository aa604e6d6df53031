"""Groups with sessions and those who lead them, as they lie in booking's tables."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec

from services.booking.jobs import Jobs
from services.booking.service.deps import Deps
from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.groups import AddGroup, Staffing
from services.contracts.booking.staffing import Duty, GetDuty
from services.contracts.envelope import Event, Role, Staff, Told
from services.runtime import db
from services.runtime.db import Database
from tests.support.house import ZONE, House

E = TypeVar("E", bound=Event)

THEME = "vertaistuki"
NAME = Words("Sairastuneiden ryhmä", "Grupp för insjuknade", "Group for those who fell ill")
ADD_SESSION = """
    INSERT INTO booking.slot (id, kind, host_id, theme_id, group_id, starts_at, ends_at, local_start,
                              time_zone, languages, capacity, bookable_until, created_at, staffing)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'Europe/Helsinki', '{fi}', $9, $7, $10, $11)
"""


async def a_group(house: House, *facilitators: Staff, **differs: Any) -> UUID:
    """An open group into whose sessions one enrols one by one."""
    usual: dict[str, Any] = {
        "name": NAME,
        "description": NAME,
        "open": True,
        "theme": THEME,
        "organisation_id": house.organisation_id,
        "languages": ["fi"],
        "capacity": 10,
        "facilitators": [each.person_id for each in facilitators],
    }
    return (await house.system.ask(AddGroup(**usual | differs), house.coordinator, key=str(uuid4()))).id


async def a_session(
    house: House,
    group_id: UUID,
    host: Staff,
    starts_at: datetime,
    staffing: Staffing = Staffing.ACCEPTED,
    *,
    capacity: int = 10,
) -> UUID:
    """An hour of the group, with nobody asked yet, however it is staffed."""
    slot_id = uuid4()
    await house.system.sql(
        ADD_SESSION,
        slot_id,
        SlotKind.GROUP,
        host.person_id,
        THEME,
        group_id,
        starts_at,
        starts_at + timedelta(hours=1),
        starts_at.astimezone(ZONE).replace(tzinfo=None),
        capacity,
        house.system.clock.now(),
        staffing,
    )
    return slot_id


async def a_volunteer(house: House, **differs: Any) -> Staff:
    """Trained, and with the theme and the language of the sessions here."""
    usual = {"role": Role.VOLUNTEER, "trained": True, "themes": [THEME]}
    return await house.expert(**usual | differs)


async def duty_of(house: House, slot_id: UUID, actor: Staff) -> Duty:
    return await house.system.ask(GetDuty(slot_id=slot_id), actor)


async def news(house: House, event: type[E]) -> list[E]:
    """What booking has told so far of one kind, in order."""
    rows = await house.system.sql(
        "SELECT body FROM booking.outbox WHERE subject = $1 ORDER BY id", event.subject
    )
    told = [msgspec.json.decode(row["body"], type=Told) for row in rows]
    return [msgspec.json.decode(each.body, type=event) for each in told]


async def with_database(house: House, work: Callable[[Database], Awaitable[None]]) -> None:
    """Work on booking's own tables beside the service, as another copy of it would."""
    database = await db.connect(house.system.database_url("booking"), schema="booking")
    try:
        await work(database)
    finally:
        await database.close()


async def run_job(house: House, name: str) -> None:
    """Let another copy of booking do now what is due."""

    async def work(database: Database) -> None:
        deps = Deps(zone=ZONE, confirm_first=False, hold=timedelta(hours=1), link_life=timedelta(days=7))
        jobs = Jobs(database, deps, house.system.clock)
        await {"ask-hosts": jobs.ask_hosts, "note-attendance": jobs.note_attendance}[name]()

    await with_database(house, work)

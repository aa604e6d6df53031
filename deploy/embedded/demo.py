"""Demo data: organisations of the field, experts named by profession, weekly hours and three groups.

Loaded through the same requests that the gateway makes for a coordinator, with keys that make a
second loading meet the first one's answers. `python -m deploy.embedded.demo` is run once per state
folder by the embedded form; it writes whom one can sign in as to `people.json`.
"""

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from deploy.embedded.demo_groups import GROUPS, VOLUNTEER, DemoGroup
from deploy.embedded.state import state_folder, write_json
from services.contracts.booking.catalogue import AddOrganisation, Organisation
from services.contracts.booking.groups import AddGroup, GetManagedGroup, SetSeries
from services.contracts.booking.people import AddPerson, FindPersonByEmail, Person
from services.contracts.booking.receptions import AddReception, Hours
from services.contracts.booking.staffing import AcceptDuty, AskForStandIn
from services.contracts.envelope import Actor, Anyone, Request, Role, Staff
from services.contracts.refusals import Code, Refusal
from services.runtime import bus
from services.runtime.bus import Bus
from services.runtime.call import Call
from services.runtime.clock import SystemClock

R = TypeVar("R")

ZONE = ZoneInfo("Europe/Helsinki")


@dataclass(frozen=True)
class Expert:
    """`hours`: weekday (1 is Monday), start and end of each weekly reception."""

    email: str
    display_name: str
    organisation: str
    theme: str
    languages: tuple[str, ...]
    slot_minutes: int
    hours: tuple[tuple[int, int, int], ...]


EXPERTS = (
    Expert(
        "digineuvoja@digiaula.example",
        "Digineuvoja",
        "Savon Arkiapu ry",
        "digineuvonta",
        ("fi", "en"),
        45,
        ((2, 13, 16), (4, 9, 12)),
    ),
    Expert(
        "talousneuvoja@digiaula.example",
        "Talousneuvoja",
        "Savon Arkiapu ry",
        "talousneuvonta",
        ("fi", "sv"),
        45,
        ((1, 10, 14),),
    ),
    Expert(
        "kriisityontekija@digiaula.example",
        "Kriisityöntekijä",
        "Järvi-Savon Mielen Tuki ry",
        "kriisiauttaminen",
        ("fi", "sv", "en"),
        45,
        ((1, 9, 12), (3, 12, 18), (5, 9, 12)),
    ),
    Expert(
        "vertaisohjaaja@digiaula.example",
        "Kokemusasiantuntija",
        "Järvi-Savon Mielen Tuki ry",
        "mielenterveys",
        ("fi",),
        30,
        ((4, 14, 18),),
    ),
    Expert(
        "omaishoidonohjaaja@digiaula.example",
        "Omaishoidon ohjaaja",
        "Pohjolan Läheiset ry",
        "omaishoito",
        ("fi", "sv"),
        45,
        ((2, 9, 12), (5, 12, 15)),
    ),
    Expert(
        "kotoutumisohjaaja@digiaula.example",
        "Kotoutumisohjaaja",
        "Pohjolan Läheiset ry",
        "maahanmuutto-ja-kotoutuminen",
        ("fi", "en", "uk", "ru"),
        45,
        ((3, 9, 15),),
    ),
)
COORDINATOR = "koordinaattori@digiaula.example"


class Demo:
    """Asks as a coordinator does, through the gateway's rights."""

    def __init__(self, asker: Bus) -> None:
        self._asker = asker
        self._actor: Actor = Anyone()

    async def load(self) -> None:
        coordinator = await self._ask(FindPersonByEmail(email=COORDINATOR))
        self._actor = Staff(person_id=coordinator.id, role=Role.COORDINATOR)
        names = sorted({expert.organisation for expert in EXPERTS})
        organisations = {
            name: await self._ask(AddOrganisation(name=name), key=f"demo-organisation-{name}")
            for name in names
        }
        for expert in EXPERTS:
            await self._add_expert(expert, organisations[expert.organisation])
        await self._add_person(
            VOLUNTEER,
            "Aulalähettiläs",
            Role.VOLUNTEER,
            None,
            ["fi"],
            themes=["vertaistuki", "omaishoito", "keskusteluapu"],
        )
        for group in GROUPS:
            await self._add_group(group, organisations[group.organisation])

    async def _add_expert(self, expert: Expert, organisation: Organisation) -> None:
        person = await self._add_person(
            expert.email,
            expert.display_name,
            Role.EXPERT,
            organisation.id,
            list(expert.languages),
        )
        for weekday, starts, ends in expert.hours:
            hours = Hours(
                theme=expert.theme,
                weekday=weekday,
                starts=time(starts),
                ends=time(ends),
                slot_minutes=expert.slot_minutes,
                gap_minutes=15,
                valid_from=_today(),
                languages=list(expert.languages),
                notice_hours=2,
                horizon_days=60,
            )
            await self._ask(
                AddReception(host_id=person.id, hours=hours),
                key=f"demo-hours-{expert.email}-{weekday}",
            )

    async def _add_group(self, group: DemoGroup, organisation: Organisation) -> None:
        """With its series, unless it has one, and with the promises of those who lead it."""
        leaders = [await self._ask(FindPersonByEmail(email=email)) for email in group.leaders]
        added = await self._ask(
            AddGroup(
                name=group.name,
                description=group.description,
                open=group.open,
                theme=group.theme,
                organisation_id=organisation.id,
                languages=list(leaders[0].languages),
                capacity=group.capacity,
                kind=group.kind,
                whole_series=group.whole_series,
                facilitators=[leader.id for leader in leaders],
            ),
            key=f"demo-group-{group.key}",
        )
        managed = await self._ask(GetManagedGroup(group_id=added.id))
        if managed.series is not None:
            return
        await self._ask(SetSeries(group_id=added.id, series=group.series(_today())))
        managed = await self._ask(GetManagedGroup(group_id=added.id))
        for session in managed.sessions:
            for leader in leaders:
                await self._ask(AcceptDuty(slot_id=session.slot_id), by=_staff(leader))
        if group.stand_in_wanted:
            wanted = AskForStandIn(slot_id=managed.sessions[1].slot_id)
            await self._ask(wanted, by=_staff(leaders[0]))

    async def _add_person(
        self,
        email: str,
        display_name: str,
        role: Role,
        organisation_id: UUID | None,
        languages: list[str],
        themes: list[str] | None = None,
    ) -> Person:
        """The new person, or whoever has the address already. Those with themes have been trained."""
        try:
            return await self._ask(
                AddPerson(
                    email=email,
                    display_name=display_name,
                    role=role,
                    organisation_id=organisation_id,
                    languages=languages,
                    trained=bool(themes),
                    themes=themes or [],
                ),
                key=f"demo-person-{email}",
            )
        except Refusal as refusal:
            if refusal.code is not Code.PERSON_EXISTS:
                raise
            return await self._ask(FindPersonByEmail(email=email))

    async def _ask(self, request: Request[R], *, key: str | None = None, by: Actor | None = None) -> R:
        now = datetime.now(UTC)
        call = Call(
            actor=by or self._actor,
            now=now,
            deadline=now + timedelta(seconds=10),
            request_id="demo",
            key=key,
        )
        return await self._asker.call(request, call)


def people() -> list[dict[str, str]]:
    """Whom one can sign in as."""
    return [
        {"role": "coordinator", "email": COORDINATOR},
        {"role": "volunteer", "email": VOLUNTEER},
        *({"role": "expert", "email": expert.email} for expert in EXPERTS),
    ]


def _staff(person: Person) -> Staff:
    return Staff(person_id=person.id, role=person.role, organisation_id=person.organisation_id)


def _today() -> date:
    return datetime.now(ZONE).date()


async def main() -> None:
    asker = await bus.connect("gateway", os.environ["DIGIAULA_NATS_URL"], SystemClock())
    try:
        await Demo(asker).load()
    finally:
        await asker.close()
    write_json(state_folder() / "people.json", people())


if __name__ == "__main__":
    asyncio.run(main())

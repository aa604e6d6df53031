"""Demo data: organisations of the field, experts named by profession, weekly hours and one group.

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

from deploy.embedded.state import state_folder, write_json
from services.contracts.booking.catalogue import (
    AddOrganisation,
    Organisation,
    SlotKind,
    Words,
)
from services.contracts.booking.groups import AddGroup
from services.contracts.booking.people import AddPerson, FindPersonByEmail, Person
from services.contracts.booking.receptions import AddReception, Hours
from services.contracts.booking.slots import AddSlot
from services.contracts.envelope import Actor, Anyone, Request, Role, Staff
from services.contracts.refusals import Code, Refusal
from services.runtime import bus
from services.runtime.bus import Bus
from services.runtime.call import Call
from services.runtime.clock import SystemClock

R = TypeVar("R")

ZONE = ZoneInfo("Europe/Helsinki")
GROUP_WEEKS = 6


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
VOLUNTEER = "aulalahettilas@digiaula.example"


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
        await self._add_person(VOLUNTEER, "Aulalähettiläs", Role.VOLUNTEER, None, ["fi"])
        await self._add_group(organisations["Järvi-Savon Mielen Tuki ry"])

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

    async def _add_group(self, organisation: Organisation) -> None:
        host = await self._ask(FindPersonByEmail(email="vertaisohjaaja@digiaula.example"))
        group = await self._ask(
            AddGroup(
                name=Words(
                    fi="Yhdessä eteenpäin -vertaisryhmä",
                    sv="Kamratgruppen Tillsammans framåt",
                    en="Forward together, a peer group",
                ),
                description=Words(
                    fi="Avoin ryhmä, jossa jutellaan jaksamisesta. Tule silloin kun sinulle sopii.",
                    sv="En öppen grupp där vi talar om hur vi orkar. Kom när det passar dig.",
                    en="An open group for talking about getting by. Come when it suits you.",
                ),
                open=True,
                theme="vertaistuki",
                organisation_id=organisation.id,
                languages=["fi"],
                capacity=12,
            ),
            key="demo-group",
        )
        for week in range(1, GROUP_WEEKS + 1):
            await self._add_session(group.id, host, week)

    async def _add_session(self, group_id: UUID, host: Person, week: int) -> None:
        """Every Thursday from 18.15 to 19.45, after the host's reception."""
        monday = _today() - timedelta(days=_today().isoweekday() - 1)
        starts = datetime.combine(monday + timedelta(weeks=week, days=3), time(18, 15), ZONE).astimezone(
            UTC
        )
        await self._ask(
            AddSlot(
                theme="vertaistuki",
                starts_at=starts,
                ends_at=starts + timedelta(minutes=90),
                languages=["fi"],
                kind=SlotKind.GROUP,
                capacity=12,
                host_id=host.id,
                group_id=group_id,
            ),
            key=f"demo-session-{week}",
        )

    async def _add_person(
        self,
        email: str,
        display_name: str,
        role: Role,
        organisation_id: UUID | None,
        languages: list[str],
    ) -> Person:
        """The new person, or whoever has the address already."""
        try:
            return await self._ask(
                AddPerson(
                    email=email,
                    display_name=display_name,
                    role=role,
                    organisation_id=organisation_id,
                    languages=languages,
                ),
                key=f"demo-person-{email}",
            )
        except Refusal as refusal:
            if refusal.code is not Code.PERSON_EXISTS:
                raise
            return await self._ask(FindPersonByEmail(email=email))

    async def _ask(self, request: Request[R], *, key: str | None = None) -> R:
        now = datetime.now(UTC)
        call = Call(
            actor=self._actor,
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

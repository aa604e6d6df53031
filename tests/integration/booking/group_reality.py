"""The use cases on a real PostgreSQL, in this process, and what the tables say after them."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import msgspec

from services.booking.handlers import USE_CASES, handlers
from services.booking.jobs import Jobs
from services.booking.service.deps import Deps
from services.booking.service.directory.people import ensure_first_coordinator
from services.booking.subscribers import end_slot
from services.contracts.booking.appointments import DescribeMessage
from services.contracts.booking.catalogue import AddOrganisation, Words
from services.contracts.booking.enrolment import DescribeGroupMessage
from services.contracts.booking.groups import AddGroup
from services.contracts.booking.people import AddPerson
from services.contracts.booking.slots import AddSlot
from services.contracts.envelope import Actor, Anyone, Request, Resident, Role, Staff, Told, raw
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import RoomClosed
from services.runtime import db
from services.runtime.call import Call, own_call
from services.runtime.db import Database, Tx
from tests.support.house import A_TUESDAY, ZONE
from tests.support.system import INVARIANTS

T = TypeVar("T")

BOOKINGS = """
    SELECT b.id, b.display_name, b.slot_id, b.status, b.held_until, b.link_version, b.enrolment_id,
           b.forgotten_at IS NOT NULL AS forgotten
    FROM booking.booking b
"""
SLOTS = """
    SELECT id, state, taken, capacity, starts_at, ended_at, staffing, host_id, told_missing_at
    FROM booking.slot
"""
OFFERS = """
    SELECT b.id, e.offered_until FROM booking.enrolment e
    JOIN booking.booking b ON b.enrolment_id = e.id WHERE e.offered_until IS NOT NULL
"""
NEWS = "SELECT id, subject, body FROM booking.outbox WHERE id > $1 ORDER BY id"
EMPTY = """
    DELETE FROM booking.booking_change; DELETE FROM booking.booking; DELETE FROM booking.enrolment;
    DELETE FROM booking.stand_in_asked; DELETE FROM booking.co_host; DELETE FROM booking.slot;
    DELETE FROM booking.group_facilitator; DELETE FROM booking.peer_group; DELETE FROM booking.command;
    DELETE FROM booking.outbox
"""
OF_PEOPLE = {
    *("application_received", "put_on_waiting_list", "seat_offered", "offer_ended", "booking_held"),
    *("booking_confirmed", "booking_moved", "booking_cancelled", "booking_expired"),
    *("host_missing", "host_found"),
}


class TakenBack(Exception):
    """The process ended before the commit."""


class StillClock:
    """Stands until it is set."""

    def __init__(self) -> None:
        self.moment = A_TUESDAY
        self.moved_by = timedelta()

    def now(self) -> datetime:
        return self.moment


@dataclass
class Seen:
    """What the tables say: by a person's name and a session's number, as the model has it.

    `told`: when those who come to a session heard that its host is missing.
    """

    status: dict[tuple[str, int], tuple[str, datetime | None]]
    sessions: dict[int, tuple[bool, int, int, datetime, datetime | None, str, str]]
    told: dict[int, datetime | None]
    forgotten: set[str]
    offers: dict[str, datetime]
    ids: dict[tuple[str, int], Any]


@dataclass
class Reality:
    """One group at a time. `sessions`: their ids in the order in which they were added."""

    loop: asyncio.AbstractEventLoop
    database: Database
    look: Any
    clock: StillClock = field(default_factory=StillClock)
    hosts: dict[str, Staff] = field(default_factory=dict)
    organisation_id: UUID = field(default_factory=uuid4)
    sessions: list[UUID] = field(default_factory=list)
    group_id: UUID = field(default_factory=uuid4)
    steps: int = 0
    names: dict[UUID, str] = field(default_factory=dict)
    _told: int = 0
    _deps: Deps | None = None

    @classmethod
    def open(cls, loop: asyncio.AbstractEventLoop, url: str, superuser_url: str) -> "Reality":
        async def connect() -> "Reality":
            database = await db.connect(url, schema="booking", largest=4)
            return cls(loop, database, await asyncpg.connect(superuser_url))

        reality = loop.run_until_complete(connect())
        reality.begin(confirm=False)
        reality._people()
        return reality

    def close(self) -> None:
        self.run(self.database.close())
        self.run(self.look.close())

    def run(self, work: Awaitable[T]) -> T:
        async def whole() -> T:
            return await work

        return self.loop.run_until_complete(whole())

    def begin(self, *, confirm: bool) -> None:
        """An empty house at nine on a Tuesday morning."""
        self.run(self.look.execute(EMPTY))
        self.clock.moment = A_TUESDAY
        self.sessions, self.names = [], {}
        self._deps = Deps(
            zone=ZONE, confirm_first=confirm, hold=timedelta(hours=1), link_life=timedelta(days=7)
        )

    def _people(self) -> None:
        address = "koordinaattori@digiaula.example"

        async def first(tx: Tx) -> None:
            await ensure_first_coordinator(tx, address, own_call("booking", self.clock.now()))

        self.run(self.database.transact(first))
        row = self.run(self.look.fetchrow("SELECT id FROM booking.person"))
        self.hosts["coordinator"] = Staff(person_id=row["id"], role=Role.COORDINATOR)
        organisation = self.ask(AddOrganisation(name="Savon Arkiapu ry"), self.hosts["coordinator"])
        self.organisation_id = organisation.id
        expert = AddPerson(
            email="ohjaaja@digiaula.example",
            display_name="Ohjaaja",
            role=Role.EXPERT,
            organisation_id=self.organisation_id,
            languages=["fi"],
        )
        person = self.ask(expert, self.hosts["coordinator"])
        self.hosts["host"] = Staff(person_id=person.id, role=Role.EXPERT)

    def add_group(self, **differs: Any) -> None:
        group = AddGroup(
            name=Words("Omaiset", "Anhöriga", "Carers"),
            description=Words("Vertaistukea.", "Stöd.", "Support."),
            theme="omaishoito",
            organisation_id=self.organisation_id,
            languages=["fi"],
            facilitators=[self.hosts["host"].person_id],
            **differs,
        )
        self.group_id = self.ask(group, self.hosts["coordinator"]).id

    def session_at(self, starts: datetime) -> AddSlot:
        return AddSlot(
            theme="omaishoito",
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            languages=["fi"],
            group_id=self.group_id,
        )

    def hear_end(self, number: int, starts: datetime, at: datetime) -> None:
        event = RoomClosed(slot_id=self.sessions[number], starts_at=starts)

        async def hear(tx: Tx) -> None:
            await end_slot(tx, event, Told(event_id=uuid4(), at=at, body=raw(event)))

        self.run(self.database.transact(hear))

    def ask(self, request: Request[T], actor: Actor | None = None, *, key: str | None = None) -> T:
        assert self._deps is not None
        handle = handlers(self.database, self._deps)[type(request)]
        answer: T = self.run(handle(request, self._call(actor, key)))
        return answer

    def take_back(self, request: Request[Any], actor: Actor | None) -> None:
        """The use case up to its commit, which never comes."""

        async def work(tx: Tx) -> None:
            assert self._deps is not None
            await USE_CASES[type(request)](tx, request, self._call(actor, None), self._deps)
            raise TakenBack

        try:
            self.run(self.database.transact(work))
        except (TakenBack, Refusal):
            return

    def _call(self, actor: Actor | None, key: str | None) -> Call:
        now = self.clock.now()
        return Call(
            actor=actor or Anyone(), now=now, deadline=now + timedelta(seconds=5), request_id="m", key=key
        )

    def run_jobs(self) -> None:
        """Until nothing more is due."""
        assert self._deps is not None
        jobs = Jobs(self.database, self._deps, self.clock)

        async def work() -> None:
            due = True
            while due:
                due = False
                for job in (jobs.expire_holds, jobs.expire_offers, jobs.end_waits):
                    following = await job()
                    due = due or (following is not None and following <= self.clock.now())
            while (following := await jobs.ask_hosts()) is not None and following <= self.clock.now():
                pass

        self.run(work())

    def see(self) -> Seen:
        async def read() -> tuple[Any, ...]:
            return (
                await self.look.fetch(BOOKINGS),
                await self.look.fetch(SLOTS),
                await self.look.fetch(OFFERS),
            )

        bookings, slots, offers = self.run(read())
        for row in bookings:  # as they were called before they were forgotten
            self.names.setdefault(row["id"], row["display_name"])
        number = {slot_id: place for place, slot_id in enumerate(self.sessions)}
        names = {staff.person_id: name for name, staff in self.hosts.items()}
        return Seen(
            status={
                (self.names[row["id"]], number[row["slot_id"]]): (
                    row["status"],
                    row["held_until"] if row["status"] in ("held", "offered") else None,
                )
                for row in bookings
            },
            sessions={
                number[row["id"]]: (
                    row["state"] == "open",
                    row["taken"],
                    row["capacity"],
                    row["starts_at"],
                    row["ended_at"],
                    names[row["host_id"]],
                    row["staffing"],
                )
                for row in slots
            },
            told={number[row["id"]]: row["told_missing_at"] for row in slots},
            forgotten={self.names[row["id"]] for row in bookings if row["forgotten"]},
            offers={self.names[row["id"]]: row["offered_until"] for row in offers},
            ids={(self.names[row["id"]], number[row["slot_id"]]): row for row in bookings},
        )

    def news(self, seen: Seen) -> list[tuple[str, str, int]]:
        """What people have been told since the last look, if anybody is written to about it."""
        rows = self.run(self.look.fetch(NEWS, self._told))
        about = {row["id"]: place for place, row in seen.ids.items()}
        told = []
        for row in rows:
            self._told = row["id"]
            name = row["subject"].rpartition(".")[2]
            if name in OF_PEOPLE:
                facts = msgspec.json.decode(msgspec.json.decode(row["body"], type=Told).body)
                place = about[UUID(facts["booking_id"])]
                if place[0] not in seen.forgotten or self._is_written_to(seen.ids[place]):
                    told.append((name, *place))
        return told

    def _is_written_to(self, booking: Any) -> bool:
        """As it is found out before a message is written."""
        asked: list[Request[Any]] = [
            DescribeMessage(booking_id=booking["id"]),
            DescribeGroupMessage(enrolment_id=booking["enrolment_id"]),
        ]
        return any(self.refused(request) != Code.NOT_FOUND for request in asked)

    def refused(self, request: Request[Any]) -> Code | None:
        try:
            self.ask(request)
        except Refusal as refusal:
            return refusal.code
        return None

    def broken(self) -> list[str]:
        return [f"{row['broken']}: {row['what']}" for row in self.run(self.look.fetch(INVARIANTS))]


def bearer(row: Any) -> Resident:
    return Resident(booking_id=row["id"], link_version=row["link_version"])

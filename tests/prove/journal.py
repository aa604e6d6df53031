"""Residents who press buttons and never give up, and a journal of every answer they were given.

What has been acknowledged must be found in the database afterwards, once, as it was acknowledged.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

from tests.prove.door import NO_ANSWER, Answer, Door
from tests.prove.fleet import Fleet
from tests.prove.proof import Run
from tests.support.system import System

PATIENCE_SECONDS = 180.0
FREE = """
    SELECT id FROM booking.slot WHERE state = 'open' AND kind = 'appointment' AND taken = 0
        AND starts_at > now() + interval '2 days' ORDER BY starts_at, id
"""
LONG_MONTHS = {"hosts": 2, "days": 400}
SHORT_MONTHS = {"hosts": 1, "days": 60}
BOOKINGS = "SELECT id, slot_id, status, email FROM booking.booking"


@dataclass
class Wish:
    """One resident's booking: what was asked under which key, and every answer."""

    email: str
    key: str
    slot_id: UUID
    answers: list[Answer] = field(default_factory=list)
    booking_id: UUID | None = None
    at: UUID | None = None
    cancelled: bool = False
    later: list[Answer] = field(default_factory=list)
    unresolved: int = 0

    @property
    def was_unknown(self) -> bool:
        return any(not answer.is_definite for answer in self.answers)


class Journal:
    """Everything that residents were told, and the comparison with what is kept."""

    def __init__(
        self,
        door: Door,
        slots: Sequence[UUID],
        chance: Random,
        *,
        changes: float,
        longest_pause: float,
    ) -> None:
        self.wishes: list[Wish] = []
        self._door = door
        self._slots = list(slots)
        self._chance = chance
        self._name = f"{chance.getrandbits(32):08x}"  # several journals may lie over one database
        self._changes = changes
        self._longest_pause = longest_pause
        self._tasks: set[asyncio.Task[None]] = set()

    def was_blind(self, answer: Answer) -> bool:
        return self._door.was_blind(answer)

    @property
    def answers(self) -> list[Answer]:
        """All that was said to anybody, in the order in which it was."""
        return self._door.answers

    async def press(self, *, per_second: float, until: asyncio.Event) -> None:
        """New residents at a steady rate, whatever becomes of those before them."""
        began = perf_counter()
        for number in itertools.count():
            pause = began + number / per_second - perf_counter()
            if pause > 0:
                await asyncio.sleep(pause)
            if until.is_set():
                break
            self._begin(number)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, number: int) -> None:
        # A few want the same time as somebody else: refusals belong to the load.
        slot_id = self._chance.choice(self._slots[:20]) if number % 10 == 9 else self._slots[20 + number]
        wish = Wish(
            email=f"asukas-{self._name}-{len(self.wishes)}@posti.example",
            key=f"{self._chance.getrandbits(64):016x}",
            slot_id=slot_id,
        )
        self.wishes.append(wish)
        restless = self._chance.random() < self._changes
        elsewhere = self._slots[-1 - number]
        task = asyncio.create_task(self._live(wish, elsewhere if restless else None))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, wish: Wish, elsewhere: UUID | None) -> None:
        body = {
            "slot_id": str(wish.slot_id),
            "display_name": "Kielo",
            "email": wish.email,
            "language": "fi",
            "consent": True,
        }
        booked = await self._insist("/bookings", body, wish.key, wish.answers, wish)
        if booked is None or booked.status != 201:
            return
        wish.booking_id, wish.at = UUID(booked.body["id"]), wish.slot_id
        if elsewhere is None:
            return
        token = booked.body["manage_url"].rpartition("/")[2]
        wanted = {"slot_id": str(elsewhere)}
        moved = await self._insist(f"/t/{token}/move", wanted, f"{wish.key}m", wish.later, wish)
        if moved is not None and moved.status == 200:
            wish.at = elsewhere
        if int(wish.key, 16) % 2:
            gone = await self._insist(f"/t/{token}/cancel", {}, f"{wish.key}c", wish.later, wish)
            wish.cancelled = gone is not None and gone.status == 200

    async def _insist(
        self, path: str, body: Any, key: str, answers: list[Answer], wish: Wish
    ) -> Answer | None:
        """Repeat with the same key until there is a definite answer."""
        deadline = perf_counter() + PATIENCE_SECONDS
        pause = 0.1
        while perf_counter() < deadline:
            answer = await self._door.ask("POST", path, body, key=key)
            answers.append(answer)
            if answer.is_definite:
                return answer
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self._longest_pause)
        wish.unresolved += 1
        return None

    async def compare(self, run: Run, system: System) -> None:
        """Lost, doubled, unresolved: none of each, and every invariant holds."""
        rows = await system.sql(BOOKINGS)
        kept = {row["id"]: row for row in rows}
        by_email: dict[str, int] = {}
        for row in rows:
            by_email[row["email"]] = by_email.get(row["email"], 0) + 1
        booked = [wish for wish in self.wishes if wish.booking_id]
        lost = [wish.booking_id for wish in booked if not _as_said(wish, kept)]
        run.said("bookings confirmed", len(booked))
        run.none("confirmed and lost, or not as acknowledged", lost)
        run.none("doubled", [wish.booking_id for wish in self.wishes if by_email.get(wish.email, 0) > 1])
        phantom = [
            w.key for w in self.wishes if not w.booking_id and not w.unresolved and w.email in by_email
        ]
        run.none("refused and yet booked", phantom)
        unknown = sum(1 for wish in self.wishes if wish.was_unknown)
        run.none(f"unresolved of {unknown} unknown answers", sum(w.unresolved for w in self.wishes))
        odd = {a.status for a in self.answers} - {201, 200, 409, 503, NO_ANSWER}
        run.none("answers that are neither yes, no nor later", sorted(odd))
        await invariants(run, system)


def _as_said(wish: Wish, kept: dict[UUID, Any]) -> bool:
    assert wish.booking_id
    row = kept.get(wish.booking_id)
    if row is None or wish.unresolved:
        return row is not None
    status = "cancelled" if wish.cancelled else "confirmed"
    return bool(row["status"] == status and row["slot_id"] == wish.at and row["email"] == wish.email)


async def invariants(run: Run, system: System) -> None:
    from tests.support.system import INVARIANTS

    broken = [f"{row['broken']}: {row['what']}" for row in await system.sql(INVARIANTS)]
    run.none("rows of check_invariants.sql", broken)


@asynccontextmanager
async def residents(
    run: Run, fleet: Fleet, *, changes: float = 0.3, longest_pause: float = 2
) -> AsyncIterator[Journal]:
    """A journal over the fleet's door, with months of free times to choose from."""
    await publish_months(fleet, **run.choose(long=LONG_MONTHS, short=SHORT_MONTHS))
    slots = [row["id"] for row in await fleet.system.sql(FREE)]
    door = Door(fleet.gateways, fleet.host, timeout=run.choose(long=20, short=60))
    try:
        yield Journal(door, slots, run.chance, changes=changes, longest_pause=longest_pause)
    finally:
        await door.close()


async def publish_months(fleet: Fleet, *, hosts: int, days: int) -> None:
    """Long days of some experts, unless they are there already."""
    if await fleet.system.sql(FREE):
        return
    for _ in range(hosts):
        host = await fleet.house.expert()
        for weekday in (1, 3, 5, 6, 7):
            await fleet.house.hours(
                host,
                weekday=weekday,
                starts=time(7),
                ends=time(22),
                slot_minutes=25,
                gap_minutes=0,
                valid_from=date(2026, 1, 1),
                horizon_days=days,
                skip_holidays=False,
            )


async def under_load(journal: Journal, harm: Any, *, per_second: float, after: float = 1.0) -> None:
    """Load while `harm` (a coroutine) does its work, and for a while after it."""
    until = asyncio.Event()
    pressing = asyncio.create_task(journal.press(per_second=per_second, until=until))
    try:
        await asyncio.sleep(after)
        await harm
        await asyncio.sleep(after)
    finally:
        until.set()
        await pressing


def minutes_ahead(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)

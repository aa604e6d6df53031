"""A18: a model that is a dictionary agrees with the system, step after step."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.appointments import CancelBooking, MoveBooking
from services.contracts.booking.slots import CancelSlot
from services.contracts.envelope import Staff
from services.contracts.refusals import Refusal
from services.runtime import commands
from tests.prove.a3_once import FORGETFUL
from tests.prove.journal import invariants
from tests.prove.places import a_house
from tests.prove.proof import Run
from tests.support.house import A_TUESDAY, House, resident

SLOTS = "SELECT id, state, taken FROM booking.slot"
BOOKINGS = "SELECT id, slot_id, status FROM booking.booking"
AT_MOST_SECONDS = 240


@dataclass
class Slot:
    capacity: int
    is_open: bool = True


@dataclass
class Model:
    """What must be true, kept as simply as it can be."""

    slots: dict[UUID, Slot] = field(default_factory=dict)
    bookings: dict[UUID, tuple[UUID, bool]] = field(default_factory=dict)  # where, and whether it lives
    seats: dict[UUID, int] = field(default_factory=dict)

    def may_enter(self, slot_id: UUID) -> bool:
        return self.slots[slot_id].is_open and self.seats.get(slot_id, 0) < self.slots[slot_id].capacity

    def may_take(self, slot_id: UUID, *, instead_of: UUID) -> bool:
        """An appointment's place can be taken by an appointment only, a group's by a group's."""
        alike = (self.slots[slot_id].capacity == 1) == (self.slots[instead_of].capacity == 1)
        return alike and self.may_enter(slot_id)

    def enter(self, slot_id: UUID) -> None:
        self.seats[slot_id] = self.seats.get(slot_id, 0) + 1

    def leave(self, slot_id: UUID) -> None:
        self.seats[slot_id] -= 1

    def off(self, slot_id: UUID) -> None:
        self.slots[slot_id].is_open = False
        self.seats[slot_id] = 0
        for its_id, (where, _) in self.bookings.items():
            if where == slot_id:
                self.bookings[its_id] = (where, False)


class Walk:
    """Steps that residents and hosts may take, each with what the model says about it."""

    def __init__(self, run: Run, house: House, host: Staff) -> None:
        self.model = Model()
        self.differences: list[str] = []
        self._run = run
        self._house = house
        self._host = host
        self._booked: dict[UUID, Any] = {}
        self._answers: list[tuple[str, UUID, Any]] = []
        self._published = 0

    async def step(self) -> None:
        steps: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (0.45, self._book),
            (0.65, self._move),
            (0.80, self._cancel),
            (0.84, self._again),
            (0.98, self._publish),
            (1.00, self._call_off),
        ]
        lot = self._run.chance.random()
        await next(step for up_to, step in steps if lot < up_to)()

    async def _publish(self) -> None:
        self._published += 1
        starts_at = A_TUESDAY + timedelta(hours=2 + self._published)
        capacity = self._run.chance.choice((1, 1, 3))
        if capacity == 1:
            slot = await self._house.slot(self._host, starts_at)
        else:
            slot = await self._house.group(self._host, starts_at, capacity)
        self.model.slots[slot.id] = Slot(capacity)

    async def _book(self) -> None:
        if not self.model.slots:
            return await self._publish()
        slot_id, key = self._any_slot(), str(uuid4())
        allowed = self.model.may_enter(slot_id)
        booked = await self._tried(allowed, self._house.book(slot_id, key=key))
        if booked is not None:
            self.model.enter(slot_id)
            self.model.bookings[booked.id] = (slot_id, True)
            self._booked[booked.id] = booked
            self._answers.append((key, slot_id, booked))
        return None

    async def twice(self) -> None:
        """One resident books, and asks once more."""
        await self._publish()
        await self._book()
        await self._again()

    async def _again(self) -> None:
        """An old answer is asked for once more: it is the same, and nothing happens."""
        if self._answers:
            key, slot_id, first = self._run.chance.choice(self._answers)
            if await self._house.book(slot_id, key=key) != first:
                self.differences.append(f"replay of {first.id}")

    async def _move(self) -> None:
        if not self._booked:
            return
        its_id, target = self._run.chance.choice(list(self._booked)), self._any_slot()
        where, lives = self.model.bookings[its_id]
        allowed = lives and (target == where or self.model.may_take(target, instead_of=where))
        asked = MoveBooking(booking_id=its_id, slot_id=target)
        moved = await self._tried(allowed, self._ask(asked, resident(self._booked[its_id])))
        if moved is not None and target != where:
            self.model.leave(where)
            self.model.enter(target)
            self.model.bookings[its_id] = (target, True)

    async def _cancel(self) -> None:
        if not self._booked:
            return
        its_id = self._run.chance.choice(list(self._booked))
        where, lives = self.model.bookings[its_id]
        asked = CancelBooking(booking_id=its_id)
        await self._tried(True, self._ask(asked, resident(self._booked[its_id])))  # twice is once
        if lives:
            self.model.leave(where)
            self.model.bookings[its_id] = (where, False)

    async def _call_off(self) -> None:
        if self.model.slots:
            slot_id = self._any_slot()
            was_open = self.model.slots[slot_id].is_open
            if was_open:
                await self._tried(True, self._ask(CancelSlot(slot_id=slot_id, reason="Este."), self._host))
                self.model.off(slot_id)

    def _any_slot(self) -> UUID:
        """Mostly one of the newest: there the seats are fought over."""
        known = list(self.model.slots)
        return self._run.chance.choice(known[-30:])

    async def _ask(self, request: Any, actor: Any) -> Any:
        return await self._house.system.ask(request, actor, key=str(uuid4()))

    async def _tried(self, allowed: bool, asking: Awaitable[Any]) -> Any:
        try:
            answer = await asking
        except Refusal as refusal:
            if allowed:
                self.differences.append(f"refused {refusal.code}")
            return None
        if not allowed:
            self.differences.append("let in")
        return answer

    async def compare(self) -> None:
        """Row by row."""
        for row in await self._house.system.sql(SLOTS):
            slot = self.model.slots[row["id"]]
            same = row["taken"] == self.model.seats.get(row["id"], 0)
            if not same or (row["state"] == "open") != slot.is_open:
                self.differences.append(f"slot {row['id']}")
        rows = await self._house.system.sql(BOOKINGS)
        if len(rows) != len(self.model.bookings):
            self.differences.append(f"{len(rows)} bookings, not {len(self.model.bookings)}")
        for row in rows:
            if row["id"] not in self.model.bookings:
                self.differences.append(f"booking {row['id']} of which nobody was told")
                continue
            where, lives = self.model.bookings[row["id"]]
            if (row["status"] == "confirmed") != lives or row["slot_id"] != where:
                self.differences.append(f"booking {row['id']}")


async def prove(run: Run) -> None:
    """Now and then booking is stopped and started, and everything it has ever told is told again."""
    steps, restarts = run.choose(long=(10_000, 10), short=(200, 1))
    async with a_house(run, "rooms", "notify") as house:
        walk = Walk(run, house, await house.expert())
        end, taken = perf_counter() + AT_MOST_SECONDS, 0
        for number in range(steps):
            if perf_counter() > end:
                break
            taken += 1
            await walk.step()
            if number % (steps // restarts) == steps // restarts // 2:
                await house.system.stop("booking")
                await house.system.sql("UPDATE booking.outbox SET published_at = NULL")
                await house.system.start("booking")
            if number % (steps // 20) == 0:
                await walk.compare()
        await walk.compare()
        run.none(f"differences in {taken} steps, {len(walk.model.bookings)} bookings", walk.differences)
        await invariants(run, house.system)


async def control(run: Run) -> None:
    """A system that forgets keys: the model sees it."""
    claim, commands.CLAIM_KEY = commands.CLAIM_KEY, FORGETFUL
    try:
        async with a_house(run) as house:
            walk = Walk(run, house, await house.expert())
            for _ in range(5):
                try:
                    await walk.twice()
                except Refusal as refusal:  # of the second press, which should have been the first
                    walk.differences.append(f"replay refused {refusal.code}")
            await walk.compare()
    finally:
        commands.CLAIM_KEY = claim
    run.control("the memory of keys", f"{len(walk.differences)} differences", broke=bool(walk.differences))

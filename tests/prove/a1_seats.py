"""A1: a seat is never sold twice, and never left unsold by error."""

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta
from time import perf_counter
from uuid import UUID

from services.booking.store import slots
from services.contracts.booking.appointments import CancelBooking, MoveBooking
from services.contracts.refusals import Refusal
from tests.integration.booking.test_races import UNGUARDED_TAKE
from tests.prove.journal import invariants
from tests.prove.places import a_house
from tests.prove.proof import Run, percentile
from tests.support.house import A_TUESDAY, House, resident

RACERS = 50
LIVE = "SELECT count(*) AS n FROM booking.booking WHERE slot_id = $1 AND status = 'confirmed'"
SLOTS = "SELECT id, taken, capacity FROM booking.slot"


async def prove(run: Run) -> None:
    rounds = run.choose(long=200, short=4)
    async with a_house(run) as house:
        took: list[float] = []
        for capacity in (1, 10):
            over, under = await _rounds(house, rounds, capacity, took)
            run.none(f"sold twice, {RACERS} want {capacity}, {rounds} races", over)
            run.none(f"left unsold, {RACERS} want {capacity}, {rounds} races", under)
        run.measured("an answer in the race, p99", percentile(took, 0.99), 1.0, "s")
        await _mix(run, house, run.choose(long=40, short=3))
        await invariants(run, house.system)


async def control(run: Run) -> None:
    guarded, slots.TAKE_SEATS = slots.TAKE_SEATS, UNGUARDED_TAKE
    try:
        async with a_house(run, BOOK_TOGETHER="1") as house:  # together has a guard of its own
            over, _ = await _rounds(house, 1, 10, [])
    finally:
        slots.TAKE_SEATS = guarded
    run.control("the one conditional statement", f"{sum(over)} seats sold twice", broke=bool(over))


async def _rounds(
    house: House, rounds: int, capacity: int, took: list[float]
) -> tuple[list[int], list[int]]:
    host = await house.expert()
    over, under = [], []
    for number in range(rounds):
        starts_at = A_TUESDAY + timedelta(hours=2 + number)
        if capacity == 1:
            slot_id = (await house.slot(host, starts_at)).id
        else:
            slot_id = (await house.group(host, starts_at, capacity)).id
        outcome = await _race(house, slot_id, took)
        live: int = (await house.system.sql(LIVE, slot_id))[0]["n"]
        sold = max(live, outcome["booked"])
        over += [sold - capacity] if sold > capacity else []
        under += [capacity - live] if live < capacity else []
    return over, under


async def _race(house: House, slot_id: UUID, took: list[float]) -> Counter[str]:
    async def one(number: int) -> str:
        began = perf_counter()
        try:
            await house.book(slot_id, email=f"asukas{number}@posti.example")
        except Refusal as refusal:
            return str(refusal.code)
        finally:
            took.append(perf_counter() - began)
        return "booked"

    return Counter(await asyncio.gather(*(one(number) for number in range(RACERS))))


async def _mix(run: Run, house: House, rounds: int) -> None:
    """Booking, moving and cancelling at once: whoever is told no, no seat goes astray."""
    wrong: list[str] = []
    for number in range(rounds):
        host = await house.expert()
        groups = [
            (await house.group(host, A_TUESDAY + timedelta(days=30, hours=hour), 5)).id for hour in range(3)
        ]
        await asyncio.gather(*(_restless(run, house, groups) for _ in range(RACERS)))
        # Nobody moves any more: whoever now wants a seat gets one exactly where one is free.
        for group_id in groups:
            (before,) = [row for row in await house.system.sql(SLOTS) if row["id"] == group_id]
            outcome = await _race(house, group_id, [])
            free = before["capacity"] - before["taken"]
            if outcome["booked"] != free:
                wrong.append(f"round {number}: {outcome['booked']} of {free}")
    run.none(f"seats astray after booking, moving, cancelling, {rounds} rounds", wrong)


async def _restless(run: Run, house: House, groups: list[UUID]) -> None:
    choices = [run.chance.choice(groups) for _ in range(4)]
    cancels = run.chance.random() < 0.4
    try:
        booking = await house.book(choices[0])
    except Refusal:
        return
    for choice in choices[1:]:
        with contextlib.suppress(Refusal):
            await house.system.ask(MoveBooking(booking_id=booking.id, slot_id=choice), resident(booking))
    if cancels:
        await house.system.ask(CancelBooking(booking_id=booking.id), resident(booking))

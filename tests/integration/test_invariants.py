"""What must hold at every moment: it does after a wild hour, and whatever breaks it is found."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from deploy.embedded.nats import Nats
from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE
from services.contracts.booking.appointments import CancelBooking, Companion, CompanionKind, MoveBooking
from services.contracts.booking.enrolment import LeaveGroup
from services.contracts.booking.slots import CancelSlot
from services.contracts.refusals import Refusal, Unavailable
from tests.support.clock import SetClock
from tests.support.enrolling import Circle, bearer
from tests.support.house import A_TUESDAY, House, resident
from tests.support.system import INVARIANTS, System

# The appointment of the house, and the booking of whoever came first to it.
ONE = """
    CREATE TEMPORARY TABLE one ON COMMIT DROP AS
    SELECT s.id AS slot_id, b.id AS main_id FROM booking.slot s JOIN booking.booking b ON b.slot_id = s.id
    WHERE s.kind = 'appointment' AND s.state = 'open' AND s.taken = 1 AND b.status = 'confirmed'
      AND EXISTS (SELECT FROM booking.booking c WHERE c.accompanies = b.id)
"""
COPY_OF_THE_SLOT = """
    INSERT INTO booking.slot SELECT (s).* FROM (
        SELECT jsonb_populate_record(
            slot, '{"id": "00000000-0000-0000-0000-000000000009", "taken": 0}') AS s
        FROM booking.slot JOIN one ON slot.id = one.slot_id) copy
"""
COPY_OF_THE_BOOKING = """
    INSERT INTO booking.booking SELECT (b).* FROM (
        SELECT jsonb_populate_record(booking, '{"id": "00000000-0000-0000-0000-000000000009"}') AS b
        FROM booking.booking JOIN one ON booking.id = one.main_id) copy
"""
BROKEN = {
    "two open times of one host overlap": (
        "ALTER TABLE booking.slot DROP CONSTRAINT slot_no_overlap",
        COPY_OF_THE_SLOT,
    ),
    "a seat count is not the seats of its live bookings": (
        "UPDATE booking.slot SET taken = 0 FROM one WHERE id = one.slot_id",
    ),
    "more seats are taken than there are": (
        "ALTER TABLE booking.slot DROP CONSTRAINT slot_seats",
        "UPDATE booking.slot SET taken = 2 FROM one WHERE id = one.slot_id",
    ),
    "an appointment has more than one resident": (COPY_OF_THE_BOOKING,),
    "a live booking is in a time that is off": (
        "UPDATE booking.slot SET state = 'cancelled' FROM one WHERE id = one.slot_id",
    ),
    "somebody comes along with one who does not come": (
        "UPDATE booking.booking SET status = 'cancelled' FROM one WHERE id = one.main_id",
    ),
    "somebody comes along to another time": (
        "UPDATE booking.booking SET slot_id = (SELECT id FROM booking.slot WHERE id <> one.slot_id LIMIT 1)"
        " FROM one WHERE accompanies = one.main_id",
    ),
    "a seat in a group was taken without enrolling": (
        "UPDATE booking.booking SET enrolment_id = NULL"
        " WHERE enrolment_id IS NOT NULL AND status = 'confirmed'",
    ),
    "a place is offered without an end": (
        "UPDATE booking.enrolment SET offered_until = NULL WHERE offered_until IS NOT NULL",
    ),
    "an offer goes on of which nothing is left": (
        "UPDATE booking.enrolment SET offered_until = now() WHERE offered_until IS NULL",
    ),
    "those who come together do not wait together": (
        "UPDATE booking.booking SET status = 'applied'"
        " WHERE status = 'waiting' AND accompanies IS NOT NULL",
    ),
    "a party waits for places that are free": (
        "UPDATE booking.slot SET capacity = capacity + 2 WHERE group_id IS NOT NULL",
    ),
    "a booking was made or changed and nobody wrote down by whom": (
        "DELETE FROM booking.booking_change USING one WHERE booking_id = one.main_id",
    ),
    "news of rooms has not been spread for a minute": (
        "INSERT INTO rooms.outbox (event_id, subject, body, created_at)"
        " VALUES (gen_random_uuid(), 'x', '', now() - interval '61 seconds')",
    ),
    "notify-booking took in what nobody has told": (
        "INSERT INTO notify.inbox (consumer, event_id) VALUES ('notify-booking', gen_random_uuid())",
    ),
    "rooms-booking has given up on news": (
        "INSERT INTO rooms.dead_letter (consumer, event_id, subject, body, reason)"
        " VALUES ('rooms-booking', 'x', 'x', '', 'unreadable')",
    ),
    "a command of gateway has a key and no answer": (
        "INSERT INTO gateway.command (scope, key, fingerprint) VALUES ('anyone', 'k', '')",
    ),
}


@pytest.fixture(scope="module")
async def house(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house in which a party of two has an appointment, a time for several has two people in it, and a
    group has one, an offer to another, and a party of two that waits."""
    name = f"invariants_{uuid4().hex[:8]}"
    server = await asyncpg.connect(postgres.superuser_dsn())
    await server.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
    await server.execute(f"GRANT CONNECT ON DATABASE {name} TO booking, rooms, notify, gateway")
    nats = await Nats(tmp_path_factory.mktemp("invariants") / "nats").start()
    clock = SetClock()
    clock.set(A_TUESDAY)
    system = System(postgres=postgres, database=name, nats=nats, clock=clock)
    await system.start("booking")
    built = await House.build(system)
    expert = await built.expert()
    alone = await built.slot(expert, A_TUESDAY + timedelta(days=1))
    group = await built.group(expert, A_TUESDAY + timedelta(days=2), 5)
    friend = Companion(display_name="Bea", phone="+358401234567", comes_as=CompanionKind.CLOSE_PERSON)
    await built.book(alone.id, companions=[friend])
    for _ in range(2):
        await built.book(group.id)
    circle = await Circle.build(built, A_TUESDAY + timedelta(days=3), capacity=2)
    leaves, _, _, _ = [await circle.enrol(companions=along) for along in ([], [], [friend], [])]
    await system.ask(LeaveGroup(booking_id=leaves.booking_id), bearer(leaves))
    yield built
    await system.stop()
    await nats.stop()
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.mark.parametrize("broken", BROKEN)
async def test_what_is_broken_is_found(house: House, broken: str) -> None:
    """The constraints would not let it happen, so they are taken away, in a transaction that is undone."""
    system = house.system
    await system.check_invariants()
    connection = await asyncpg.connect(system.postgres.superuser_dsn(system.database))
    undone = connection.transaction()
    await undone.start()
    try:
        await connection.execute(ONE)
        for statement in BROKEN[broken]:
            done = await connection.execute(statement)
            assert not done.endswith(" 0"), "nothing was broken"
        found = {row["broken"] for row in await connection.fetch(INVARIANTS)}
    finally:
        await undone.rollback()
        await connection.close()

    assert broken in found


async def test_what_is_broken_fails_the_test_that_asks(house: House) -> None:
    await house.system.sql("INSERT INTO rooms.command (scope, key, fingerprint) VALUES ('x', 'y', '')")

    with pytest.raises(AssertionError, match="a command of rooms has a key and no answer"):
        await house.system.check_invariants()

    await house.system.sql("DELETE FROM rooms.command")


async def test_everything_holds_after_a_wild_hour(house: House) -> None:
    """Booking, moving, cancelling and calling off at once, in an order that nobody chose."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - a failed run is done again with it
    chance = random.Random(seed)
    expert = await house.expert()
    times = [await house.slot(expert, A_TUESDAY + timedelta(days=3, hours=n)) for n in range(6)]
    times += [await house.group(expert, A_TUESDAY + timedelta(days=4, hours=n), 4) for n in range(3)]

    async def wander() -> None:
        """One resident who cannot make up their mind."""
        booked: Any = None
        for _ in range(6):
            slot = chance.choice(times)
            try:
                if booked is None:
                    booked = await house.book(slot.id)
                elif chance.random() < 0.6:
                    await house.system.ask(
                        MoveBooking(booking_id=booked.id, slot_id=slot.id),
                        resident(booked),
                        key=str(uuid4()),
                    )
                else:
                    await house.system.ask(CancelBooking(booking_id=booked.id), resident(booked))
                    booked = None
            except (Refusal, Unavailable):
                booked = booked if chance.random() < 0.7 else None

    async def call_off() -> None:
        for slot in chance.sample(times, 3):
            await asyncio.sleep(chance.random() * 0.1)
            await house.system.ask(CancelSlot(slot_id=slot.id, reason="Sairastuin."), expert)

    await asyncio.gather(*(wander() for _ in range(12)), call_off())

    await house.system.check_invariants()
    bookings = await house.system.sql("SELECT status FROM booking.booking")
    assert {"confirmed", "cancelled"} <= {row["status"] for row in bookings}

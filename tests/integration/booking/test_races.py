"""A seat is never sold twice and never left unsold: many at once, with the guard and without it."""

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.booking.store import slots
from services.booking.store.appointments import together
from services.contracts.booking.appointments import CancelBooking, MoveBooking
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal
from tests.support.house import A_TUESDAY, House, resident
from tests.support.meeting import HERE, meeting

RACERS = 50

UNGUARDED_TAKE = f"""
    WITH seen AS (SELECT id, taken, capacity FROM slot WHERE id = $1 AND state = 'open'),
         thought AS (SELECT {HERE}),
         took AS (
             UPDATE slot SET taken = least(slot.capacity, seen.taken + $2::integer)
             FROM seen, thought
             WHERE slot.id = seen.id AND seen.taken + $2::integer <= seen.capacity
               AND $3::timestamptz IS NOT NULL
             RETURNING slot.id
         )
    SELECT s.id, s.kind, s.state, s.starts_at, s.ends_at, s.ended_at, s.time_zone, s.theme_id, s.languages,
           s.capacity, s.taken, s.bookable_until, s.reception_id, s.group_id, s.host_id,
           p.display_name, p.organisation_id, coalesce(o.name, '') AS organisation
    FROM took JOIN slot s USING (id) JOIN person p ON p.id = s.host_id
    LEFT JOIN organisation o ON o.id = p.organisation_id
"""  # noqa: S608 - a place of ours


async def race(house: House, slot_id: UUID, racers: int = RACERS) -> Counter[str]:
    async def one(number: int) -> str:
        try:
            await house.book(slot_id, email=f"asukas{number}@posti.example")
        except Refusal as refusal:
            return str(refusal.code)
        return "booked"

    return Counter(await asyncio.gather(*(one(number) for number in range(racers))))


async def live_bookings(house: House, slot_id: UUID) -> int:
    rows = await house.system.sql(
        "SELECT count(*) AS live FROM booking.booking WHERE slot_id = $1 AND status = 'confirmed'", slot_id
    )
    live: int = rows[0]["live"]
    return live


async def test_fifty_people_want_one_appointment_and_one_gets_it(house: House) -> None:
    host = await house.expert()
    for round_number in range(10):
        slot = await house.slot(host, A_TUESDAY + timedelta(hours=2 + round_number))

        outcome = await race(house, slot.id)

        assert outcome == {"booked": 1, Code.SLOT_TAKEN: RACERS - 1}
        assert await live_bookings(house, slot.id) == 1


async def test_fifty_people_want_ten_places_and_ten_get_them(house: House) -> None:
    host = await house.expert()
    for round_number in range(5):
        slot = await house.group(host, A_TUESDAY + timedelta(hours=2 + round_number), capacity=10)

        outcome = await race(house, slot.id)

        assert outcome == {"booked": 10, Code.GROUP_FULL: RACERS - 10}
        assert await live_bookings(house, slot.id) == 10


async def test_without_the_guard_the_same_race_sells_a_seat_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the race is real, and it is the one conditional statement that wins it."""
    monkeypatch.setattr(slots, "TAKE_SEATS", UNGUARDED_TAKE)
    await house.system.stop("booking")
    await house.system.start("booking", BOOK_TOGETHER="1")  # together has a guard of its own
    host = await house.expert()
    slot = await house.group(host, A_TUESDAY + timedelta(hours=2), capacity=10)

    async with meeting(house.system):
        outcome = await race(house, slot.id)

    assert outcome["booked"] > 10


@pytest.mark.parametrize("largest", ["1", "64"])
async def test_the_race_is_won_alike_alone_and_together(house: House, largest: str) -> None:
    await house.system.stop("booking")
    await house.system.start("booking", BOOK_TOGETHER=largest)
    slot = await house.group(await house.expert(), A_TUESDAY + timedelta(hours=2), capacity=10)

    assert await race(house, slot.id) == {"booked": 10, Code.GROUP_FULL: RACERS - 10}
    assert await live_bookings(house, slot.id) == 10


async def test_without_the_lock_a_batch_sells_a_seat_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of booking together: two copies read the same free seats, and no constraint
    stops them."""
    unguarded = (
        together.BOOK.replace("ORDER BY s.id FOR UPDATE OF s", "")
        .replace("WHERE turn <= free", f"WHERE turn <= free AND {HERE} IS NOT NULL")
        .replace(
            "SET taken = taken + (SELECT count(*)", "SET taken = least(capacity, taken + (SELECT count(*)"
        )
        .replace("given.slot_id = slot.id)", "given.slot_id = slot.id))")
    )
    await house.system.stop("booking")
    await house.system.start("booking", BOOK_TOGETHER="8")
    monkeypatch.setattr(together, "BOOK", unguarded)
    slot = await house.group(await house.expert(), A_TUESDAY + timedelta(hours=2), capacity=1)

    async with meeting(house.system):
        outcome = await race(house, slot.id, racers=16)

    assert outcome["booked"] == 2


async def test_the_constraint_has_the_last_word_even_over_our_own_code(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + timedelta(hours=2))

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await house.system.sql("UPDATE booking.slot SET taken = 2 WHERE id = $1", slot.id, role="booking")

    assert refused.value.constraint_name == "slot_seats"


async def test_booking_cancelling_and_moving_at_once_leave_every_seat_counted(house: House) -> None:
    host = await house.expert()
    groups = [
        await house.group(host, A_TUESDAY + timedelta(hours=2 + number), capacity=5) for number in range(3)
    ]
    seed = 7
    random = Random(seed)

    async def restless(number: int) -> None:
        choices = [random.choice(groups).id for _ in range(4)]
        try:
            booking = await house.book(choices[0], email=f"asukas{number}@posti.example")
        except Refusal:
            return
        for choice in choices[1:]:
            with contextlib.suppress(Refusal):
                await house.system.ask(
                    MoveBooking(booking_id=booking.id, slot_id=choice), resident(booking)
                )
        if number % 3 == 0:
            await house.system.ask(CancelBooking(booking_id=booking.id), resident(booking))

    await asyncio.gather(*(restless(number) for number in range(40)))

    rows = await house.system.sql("""
        SELECT s.taken, s.capacity,
               (SELECT coalesce(sum(seats), 0) FROM booking.booking b
                WHERE b.slot_id = s.id AND b.status = 'confirmed') AS counted
        FROM booking.slot s
    """)
    assert len(rows) == 3
    for row in rows:
        assert row["taken"] == row["counted"] <= row["capacity"], seed


async def test_twenty_presses_of_one_button_book_once(house: House) -> None:
    host = await house.expert()
    slot = await house.group(host, A_TUESDAY + timedelta(hours=2), capacity=10)
    key = str(uuid4())

    answers = await asyncio.gather(*(house.book(slot.id, key=key) for _ in range(20)))

    assert len({answer.id for answer in answers}) == 1
    assert all(answer == answers[0] for answer in answers)
    assert await live_bookings(house, slot.id) == 1


async def test_the_same_key_for_another_request_is_refused(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + timedelta(hours=2))
    await house.book(slot.id, key="avain")

    with pytest.raises(Refusal) as refused:
        await house.book(slot.id, key="avain", display_name="Joku muu")

    assert refused.value.code is Code.KEY_REUSED


async def test_a_replay_a_day_later_meets_the_first_answer_even_after_a_cancel(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + timedelta(days=3))
    first = await house.book(slot.id, key="avain")
    await house.system.ask(CancelBooking(booking_id=first.id), resident(first))
    house.system.clock.advance(timedelta(hours=23))

    again = await house.book(slot.id, key="avain")

    assert again == first
    assert again.status is BookingStatus.CONFIRMED


async def test_two_hosts_publish_at_once_and_no_host_has_two_times_at_once(house: House) -> None:
    host = await house.expert()
    start = A_TUESDAY + timedelta(days=1)

    async def publish(minutes: int) -> str:
        try:
            await house.slot(host, start + timedelta(minutes=minutes))
        except Refusal as refusal:
            return str(refusal.code)
        return "published"

    outcome = Counter(await asyncio.gather(*(publish(minutes) for minutes in range(0, 40, 2))))

    assert outcome == {"published": 1, Code.OVERLAP: 19}

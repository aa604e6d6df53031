"""Many at one group: nobody gets a seat twice, none is left lying, and the list keeps its order."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from services.booking import handlers
from services.booking.store.enrolment import enrolments as store
from services.contracts.booking.enrolment import AnswerOffer, Enrolled, LeaveGroup
from services.contracts.booking.slots import BookingStatus as Status
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime.bus import AnswerFailed
from tests.support.enrolling import DAY, FRIEND, Circle, bearer, let_time_pass
from tests.support.house import A_TUESDAY, House
from tests.support.meeting import HERE, meeting
from tests.support.system import System

R = TypeVar("R")

UNGUARDED_TAKE = f"""
    WITH thought AS (SELECT {HERE})
    UPDATE slot s SET taken = least(s.capacity, s.taken + w.seats)
    FROM unnest($1::uuid[], $2::integer[]) AS w (id, seats), thought
    WHERE s.id = w.id
"""  # noqa: S608 - a place of ours


async def patiently(ask: Callable[[], Awaitable[R]]) -> R:
    """As the door does when a neighbour is too busy: once more, with the same key."""
    while True:
        try:
            return await ask()
        except Unavailable:
            continue
        except Refusal as refusal:
            if refusal.code is not Code.DEADLINE_EXCEEDED:
                raise


async def crowd(group: Circle, people: int, **differs: Any) -> list[Enrolled]:
    async def one(number: int) -> Enrolled:
        key = str(uuid4())
        return await patiently(
            lambda: group.enrol(email=f"asukas{number}@posti.example", key=key, **differs)
        )

    return await asyncio.gather(*(one(number) for number in range(people)))


async def statuses(house: House) -> Counter[str]:
    rows = await house.system.sql("SELECT status, count(*) AS number FROM booking.booking GROUP BY 1")
    return Counter({row["status"]: row["number"] for row in rows})


@pytest.fixture
async def alone(system: System, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house in which everybody enrols in a transaction of their own, as in many copies of the service."""
    monkeypatch.setattr(handlers, "enrol_together", lambda _, __, alone: alone)
    system.clock.set(A_TUESDAY)
    await system.start("booking")
    return await House.build(system)


async def test_two_hundred_want_fifty_seats_and_everybody_knows_their_place(house: House) -> None:
    group = await Circle.build(house, capacity=50)

    answers = await crowd(group, 200)

    assert Counter(answer.status for answer in answers) == {Status.CONFIRMED: 50, Status.WAITING: 150}
    assert sorted(each.before_you for each in answers if each.before_you is not None) == [*range(150)]
    assert await group.taken() == 50
    await house.system.check_invariants()


async def test_it_is_as_exact_when_each_enrols_in_a_transaction_of_their_own(alone: House) -> None:
    group = await Circle.build(alone, capacity=20)

    answers = await crowd(group, 60)

    assert sum(answer.status is Status.CONFIRMED for answer in answers) == 20
    assert sorted(each.before_you for each in answers if each.before_you is not None) == [*range(40)]
    await alone.system.check_invariants()


async def test_without_the_lock_and_the_guard_the_same_race_sells_seats_twice(
    alone: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the race is real, and it is they that win it."""
    for name in ("LOCK_GROUP", "SESSIONS"):
        unlocked = getattr(store, name).partition("FOR UPDATE")[0]
        monkeypatch.setattr(store, name, unlocked)
    group = await Circle.build(alone, capacity=2)
    await group.enrol()
    monkeypatch.setattr(store, "TAKE_SEATS", UNGUARDED_TAKE)

    async with meeting(alone.system):
        answers = await crowd(group, 2)

    assert [answer.status for answer in answers] == [Status.CONFIRMED] * 2


async def test_two_reach_for_the_last_seat_and_one_gets_the_list(house: House) -> None:
    for number in range(10):
        group = await Circle.build(house, A_TUESDAY + (1 + number) * DAY, capacity=2)
        await group.enrol()

        answers = await crowd(group, 2)

        assert Counter(answer.status for answer in answers) == {Status.CONFIRMED: 1, Status.WAITING: 1}


async def test_fifty_leave_and_answer_at_once_and_each_seat_is_offered_once(house: House) -> None:
    """Some give their seats back, some decline, some accept, some let their time pass, others come."""
    group = await Circle.build(house, A_TUESDAY + 4 * DAY, capacity=40)
    enrolled = await crowd(group, 100)
    confirmed = [each for each in enrolled if each.status is Status.CONFIRMED]
    system = house.system

    async def leave(who: Enrolled) -> None:
        request = LeaveGroup(booking_id=who.booking_id)
        await patiently(lambda: system.ask(request, bearer(who)))

    async def answer(who: Enrolled, accept: bool) -> None:
        request = AnswerOffer(booking_id=who.booking_id, accept=accept)
        await patiently(lambda: system.ask(request, bearer(who)))

    await asyncio.gather(*(leave(who) for who in confirmed[:25]))
    assert await statuses(house) == {"confirmed": 15, "cancelled": 25, "offered": 25, "waiting": 35}
    await system.check_invariants()

    rows = await system.sql("SELECT id FROM booking.booking WHERE status = 'offered'")
    offered_ids = {row["id"] for row in rows}
    offered = [each for each in enrolled if each.booking_id in offered_ids]
    await asyncio.gather(
        *(leave(who) for who in confirmed[25:33]),
        *(answer(who, accept=number % 2 == 0) for number, who in enumerate(offered[:20])),
        crowd(group, 10),
    )
    assert await group.taken() == 40
    await system.check_invariants()

    system.clock.advance(timedelta(days=1, minutes=1))
    await asyncio.gather(*(let_time_pass(house) for _ in range(3)), crowd(group, 5, companions=[FRIEND]))
    assert await group.taken() == 40
    await system.check_invariants()


async def test_a_seat_offered_to_one_is_never_offered_to_another(house: House) -> None:
    group = await Circle.build(house, A_TUESDAY + 4 * DAY, capacity=10)
    enrolled = await crowd(group, 40)
    seated = [each for each in enrolled if each.status is Status.CONFIRMED]

    async def leave_twice(who: Enrolled) -> None:
        request = LeaveGroup(booking_id=who.booking_id)
        await asyncio.gather(*(patiently(lambda: house.system.ask(request, bearer(who))) for _ in range(2)))

    await asyncio.gather(*(leave_twice(who) for who in seated))

    rows = await house.system.sql(
        "SELECT count(*) AS number FROM booking.outbox WHERE subject = 'booking.v1.event.seat_offered'"
    )
    assert rows[0]["number"] == 10
    first_ten = sorted(
        (each for each in enrolled if each.before_you is not None), key=lambda each: each.before_you or 0
    )[:10]
    offered = await house.system.sql("SELECT id FROM booking.booking WHERE status = 'offered'")
    assert {row["id"] for row in offered} == {each.booking_id for each in first_ten}


async def test_who_enrols_at_one_moment_with_others_is_judged_alone(house: House) -> None:
    """A refusal, a repetition and a bug of one are nobody else's: in one transaction or not."""
    group = await Circle.build(house, capacity=5)
    key = str(uuid4())
    for _ in range(4):
        await group.enrol()  # one seat is left: two together do not fit, whoever comes first

    async def one(**differs: Any) -> Any:
        try:
            return await group.enrol(**differs)
        except (Refusal, Unavailable, AnswerFailed) as error:
            return error

    answers = await asyncio.gather(
        one(),
        one(email=None),
        one(key=key),
        one(key=key),
        one(display_name="Nolla\0"),
        one(note="\0"),
        one(companions=[FRIEND], or_wait=False),
        one(),
    )

    assert [type(each).__name__ for each in answers] == [
        "Enrolled",
        "Refusal",
        "Enrolled",
        "Enrolled",
        "Refusal",
        "AnswerFailed",
        "Refusal",
        "Enrolled",
    ]
    assert answers[2] == answers[3]
    assert await group.taken() == 5
    await house.system.check_invariants()

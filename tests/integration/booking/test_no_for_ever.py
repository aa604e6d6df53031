"""What the database once refused although nothing was wrong with the wish, and so refused it for ever."""

import asyncio
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from services.booking.store.forgetting import own_data
from services.contracts.booking.appointments import GiveFeedback
from services.contracts.booking.groups import (
    ChangeGroup,
    MoveSession,
    PreviewSeries,
    Series,
    SetSeries,
    Staffing,
)
from services.contracts.envelope import Staff
from services.runtime.db import Database, Tx
from tests.support.enrolling import DAY, Circle
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, ZONE, House, resident
from tests.support.sessions import NAME, THEME, a_group, a_session, with_database

HOUR = timedelta(hours=1)
IN_A_WEEK = A_TUESDAY + 7 * DAY


async def hand_over(house: House, group_id: UUID, *leaders: Staff) -> None:
    change = ChangeGroup(
        group_id=group_id,
        name=NAME,
        description=NAME,
        theme=THEME,
        organisation_id=house.organisation_id,
        languages=["fi"],
        capacity=10,
        facilitators=[each.person_id for each in leaders],
    )
    await house.system.ask(change, house.coordinator)


async def test_two_sessions_at_one_hour_are_handed_over_to_as_many_as_can_come(house: House) -> None:
    left, right, first, second = [await house.expert() for _ in range(4)]
    group_id = await a_group(house, left, right)
    sessions = [await a_session(house, group_id, host, IN_A_WEEK) for host in (left, right)]
    sessions.append(await a_session(house, group_id, left, IN_A_WEEK + DAY))

    async def hosts() -> list[tuple[UUID, str]]:
        rows = await house.system.sql("SELECT id, host_id, staffing FROM booking.slot")
        of = {row["id"]: (row["host_id"], row["staffing"]) for row in rows}
        return [of[slot_id] for slot_id in sessions]

    await hand_over(house, group_id, first)
    *at_one_hour, alone = await hosts()
    assert sorted(staffing for _, staffing in at_one_hour) == [Staffing.ASKED, Staffing.NEEDS_HOST]
    assert alone == (first.person_id, Staffing.ASKED)
    await hand_over(house, group_id, first, second)
    *at_one_hour, alone = await hosts()
    assert {host_id for host_id, _ in at_one_hour} == {first.person_id, second.person_id}
    assert {staffing for _, staffing in [*at_one_hour, alone]} == {Staffing.ASKED}
    await house.system.check_invariants()


async def test_a_series_whose_sessions_make_room_for_each_other_moves_as_its_preview_says(
    house: House,
) -> None:
    starts = A_TUESDAY + DAY
    circle = await Circle.build(house, starts, starts + DAY)
    days = [moment.astimezone(ZONE).date() for moment in (starts, starts + DAY)]
    nine, eight = [Series(starts=time(hour), ends=time(hour + 1), dates=days) for hour in (9, 8)]
    await house.system.ask(SetSeries(group_id=circle.id, series=nine), house.coordinator)
    earlier = starts + DAY - HOUR
    by_hand = MoveSession(slot_id=circle.sessions[0], starts_at=earlier, ends_at=earlier + HOUR)
    await house.system.ask(by_hand, circle.host)

    said = await house.system.ask(PreviewSeries(group_id=circle.id, series=eight), house.coordinator)
    done = await house.system.ask(SetSeries(group_id=circle.id, series=eight), house.coordinator)

    assert len(said.moved) == 2
    assert done == said
    await house.system.check_invariants()


async def test_feedback_that_meets_the_forgetting_of_who_gives_it_is_not_kept(house: House) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + DAY)
    booking = await house.book(slot.id)
    house.system.clock.set(slot.ends_at)
    feedback = GiveFeedback(booking_id=booking.id, useful=5)

    async def waits() -> bool:
        return bool(
            await house.system.sql("SELECT FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'")
        )

    async def forget(tx: Tx) -> "asyncio.Task[Any]":
        await own_data.erase(tx, [booking.id], by=("resident", None), now=slot.ends_at)
        giving = asyncio.create_task(house.system.ask(feedback, resident(booking)))
        await eventually(waits)
        return giving

    async def work(database: Database) -> None:
        await (await database.transact(forget))

    await with_database(house, work)

    assert await house.system.sql("SELECT FROM booking.feedback") == []
    assert await house.system.sql("SELECT FROM booking.booking WHERE feedback_given_at IS NOT NULL") == []

"""A group's series: its days, and what a new one makes of the sessions that stand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain import series as rules
from services.booking.domain.series import Busy, Plan, Standing
from services.contracts.booking.groups import Series
from services.contracts.refusals import Code, Refusal

ZONE = ZoneInfo("Europe/Helsinki")
NOW = datetime(2027, 2, 2, 7, 0, tzinfo=UTC)
TODAY = date(2027, 2, 2)
HOST, ANOTHER = uuid4(), uuid4()


def series(**differs: Any) -> Series:
    """Four Thursday evenings, unless it differs."""
    wanted: dict[str, Any] = {
        "starts": time(18),
        "ends": time(19, 30),
        "first_on": date(2027, 2, 4),
        "until": date(2027, 2, 25),
    } | differs
    return Series(**wanted)


def walls(instants: Sequence[datetime]) -> list[str]:
    return [f"{instant.astimezone(ZONE):%m-%d %H.%M}" for instant in instants]


def starts(said: Series) -> list[str]:
    return walls([stretch.starts_at for stretch in rules.expand(said, ZONE).stretches.values()])


def standing(said: Series, **differs: Any) -> list[Standing]:
    """The sessions that a series has made, with nobody in them."""
    return [
        Standing(
            **{
                "slot_id": uuid4(),
                "host_id": HOST,
                "starts_at": stretch.starts_at,
                "ends_at": stretch.ends_at,
                "series_start": stretch.starts_at,
                "taken": 0,
                "awaited": False,
                "begun": False,
                **differs,
            }
        )
        for stretch in rules.expand(said, ZONE).stretches.values()
    ]


def plan(new: Series, old: Series | None, there: Sequence[Standing], **differs: Any) -> Plan:
    wanted: dict[str, Any] = {
        "standing": there,
        "called_off": set(),
        "busy": [Busy(each.host_id, each.starts_at, each.ends_at, each.slot_id) for each in there],
        "host_id": HOST,
        "zone": ZONE,
        "now": NOW,
    } | differs
    return rules.plan(rules.expand(new, ZONE), rules.expand(old, ZONE) if old else None, **wanted)


def test_every_week_and_every_other_week() -> None:
    assert starts(series()) == ["02-04 18.00", "02-11 18.00", "02-18 18.00", "02-25 18.00"]
    assert starts(series(every_weeks=2)) == ["02-04 18.00", "02-18 18.00"]


def test_chosen_days_come_beside_the_rule_and_skipped_ones_go() -> None:
    said = series(dates=[date(2027, 2, 9), date(2027, 2, 11)], skip=[date(2027, 2, 18)])

    assert starts(said) == ["02-04 18.00", "02-09 18.00", "02-11 18.00", "02-25 18.00"]
    assert starts(series(first_on=None, until=None, dates=[date(2027, 2, 9)])) == ["02-09 18.00"]


def test_the_hour_by_the_wall_stays_when_the_clocks_change() -> None:
    said = series(first_on=date(2027, 3, 25), until=date(2027, 4, 1))

    assert starts(said) == ["03-25 18.00", "04-01 18.00"]


@pytest.mark.parametrize(
    ("day", "hour", "reason"),
    [
        (date(2027, 3, 28), time(3, 15), "time_does_not_exist"),
        (date(2027, 10, 31), time(3, 15), "time_ambiguous"),
    ],
)
def test_an_hour_that_the_change_skips_or_doubles_is_named(day: date, hour: time, reason: str) -> None:
    said = series(first_on=None, until=None, dates=[day], starts=hour, ends=time(5))

    planned = plan(said, None, [])

    assert planned.added == []
    assert [(item.local_start.date(), item.reason) for item in planned.conflicts] == [(day, reason)]


@pytest.mark.parametrize(
    ("differs", "code", "field"),
    [
        ({"ends": time(18)}, Code.FIELD_INVALID, "ends"),
        ({"every_weeks": 3}, Code.FIELD_INVALID, "every_weeks"),
        ({"until": None}, Code.FIELD_REQUIRED, "until"),
        ({"until": date(2027, 2, 3)}, Code.FIELD_INVALID, "until"),
        ({"first_on": None}, Code.FIELD_REQUIRED, "first_on"),
    ],
)
def test_a_series_that_makes_no_sense_is_refused_by_field(
    differs: dict[str, Any], code: Code, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        rules.check(series(**differs), today=TODAY)

    assert refused.value.code is code
    assert [error["field"] for error in refused.value.facts["errors"]] == [field]


@pytest.mark.parametrize(
    "differs",
    [
        {"until": date(2029, 2, 15)},
        {"until": date(9999, 1, 1)},
        {"first_on": None, "until": None, "dates": [date(2029, 2, 15)]},
        {"dates": [TODAY + timedelta(days=number) for number in range(30, 134)]},
    ],
)
def test_more_than_two_years_or_a_hundred_and_four_sessions_are_too_many(differs: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        rules.check(series(**differs), today=TODAY)

    assert refused.value.code is Code.RECURRENCE_TOO_LONG


def test_a_hundred_and_four_weeks_are_not() -> None:
    rules.check(series(until=date(2027, 2, 4) + timedelta(weeks=103)), today=TODAY)


def test_the_same_series_twice_changes_nothing() -> None:
    planned = plan(series(), series(), standing(series()))

    assert planned.kept == 4
    assert [planned.added, planned.moved, planned.gone, planned.conflicts] == [[], [], [], []]


@given(
    first=st.dates(date(2027, 1, 1), date(2027, 6, 1)),
    weeks=st.integers(0, 30),
    every=st.sampled_from([1, 2]),
    chosen=st.lists(st.dates(date(2027, 1, 1), date(2027, 12, 31)), max_size=8),
    skip=st.lists(st.dates(date(2027, 1, 1), date(2027, 12, 31)), max_size=8),
    hour=st.integers(0, 21),
)
def test_carrying_a_plan_out_leaves_nothing_to_plan(
    first: date, weeks: int, every: int, chosen: list[date], skip: list[date], hour: int
) -> None:
    """Whatever stood before: the plan makes of it what the series says, or names why it cannot."""
    before = standing(series())
    said = series(
        first_on=first, until=first + timedelta(weeks=weeks), every_weeks=every, dates=chosen, skip=skip,
        starts=time(hour, 15), ends=time(hour + 2),
    )  # fmt: skip

    done = _carried_out(before, plan(said, series(), before))

    ahead = [stretch for stretch in rules.expand(said, ZONE).stretches.values() if stretch.starts_at > NOW]
    impossible = rules.expand(said, ZONE).left_out
    assert {
        each.starts_at for each in done if each.starts_at.astimezone(ZONE).date() not in impossible
    } == {stretch.starts_at for stretch in ahead}
    again = plan(said, said, done)
    assert [again.added, again.moved, again.gone] == [[], [], []]


def _carried_out(there: Sequence[Standing], planned: Plan) -> list[Standing]:
    moved = {move.session.slot_id: move.to for move in planned.moved}
    gone = {session.slot_id for session in planned.gone}
    stays = [each for each in there if each.slot_id not in gone and each.slot_id not in moved]
    new = [*moved.items(), *((uuid4(), to) for to in planned.added)]
    return stays + [
        Standing(
            slot_id=slot_id,
            host_id=HOST,
            starts_at=to.starts_at,
            ends_at=to.ends_at,
            series_start=to.starts_at,
            taken=0,
            awaited=False,
            begun=False,
        )
        for slot_id, to in new
    ]


def test_another_hour_moves_what_is_ahead_and_leaves_what_is_past() -> None:
    old = series(first_on=date(2027, 1, 28))
    there = [each for each in standing(old) if each.starts_at > NOW]

    planned = plan(series(first_on=date(2027, 1, 28), starts=time(17)), old, there)

    assert walls([move.to.starts_at for move in planned.moved]) == [
        "02-04 17.00", "02-11 17.00", "02-18 17.00", "02-25 17.00",
    ]  # fmt: skip
    assert (planned.added, planned.gone) == ([], [])


def test_a_day_left_out_is_gone_and_a_new_one_added() -> None:
    there = standing(series())

    planned = plan(series(skip=[date(2027, 2, 11)], dates=[date(2027, 2, 12)]), series(), there)

    assert [each.slot_id for each in planned.gone] == [there[1].slot_id]
    assert walls([stretch.starts_at for stretch in planned.added]) == ["02-12 18.00"]
    assert planned.kept == 3


def test_changes_are_told_in_the_order_of_their_days() -> None:
    there = standing(series())

    gone = plan(series(skip=[date(2027, 2, 4), date(2027, 2, 18)]), series(), there[::-1]).gone
    moved = plan(series(starts=time(17)), series(), there[::-1]).moved

    assert gone == [there[0], there[2]]
    assert [move.session for move in moved] == there


def test_a_session_moved_by_hand_stays_until_the_series_says_something_else_of_its_day() -> None:
    first, *others = standing(series())
    by_hand = Standing(
        slot_id=first.slot_id,
        host_id=HOST,
        starts_at=first.starts_at + timedelta(days=1, hours=1),
        ends_at=first.ends_at + timedelta(days=1, hours=1),
        series_start=first.series_start,
        taken=0,
        awaited=False,
        begun=False,
    )

    same = plan(series(), series(), [by_hand, *others])
    longer = plan(series(until=date(2027, 3, 4)), series(), [by_hand, *others])
    another_hour = plan(series(starts=time(17)), series(), [by_hand, *others])

    assert (same.kept, same.moved) == (4, [])
    assert (longer.kept, longer.moved) == (4, [])
    assert walls([move.to.starts_at for move in another_hour.moved])[0] == "02-04 17.00"


def test_a_session_moved_back_before_its_day_is_not_made_again() -> None:
    first, *others = standing(series())
    held = Standing(
        slot_id=first.slot_id,
        host_id=HOST,
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW,
        series_start=first.series_start,
        taken=0,
        awaited=False,
        begun=True,
    )

    planned = plan(series(), series(), [held, *others])

    assert (planned.kept, planned.added, planned.gone) == (3, [], [])


def test_a_session_ended_before_its_hour_stays_whatever_the_series_says_of_its_day() -> None:
    first, *others = standing(series())
    ended = replace(first, begun=True)

    another_hour = plan(series(starts=time(17)), series(), [ended, *others])
    skipped = plan(series(skip=[date(2027, 2, 4)]), series(), [ended, *others])

    assert [move.session for move in another_hour.moved] == others
    assert (another_hour.added, skipped.added, skipped.gone) == ([], [], [])


def test_what_was_called_off_by_hand_is_not_made_again() -> None:
    there = standing(series())[1:]

    assert plan(series(), series(), there, called_off={date(2027, 2, 4)}).added == []
    assert len(plan(series(), series(), there).added) == 1


def test_a_single_session_at_a_named_hour_becomes_the_series_own_and_another_is_left_alone() -> None:
    (named, *_) = standing(series(), series_start=None)
    (another,) = standing(series(first_on=None, until=None, dates=[date(2027, 2, 5)]), series_start=None)

    planned = plan(series(), None, [named, another])

    assert planned.adopted == [named.slot_id]
    assert (planned.kept, len(planned.added), planned.gone) == (2, 3, [])


@pytest.mark.parametrize("whose", [HOST, ANOTHER])
def test_a_day_on_which_the_host_has_something_else_is_named(whose: UUID) -> None:
    starts_at = datetime(2027, 2, 11, 15, 30, tzinfo=UTC)
    elsewhere = Busy(whose, starts_at, starts_at + timedelta(hours=1), uuid4())

    planned = plan(series(), None, [], busy=[elsewhere])

    clash = [(date(2027, 2, 11), "overlap")] if whose == HOST else []
    assert [(item.local_start.date(), item.reason) for item in planned.conflicts] == clash
    assert len(planned.added) == 4 - len(clash)


def test_a_session_that_cannot_be_moved_stays_and_is_named() -> None:
    there = standing(series())
    starts_at = datetime(2027, 2, 4, 13, 30, tzinfo=UTC)
    busy = [Busy(each.host_id, each.starts_at, each.ends_at, each.slot_id) for each in there]

    planned = plan(
        series(starts=time(15), ends=time(16)), series(), there,
        busy=[*busy, Busy(HOST, starts_at, starts_at + timedelta(hours=1), uuid4())],
    )  # fmt: skip

    assert [item.local_start.date() for item in planned.conflicts] == [date(2027, 2, 4)]
    assert (planned.kept, len(planned.moved)) == (1, 3)


def test_what_is_left_out_makes_room_for_what_is_added() -> None:
    """A day's own former hours are no obstacle to its new ones, and what goes is in nobody's way."""
    there = standing(series(), series_start=None)
    in_the_way = Standing(
        slot_id=uuid4(),
        host_id=HOST,
        starts_at=there[0].starts_at + timedelta(hours=1),
        ends_at=there[0].ends_at + timedelta(hours=1),
        series_start=there[0].starts_at + timedelta(days=1),
        taken=0,
        awaited=False,
        begun=False,
    )

    planned = plan(series(), None, [in_the_way])

    assert planned.gone == [in_the_way]
    assert len(planned.added) == 4

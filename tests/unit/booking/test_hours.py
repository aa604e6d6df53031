"""Weekly hours: wall time is kept, impossible times are named, holidays and exceptions count."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.domain.hours import (
    DayException,
    LeftOut,
    Reason,
    WeeklyHours,
    check,
    check_number,
    expand,
    impossible,
    last_day,
)
from services.contracts.refusals import Code, Refusal

HELSINKI = ZoneInfo("Europe/Helsinki")
SPRING = date(2027, 3, 28)
AUTUMN = date(2027, 10, 31)


def weekly(**differs: object) -> WeeklyHours:
    wanted = {
        "weekday": 2,
        "starts": time(13),
        "ends": time(16),
        "slot": timedelta(minutes=45),
        "gap": timedelta(minutes=15),
        "valid_from": date(2027, 1, 1),
        "valid_until": None,
        "notice": timedelta(hours=2),
        "horizon_days": 28,
        "skip_holidays": True,
    } | differs
    return WeeklyHours(**wanted)  # type: ignore[arg-type]  # a builder's mixed values


def at(day: date, hour: int = 6) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def local_starts(hours: WeeklyHours, now: datetime, holidays: frozenset[date] = frozenset()) -> list[str]:
    stretches, _ = expand(hours, HELSINKI, now=now, holidays=holidays)
    return [f"{stretch.local_start:%m-%d %H:%M}" for stretch in stretches]


def test_an_afternoon_holds_three_meetings_with_their_gaps() -> None:
    found = local_starts(weekly(horizon_days=6), at(date(2027, 2, 1)))

    assert found == ["02-02 13:00", "02-02 14:00", "02-02 15:00"]


def test_the_last_meeting_may_end_with_the_hours_but_not_after() -> None:
    fits = local_starts(weekly(ends=time(15, 45), horizon_days=6), at(date(2027, 2, 1)))
    does_not = local_starts(weekly(ends=time(15, 44), horizon_days=6), at(date(2027, 2, 1)))

    assert fits[-1] == "02-02 15:00"
    assert does_not[-1] == "02-02 14:00"


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_one_o_clock_stays_one_o_clock_when_the_clocks_change(change: date) -> None:
    now = at(change - timedelta(days=10))

    stretches, left_out = expand(weekly(), HELSINKI, now=now, holidays=frozenset())

    walls = {stretch.starts_at.astimezone(HELSINKI).time() for stretch in stretches}
    assert walls == {time(13), time(14), time(15)}
    assert len({stretch.starts_at.time() for stretch in stretches}) == 4, "the instants do change"
    assert left_out == []


def test_a_time_that_the_spring_change_skips_is_named_and_left_out() -> None:
    hours = weekly(weekday=7, starts=time(3, 30), ends=time(4, 15), horizon_days=20)

    stretches, left_out = expand(hours, HELSINKI, now=at(SPRING - timedelta(days=8)), holidays=frozenset())

    assert left_out == [LeftOut(datetime.fromisoformat("2027-03-28T03:30"), Reason.DOES_NOT_EXIST)]
    assert all(stretch.local_start.date() != SPRING for stretch in stretches)


def test_a_time_that_the_autumn_change_repeats_is_named_and_left_out() -> None:
    hours = weekly(weekday=7, starts=time(3, 30), ends=time(4, 15), horizon_days=20)

    _, left_out = expand(hours, HELSINKI, now=at(AUTUMN - timedelta(days=8)), holidays=frozenset())

    assert left_out == [LeftOut(datetime.fromisoformat("2027-10-31T03:30"), Reason.AMBIGUOUS)]


@given(
    change=st.sampled_from([SPRING, AUTUMN]),
    minute=st.integers(min_value=0, max_value=7 * 60 - 1),
)
def test_every_minute_around_both_changes_is_kept_or_refused_never_shifted(
    change: date, minute: int
) -> None:
    local = datetime.combine(change, time()) + timedelta(minutes=minute)

    instants = {
        instant
        for hour in range(-5, 8)
        for instant in [
            datetime(change.year, change.month, change.day, tzinfo=UTC)
            + timedelta(hours=hour, minutes=minute % 60)
        ]
        if instant.astimezone(HELSINKI).replace(tzinfo=None) == local
    }
    expected = {0: Reason.DOES_NOT_EXIST, 1: None, 2: Reason.AMBIGUOUS}[len(instants)]
    assert impossible(local, HELSINKI) is expected


def test_holidays_are_skipped_unless_the_host_works_on_them() -> None:
    holiday = frozenset({date(2027, 2, 2)})
    now = at(date(2027, 2, 1))

    assert local_starts(weekly(horizon_days=6), now, holiday) == []
    assert len(local_starts(weekly(horizon_days=6, skip_holidays=False), now, holiday)) == 3


def test_an_exception_closes_a_day_changes_its_hours_or_opens_another() -> None:
    exceptions = (
        DayException(on=date(2027, 2, 2), closed=True),
        DayException(on=date(2027, 2, 9), starts=time(9), ends=time(10)),
        DayException(on=date(2027, 2, 11), starts=time(17), ends=time(18)),
    )

    found = local_starts(weekly(exceptions=exceptions, horizon_days=10), at(date(2027, 2, 1)))

    assert found == ["02-09 09:00", "02-11 17:00"]


def test_nothing_is_published_in_the_past_or_beyond_the_horizon() -> None:
    now = datetime(2027, 2, 2, 12, 30, tzinfo=UTC)  # 14.30 in Helsinki

    found = local_starts(weekly(horizon_days=7), now)

    assert found == ["02-02 15:00", "02-09 13:00", "02-09 14:00", "02-09 15:00"]


def test_the_last_day_ends_the_hours_before_the_horizon_does() -> None:
    hours = weekly(valid_until=date(2027, 2, 3))

    assert last_day(hours, date(2027, 2, 1)) == date(2027, 2, 3)
    assert len(local_starts(hours, at(date(2027, 2, 1)))) == 3


@pytest.mark.parametrize(
    ("differs", "field", "code"),
    [
        ({"weekday": 8}, "weekday", Code.FIELD_INVALID),
        ({"ends": time(12)}, "ends", Code.FIELD_INVALID),
        ({"ends": time(13, 30)}, "slot_minutes", Code.FIELD_INVALID),
        ({"slot": timedelta(minutes=1)}, "slot_minutes", Code.FIELD_INVALID),
        ({"gap": timedelta(minutes=-1)}, "gap_minutes", Code.FIELD_INVALID),
        ({"valid_until": date(2026, 1, 1)}, "valid_until", Code.FIELD_INVALID),
        ({"notice": timedelta(days=31)}, "notice_hours", Code.FIELD_INVALID),
        ({"horizon_days": 0}, "horizon_days", Code.FIELD_INVALID),
        ({"horizon_days": 401}, "horizon_days", Code.RECURRENCE_TOO_LONG),
        ({"exceptions": (DayException(on=SPRING),)}, "exceptions", Code.FIELD_INVALID),
        (
            {"exceptions": (DayException(on=SPRING, closed=True),) * 2},
            "exceptions",
            Code.FIELD_INVALID,
        ),
    ],
)
def test_hours_that_make_no_sense_are_refused_by_field(
    differs: dict[str, object], field: str, code: Code
) -> None:
    with pytest.raises(Refusal) as refused:
        check(weekly(**differs))

    assert (field, code) in {(e["field"], e["code"]) for e in refused.value.facts["errors"]}


def test_hours_that_make_sense_are_not_refused() -> None:
    check(weekly(exceptions=(DayException(on=SPRING, closed=True),)))


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        check(weekly(weekday=0, notice=timedelta(days=99), horizon_days=0))

    assert len(refused.value.facts["errors"]) == 3


def test_a_rule_that_would_make_thousands_of_times_is_refused() -> None:
    daily = tuple(
        DayException(on=date(2027, 2, 1) + timedelta(days=day), starts=time(0), ends=time(23, 55))
        for day in range(200)
    )
    hours = weekly(slot=timedelta(minutes=5), gap=timedelta(), horizon_days=400, exceptions=daily)

    stretches, _ = expand(hours, HELSINKI, now=at(date(2027, 2, 1)), holidays=frozenset())
    with pytest.raises(Refusal) as refused:
        check_number(stretches)

    assert refused.value.code is Code.RECURRENCE_TOO_LONG

"""A11: summer time is right: one o'clock stays one o'clock, also when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from services.booking.domain.hours import WeeklyHours, expand
from tests.prove.by_tests import suite
from tests.prove.proof import Run

HELSINKI = ZoneInfo("Europe/Helsinki")
ONE = time(13)
ALWAYS_WINTER = timezone(timedelta(hours=2))

_suite = suite(
    "the suite's own tests of hours, due times and calendar entries",
    "tests/unit/booking/test_hours.py",
    "tests/unit/notify/test_due_times.py",
    "tests/unit/runtime/test_calendar.py",
)


async def prove(run: Run) -> None:
    await _suite(run)
    starts = [start for weekday in range(1, 8) for start in _published(weekday, HELSINKI)]
    run.none(
        f"of {len(starts)} times of a year, at one every day, not at one by the clock", _astray(starts)
    )


async def control(run: Run) -> None:
    """Hours that count from UTC the whole year."""
    starts = [start for weekday in range(1, 8) for start in _published(weekday, ALWAYS_WINTER)]
    astray = _astray(starts)
    run.control("the zone's own changes", f"{len(astray)} of {len(starts)} not at one", broke=bool(astray))


def _published(weekday: int, zone: tzinfo) -> list[datetime]:
    hours = WeeklyHours(
        weekday=weekday,
        starts=ONE,
        ends=time(14),
        slot=timedelta(hours=1),
        gap=timedelta(),
        valid_from=date(2027, 1, 1),
        valid_until=None,
        notice=timedelta(),
        horizon_days=364,
        skip_holidays=False,
    )
    now = datetime(2027, 1, 1, tzinfo=UTC)
    stretches, _ = expand(hours, cast(ZoneInfo, zone), now=now, holidays=frozenset())
    return [stretch.starts_at for stretch in stretches]


def _astray(starts: list[datetime]) -> list[datetime]:
    return [start for start in starts if start.astimezone(HELSINKI).time() != ONE]

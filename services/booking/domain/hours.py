"""Weekly reception hours: which starts they mean, and which of those cannot be.

Hours are wall-clock times: 13:00 stays 13:00 when the clocks change. A time that
the change skips or repeats is left out and named, never guessed.
"""

from collections.abc import Container, Iterable, Iterator, Sized
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil.rrule import WEEKLY, rrule
from dateutil.tz import datetime_ambiguous, datetime_exists

from services.contracts.refusals import Code, Refusal

LONGEST_HORIZON = 400
MOST_SLOTS = 2500
MOST_EXCEPTIONS = 200


class Reason(StrEnum):
    """Why a start was left out. `booked`: it stays, though the new hours no longer have it."""

    OVERLAP = "overlap"
    DOES_NOT_EXIST = "time_does_not_exist"
    AMBIGUOUS = "time_ambiguous"
    BOOKED = "booked"


@dataclass(frozen=True, kw_only=True)
class DayException:
    on: date
    closed: bool = False
    starts: time | None = None
    ends: time | None = None


@dataclass(frozen=True, kw_only=True)
class WeeklyHours:
    weekday: int
    starts: time
    ends: time
    slot: timedelta
    gap: timedelta
    valid_from: date
    valid_until: date | None
    notice: timedelta
    horizon_days: int
    skip_holidays: bool
    exceptions: tuple[DayException, ...] = ()


@dataclass(frozen=True, order=True)
class Stretch:
    """A slot's time: half-open instants in UTC and the wall time its start was chosen as."""

    starts_at: datetime
    ends_at: datetime
    local_start: datetime


@dataclass(frozen=True)
class LeftOut:
    local_start: datetime
    reason: Reason


def check(hours: WeeklyHours) -> None:
    """Refuse hours that make no sense, with every field that is wrong."""
    wrong = list(_wrong_fields(hours))
    if wrong:
        errors = [{"field": field, "code": str(code), "detail": detail} for field, code, detail in wrong]
        raise Refusal(wrong[0][1], "Some of the hours cannot be used as they are.", errors=errors)


def _wrong_fields(hours: WeeklyHours) -> Iterator[tuple[str, Code, str]]:
    invalid = Code.FIELD_INVALID
    if not 1 <= hours.weekday <= 7:
        yield "weekday", invalid, "A weekday is a number from 1 (Monday) to 7 (Sunday)."
    if hours.ends <= hours.starts:
        yield "ends", invalid, "The hours must end after they start."
    elif _minutes(hours.ends) - _minutes(hours.starts) < hours.slot / timedelta(minutes=1):
        yield "slot_minutes", invalid, "One meeting must fit into the hours."
    if not timedelta(minutes=5) <= hours.slot <= timedelta(hours=8):
        yield "slot_minutes", invalid, "A meeting lasts from 5 to 480 minutes."
    if not timedelta() <= hours.gap <= timedelta(hours=4):
        yield "gap_minutes", invalid, "The time in between is from 0 to 240 minutes."
    if hours.valid_until is not None and hours.valid_until < hours.valid_from:
        yield "valid_until", invalid, "The last day must not be before the first."
    if not timedelta() <= hours.notice <= timedelta(days=30):
        yield "notice_hours", invalid, "Notice is from 0 to 720 hours."
    if hours.horizon_days < 1:
        yield "horizon_days", invalid, "Times are published from 1 to 400 days ahead."
    if hours.horizon_days > LONGEST_HORIZON:
        yield "horizon_days", Code.RECURRENCE_TOO_LONG, "Times are published from 1 to 400 days ahead."
    yield from _wrong_exceptions(hours.exceptions)


def _wrong_exceptions(exceptions: tuple[DayException, ...]) -> Iterator[tuple[str, Code, str]]:
    if len(exceptions) > MOST_EXCEPTIONS:
        yield "exceptions", Code.FIELD_INVALID, f"At most {MOST_EXCEPTIONS} exceptions."
    if len({day.on for day in exceptions}) < len(exceptions):
        yield "exceptions", Code.FIELD_INVALID, "Each date can be an exception once."
    for day in exceptions:
        if day.closed == (day.starts is not None and day.ends is not None):
            yield "exceptions", Code.FIELD_INVALID, "An exception is either closed or has other hours."
        elif day.starts is not None and day.ends is not None and day.ends <= day.starts:
            yield "exceptions", Code.FIELD_INVALID, "The hours must end after they start."


def expand(
    hours: WeeklyHours, zone: ZoneInfo, *, now: datetime, holidays: Container[date]
) -> tuple[list[Stretch], list[LeftOut]]:
    """All slots that the hours mean from now to their horizon, and the starts that cannot be."""
    today = now.astimezone(zone).date()
    first = max(hours.valid_from, today)
    last = last_day(hours, today)
    stretches, left_out = [], []
    for local_start in _local_starts(hours, _days(hours, first, last, holidays)):
        reason = impossible(local_start, zone)
        if reason is not None:
            left_out.append(LeftOut(local_start, reason))
            continue
        starts_at = local_start.replace(tzinfo=zone).astimezone(UTC)
        if starts_at > now:
            stretches.append(Stretch(starts_at, starts_at + hours.slot, local_start))
    return stretches, left_out


def check_number(stretches: Sized) -> None:
    """Asked when hours are published; what was published is extended however many times it makes."""
    if len(stretches) > MOST_SLOTS:
        raise Refusal(Code.RECURRENCE_TOO_LONG, f"These hours would make more than {MOST_SLOTS} times.")


def last_day(hours: WeeklyHours, today: date) -> date:
    horizon = today + timedelta(days=hours.horizon_days)
    return horizon if hours.valid_until is None else min(horizon, hours.valid_until)


def impossible(local_start: datetime, zone: ZoneInfo) -> Reason | None:
    """Whether a wall-clock time does not exist or exists twice on that day."""
    aware = local_start.replace(tzinfo=zone)
    if not datetime_exists(aware):
        return Reason.DOES_NOT_EXIST
    return Reason.AMBIGUOUS if datetime_ambiguous(aware) else None


def _days(
    hours: WeeklyHours, first: date, last: date, holidays: Container[date]
) -> list[tuple[date, time, time]]:
    """Each open day with its hours: the weekly ones, less holidays, changed by the exceptions."""
    changed = {day.on: day for day in hours.exceptions}
    days = [
        (on, hours.starts, hours.ends)
        for on in _weekly(hours, first, last)
        if on not in changed and not (hours.skip_holidays and on in holidays)
    ]
    days += [
        (day.on, day.starts, day.ends)
        for day in hours.exceptions
        if day.starts is not None and day.ends is not None and first <= day.on <= last
    ]
    return sorted(days)


def _weekly(hours: WeeklyHours, first: date, last: date) -> Iterator[date]:
    midnight = time()
    days = rrule(
        WEEKLY,
        byweekday=hours.weekday - 1,
        dtstart=datetime.combine(first, midnight),
        until=datetime.combine(last, midnight),
    )
    return (day.date() for day in days)


def _local_starts(hours: WeeklyHours, days: Iterable[tuple[date, time, time]]) -> Iterator[datetime]:
    for on, starts, ends in days:
        start = datetime.combine(on, starts)
        while start + hours.slot <= datetime.combine(on, ends):
            yield start
            start += hours.slot + hours.gap


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute

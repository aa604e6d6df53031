"""A group's series: which days it means, and what a new one makes of the sessions that stand.

Hours are wall-clock times, as those of receptions are: a day on which the change of clocks skips or
repeats them is left out and named. What is past stays, and a session that somebody moved or called off
by hand stays moved or off until the series says something else of its day.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.booking.domain.hours import LeftOut, Reason, Stretch, impossible
from services.contracts.booking.groups import Series
from services.contracts.refusals import Code, Refusal

MOST_SESSIONS = 104
LONGEST = timedelta(days=731)
MOST_SKIPPED = 400


@dataclass(frozen=True)
class Days:
    """What a series means day by day; a day is in one of the two."""

    stretches: Mapping[date, Stretch]
    left_out: Mapping[date, LeftOut]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An open session ahead. `awaited`: somebody is in it, or waits for a place in it. `begun`: a move has
    made it begin before its day, or it was ended before its hour; it stays as it is."""

    slot_id: UUID
    host_id: UUID
    starts_at: datetime
    ends_at: datetime
    series_start: datetime | None
    taken: int
    awaited: bool
    begun: bool


@dataclass(frozen=True)
class Busy:
    """When somebody has promised to be where else."""

    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    slot_id: UUID


@dataclass(frozen=True)
class Move:
    session: Standing
    to: Stretch


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`adopted` are single sessions that the series now names; they stay as they are."""

    kept: int
    added: Sequence[Stretch]
    moved: Sequence[Move]
    gone: Sequence[Standing]
    adopted: Sequence[UUID]
    conflicts: Sequence[LeftOut]

    @property
    def changes_anything(self) -> bool:
        return bool(self.added or self.moved or self.gone or self.adopted)


def check(series: Series, *, today: date) -> None:
    """Refuse a series that makes no sense, with every field that is wrong, or that has no end in sight."""
    wrong = list(_wrong_fields(series))
    if wrong:
        errors = [{"field": field, "code": str(code), "detail": detail} for field, code, detail in wrong]
        raise Refusal(wrong[0][1], "The series cannot be used as it is.", errors=errors)
    first, until = series.first_on, series.until
    too_long = first is not None and until is not None and until - first > LONGEST
    if not too_long:
        days = list(_days(series))
        too_long = len(days) > MOST_SESSIONS or any(day - today > LONGEST for day in days)
    if too_long:
        raise Refusal(
            Code.RECURRENCE_TOO_LONG,
            f"A series has at most {MOST_SESSIONS} sessions, and ends within two years.",
        )


def _wrong_fields(series: Series) -> Iterator[tuple[str, Code, str]]:
    invalid = Code.FIELD_INVALID
    if series.ends <= series.starts:
        yield "ends", invalid, "A session must end after it starts, on the same day."
    if series.every_weeks not in (1, 2):
        yield "every_weeks", invalid, "Sessions are every week or every other one."
    if series.first_on is None:
        if not series.dates:
            yield "first_on", Code.FIELD_REQUIRED, "Say the first day, or choose days."
    elif series.until is None:
        yield "until", Code.FIELD_REQUIRED, "Say until when the sessions go on."
    elif series.until < series.first_on:
        yield "until", invalid, "The last day must not be before the first."
    if len(series.dates) > MOST_SESSIONS:
        yield "dates", Code.RECURRENCE_TOO_LONG, f"At most {MOST_SESSIONS} days."
    if len(series.skip) > MOST_SKIPPED:
        yield "skip", invalid, f"At most {MOST_SKIPPED} days."


def _days(series: Series) -> Iterator[date]:
    """In order, each once."""
    chosen = set(series.dates)
    if series.first_on is not None and series.until is not None:
        every = timedelta(weeks=series.every_weeks)
        for number in range((series.until - series.first_on) // every + 1):
            chosen.add(series.first_on + number * every)
    yield from sorted(chosen - set(series.skip))


def expand(series: Series, zone: ZoneInfo) -> Days:
    stretches: dict[date, Stretch] = {}
    left_out: dict[date, LeftOut] = {}
    for day in _days(series):
        starts, ends = datetime.combine(day, series.starts), datetime.combine(day, series.ends)
        reason = impossible(starts, zone) or impossible(ends, zone)
        if reason is not None:
            left_out[day] = LeftOut(starts, reason)
        else:
            stretches[day] = Stretch(_instant(starts, zone), _instant(ends, zone), starts)
    return Days(stretches, left_out)


def plan(
    new: Days,
    old: Days | None,
    *,
    standing: Sequence[Standing],
    called_off: Container[date],
    busy: Sequence[Busy],
    host_id: UUID,
    zone: ZoneInfo,
    now: datetime,
) -> Plan:
    """What has to happen so that the sessions ahead are those of `new`.

    `old` is the series that made them; `called_off` are days whose session somebody called off by hand;
    `busy` is when `host_id`, who is to host what is added, and the hosts of what stands cannot come.
    """
    standing = sorted(standing, key=lambda session: session.starts_at)
    of_day = {_day(s.series_start, zone): s for s in standing if s.series_start is not None}
    single = {s.starts_at: s for s in standing if s.series_start is None}
    ahead = {day: s for day, s in of_day.items() if not s.begun}
    adopted = [
        single[stretch.starts_at].slot_id
        for day, stretch in new.stretches.items()
        if day not in of_day and stretch.starts_at > now and stretch.starts_at in single
    ]
    gone = [s for day, s in ahead.items() if _is_gone(s, day, new, now)]
    taken = _Taken(busy, without={s.slot_id for s in gone})
    moved, conflicts = (
        [],
        [item for item in new.left_out.values() if _instant(item.local_start, zone) > now],
    )
    for day, session in ahead.items():
        stretch = new.stretches.get(day)
        if stretch is None or session in gone or _stays(session, stretch, old, day, now):
            continue
        if taken.take(session.host_id, stretch, session.slot_id):
            moved.append(Move(session, stretch))
        else:
            conflicts.append(LeftOut(stretch.local_start, Reason.OVERLAP))
    added = []
    for day, stretch in new.stretches.items():
        if day in of_day or day in called_off or stretch.starts_at <= now or stretch.starts_at in single:
            continue
        if taken.take(host_id, stretch, None):
            added.append(stretch)
        else:
            conflicts.append(LeftOut(stretch.local_start, Reason.OVERLAP))
    return Plan(
        kept=len(ahead) + len(single) - len(gone) - len(moved),
        added=added,
        moved=moved,
        gone=gone,
        adopted=adopted,
        conflicts=sorted(conflicts, key=lambda item: item.local_start),
    )


def _is_gone(session: Standing, day: date, new: Days, now: datetime) -> bool:
    """Its day is still to come, and the series no longer names it."""
    assert session.series_start is not None
    return session.series_start > now and day not in new.stretches and day not in new.left_out


def _stays(session: Standing, stretch: Stretch, old: Days | None, day: date, now: datetime) -> bool:
    """Whether the series says of its day what it said before. A move by hand is no matter of the series."""
    assert session.series_start is not None
    if stretch.starts_at <= now or session.series_start <= now:
        return True
    if session.series_start != stretch.starts_at:
        return False
    by_hand = session.starts_at != session.series_start
    said_before = old is not None and old.stretches.get(day) == stretch
    return by_hand or said_before or session.ends_at == stretch.ends_at


class _Taken:
    """When whom cannot be had, while sessions are moved and added one after the other."""

    def __init__(self, busy: Sequence[Busy], *, without: Container[UUID]) -> None:
        self._busy = [each for each in busy if each.slot_id not in without]

    def take(self, person_id: UUID, stretch: Stretch, slot_id: UUID | None) -> bool:
        """Put a session there if its host is free then, apart from that session itself."""
        if any(
            each.person_id == person_id
            and each.slot_id != slot_id
            and each.starts_at < stretch.ends_at
            and stretch.starts_at < each.ends_at
            for each in self._busy
        ):
            return False
        self._busy = [each for each in self._busy if slot_id is None or each.slot_id != slot_id]
        if slot_id is not None:
            self._busy.append(Busy(person_id, stretch.starts_at, stretch.ends_at, slot_id))
        return True


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)

"""A series of meetings as one recurring calendar object with its exceptions (RFC 5545)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from icalendar import Event

from services.runtime.calendar import CalendarEntry, Method, calendar_around

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Occurrence:
    """One meeting of a series. `planned_start`: where the rule had put it, by which calendars know it."""

    planned_start: datetime
    starts_at: datetime
    ends_at: datetime
    off: bool = False


@dataclass(frozen=True, kw_only=True)
class Series:
    """Meetings at the same hour some weeks apart, as far as they are; others stand beside them by date.

    `entry` says what is the same for all: its times are not looked at. A calendar keeps the hour on the
    wall when the clocks change, so the times are written in `time_zone`.
    """

    entry: CalendarEntry
    time_zone: str
    occurrences: Sequence[Occurrence]

    def to_bytes(self) -> bytes:
        """With nothing left to come to, the whole series is cancelled."""
        calendar = calendar_around(self.entry.method)
        for event in self._events():
            calendar.add_component(event)
        calendar.add_missing_timezones()
        written: bytes = calendar.to_ical()
        return written

    def _events(self) -> list[Event]:
        met = {each.planned_start for each in self.occurrences if not each.off}
        ordered = sorted(
            # One that is off and has come back since is not off.
            (each for each in self.occurrences if not each.off or each.planned_start not in met),
            key=lambda each: each.planned_start,
        )
        live = [each for each in ordered if not each.off]
        if not live or self.entry.method is Method.CANCEL:
            return [self._event(ordered[0])]
        # A rule whose first day is an exception is read differently by different programs.
        shown = [each for each in ordered if each.planned_start >= live[0].planned_start]
        master = self._event(live[0], at_planned=True)
        self._repeat(master, shown)
        moved = [each for each in shown if not each.off and each.starts_at != each.planned_start]
        return [master, *(self._moved(each) for each in moved)]

    def _repeat(self, master: Event, shown: Sequence[Occurrence]) -> None:
        days = [self._wall(each.planned_start) for each in shown]
        off = [self._wall(each.planned_start) for each in shown if each.off]
        if len(shown) == 1:
            return
        if weeks := weeks_apart(days):
            count = (days[-1].date() - days[0].date()).days // 7 // weeks + 1
            master.add("rrule", {"freq": "weekly", "interval": weeks, "count": count})
            by_rule = [days[0] + number * weeks * WEEK for number in range(count)]
            off += [day for day in by_rule if day not in days]
        else:
            master.add("rdate", [day for day in days[1:] if day not in off])
            off = []
        if off:
            master.add("exdate", sorted(off))

    def _moved(self, each: Occurrence) -> Event:
        event = self._event(each)
        event.add("recurrence-id", self._wall(each.planned_start))
        return event

    def _event(self, each: Occurrence, *, at_planned: bool = False) -> Event:
        event = self.entry.event()
        starts = each.planned_start if at_planned else each.starts_at
        for name, at in (("dtstart", starts), ("dtend", starts + (each.ends_at - each.starts_at))):
            del event[name]
            event.add(name, self._wall(at))
        return event

    def _wall(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.time_zone))


def weeks_apart(days: Sequence[datetime]) -> int | None:
    """How many weeks lie between meetings that follow one weekly rule, with gaps or not; None for others.

    The days are wall-clock times in order, two at least.
    """
    first = days[0]
    if any(day.weekday() != first.weekday() or day.time() != first.time() for day in days):
        return None
    weeks = [(day.date() - first.date()).days // 7 for day in days]
    closest = min(later - earlier for earlier, later in pairwise(weeks))
    on_raster = closest > 0 and all(week % closest == 0 for week in weeks)
    return closest if on_raster else None


def sequence_of(sequences: Sequence[int]) -> int:
    """Rises with every change of a meeting and with every meeting added."""
    return sum(sequences) + len(sequences) - 1

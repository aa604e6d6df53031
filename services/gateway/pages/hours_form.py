"""Weekly hours and single times as a form has them: days and hours on the wall, numbers, languages."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from aiohttp import web
from dateutil.tz import datetime_ambiguous, datetime_exists

from services.contracts.booking.receptions import Hours, HoursException
from services.contracts.refusals import Code, Refusal
from services.gateway import fields
from services.gateway.forms import Form
from services.gateway.pages import words
from services.gateway.pages.rendering import say_for
from services.gateway.pages.words import N_, Say, sentence

MOST_ROWS = 200
STILL_AHEAD = N_("Choose a time that is still ahead.")
BUSY = N_("Whoever leads has another time then. Choose another hour.")
THEIR_NAMES = {"starts_at": "starts", "ends_at": "ends"}
NUMBERS = {"slot_minutes": 45, "gap_minutes": 15, "notice_hours": 2, "horizon_days": 60}


def hours_of(form: Form, say: Say) -> Hours | None:
    """The weekly hours as typed; None, with sentences beside the fields, if they cannot be used."""
    numbers = {name: form.clean(name, number, say) for name in NUMBERS}
    starts, ends = (form.clean(name, hour, say, needed=True) for name in ("starts", "ends"))
    valid_from = form.clean("valid_from", day, say, needed=True)
    valid_until = form.clean("valid_until", day, say)
    weekday = form.clean("weekday", number, say, needed=True)
    exceptions = _exceptions(form, say)
    languages = languages_of(form, say)
    if form.errors:
        return None
    return Hours(
        theme=form.value("theme"),
        weekday=weekday,
        starts=starts,
        ends=ends,
        valid_from=valid_from,
        valid_until=valid_until,
        languages=languages,
        skip_holidays=bool(form.value("skip_holidays")),
        exceptions=exceptions,
        **{name: NUMBERS[name] if number is None else number for name, number in numbers.items()},
    )


def form_of(hours: Hours) -> Form:
    values = {name: [str(getattr(hours, name))] for name in ("theme", "weekday", "valid_from", *NUMBERS)}
    values |= {
        "starts": [hours.starts.strftime("%H:%M")],
        "ends": [hours.ends.strftime("%H:%M")],
        "valid_until": [str(hours.valid_until or "")],
        "languages": list(hours.languages),
        "skip_holidays": ["yes"] if hours.skip_holidays else [],
    }
    for row, day in enumerate(hours.exceptions, start=1):
        values[f"day-{row}"] = [str(day.on)]
        values[f"day_from-{row}"] = [_wall(day.starts)]
        values[f"day_until-{row}"] = [_wall(day.ends)]
    return Form(values=values)


def rows_of(form: Form, *, more: int = 0) -> list[int]:
    """The rows for days that differ: those that are there, and `more`."""
    last = max((row for row in map(_row, form.values) if row), default=0)
    return list(range(1, min(last + more, MOST_ROWS) + 1))


def _row(name: str) -> int:
    field, _, row = name.partition("-")
    return int(row) if field == "day" and row.isascii() and row.isdigit() and len(row) <= 3 else 0


def _exceptions(form: Form, say: Say) -> list[HoursException]:
    """A row without hours is a day without a reception; an empty row is nothing."""
    found = []
    for row in rows_of(form):
        names = [f"{field}-{row}" for field in ("day", "day_from", "day_until")]
        if not any(form.value(name) for name in names):
            continue
        closed = not form.value(names[1]) and not form.value(names[2])
        on = form.clean(names[0], day, say, needed=True)
        starts, ends = (form.clean(name, hour, say, needed=not closed) for name in names[1:])
        if on is not None:
            found.append(HoursException(on=on, closed=closed, starts=starts, ends=ends))
    return found


def _wall(hour: time | None) -> str:
    return hour.strftime("%H:%M") if hour else ""


def moment_of(form: Form, say: Say, zone: ZoneInfo) -> datetime | None:
    """The instant of a day and an hour on the wall; told apart when the clocks change then."""
    on = form.clean("on", day, say, needed=True)
    starts = form.clean("starts", hour, say, needed=True)
    if on is None or starts is None:
        return None
    local = datetime.combine(on, starts, zone)
    if not datetime_exists(local):
        form.refuse("starts", Code.TIME_DOES_NOT_EXIST, say)
    elif datetime_ambiguous(local):
        form.refuse("starts", Code.TIME_AMBIGUOUS, say)
    return local.astimezone(UTC)


def stretch_of(form: Form, say: Say, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """From when until when on one day; None, with a sentence beside the field, if that cannot be."""
    starts_at = moment_of(form, say, zone)
    ends = form.clean("ends", hour, say, needed=True)
    if starts_at is None or ends is None or form.errors:
        return None
    ends_at = datetime.combine(starts_at.astimezone(zone).date(), ends, zone)
    if not datetime_exists(ends_at) or datetime_ambiguous(ends_at) or ends_at <= starts_at:
        form.refuse("ends", Code.TIME_INVALID, say)
        return None
    return starts_at, ends_at.astimezone(UTC)


def refuse_times(request: web.Request, form: Form, refusal: Refusal) -> None:
    """What booking finds wrong with a time, beside its field. What is no such thing travels on."""
    say = say_for(request)
    if refusal.code in (Code.NOT_FOUND, Code.KEY_REUSED):
        raise refusal
    for error in refusal.facts.get("errors", []):
        error["field"] = THEIR_NAMES.get(error["field"], error["field"])
    form.refuse_all(refusal, say)
    own = {Code.SLOT_CLOSED: STILL_AHEAD, Code.OVERLAP: BUSY}
    if form.problem:
        form.problem = say(own[refusal.code]) if refusal.code in own else sentence(refusal.code, say)


def wall(at: datetime, zone: str, pattern: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime(pattern)


def languages_of(form: Form, say: Say) -> list[str]:
    chosen = [code for code in form.all("languages") if code in words.SPOKEN]
    if not chosen:
        form.errors.setdefault("languages", words.when_empty("languages", say))
    return chosen


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise Refusal(Code.NUMBER_INVALID, "A whole number is needed.")
    return int(text)


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(Code.TIME_INVALID, "A day is needed.") from error


def hour(text: str) -> time:
    return time.fromisoformat(fields.wall_time(text))

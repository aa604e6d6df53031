"""Weekly hours and single times as a form has them: days and hours on the wall, numbers, languages."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from dateutil.tz import datetime_ambiguous, datetime_exists

from services.contracts.booking.receptions import Hours, HoursException
from services.contracts.refusals import Code, Refusal
from services.gateway import fields
from services.gateway.forms import Form
from services.gateway.pages import words
from services.gateway.pages.words import Say

NUMBERS = {"slot_minutes": 45, "gap_minutes": 15, "notice_hours": 2, "horizon_days": 60}


def hours_of(form: Form, say: Say, *, kept: list[HoursException]) -> Hours | None:
    """The weekly hours as typed; `kept` are exceptions that this page cannot show."""
    numbers = {name: form.clean(name, number, say) for name in NUMBERS}
    starts, ends = (form.clean(name, _hour, say, needed=True) for name in ("starts", "ends"))
    valid_from = form.clean("valid_from", _day, say, needed=True)
    valid_until = form.clean("valid_until", _day, say)
    weekday = form.clean("weekday", number, say, needed=True)
    closed = form.clean("closed_on", _days, say) or []
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
        exceptions=[*(HoursException(on=on, closed=True) for on in closed), *kept],
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
        "closed_on": ["\n".join(str(day.on) for day in hours.exceptions if day.closed)],
    }
    return Form(values=values)


def moment_of(form: Form, say: Say, zone: ZoneInfo) -> datetime | None:
    """The instant of a day and an hour on the wall; told apart when the clocks change then."""
    on = form.clean("on", _day, say, needed=True)
    starts = form.clean("starts", _hour, say, needed=True)
    if on is None or starts is None:
        return None
    local = datetime.combine(on, starts, zone)
    if not datetime_exists(local):
        form.refuse("starts", Code.TIME_DOES_NOT_EXIST, say)
    elif datetime_ambiguous(local):
        form.refuse("starts", Code.TIME_AMBIGUOUS, say)
    return local.astimezone(UTC)


def languages_of(form: Form, say: Say) -> list[str]:
    chosen = [code for code in form.all("languages") if code in words.SPOKEN]
    if not chosen:
        form.errors.setdefault("languages", words.when_empty("languages", say))
    return chosen


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise Refusal(Code.NUMBER_INVALID, "A whole number is needed.")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(Code.TIME_INVALID, "A day is needed.") from error


def _days(text: str) -> list[date]:
    return [_day(line.strip()) for line in text.splitlines() if line.strip()]


def _hour(text: str) -> time:
    return time.fromisoformat(fields.wall_time(text))

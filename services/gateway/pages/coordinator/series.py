"""The times of a group: a rule as a form has it, what it would change, and the press that does it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from aiohttp import web

from services.contracts.booking.groups import (
    ManagedGroup,
    PreviewSeries,
    Series,
    SeriesConflict,
    SeriesPreview,
    SetSeries,
)
from services.contracts.refusals import Code, Refusal
from services.gateway import fields, forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import words
from services.gateway.pages.asking import do, note
from services.gateway.pages.coordinator.meanwhile import has_seen, version_of
from services.gateway.pages.hours_form import day, hour
from services.gateway.pages.leading import my_groups
from services.gateway.pages.rendering import language_of, render, say_for, see_other
from services.gateway.pages.words import N_, Say
from services.runtime.texts import day_in_words

MORE_ROWS = 3
# As many as booking takes: a day too many is refused in words, and no day that is there already is lost.
MOST_DAYS = 104
MOST_ROWS = {"date": MOST_DAYS, "skip": 400}
WEEKLY, EVERY_OTHER, CHOSEN = "1", "2", "0"
RULES = (
    (WEEKLY, N_("Every week")),
    (EVERY_OTHER, N_("Every other week")),
    (CHOSEN, N_("Only on the days that I choose")),
)
LEADS_ELSEWHERE = N_("whoever leads has another time then")
NO_DAYS = N_("Choose at least one day.")
REASON = N_("Tell the reason. It is shown to those who are enrolled.")
TOO_LONG = N_("A series has at most 104 times, and ends within two years.")


@dataclass(frozen=True)
class Left:
    """A day that cannot be, in words."""

    day: str
    on: date
    reason: str


async def edit(request: web.Request) -> web.Response:
    managed = await my_groups.find(request)
    return _show(request, managed, _form_of(managed), more=MORE_ROWS)


async def change(request: web.Request) -> web.Response:
    """Shown first, done at the second press; until then nothing has changed."""
    form, managed = await forms.read(request), await my_groups.find(request)
    say, what = say_for(request), form.value("do")
    if what in ("rows", "edit"):
        return _show(request, managed, form, more=MORE_ROWS)
    series = _series_of(form, say)
    if series is None:
        return _show(request, managed, form, more=MORE_ROWS, status=400)
    try:
        preview = await do(request, PreviewSeries(group_id=managed.group.id, series=series))
        if what != "set":
            return _show(request, managed, form, preview=preview)
        return await _set(request, managed, form, series, preview)
    except Refusal as refusal:
        _refuse(form, refusal, say)
        return _show(request, managed, form, more=MORE_ROWS, status=400)


async def _set(
    request: web.Request, managed: ManagedGroup, form: Form, series: Series, preview: SeriesPreview
) -> web.Response:
    say = say_for(request)
    reason = form.clean("reason", fields.words, say)
    if reason and len(reason) > fields.LONGEST_NOTE:
        form.refuse("reason", Code.BODY_TOO_LARGE, say)
    if not form.value("reason") and any(gone.enrolled for gone in preview.cancelled):
        form.errors["reason"] = say(REASON)
    if form.errors:
        return _show(request, managed, form, preview=preview, status=400)
    await note(request, Action.SERIES_SET, group_id=managed.group.id)
    try:
        await do(
            request,
            SetSeries(group_id=managed.group.id, series=series, reason=reason, version=version_of(form)),
            key=form.key,
        )
    except Refusal as refusal:
        if refusal.code == Code.CHANGED_MEANWHILE:
            return await _changed_meanwhile(request, form, series, refusal)
        if refusal.code != Code.REASON_REQUIRED:
            raise
        form.errors["reason"] = say(REASON)
        return _show(request, managed, form, preview=preview, status=400)
    return see_other(f"/my/groups/{managed.group.id}?done=series")


async def _changed_meanwhile(
    request: web.Request, form: Form, series: Series, refusal: Refusal
) -> web.Response:
    """What was asked for stays, with what it would change now; who sets it again has seen that."""
    newer = await my_groups.find(request)
    preview = await do(request, PreviewSeries(group_id=newer.group.id, series=series))
    form.refuse_all(refusal, say_for(request))
    has_seen(form, newer.version)
    return _show(request, newer, form, preview=preview, status=409)


def _series_of(form: Form, say: Say) -> Series | None:
    starts, ends = (form.clean(name, hour, say, needed=True) for name in ("starts", "ends"))
    repeats = form.value("every") in (WEEKLY, EVERY_OTHER)
    first_on = form.clean("first_on", day, say, needed=True) if repeats else None
    until = form.clean("until", day, say, needed=True) if repeats else None
    dates, skip = list(_days(form, "date", say)), list(_days(form, "skip", say))
    if not repeats and not dates and not form.errors:
        form.errors["date-1"] = say(NO_DAYS)
    if form.errors:
        return None
    assert starts is not None
    assert ends is not None
    weeks = 2 if form.value("every") == EVERY_OTHER else 1
    return Series(
        starts=starts, ends=ends, first_on=first_on, every_weeks=weeks, until=until, dates=dates, skip=skip
    )


def _days(form: Form, name: str, say: Say) -> Iterator[date]:
    """Of all rows that are filled in, each day once."""
    chosen = [form.clean(f"{name}-{row}", day, say) for row in _rows(form, name)]
    yield from dict.fromkeys(one for one in chosen if one is not None)


def _rows(form: Form, name: str, *, more: int = 0) -> Sequence[int]:
    most = MOST_ROWS[name]
    last = max((row for row in range(1, most + 1) if form.value(f"{name}-{row}")), default=0)
    return range(1, min(last + more, most) + 1)


def _form_of(managed: ManagedGroup) -> Form:
    series, version = managed.series, str(managed.version)
    if series is None:
        return Form.of(every=WEEKLY, starts="17:00", ends="18:30", version=version)
    every = str(series.every_weeks) if series.first_on else CHOSEN
    values = {
        "every": every,
        "starts": _wall(series.starts),
        "ends": _wall(series.ends),
        "first_on": str(series.first_on or ""),
        "until": str(series.until or ""),
        "version": version,
    }
    values |= {f"date-{row}": str(one) for row, one in enumerate(series.dates, start=1)}
    values |= {f"skip-{row}": str(one) for row, one in enumerate(series.skip, start=1)}
    return Form.of(**values)


def _wall(at: time) -> str:
    return at.strftime("%H:%M")


def _refuse(form: Form, refusal: Refusal, say: Say) -> None:
    if refusal.code in (Code.NOT_FOUND, Code.FORBIDDEN, Code.KEY_REUSED, Code.ALREADY_CANCELLED):
        raise refusal
    for error in refusal.facts.get("errors", []):
        field = error["field"]
        error["field"] = {"dates": "date-1", "skip": "skip-1", "every_weeks": "every"}.get(field, field)
    form.refuse_all(refusal, say)
    if refusal.code == Code.RECURRENCE_TOO_LONG and form.problem:
        form.problem = say(TOO_LONG)


def _show(
    request: web.Request,
    managed: ManagedGroup,
    form: Form,
    *,
    preview: SeriesPreview | None = None,
    more: int = 0,
    status: int = 200,
) -> web.Response:
    say = say_for(request)
    return render(
        request,
        "coordinator/series_preview.html" if preview else "coordinator/series.html",
        status=status,
        form=form,
        group=managed.group,
        led=bool(managed.facilitators),
        rules=[(code, say(name)) for code, name in RULES],
        date_rows=_rows(form, "date", more=more),
        skip_rows=_rows(form, "skip", more=more),
        most_days=MOST_DAYS,
        preview=preview,
        left=[_left(request, item) for item in preview.conflicts] if preview else [],
        told=sum(item.enrolled for item in preview.moved) if preview else 0,
        asks_reason=any(gone.enrolled for gone in preview.cancelled) if preview else False,
        carried=[(name, value) for name, values in form.values.items() for value in values if value],
        unfolded=any(name.startswith(("date-", "skip-")) for name in form.errors),
    )


def _left(request: web.Request, conflict: SeriesConflict) -> Left:
    say, door = say_for(request), door_of(request)
    zone = door.settings.zone
    noon = datetime.combine(conflict.on, time(12), ZoneInfo(zone.key))
    named = day_in_words(noon, zone.key, door.clock.now(), language=language_of(request))
    reason = LEADS_ELSEWHERE if conflict.code == Code.OVERLAP else words.CONFLICTS.get(conflict.code, "")
    return Left(named, conflict.on, say(reason) if reason else "")

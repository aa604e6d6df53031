"""Weekly hours: publishing them, changing them, and keeping slots made ahead."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.booking.domain import access, hours
from services.booking.domain.hours import LeftOut, Reason, Stretch
from services.booking.service.checks import check_languages, check_theme
from services.booking.service.deps import Deps
from services.booking.store import slots as slot_store
from services.booking.store.appointments import receptions as store
from services.booking.store.appointments.receptions import OpenSlot, Rule
from services.booking.store.directory import people
from services.contracts.booking import receptions as words
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor

MOST_SLOTS_TOLD = 300
MOST_CONFLICTS_TOLD = 200


async def list_receptions(tx: Tx, request: words.ListReceptions, call: Call, _: Deps) -> words.Receptions:
    limit = check_limit(request.limit)
    (after,) = read_cursor(request.cursor, UUID)
    host_id = request.host_id or access.publisher(call.actor, None)
    access.publisher(call.actor, host_id)
    rows = await store.rules(tx, host_id=host_id, after=after, limit=limit + 1)
    items, following = page_of(rows, limit, lambda row: (row.id,))
    return words.Receptions(items=[_reception(rule) for rule in items], next=following)


async def get_reception(tx: Tx, request: words.GetReception, call: Call, _: Deps) -> words.Published:
    rule = await _own_rule(tx, request.reception_id, call)
    return await _published(tx, rule, [], now=call.now)


async def add_reception(tx: Tx, request: words.AddReception, call: Call, deps: Deps) -> words.Published:
    host_id = await _publisher(tx, request.host_id, call)
    rule = Rule(id=uuid4(), host_id=host_id, time_zone=deps.zone.key, hours=request.hours)
    return await _publish(tx, rule, call, deps)


async def change_reception(
    tx: Tx, request: words.ChangeReception, call: Call, deps: Deps
) -> words.Published:
    await store.lock_rule(tx, request.reception_id)
    before = await _own_rule(tx, request.reception_id, call)
    rule = Rule(id=before.id, host_id=before.host_id, time_zone=before.time_zone, hours=request.hours)
    return await _publish(tx, rule, call, deps)


async def preview_reception(
    tx: Tx, request: words.PreviewReception, call: Call, deps: Deps
) -> words.Published:
    """Do it for real inside a savepoint and take it back: a preview that cannot differ from the deed."""
    host_id = await _publisher(tx, request.host_id, call)
    reception_id = request.reception_id or uuid4()
    if request.reception_id is not None:
        host_id = (await _own_rule(tx, request.reception_id, call)).host_id
    rule = Rule(id=reception_id, host_id=host_id, time_zone=deps.zone.key, hours=request.hours)
    async with tx.taken_back():
        return await _publish(tx, rule, call, deps)


async def remove_reception(tx: Tx, request: words.RemoveReception, call: Call, _: Deps) -> Nothing:
    await store.lock_rule(tx, request.reception_id)
    rule = await _own_rule(tx, request.reception_id, call)
    slots = await store.lock_open_slots(tx, rule.id, now=call.now)
    if booked := sum(slot.booked for slot in slots):
        raise Refusal(
            Code.HAS_BOOKINGS,
            "Some of these times are booked. Cancel or move those first.",
            count=booked,
        )
    await store.withdraw(tx, [slot.id for slot in slots])
    await store.remove_rule(tx, rule.id, now=call.now)
    return Nothing()


async def extend_one(tx: Tx, deps: Deps, *, now: datetime) -> bool:
    """Make the slots of one rule whose horizon has moved on; False when there is none."""
    today = now.astimezone(deps.zone).date()
    reception_id = await store.rule_due_for_more(tx, today)
    if reception_id is None:
        return False
    rule = await store.rule(tx, reception_id)
    assert rule is not None
    stretches, _ = hours.expand(
        _weekly(rule.hours), ZoneInfo(rule.time_zone), now=now, holidays=deps.holidays
    )
    known = await store.known_starts(tx, rule.id, now=now)
    await store.make_slots(tx, rule, [s for s in stretches if s.starts_at not in known], now=now)
    await store.set_made_until(tx, rule.id, hours.last_day(_weekly(rule.hours), today))
    return True


async def _publisher(tx: Tx, host_id: UUID | None, call: Call) -> UUID:
    """Whose hours they are to be: somebody who serves here now."""
    named = access.publisher(call.actor, host_id)
    host = await people.person(tx, named)
    if host is None or host.disabled:
        raise access.not_found()
    return named


async def _publish(tx: Tx, rule: Rule, call: Call, deps: Deps) -> words.Published:
    """Bring the rule's slots into line with its hours, touching none that is booked."""
    await check_theme(tx, rule.hours.theme)
    check_languages(rule.hours.languages)
    weekly = _weekly(rule.hours)
    hours.check(weekly)
    zone = ZoneInfo(rule.time_zone)
    stretches, left_out = hours.expand(weekly, zone, now=call.now, holidays=deps.holidays)
    await store.put_rule(tx, rule, made_until=_last_day(rule, call.now), now=call.now)
    hours.check_number(stretches)
    left_out += await _remake(tx, rule, stretches, now=call.now)
    published = await _published(tx, rule, left_out, now=call.now)
    if published.conflicts and not published.slots:
        raise Refusal(
            Code.OVERLAP,
            "Not one of these times can be published.",
            conflicts=published.conflicts,
        )
    return published


async def _remake(tx: Tx, rule: Rule, stretches: Sequence[Stretch], *, now: datetime) -> list[LeftOut]:
    """Withdraw what nobody booked and the hours no longer have; add what they have and is missing."""
    wanted = set(stretches)
    standing = await store.lock_open_slots(tx, rule.id, now=now)
    kept = [slot for slot in standing if slot.booked or _still_fits(slot, wanted, rule)]
    keeping = {slot.id for slot in kept}
    await store.withdraw(tx, [slot.id for slot in standing if slot.id not in keeping])
    await store.set_notice(tx, list(keeping), timedelta(hours=rule.hours.notice_hours))
    known = await store.known_starts(tx, rule.id, now=now)
    missing = [stretch for stretch in stretches if stretch.starts_at not in known]
    made = await store.make_slots(tx, rule, missing, now=now)
    return [
        LeftOut(stretch.local_start, Reason.OVERLAP) for stretch in missing if stretch.starts_at not in made
    ] + [
        LeftOut(slot.stretch.local_start, Reason.BOOKED)
        for slot in kept
        if slot.booked and slot.stretch not in wanted
    ]


def _still_fits(slot: OpenSlot, wanted: set[Stretch], rule: Rule) -> bool:
    return (
        slot.stretch in wanted and slot.theme == rule.hours.theme and slot.languages == rule.hours.languages
    )


async def _own_rule(tx: Tx, reception_id: UUID, call: Call) -> Rule:
    rule = await store.rule(tx, reception_id)
    if rule is None:
        raise access.not_found()
    access.host(call.actor, rule.host_id)
    return rule


async def _published(tx: Tx, rule: Rule, left_out: Sequence[LeftOut], *, now: datetime) -> words.Published:
    """All of it in numbers, the first of it in full: a year of hours does not fit into one message."""
    slots = await slot_store.rule_slots(tx, rule.id, now=now)
    ordered = sorted(left_out, key=lambda item: item.local_start)
    return words.Published(
        reception=_reception(rule),
        slots=[slot.for_host() for slot in slots[:MOST_SLOTS_TOLD]],
        slots_total=len(slots),
        conflicts=[
            words.Conflict(on=item.local_start.date(), starts=item.local_start.time(), reason=item.reason)
            for item in ordered[:MOST_CONFLICTS_TOLD]
        ],
        conflicts_total=len(ordered),
    )


def _last_day(rule: Rule, now: datetime) -> date:
    return hours.last_day(_weekly(rule.hours), now.astimezone(ZoneInfo(rule.time_zone)).date())


def _reception(rule: Rule) -> words.Reception:
    return words.Reception(id=rule.id, host_id=rule.host_id, time_zone=rule.time_zone, hours=rule.hours)


def _weekly(said: words.Hours) -> hours.WeeklyHours:
    return hours.WeeklyHours(
        weekday=said.weekday,
        starts=said.starts,
        ends=said.ends,
        slot=timedelta(minutes=said.slot_minutes),
        gap=timedelta(minutes=said.gap_minutes),
        valid_from=said.valid_from,
        valid_until=said.valid_until,
        notice=timedelta(hours=said.notice_hours),
        horizon_days=said.horizon_days,
        skip_holidays=said.skip_holidays,
        exceptions=tuple(
            hours.DayException(on=day.on, closed=day.closed, starts=day.starts, ends=day.ends)
            for day in said.exceptions
        ),
    )

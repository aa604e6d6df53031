"""The series of a group: looking at what it would change, and making the sessions what it says."""

from collections.abc import Sequence
from uuid import UUID

from services.booking.domain import access
from services.booking.domain import series as rules
from services.booking.domain.series import Plan, Standing
from services.booking.service.checks import check_length, check_reason
from services.booking.service.deps import Deps
from services.booking.service.groups import calling_off, handing_over, sessions
from services.booking.service.groups.groups import changed_meanwhile, locked
from services.booking.store.groups import groups as store
from services.booking.store.groups import session_changes as session_store
from services.booking.store.groups import sessions_ahead as ahead_store
from services.booking.store.groups.groups import GroupRow
from services.contracts.booking import groups as words
from services.contracts.refusals import Code, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx


async def preview_series(
    tx: Tx, request: words.PreviewSeries, call: Call, deps: Deps
) -> words.SeriesPreview:
    """The same plan that setting it would carry out."""
    group, standing = await _locked(tx, request.group_id, call)
    return _told(await _planned(tx, group, standing, request.series, call, deps))


async def set_series(tx: Tx, request: words.SetSeries, call: Call, deps: Deps) -> words.SeriesPreview:
    """What is left out goes first, so that what is moved and added finds its host free.

    Who is enrolled in the series is known by what stands before anything is called off. Twice is once; any
    other series is not set by one who has not seen how the group stands now.
    """
    group, standing = await _locked(tx, request.group_id, call)
    plan = await _planned(tx, group, standing, request.series, call, deps)
    if group.series == request.series and not plan.changes_anything:
        return _told(plan)
    if request.version not in (None, group.version):
        raise changed_meanwhile(group)
    awaited = [session.slot_id for session in plan.gone if session.awaited]
    if awaited and not (request.reason or "").strip():
        raise field_refusal(
            Code.REASON_REQUIRED, "reason", "People are enrolled in sessions that are left out. Say why."
        )
    members = await session_store.members(tx, group.id, now=call.now)
    if awaited:
        await calling_off.call_off(tx, awaited, check_reason(request.reason or ""), call, left_out=True)
    unawaited = [session.slot_id for session in plan.gone if not session.awaited]
    await calling_off.withdraw(tx, unawaited, call)
    await sessions.move(tx, plan.moved, call, in_series=True)
    await session_store.adopt(tx, plan.adopted)
    await store.set_series(tx, group.id, request.series)
    added = await sessions.add(
        tx, group, plan.added, members, call, deps, host_id=handing_over.first_leader(group), in_series=True
    )
    moved = [move.session.slot_id for move in plan.moved]
    await sessions.settle(tx, group.id, [*moved, *added], call, deps)
    return _told(plan)


async def _locked(tx: Tx, group_id: UUID, call: Call) -> tuple[GroupRow, list[Standing]]:
    """The group, its sessions ahead, and then those who lead it and whoever asks."""
    actor = access.coordinator(call.actor)
    group = await locked(tx, group_id, call)
    rows = await ahead_store.lock_ahead(tx, group.id, now=call.now)
    group = await handing_over.lock_leaders(tx, group, actor.person_id)
    return group, [ahead_store.standing(row) for row in rows]


async def _planned(
    tx: Tx, group: GroupRow, standing: Sequence[Standing], series: words.Series, call: Call, deps: Deps
) -> Plan:
    host_id = handing_over.first_leader(group)
    rules.check(series, today=call.now.astimezone(deps.zone).date())
    days = rules.expand(series, deps.zone)
    for stretch in days.stretches.values():
        check_length(stretch.starts_at, stretch.ends_at, "ends")
    off = await ahead_store.called_off(tx, group.id, now=call.now)
    return rules.plan(
        days,
        rules.expand(group.series, deps.zone) if group.series else None,
        standing=standing,
        called_off={moment.astimezone(deps.zone).date() for moment in off},
        busy=await ahead_store.busy(
            tx, [host_id, *(session.host_id for session in standing)], now=call.now
        ),
        host_id=host_id,
        zone=deps.zone,
        now=call.now,
    )


def _told(plan: Plan) -> words.SeriesPreview:
    return words.SeriesPreview(
        kept=plan.kept,
        added=[
            words.SeriesDay(starts_at=stretch.starts_at, ends_at=stretch.ends_at) for stretch in plan.added
        ],
        moved=[
            words.SeriesMove(
                slot_id=move.session.slot_id,
                from_at=move.session.starts_at,
                to_at=move.to.starts_at,
                from_ends_at=move.session.ends_at,
                to_ends_at=move.to.ends_at,
                enrolled=move.session.taken,
            )
            for move in plan.moved
        ],
        cancelled=[
            words.SeriesDay(starts_at=session.starts_at, ends_at=session.ends_at, enrolled=session.taken)
            for session in plan.gone
        ],
        conflicts=[
            words.SeriesConflict(on=item.local_start.date(), code=item.reason) for item in plan.conflicts
        ],
    )

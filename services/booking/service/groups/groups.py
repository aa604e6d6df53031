"""Groups: looking through them, setting them up, changing and ending them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.booking.domain import access
from services.booking.domain import groups as rules
from services.booking.domain.staffing import is_trained
from services.booking.service import news
from services.booking.service.checks import check_languages, check_reason, check_theme
from services.booking.service.deps import Deps
from services.booking.service.enrolment import applying
from services.booking.service.enrolment.offers import offer_free_seats
from services.booking.service.groups import calling_off, handing_over
from services.booking.store.directory import people as people_store
from services.booking.store.enrolment.enrolments import lock_group
from services.booking.store.groups import groups as store
from services.booking.store.groups import session_changes as change_store
from services.booking.store.groups import sessions as session_store
from services.booking.store.groups import sessions_ahead as ahead_store
from services.booking.store.groups.groups import GroupRow
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking import groups as words
from services.contracts.envelope import Role, Staff
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor

MOST_AHEAD = 60
MOST_MANAGED = 120
LOOKS_BACK = timedelta(days=30)


async def list_groups(tx: Tx, request: words.ListGroups, call: Call, _: Deps) -> words.Groups:
    limit = check_limit(request.limit)
    starts_at, group_id = read_cursor(request.cursor, datetime | None, UUID)
    rows = await store.groups(tx, request, now=call.now, after=(starts_at, group_id), limit=limit + 1)
    items, following = page_of(rows, limit, lambda row: (row.next_starts_at, row.id))
    return words.Groups(items=list(items), next=following)


async def get_group(tx: Tx, request: words.GetGroup, call: Call, _: Deps) -> words.GroupPage:
    group = await _group(tx, request.group_id, now=call.now)
    sessions = await session_store.ahead(tx, group.id, now=call.now, limit=MOST_AHEAD)
    begins_at = await session_store.first_starts_at(tx, group.id)
    promised = await session_store.who_have_promised(tx, group.id)
    begun = not group.group.open and begins_at is not None and begins_at <= call.now
    return words.GroupPage(
        group=group.group,
        facilitators=[host for host in group.facilitators if host.id in {*group.leaders} & promised],
        sessions=[] if group.group.ended else list(sessions),
        waiting=await store.waiting_parties(tx, group.id, now=call.now),
        enrolling=bool(sessions) and not group.group.ended and not begun,
    )


async def add_group(tx: Tx, request: words.AddGroup, call: Call, _: Deps) -> words.Group:
    access.coordinator(call.actor)
    rules.check(
        name=request.name,
        description=request.description,
        capacity=request.capacity,
        room_limit=request.room_limit,
        facilitators=request.facilitators,
        kind=request.kind,
    )
    await _check(tx, request)
    group_id = uuid4()
    await store.add_group(tx, group_id, request, now=call.now)
    await store.set_facilitators(tx, group_id, request.facilitators)
    return (await _group(tx, group_id, now=call.now)).group


async def change_group(tx: Tx, request: words.ChangeGroup, call: Call, deps: Deps) -> words.Group:
    """What is changed holds for the sessions ahead. More places are offered to those who wait."""
    before = await locked(tx, request.group_id, call)
    if request.version not in (None, before.version):
        return _unless_as_asked(before, request)
    rules.check(
        name=request.name,
        description=request.description,
        capacity=request.capacity,
        room_limit=request.room_limit,
        facilitators=request.facilitators,
    )
    await ahead_store.lock_ahead(tx, before.id, now=call.now)
    await staffing_store.lock_people(tx, request.facilitators)
    await _check(tx, request)
    rules.check_capacity(request.capacity, fullest=await ahead_store.fullest(tx, before.id, now=call.now))
    await store.change_group(tx, request)
    changed = await change_store.suit_group(tx, before.id, now=call.now)
    await store.set_facilitators(tx, before.id, request.facilitators)
    after = await _group(tx, before.id, now=call.now)
    if list(after.leaders) != list(before.leaders):
        await handing_over.hand_over(tx, before, after, call)
        if before.group.by_acceptance:
            await applying.tell(tx, before.id, set(after.leaders) - set(before.leaders), call)
    await news.slot_changed(tx, changed, call)
    await offer_free_seats(tx, before.id, call, deps)
    return after.group


def _unless_as_asked(now: GroupRow, request: words.ChangeGroup) -> words.Group:
    """Twice is once; any other change made meanwhile is not written over by one who has not seen it."""
    group, leaders = now.group, [host.id for host in now.facilitators]
    standing = (group.name, group.description, group.theme, now.organisation_id, group.languages)
    wanted = (request.name, request.description, request.theme, request.organisation_id, request.languages)
    numbers = (group.capacity, group.by_acceptance, now.room_limit, leaders)
    if standing == wanted and numbers == (
        request.capacity,
        request.by_acceptance,
        request.room_limit,
        request.facilitators,
    ):
        return group
    raise changed_meanwhile(now)


def changed_meanwhile(now: GroupRow) -> Refusal:
    return Refusal(
        Code.CHANGED_MEANWHILE, "Somebody else has changed the group meanwhile.", version=now.version
    )


async def end_group(tx: Tx, request: words.EndGroup, call: Call, deps: Deps) -> words.Group:
    """Twice is once. A session that has begun goes on to its end."""
    access.coordinator(call.actor)
    reason = check_reason(request.reason)
    await lock_group(tx, request.group_id)
    group = await _group(tx, request.group_id, now=call.now)
    if await store.end_group(tx, group.id, now=call.now):
        ahead = await ahead_store.lock_ahead(tx, group.id, now=call.now)
        slot_ids = [row["id"] for row in ahead if not row["begun"]]
        await calling_off.call_off(tx, slot_ids, reason, call)
        await offer_free_seats(tx, group.id, call, deps)
    return (await _group(tx, group.id, now=call.now)).group


async def list_managed_groups(
    tx: Tx, request: words.ListManagedGroups, call: Call, _: Deps
) -> words.ManagedGroups:
    if not isinstance(call.actor, Staff):
        raise Refusal(Code.FORBIDDEN, "Only those who serve lead groups.")
    limit = check_limit(request.limit)
    ended, starts_at, group_id = read_cursor(request.cursor, bool, datetime | None, UUID)
    everybodys = call.actor.role is Role.COORDINATOR and not request.mine
    rows = await store.managed_groups(
        tx,
        facilitator=None if everybodys else call.actor.person_id,
        now=call.now,
        after=(ended, starts_at, group_id),
        limit=limit + 1,
    )
    items, following = page_of(rows, limit, lambda row: (row.group.ended, row.group.next_starts_at, row.id))
    return words.ManagedGroups(items=[_managed(row, ()) for row in items], next=following)


async def get_managed_group(
    tx: Tx, request: words.GetManagedGroup, call: Call, _: Deps
) -> words.ManagedGroup:
    group = await _group(tx, request.group_id, now=call.now)
    access.leads(call.actor, group.leaders)
    sessions = await session_store.managed(tx, group.id, since=call.now - LOOKS_BACK, limit=MOST_MANAGED)
    return _managed(group, sessions)


async def locked(tx: Tx, group_id: UUID, call: Call) -> GroupRow:
    """A group that goes on, for a coordinator to change; nobody else moves its seats until the commit."""
    access.coordinator(call.actor)
    await lock_group(tx, group_id)
    group = await _group(tx, group_id, now=call.now)
    check_goes_on(group)
    return group


def check_goes_on(group: GroupRow) -> None:
    if group.group.ended:
        raise Refusal(Code.ALREADY_CANCELLED, "This group has ended.")


async def _group(tx: Tx, group_id: UUID, *, now: datetime) -> GroupRow:
    group = await store.group(tx, group_id, now=now)
    if group is None:
        raise access.not_found()
    return group


async def _check(tx: Tx, request: words.AddGroup | words.ChangeGroup) -> None:
    """What the words speak of must be there; who leads must be somebody who may."""
    await check_theme(tx, request.theme)
    check_languages(request.languages)
    if not await people_store.organisation_exists(tx, request.organisation_id):
        raise field_refusal(Code.FIELD_INVALID, "organisation_id", "There is no such organisation.")
    for person_id in request.facilitators:
        person = await people_store.person(tx, person_id)
        if person is None or person.disabled:
            raise field_refusal(Code.FIELD_INVALID, "facilitators", "One of them does not serve here.")
        if not is_trained(person.role, person.trained):
            raise field_refusal(
                Code.NOT_TRAINED, "facilitators", "Only volunteers who have been trained can lead a group."
            )


def _managed(group: GroupRow, sessions: Sequence[words.ManagedSession]) -> words.ManagedGroup:
    return words.ManagedGroup(
        group=group.group,
        organisation_id=group.organisation_id,
        room_limit=group.room_limit,
        facilitators=list(group.facilitators),
        series=group.series,
        sessions=list(sessions),
        version=group.version,
    )

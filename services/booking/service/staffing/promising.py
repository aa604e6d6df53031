"""Who opens a session: promising it, giving it up, standing in, naming somebody.

The session's row is locked first, then the row of the person who promises: whoever promises to be in two
places at once finds the other promise there.
"""

from datetime import datetime, timedelta
from uuid import UUID

from services.booking.domain import access
from services.booking.domain import staffing as rules
from services.booking.service import news
from services.booking.service.deps import Deps
from services.booking.service.staffing.session_news import tell_found, tell_relieved, tell_replaced
from services.booking.store import slots as slot_store
from services.booking.store.directory import people
from services.booking.store.staffing import duties as duty_store
from services.booking.store.staffing import staffing as store
from services.booking.store.staffing.duties import DutyRow
from services.contracts.booking import staffing as words
from services.contracts.booking.groups import Staffing
from services.contracts.booking.people import Person
from services.contracts.envelope import Nothing, Role, Staff
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor

LONGEST_LOOK = timedelta(days=400)
MESSAGE_LANGUAGES = ("fi", "sv", "en")


async def list_duties(tx: Tx, request: words.ListDuties, call: Call, _: Deps) -> words.Duties:
    actor = _server(call)
    if request.scope in (words.DutyScope.ALL, words.DutyScope.UNSTAFFED):
        access.coordinator(call.actor)
    if not request.from_at < request.to_at <= request.from_at + LONGEST_LOOK:
        raise field_refusal(Code.TIME_INVALID, "to_at", "The end must be after the start, within 400 days.")
    limit = check_limit(request.limit)
    starts_at, slot_id = read_cursor(request.cursor, datetime, UUID)
    rows = await duty_store.duties(
        tx,
        actor.person_id,
        request.scope,
        from_at=request.from_at,
        to_at=request.to_at,
        after=(starts_at, slot_id),
        limit=limit + 1,
        now=call.now,
    )
    listed, following = page_of(rows, limit, lambda row: (row.session.starts_at, row.session.slot_id))
    co_hosts = await duty_store.co_hosts(tx, [row.session.slot_id for row in listed])
    items = [row.view(co_hosts[row.session.slot_id], now=call.now) for row in listed]
    return words.Duties(items=items, next=following)


async def get_duty(tx: Tx, request: words.GetDuty, call: Call, _: Deps) -> words.Duty:
    actor = _server(call)
    await _check_sees(tx, await _duty(tx, request.slot_id, actor.person_id), actor)
    return await _view(tx, request.slot_id, actor, call)


async def accept_duty(tx: Tx, request: words.AcceptDuty, call: Call, _: Deps) -> words.Duty:
    """As what they were named; an accepted co-host, and anybody who fits, instead of a missing host."""
    actor = _server(call)
    duty = await _locked(tx, request.slot_id, actor)
    rules.check_ahead(duty.session, now=call.now)
    rules.check_hour(duty.session, request.starts_at)
    person = duty.person
    if person.co_hosting and not person.co_host_accepted:
        await _promise_to_co_host(tx, duty, call)
    elif not _has_promised(duty, now=call.now):
        if duty.session.host_id != person.person_id:
            rules.check_wanted(duty.session, now=call.now)
        await _promise_to_host(tx, duty, call)
    return await _view(tx, request.slot_id, actor, call)


async def give_up_duty(tx: Tx, request: words.GiveUpDuty, call: Call, _: Deps) -> words.Duty:
    """Twice is once. One who was only asked to stand in is not asked again."""
    actor = _server(call)
    duty = await _locked(tx, request.slot_id, actor)
    rules.check_ahead(duty.session, now=call.now)
    if duty.hosting:
        await store.set_staffing(tx, request.slot_id, Staffing.NEEDS_HOST)
        await news.slot_changed(tx, [request.slot_id], call)
    elif duty.person.co_hosting and await store.remove_co_host(tx, request.slot_id, actor.person_id):
        await news.slot_changed(tx, [request.slot_id], call)
    await store.note_cannot(tx, request.slot_id, actor.person_id, now=call.now)
    return await _view(tx, request.slot_id, actor, call)


async def ask_for_stand_in(tx: Tx, request: words.AskForStandIn, call: Call, _: Deps) -> words.Duty:
    """Whoever asks for a stand-in has promised to come if there is none."""
    actor = _server(call)
    duty = await _locked(tx, request.slot_id, actor)
    rules.check_ahead(duty.session, now=call.now)
    rules.check_hour(duty.session, request.starts_at)
    if duty.session.host_id != actor.person_id:
        raise Refusal(Code.FORBIDDEN, "Only its host can ask for a stand-in.")
    if request.wanted and duty.session.staffing is not Staffing.STAND_IN_WANTED:
        if not duty.session.promised:
            await _promise_to_host(tx, duty, call)
        await store.set_staffing(tx, request.slot_id, Staffing.STAND_IN_WANTED)
    elif not request.wanted and duty.session.staffing is Staffing.STAND_IN_WANTED:
        await store.set_staffing(tx, request.slot_id, Staffing.ACCEPTED)
    return await _view(tx, request.slot_id, actor, call)


async def assign_host(tx: Tx, request: words.AssignHost, call: Call, _: Deps) -> words.Duty:
    """They are asked by the job that asks; who names themselves has promised. Twice is once."""
    actor = access.coordinator(call.actor)
    await _lock(tx, request.slot_id, request.person_id)
    duty = await _duty(tx, request.slot_id, request.person_id)
    rules.check_ahead(duty.session, now=call.now)
    oneself = actor.person_id == request.person_id
    if request.co_host:
        await _name_co_host(tx, duty, call, oneself=oneself)
    elif not duty.hosting or (oneself and not duty.session.promised):
        await _name_host(tx, duty, call, oneself=oneself)
    return await _view(tx, request.slot_id, actor, call)


async def remove_co_host(tx: Tx, request: words.RemoveCoHost, call: Call, _: Deps) -> Nothing:
    access.coordinator(call.actor)
    await slot_store.lock(tx, request.slot_id)
    if await store.session(tx, request.slot_id) is None:
        raise access.not_found()
    if await store.remove_co_host(tx, request.slot_id, request.person_id):
        await news.slot_changed(tx, [request.slot_id], call)
    return Nothing()


async def describe_duties(tx: Tx, request: words.DescribeDuties, call: Call, _: Deps) -> words.WantedDuties:
    person = await people.person(tx, request.person_id)
    if person is None or person.disabled:
        raise access.not_found()
    return words.WantedDuties(
        email=person.email,
        language=language_of(person),
        items=list(await duty_store.unanswered(tx, person.id, now=call.now)),
    )


def language_of(person: Person) -> str:
    """In which language somebody who serves is written to."""
    spoken = (code for code in person.languages if code in MESSAGE_LANGUAGES)
    return next(spoken, MESSAGE_LANGUAGES[0])


async def release(tx: Tx, person_id: UUID, slot_ids: list[UUID], call: Call) -> None:
    """Take somebody who may lead no longer out of their sessions, which need another host at once."""
    changed = await store.leave_all(tx, person_id, slot_ids)
    await news.slot_changed(tx, sorted(changed), call)


def _has_promised(duty: DutyRow, *, now: datetime) -> bool:
    """An accepted co-host of a session that wants a host may still promise to be that."""
    if duty.hosting:
        return duty.session.promised
    return duty.person.co_host_accepted and not rules.wants_host(duty.session, now=now)


async def _promise_to_host(tx: Tx, duty: DutyRow, call: Call) -> None:
    """They become the host, or stay it, and will come."""
    session, person = duty.session, duty.person
    rules.check_can_promise(trained=person.trained, free=person.free)
    if not await store.promise_host(tx, session.slot_id, person.person_id):
        raise rules.overlap()
    if session.told_missing_at is not None:
        await tell_found(tx, session.slot_id, call)
    await tell_relieved(tx, session, duty.ends_at, call)
    await tell_replaced(tx, session, duty.ends_at, call, host_id=person.person_id)
    await news.slot_changed(tx, [session.slot_id], call)


async def _promise_to_co_host(tx: Tx, duty: DutyRow, call: Call) -> None:
    slot_id, person = duty.session.slot_id, duty.person
    rules.check_can_promise(trained=person.trained, free=person.free)
    if not await store.accept_co_host(tx, slot_id, person.person_id, now=call.now):
        raise rules.overlap()
    await news.slot_changed(tx, [slot_id], call)


async def _name_host(tx: Tx, duty: DutyRow, call: Call, *, oneself: bool) -> None:
    if oneself:
        await _promise_to_host(tx, duty, call)
        return
    rules.check_can_promise(trained=duty.person.trained, free=duty.person.free)
    if not await store.name_host(tx, duty.session.slot_id, duty.person.person_id):
        raise rules.overlap()
    await tell_replaced(tx, duty.session, duty.ends_at, call, host_id=duty.person.person_id)
    await news.slot_changed(tx, [duty.session.slot_id], call)


async def _name_co_host(tx: Tx, duty: DutyRow, call: Call, *, oneself: bool) -> None:
    if duty.hosting:
        raise field_refusal(Code.FIELD_INVALID, "person_id", "They host this session already.")
    rules.check_can_promise(trained=duty.person.trained, free=duty.person.free)
    await store.name_co_host(tx, duty.session.slot_id, duty.person.person_id)
    if oneself and not duty.person.co_host_accepted:
        await _promise_to_co_host(tx, duty, call)


def _server(call: Call) -> Staff:
    if not isinstance(call.actor, Staff):
        raise Refusal(Code.FORBIDDEN, "Only those who serve can lead sessions.")
    return call.actor


async def _lock(tx: Tx, slot_id: UUID, person_id: UUID) -> None:
    await slot_store.lock(tx, slot_id)
    await store.lock_person(tx, person_id)


async def _locked(tx: Tx, slot_id: UUID, actor: Staff) -> DutyRow:
    await _lock(tx, slot_id, actor.person_id)
    duty = await _duty(tx, slot_id, actor.person_id)
    await _check_sees(tx, duty, actor)
    return duty


async def _duty(tx: Tx, slot_id: UUID, person_id: UUID) -> DutyRow:
    duty = await duty_store.duty(tx, slot_id, person_id)
    if duty is None or duty.disabled:
        raise access.not_found()
    return duty


async def _check_sees(tx: Tx, duty: DutyRow, actor: Staff) -> None:
    """Those who lead it or fit it do, those who were asked, and coordinators."""
    if duty.person.suits or actor.role is Role.COORDINATOR:
        return
    if not await duty_store.is_asked(tx, duty.session.slot_id, actor.person_id):
        raise access.not_found()


async def _view(tx: Tx, slot_id: UUID, actor: Staff, call: Call) -> words.Duty:
    duty = await _duty(tx, slot_id, actor.person_id)
    co_hosts = await duty_store.co_hosts(tx, [slot_id])
    return duty.view(co_hosts[slot_id], now=call.now)

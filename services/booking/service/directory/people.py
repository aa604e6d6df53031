"""The people who serve."""

from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from asyncpg import UniqueViolationError
from msgspec import structs

from services.booking.domain import access
from services.booking.domain.staffing import is_trained
from services.booking.service.deps import Deps
from services.booking.service.staffing import promising
from services.booking.store import slots as slot_store
from services.booking.store.appointments import receptions as reception_store
from services.booking.store.directory import catalogue
from services.booking.store.directory import people as store
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking import people as words
from services.contracts.booking.events import PersonDisabled
from services.contracts.envelope import Nothing, Role
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor

log = structlog.get_logger()

MOST_THEMES = 100


async def identify(tx: Tx, request: words.Identify, _: Call, __: Deps) -> words.Person:
    person = await store.person(tx, request.person_id)
    if person is None or person.disabled:
        raise Refusal(Code.SESSION_ENDED, "You are no longer signed in.")
    return person


async def find_person_by_email(tx: Tx, request: words.FindPersonByEmail, _: Call, __: Deps) -> words.Person:
    person = await store.person_by_email(tx, request.email)
    if person is None or person.disabled:
        raise access.not_found()
    return person


async def list_people(tx: Tx, request: words.ListPeople, call: Call, _: Deps) -> words.People:
    access.coordinator(call.actor)
    limit = check_limit(request.limit)
    (after,) = read_cursor(request.cursor, UUID)
    rows = await store.people(tx, after=after, limit=limit + 1)
    items, following = page_of(rows, limit, lambda row: (row.id,))
    return words.People(items=list(items), next=following)


async def get_person(tx: Tx, request: words.GetPerson, call: Call, _: Deps) -> words.Person:
    access.coordinator(call.actor)
    person = await store.person(tx, request.person_id)
    if person is None:
        raise access.not_found()
    return person


async def add_person(tx: Tx, request: words.AddPerson, call: Call, _: Deps) -> words.Person:
    access.coordinator(call.actor)
    await _check(tx, request)
    person = words.Person(
        id=uuid4(),
        role=request.role,
        display_name=request.display_name.strip(),
        email=request.email,
        languages=request.languages,
        organisation_id=request.organisation_id,
        trained=request.trained,
        themes=request.themes,
    )
    try:
        await store.add_person(tx, person, now=call.now)
    except UniqueViolationError as error:
        raise _in_use() from error
    return person


async def change_person(tx: Tx, request: words.ChangePerson, call: Call, _: Deps) -> words.Person:
    """Twice is once; any other change made meanwhile is not written over by one who has not seen it."""
    actor = access.coordinator(call.actor)
    may_lead = is_trained(request.role, request.trained)
    if not may_lead:
        await _lock_sessions(tx, request.person_id, call)
    await staffing_store.lock_person(tx, request.person_id)
    before = await store.person(tx, request.person_id)
    if before is None:
        raise access.not_found()
    if before.id == actor.person_id and request.role is not before.role:
        raise Refusal(Code.FORBIDDEN, "You cannot change your own role; ask another coordinator.")
    after = _changed(before, request)
    if request.version not in (None, before.version):
        if structs.replace(after, version=before.version) == before:
            return before
        raise Refusal(
            Code.CHANGED_MEANWHILE, "Somebody else has changed them meanwhile.", version=before.version
        )
    await _check(tx, request)
    try:
        await store.change_person(tx, after)
    except UniqueViolationError as error:
        raise _in_use() from error
    if not may_lead:
        await _release(tx, after.id, call)
    return after


def _changed(before: words.Person, request: words.ChangePerson) -> words.Person:
    return words.Person(
        id=before.id,
        role=request.role,
        display_name=request.display_name.strip(),
        email=request.email,
        languages=request.languages,
        organisation_id=request.organisation_id,
        disabled=before.disabled,
        trained=request.trained,
        themes=request.themes,
        version=before.version + 1,
    )


async def disable_person(tx: Tx, request: words.DisablePerson, call: Call, _: Deps) -> Nothing:
    actor = access.coordinator(call.actor)
    if actor.person_id == request.person_id:
        raise Refusal(Code.FORBIDDEN, "You cannot disable yourself; ask another coordinator.")
    if await store.person(tx, request.person_id) is None:
        raise access.not_found()
    await _lock_sessions(tx, request.person_id, call)
    if await store.disable_person(tx, request.person_id, now=call.now):
        await _release(tx, request.person_id, call)
        await slot_store.withdraw_free_of_host(tx, request.person_id, now=call.now)
        await outbox.add(tx, PersonDisabled(person_id=request.person_id), call)
    return Nothing()


async def _lock_sessions(tx: Tx, person_id: UUID, call: Call) -> None:
    """Sessions are locked before those who lead them."""
    await slot_store.lock(tx, *await staffing_store.sessions_of_person(tx, person_id, now=call.now))


async def _release(tx: Tx, person_id: UUID, call: Call) -> None:
    """From here on they can promise nothing; what they promised meanwhile is among these."""
    sessions = await staffing_store.sessions_of_person(tx, person_id, now=call.now)
    await promising.release(tx, person_id, sessions, call)


async def enable_person(tx: Tx, request: words.EnablePerson, call: Call, deps: Deps) -> Nothing:
    """What was withdrawn stays so; the days are made anew, as when a rule reaches further ahead."""
    access.coordinator(call.actor)
    if await store.person(tx, request.person_id) is None:
        raise access.not_found()
    if await store.enable_person(tx, request.person_id):
        today = call.now.astimezone(deps.zone).date()
        await reception_store.make_anew(tx, request.person_id, from_day=today - timedelta(days=1))
    return Nothing()


async def list_alert_addresses(
    tx: Tx, _: words.ListAlertAddresses, __: Call, ___: Deps
) -> words.AlertAddresses:
    items = [
        words.AlertAddress(email=row["email"], language=(row["languages"] or ["fi"])[0])
        for row in await store.coordinators(tx)
    ]
    return words.AlertAddresses(items=items)


async def ensure_first_coordinator(tx: Tx, email: str, call: Call) -> None:
    """An empty system needs one person who can invite the others; later starts change nothing."""
    person_id = uuid4()
    if email and await store.add_first_coordinator(tx, person_id, email, now=call.now):
        log.info("coordinator.added", person_id=str(person_id))


async def _check(tx: Tx, request: words.AddPerson | words.ChangePerson) -> None:
    if not 1 <= len(request.display_name.strip()) <= 80:
        raise field_refusal(Code.NAME_INVALID, "display_name", "A name has 1 to 80 characters.")
    if request.organisation_id is None:
        if request.role is Role.EXPERT:
            raise field_refusal(
                Code.FIELD_REQUIRED, "organisation_id", "An expert belongs to an organisation."
            )
    elif not await store.organisation_exists(tx, request.organisation_id):
        raise field_refusal(Code.FIELD_INVALID, "organisation_id", "There is no such organisation.")
    if len(request.themes) > MOST_THEMES or len(set(request.themes)) < len(request.themes):
        raise field_refusal(Code.FIELD_INVALID, "themes", f"At most {MOST_THEMES} themes, each once.")
    if not await catalogue.themes_exist(tx, request.themes):
        raise field_refusal(Code.FIELD_INVALID, "themes", "There is no such theme.")


def _in_use() -> Refusal:
    return field_refusal(Code.PERSON_EXISTS, "email", "Somebody already serves by this address.")

"""What is on offer: anyone may look."""

from uuid import UUID, uuid4

from asyncpg import UniqueViolationError

from services.booking.domain import access
from services.booking.service.deps import Deps
from services.booking.store.directory import catalogue as store
from services.booking.store.directory import people as people_store
from services.contracts.booking import catalogue as words
from services.contracts.refusals import Code, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor


async def list_organisations(
    tx: Tx, request: words.ListOrganisations, _: Call, __: Deps
) -> words.Organisations:
    limit = check_limit(request.limit)
    (after,) = read_cursor(request.cursor, UUID)
    rows = await people_store.organisations(tx, after=after, limit=limit + 1)
    items, following = page_of(rows, limit, lambda row: (row.id,))
    return words.Organisations(items=list(items), next=following)


async def add_organisation(
    tx: Tx, request: words.AddOrganisation, call: Call, _: Deps
) -> words.Organisation:
    access.coordinator(call.actor)
    name = _organisation_name(request.name)
    return await people_store.add_organisation(tx, words.Organisation(id=uuid4(), name=name), now=call.now)


async def change_organisation(
    tx: Tx, request: words.ChangeOrganisation, call: Call, _: Deps
) -> words.Organisation:
    access.coordinator(call.actor)
    after = words.Organisation(id=request.organisation_id, name=_organisation_name(request.name))
    try:
        if not await people_store.change_organisation(tx, after):
            raise access.not_found()
    except UniqueViolationError as error:
        raise field_refusal(Code.NAME_TAKEN, "name", "Another organisation has this name.") from error
    return after


def _organisation_name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= 120:
        raise field_refusal(Code.NAME_INVALID, "name", "A name has 1 to 120 characters.")
    return name


async def list_hosts(tx: Tx, request: words.ListHosts, call: Call, _: Deps) -> words.Hosts:
    limit = check_limit(request.limit)
    (after,) = read_cursor(request.cursor, UUID)
    rows = await store.hosts(
        tx,
        now=call.now,
        theme=request.theme,
        organisation=request.organisation,
        after=after,
        limit=limit + 1,
    )
    items, following = page_of(rows, limit, lambda row: (row.id,))
    return words.Hosts(items=list(items), next=following)

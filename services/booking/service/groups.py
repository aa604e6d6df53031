"""Groups: looking through them and setting them up."""

from uuid import UUID, uuid4

from services.booking.domain import access
from services.booking.service.deps import Deps
from services.booking.store import catalogue
from services.booking.store import groups as store
from services.booking.store import people as people_store
from services.contracts.booking import groups as words
from services.contracts.refusals import Code, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor


async def list_groups(tx: Tx, request: words.ListGroups, call: Call, _: Deps) -> words.Groups:
    limit = check_limit(request.limit)
    (after,) = read_cursor(request.cursor, UUID)
    rows = await store.groups(tx, now=call.now, after=after, limit=limit + 1)
    items, following = page_of(rows, limit, lambda row: (row.id,))
    return words.Groups(items=list(items), next=following)


async def add_group(tx: Tx, request: words.AddGroup, call: Call, _: Deps) -> words.Group:
    access.coordinator(call.actor)
    if not await catalogue.theme_exists(tx, request.theme):
        raise field_refusal(Code.FIELD_INVALID, "theme", "There is no such theme.")
    if not await people_store.organisation_exists(tx, request.organisation_id):
        raise field_refusal(Code.FIELD_INVALID, "organisation_id", "There is no such organisation.")
    if not 2 <= request.capacity <= 1000:
        raise field_refusal(Code.FIELD_INVALID, "capacity", "A group has from 2 to 1000 places.")
    return await store.add_group(tx, uuid4(), request, now=call.now)

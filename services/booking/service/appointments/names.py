"""Under which names people come, told of many at once."""

from asyncpg import Record

from services.booking.domain import access
from services.booking.service.deps import Deps
from services.booking.store.appointments import names as store
from services.contracts.booking.names import DescribeNames, KnownAs, Names
from services.contracts.envelope import Resident, Service
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime.call import Call
from services.runtime.db import Tx

MOST_AT_ONCE = 64


async def describe_names(tx: Tx, request: DescribeNames, call: Call, deps: Deps) -> Names:
    """Each link is looked at as if its bearer asked alone; None is told of whoever would be refused."""
    if call.actor != Service(name="gateway"):
        raise Refusal(Code.FORBIDDEN, "Only who has read these links may ask this.")
    if len(request.links) > MOST_AT_ONCE:
        raise field_refusal(Code.FIELD_INVALID, "links", f"Ask for at most {MOST_AT_ONCE} at once.")
    rows = {row["id"]: row for row in await store.names(tx, {link.booking_id for link in request.links})}
    return Names([_known_as(link, rows.get(link.booking_id), call, deps) for link in request.links])


def _known_as(link: Resident, row: Record | None, call: Call, deps: Deps) -> KnownAs | None:
    if row is None:
        return None
    try:
        access.bearer(
            link,
            booking_id=row["id"],
            link_version=row["link_version"],
            link_expires_at=row["last_ends_at"] + deps.link_life,
            now=call.now,
        )
    except Refusal:
        return None
    return KnownAs(display_name=row["display_name"], language=row["language"], host_name=row["host_name"])

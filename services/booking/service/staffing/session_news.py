"""News of a session: everybody in it hears by an event of their own booking.

And those hear who need do nothing more about it: whoever was to open it, and who was to find somebody.
"""

from datetime import datetime
from uuid import UUID

from services.booking.domain.staffing import Session
from services.booking.store.staffing import coming as store
from services.contracts.booking.events import (
    HostFound,
    HostFoundAfterAll,
    HostMissing,
    HostReplaced,
    OutcomeRecorded,
)
from services.contracts.booking.groups import Staffing
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx


async def tell_missing(tx: Tx, slot_id: UUID, call: Call) -> None:
    await outbox.add_all(tx, [HostMissing(**facts) for facts in await store.coming(tx, slot_id)], call)


async def tell_found(tx: Tx, slot_id: UUID, call: Call) -> None:
    """Also to those who came later: their confirmation said that nobody had been found yet."""
    await outbox.add_all(tx, [HostFound(**facts) for facts in await store.coming(tx, slot_id)], call)


async def tell_relieved(tx: Tx, before: Session, ends_at: datetime, call: Call) -> None:
    """The coordinators, if they had been told that nobody comes."""
    if before.alerted_at is not None:
        event = HostFoundAfterAll(slot_id=before.slot_id, starts_at=before.starts_at, ends_at=ends_at)
        await outbox.add(tx, event, call)


async def tell_replaced(tx: Tx, before: Session, ends_at: datetime, call: Call, *, host_id: UUID) -> None:
    """Whoever was the host until now, unless they had given it up themselves."""
    if before.host_id != host_id and before.staffing is not Staffing.NEEDS_HOST:
        event = HostReplaced(
            slot_id=before.slot_id, person_id=before.host_id, starts_at=before.starts_at, ends_at=ends_at
        )
        await outbox.add(tx, event, call)


async def tell_outcomes(tx: Tx, noted: list[store.Facts], call: Call) -> None:
    await outbox.add_all(tx, [OutcomeRecorded(**facts) for facts in noted], call)

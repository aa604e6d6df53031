"""News that everybody in a session hears, each by an event of their own booking."""

from uuid import UUID

from services.booking.store.staffing import coming as store
from services.contracts.booking.events import HostFound, HostMissing, OutcomeRecorded
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx


async def tell_missing(tx: Tx, slot_id: UUID, call: Call) -> None:
    await outbox.add_all(tx, [HostMissing(**facts) for facts in await store.coming(tx, slot_id)], call)


async def tell_found(tx: Tx, slot_id: UUID, call: Call) -> None:
    """Also to those who came later: their confirmation said that nobody had been found yet."""
    await outbox.add_all(tx, [HostFound(**facts) for facts in await store.coming(tx, slot_id)], call)


async def tell_outcomes(tx: Tx, noted: list[store.Facts], call: Call) -> None:
    await outbox.add_all(tx, [OutcomeRecorded(**facts) for facts in noted], call)

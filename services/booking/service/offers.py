"""Offering freed and added seats to those who wait."""

from uuid import UUID

from services.booking.service.deps import Deps
from services.runtime.call import Call
from services.runtime.db import Tx


async def offer_free_seats(tx: Tx, group_id: UUID, call: Call, deps: Deps) -> None:
    """Go through the waiting parties of a group in their order, and offer what they fit into.

    Whoever asks has locked the group's row.
    """

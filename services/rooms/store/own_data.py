"""All rows about one resident."""

from collections.abc import Sequence
from uuid import UUID

from services.contracts.rooms import Seen
from services.runtime.db import Tx

SIGHTINGS = """
    SELECT who_id AS booking_id, what, source, at FROM attendance JOIN participant USING (participant_id)
    WHERE who_id = ANY ($1::uuid[]) AND NOT hosts ORDER BY attendance.id LIMIT 2000
"""
END_PLACES = """
    UPDATE place SET live = false, ended = true WHERE booking_id = ANY ($1::uuid[]) AND NOT ended
"""
FORGET_PARTICIPANTS = "DELETE FROM participant WHERE who_id = ANY ($1::uuid[]) AND NOT hosts"


async def sightings(tx: Tx, booking_ids: Sequence[UUID]) -> list[Seen]:
    return [Seen(**row) for row in map(dict, await tx.fetch(SIGHTINGS, booking_ids))]


async def forget(tx: Tx, booking_ids: Sequence[UUID]) -> None:
    """Who they were in any room, and everything that was seen of it."""
    await tx.execute(END_PLACES, booking_ids)
    await tx.execute(FORGET_PARTICIPANTS, booking_ids)

"""Statements about one resident's messages."""

from collections.abc import Sequence
from uuid import UUID

from services.contracts.notify import MessageKind, MessageState, MessageTo
from services.notify.store import KNOWN
from services.runtime.db import Tx

_ABOUT = """
    (booking_id = ANY ($1::uuid[]) OR enrolment_id IN (
        SELECT enrolment_id FROM meeting WHERE booking_id = ANY ($1::uuid[])))
"""
MESSAGES_TO = f"""
    SELECT booking_id, kind, state, due_at, channel, sent_at FROM message
    WHERE {_ABOUT} AND kind <> 'alert' AND kind = ANY ($2::text[]) AND booking_id IS NOT NULL
    ORDER BY due_at, id LIMIT 2000
"""  # noqa: S608 - words of ours
# One that a worker has in hand ends by itself: booking knows nobody any more, and it is not sent.
FORGET_MESSAGES = f"DELETE FROM message WHERE {_ABOUT} AND state <> 'sending'"  # noqa: S608
END_MEETINGS = "UPDATE meeting SET live = false WHERE booking_id = ANY ($1::uuid[])"


async def messages_to(tx: Tx, booking_ids: Sequence[UUID]) -> list[MessageTo]:
    rows = await tx.fetch(MESSAGES_TO, booking_ids, KNOWN)
    return [
        MessageTo(**{**row, "kind": MessageKind(row["kind"]), "state": MessageState(row["state"])})
        for row in map(dict, rows)
    ]


async def forget(tx: Tx, booking_ids: Sequence[UUID]) -> None:
    """Messages with their receipts, and alerts about them. That the meetings are off is kept as long as
    that of others, under ids: older news of them, heard late, makes nothing owed."""
    await tx.execute(FORGET_MESSAGES, booking_ids)
    await tx.execute(END_MEETINGS, booking_ids)

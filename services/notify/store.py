"""Every statement of notify."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.events import BookingEvent
from services.contracts.notify import FailedMessage, Message, MessageKind, MessageState, Receipt
from services.notify.domain import FOLLOW_UPS, Owed
from services.runtime.db import Tx, changed

# A newer release that was taken back may have left messages of kinds that this one cannot write:
# they wait for it, and hold up no others.
KNOWN = [str(kind) for kind in MessageKind]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A message in a worker's hands. `attempts` counts the one that is beginning."""

    id: UUID
    kind: MessageKind
    about: UUID
    booking_id: UUID | None
    starts_at: datetime | None
    due_at: datetime
    not_after: datetime
    give_up_at: datetime
    attempts: int
    occasion: int = 0
    enrolment_id: UUID | None = None
    since: datetime | None = None
    announcement_id: UUID | None = None
    slot_id: UUID | None = None


HEAR = """
    INSERT INTO meeting (booking_id, version, starts_at, ends_at, live, enrolment_id)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT meeting_pkey
    DO UPDATE SET version = greatest(meeting.version, $2), starts_at = $3, ends_at = $4, live = $5
    WHERE meeting.live AND (NOT $5 OR meeting.version < $2)
    RETURNING true
"""


async def hear(tx: Tx, event: BookingEvent, *, live: bool) -> bool:
    """Remember the newest of a booking; False when newer was known. Holds the row until the commit.

    The end of a booking is news whatever else was heard before it, and the last there is.
    """
    row = (event.booking_id, event.version, event.starts_at, event.ends_at, live, event.enrolment_id)
    return bool(await tx.fetchval(HEAR, *row))


HEAR_FIRST = """
    INSERT INTO meeting (booking_id, version, starts_at, ends_at, live)
    SELECT booking_id, version, starts_at, ends_at, true
    FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[])
        AS told (booking_id, version, starts_at, ends_at)
    ORDER BY booking_id
    ON CONFLICT ON CONSTRAINT meeting_pkey DO NOTHING
    RETURNING booking_id
"""


async def hear_first(tx: Tx, events: Sequence[BookingEvent]) -> set[UUID]:
    """Remember those bookings of which nothing was known; each of the events is about another one."""
    rows = [(event.booking_id, event.version, event.starts_at, event.ends_at) for event in events]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["booking_id"] for row in await tx.fetch(HEAR_FIRST, *columns)}


STILL_SO = "SELECT live AND starts_at = $2 FROM meeting WHERE booking_id = $1"


async def still_so(tx: Tx, event: BookingEvent) -> bool:
    """Whether what is known of the booking agrees with an older event: alive, and at its time."""
    return bool(await tx.fetchval(STILL_SO, event.booking_id, event.starts_at))


PLAN = """
    INSERT INTO message
        (id, kind, about, occasion, booking_id, starts_at, due_at, not_after, give_up_at, next_try_at,
         enrolment_id, since, announcement_id, slot_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7, $10, $11, $12, $13)
    ON CONFLICT ON CONSTRAINT message_once DO NOTHING
"""


async def plan(tx: Tx, messages: Iterable[Owed]) -> None:
    """What is already planned, sent or skipped stays as it is."""
    rows = [
        (
            uuid4(),
            owed.kind,
            owed.about,
            owed.occasion,
            owed.booking_id,
            owed.starts_at,
            owed.due_at,
            owed.not_after,
            owed.give_up_at,
            owed.enrolment_id,
            owed.since,
            owed.announcement_id,
            owed.slot_id,
        )
        for owed in messages
    ]
    await tx.executemany(PLAN, rows)


DROP_FOLLOW_UPS = """
    UPDATE message SET state = 'skipped', last_error = 'moved'
    WHERE booking_id = $1 AND state = 'planned' AND kind = ANY($2::text[]) AND occasion < $3
"""


async def drop_follow_ups(tx: Tx, booking_id: UUID, *, before: int) -> None:
    """Those planned for a time that the booking no longer has. One in a worker's hands asks anyway."""
    await tx.execute(DROP_FOLLOW_UPS, booking_id, list(FOLLOW_UPS), before)


DROP_ALL = """
    UPDATE message SET state = 'skipped', last_error = 'cancelled'
    WHERE booking_id = $1 AND state = 'planned' AND kind <> 'alert' AND enrolment_id IS NULL
    RETURNING id, kind
"""


async def drop_all(tx: Tx, booking_id: UUID) -> dict[UUID, str]:
    """What is said of this booking alone, and of which kind it was: an enrolment may go on without it."""
    return {row["id"]: row["kind"] for row in await tx.fetch(DROP_ALL, booking_id)}


PRESENT = "SELECT now()"


async def present(tx: Tx) -> datetime:
    """What the database's clock says."""
    moment: datetime = await tx.fetchval(PRESENT)
    return moment


# Nothing that it changes is in an index. By place, not by id: that would read a page of an index for each.
# What is locked stays in its place; what somebody changed a moment before is passed over once.
# An array, not IN: that may be planned as a scan of the whole table.
CLAIM = """
    UPDATE message SET state = 'sending', worker = $1, next_try_at = $3, attempts = attempts + 1,
        claimed_turn = turn_at
    WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM message
        WHERE turn_at <= $2 AND state IN ('planned', 'sending') AND next_try_at <= $2
            AND id <> ALL($4::uuid[]) AND kind = ANY($6::text[])
        ORDER BY turn_at LIMIT $5 FOR UPDATE SKIP LOCKED
    ))
    RETURNING id, kind, about, booking_id, starts_at, due_at, not_after, give_up_at, attempts, occasion,
        enrolment_id, since, announcement_id, slot_id
"""


async def claim(
    tx: Tx, worker: UUID, *, now: datetime, until: datetime, besides: Collection[UUID], most: int
) -> list[Due]:
    """Take due messages, also those whose worker let its lease run out; never those in hand here."""
    rows = await tx.fetch(CLAIM, worker, now, until, list(besides), most, KNOWN)
    return [Due(**{**row, "kind": MessageKind(row["kind"])}) for row in map(dict[str, Any], rows)]


EXTEND = """
    UPDATE message SET next_try_at = $3 WHERE id IN (
        SELECT id FROM message WHERE id = ANY($1::uuid[]) AND worker = $2 AND state = 'sending'
        ORDER BY id FOR UPDATE)
"""


async def extend(tx: Tx, worker: UUID, ids: Collection[UUID], until: datetime) -> None:
    await tx.execute(EXTEND, list(ids), worker, until)


# Of those in hand, which come before the first that is planned, it is when their leases end.
NEXT_DUE = """
    SELECT min(next_try_at) FROM (
        SELECT next_try_at FROM message
        WHERE kind = ANY($1::text[]) AND turn_at <= coalesce((
            SELECT turn_at FROM message
            WHERE turn_at IS NOT NULL AND state = 'planned' AND kind = ANY($1::text[])
            ORDER BY turn_at LIMIT 1), 'infinity')
        ORDER BY turn_at LIMIT 1000) AS first
"""


async def next_due(tx: Tx) -> datetime | None:
    moment: datetime | None = await tx.fetchval(NEXT_DUE, KNOWN)
    return moment


UNKNOWN = """
    SELECT count(*) FROM message
    WHERE turn_at <= $1 AND next_try_at <= $1 AND kind <> ALL($2::text[])
"""


async def unknown(tx: Tx, *, now: datetime) -> int:
    """How many are due that nobody here can write."""
    count: int = await tx.fetchval(UNKNOWN, now, KNOWN)
    return count


OLDEST_OWED = """
    SELECT min(due_at) FROM message WHERE turn_at IS NOT NULL
"""


async def oldest_owed(tx: Tx) -> datetime | None:
    """When the message that is longest overdue was due; with nothing overdue, the next due moment."""
    moment: datetime | None = await tx.fetchval(OLDEST_OWED)
    return moment


PUT_BACK = """
    UPDATE message SET state = 'planned', worker = NULL, next_try_at = $3, attempts = attempts - 1
    WHERE id = $1 AND worker = $2
"""


async def put_back(tx: Tx, message_id: UUID, worker: UUID, *, until: datetime) -> None:
    """As if it had not been tried: nothing was wrong with the message."""
    await tx.execute(PUT_BACK, message_id, worker, until)


SETTLE = """
    UPDATE message SET state = $3, worker = NULL, next_try_at = $4, channel = coalesce($5, channel),
        last_error = $6, sent_at = $7
    WHERE id = $1 AND worker = $2
    RETURNING true
"""
RECEIPT = "INSERT INTO receipt (message_id, at, outcome, channel, code) VALUES ($1, $2, $3, $4, $5)"


async def settle(
    tx: Tx,
    message_id: UUID,
    worker: UUID,
    *,
    state: MessageState,
    now: datetime,
    next_try_at: datetime | None = None,
    channel: str | None = None,
    code: str | None = None,
) -> bool:
    """Write down how an attempt ended; False when the message is no longer in this worker's hands.

    The receipt is kept in both cases: the attempt was made.
    """
    sent_at = now if state is MessageState.SENT else None
    values = (state, next_try_at or now, channel, code, sent_at)
    kept = bool(await tx.fetchval(SETTLE, message_id, worker, *values))
    outcome = "retry" if state is MessageState.PLANNED else str(state)
    await tx.execute(RECEIPT, message_id, now, outcome, channel, code)
    return kept


# Locked in one order: others lock several of them too.
SETTLE_SENT = """
    WITH told AS (
        SELECT * FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS t (message_id, at, channel)),
    mine AS (
        SELECT id FROM message WHERE id = ANY($2::uuid[]) AND worker = $1 ORDER BY id FOR UPDATE),
    settled AS (
        UPDATE message SET state = 'sent', worker = NULL, next_try_at = told.at, channel = told.channel,
            last_error = NULL, sent_at = told.at
        FROM told JOIN mine ON mine.id = told.message_id
        WHERE message.id = told.message_id)
    INSERT INTO receipt (message_id, at, outcome, channel)
    SELECT message_id, at, 'sent', channel FROM told ORDER BY at
"""


async def settle_sent(
    execute: Callable[..., Awaitable[object]], worker: UUID, sent: Sequence[tuple[UUID, datetime, str]]
) -> None:
    """Messages that were handed over, each when and how. The receipts are kept in any case.

    `execute` runs the statement, as a part of a transaction or as all of one.
    """
    ids, moments, channels = (list(column) for column in zip(*sent, strict=True))
    await execute(SETTLE_SENT, worker, ids, moments, channels)


KIND_OF = "SELECT kind FROM message WHERE id = $1 AND kind = ANY($2::text[])"


async def kind_of(tx: Tx, message_id: UUID) -> MessageKind | None:
    """What a failed message was, for the alert about it."""
    kind = await tx.fetchval(KIND_OF, message_id, KNOWN)
    return MessageKind(kind) if kind else None


LIST = """
    SELECT id, kind, state, due_at, attempts, channel, sent_at, last_error
    FROM message
    WHERE (booking_id = $1 OR enrolment_id = (SELECT enrolment_id FROM meeting WHERE booking_id = $1))
        AND kind <> 'alert' AND kind = ANY($2::text[])
    ORDER BY due_at, id
"""
RECEIPTS = """
    SELECT message_id, at, outcome, channel, code
    FROM receipt WHERE message_id = ANY($1::uuid[]) ORDER BY id
"""


async def list_messages(tx: Tx, booking_id: UUID) -> list[Message]:
    """Each with what came of every attempt, in their order; for a group's, of the whole enrolment."""
    rows = await tx.fetch(LIST, booking_id, KNOWN)
    receipts: dict[UUID, list[Receipt]] = {row["id"]: [] for row in rows}
    for row in await tx.fetch(RECEIPTS, list(receipts)):
        facts = dict(row)
        receipts[facts.pop("message_id")].append(Receipt(**facts))
    return [
        Message(
            **{
                **row,
                "kind": MessageKind(row["kind"]),
                "state": MessageState(row["state"]),
                "receipts": receipts[row["id"]],
            }
        )
        for row in map(dict[str, Any], rows)
    ]


MEETING = "SELECT starts_at, ends_at, live, enrolment_id FROM meeting WHERE booking_id = $1 FOR UPDATE"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known here of a booking; its row is held until the commit."""

    starts_at: datetime
    ends_at: datetime
    live: bool
    enrolment_id: UUID | None


async def meeting(tx: Tx, booking_id: UUID) -> Known | None:
    row = await tx.fetchrow(MEETING, booking_id)
    return Known(**row) if row else None


FIRST_SAID = """
    SELECT kind, max(occasion) AS occasion FROM message
    WHERE about = $1 AND kind IN ('hold', 'confirmation') GROUP BY kind ORDER BY kind LIMIT 1
"""


async def first_said(tx: Tx, about: UUID) -> tuple[MessageKind, int]:
    """What was first said of a booking or an enrolment, a confirmation before a hold, and its last
    occasion."""
    row = await tx.fetchrow(FIRST_SAID, about)
    return (MessageKind(row["kind"]), row["occasion"]) if row else (MessageKind.CONFIRMATION, 0)


HURRY = """
    UPDATE message SET next_try_at = $3 WHERE about = $1 AND kind = $2 AND state = 'planned'
    RETURNING true
"""


async def hurry(tx: Tx, about: UUID, kind: MessageKind, *, now: datetime) -> bool:
    """What is still on its way is tried at once; False when nothing is."""
    return bool(await tx.fetchval(HURRY, about, kind, now))


LIST_FAILED = """
    SELECT id, kind, booking_id, starts_at, due_at, attempts, channel, last_error AS code,
        coalesce((SELECT max(at) FROM receipt WHERE message_id = message.id), due_at) AS failed_at,
        not_after > $1 AS may_retry
    FROM message
    WHERE failed AND settled_at IS NULL AND kind <> 'alert' AND kind = ANY($5::text[])
        AND ($2::timestamptz IS NULL OR (due_at, id) > ($2, $3::uuid))
    ORDER BY due_at, id LIMIT $4
"""


async def list_failed(
    tx: Tx, *, now: datetime, after: tuple[datetime | None, UUID | None], limit: int
) -> list[FailedMessage]:
    rows = await tx.fetch(LIST_FAILED, now, *after, limit, KNOWN)
    return [FailedMessage(**{**row, "kind": MessageKind(row["kind"])}) for row in map(dict[str, Any], rows)]


SETTLE_FAILED = """
    UPDATE message SET settled_at = coalesce(settled_at, $2), settled_by = coalesce(settled_by, $3)
    WHERE id = $1 AND state = 'failed'
    RETURNING true
"""


async def settle_failed(tx: Tx, message_id: UUID, *, now: datetime, by: UUID) -> bool:
    """The first who says so is kept; False for what has not failed."""
    return bool(await tx.fetchval(SETTLE_FAILED, message_id, now, by))


GIVEN_UP = """
    SELECT state, starts_at, not_after FROM message
    WHERE id = $1 AND state <> 'skipped' AND kind <> 'alert' FOR UPDATE
"""


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """A message that failed, or that somebody has begun to try again."""

    state: MessageState
    starts_at: datetime | None
    not_after: datetime


async def given_up(tx: Tx, message_id: UUID) -> GivenUp | None:
    row = await tx.fetchrow(GIVEN_UP, message_id)
    return GivenUp(**{**row, "state": MessageState(row["state"])}) if row else None


BEGIN_AGAIN = """
    UPDATE message SET state = 'planned', attempts = 0, next_try_at = $2, give_up_at = $3,
        settled_at = NULL, settled_by = NULL
    WHERE id = $1
"""


async def begin_again(tx: Tx, message_id: UUID, *, now: datetime, give_up_at: datetime) -> None:
    await tx.execute(BEGIN_AGAIN, message_id, now, give_up_at)


FORGET_MESSAGES = """
    DELETE FROM message WHERE id IN (
        SELECT id FROM message WHERE due_at < $1 AND state NOT IN ('planned', 'sending')
        LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
FORGET_MEETINGS = """
    DELETE FROM meeting WHERE booking_id IN (
        SELECT booking_id FROM meeting WHERE ends_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


async def forget_messages(tx: Tx, *, due_before: datetime, most: int) -> int:
    """With the receipts of every attempt. What is still owed stays."""
    return changed(await tx.execute(FORGET_MESSAGES, due_before, most))


async def forget_meetings(tx: Tx, *, over_before: datetime, most: int) -> int:
    return changed(await tx.execute(FORGET_MEETINGS, over_before, most))

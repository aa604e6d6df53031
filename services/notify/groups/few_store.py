"""Statements about the few news that a person gets in a day, and about what is held back."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.contracts.notify import MessageKind
from services.notify.groups.few import MOST_A_DAY, NEWS
from services.notify.groups.store import hold
from services.notify.store import Due
from services.runtime.db import Tx, changed

# What is to go along with another comes by itself if that has not gone by then.
COMES_ALONE_AFTER = timedelta(hours=1)
# So long may another that takes it along be tried; and it comes by itself if that one's worker dies.
ON_ITS_WAY_FOR = timedelta(minutes=2)
# Whoever waits for the same mail to go out reckons from when it was looked at, or from when it had gone.
GIVE_OR_TAKE = timedelta(minutes=1)

LEAVE = "DELETE FROM told WHERE message_id = $1 AND (person, day) IS DISTINCT FROM ($2, $3)"
HAS_PLACE = "SELECT true FROM told WHERE message_id = $1"
TAKE = """
    INSERT INTO told (person, day, place, message_id)
    SELECT $1, $2, free.place, $3 FROM generate_series(1, $4::integer) AS free (place)
    WHERE NOT EXISTS (SELECT FROM told t WHERE t.person = $1 AND t.day = $2 AND t.place = free.place)
    ORDER BY free.place LIMIT 1
    RETURNING true
"""


async def has_place(tx: Tx, message_id: UUID, person: UUID, day: date) -> bool:
    """Whether the message has one of the day's few already. Whoever asks for the same person waits here,
    whichever copy of the service they are, until this transaction ends."""
    await hold(tx, person)
    await tx.execute(LEAVE, message_id, person, day)
    return bool(await tx.fetchval(HAS_PLACE, message_id))


async def take_place(tx: Tx, message_id: UUID, person: UUID, day: date) -> bool:
    """One of the day's few for this message; it keeps the one it has. False when there is none left."""
    if await has_place(tx, message_id, person, day):
        return True
    return bool(await tx.fetchval(TAKE, person, day, message_id, MOST_A_DAY))


LAST_TOLD = """
    SELECT max(CASE WHEN m.state = 'sent' THEN m.sent_at ELSE $3::timestamptz END)
    FROM told t JOIN message m ON m.id = t.message_id
    WHERE t.person = $1 AND t.message_id <> $2 AND m.state IN ('planned', 'sending', 'sent')
"""


async def last_told(tx: Tx, person: UUID, *, besides: UUID, now: datetime) -> datetime | None:
    """When news last went to this person; what is on its way goes now."""
    moment: datetime | None = await tx.fetchval(LAST_TOLD, person, besides, now)
    return moment


TAKE_ALONG = """
    WITH waits AS (
        SELECT m.id FROM held h JOIN message m ON m.id = h.message_id
        WHERE h.person = $1 AND m.id <> $2 AND m.state = 'planned' AND m.not_after >= $3
            AND m.kind = ANY($4::text[])
        ORDER BY m.due_at, m.id LIMIT $5 FOR UPDATE OF m SKIP LOCKED)
    UPDATE message m SET next_try_at = greatest(m.next_try_at, $3)
    FROM waits WHERE m.id = waits.id
    RETURNING m.id, m.kind, m.about, m.booking_id, m.starts_at, m.due_at, m.not_after, m.give_up_at,
        m.attempts, m.occasion, m.enrolment_id, m.since, m.announcement_id, m.slot_id
"""


async def take_along(tx: Tx, person: UUID, *, besides: UUID, now: datetime, most: int) -> list[Due]:
    """What else waits for this person, and is not tried by itself while it may be on its way with another.
    What would be of no more use after that is left to itself."""
    rows = await tx.fetch(TAKE_ALONG, person, besides, now + ON_ITS_WAY_FOR, list(NEWS), most)
    waiting = [Due(**{**row, "kind": MessageKind(row["kind"])}) for row in map(dict[str, Any], rows)]
    return sorted(waiting, key=lambda due: (due.due_at, due.id))


SESSION_STARTS = "SELECT starts_at FROM meeting WHERE booking_id = $1"


async def session_starts(tx: Tx, booking_id: UUID) -> datetime | None:
    moment: datetime | None = await tx.fetchval(SESSION_STARTS, booking_id)
    return moment


# As if it became due then: its session is another hour now, and it may have less time.
LOOK_ANEW = """
    UPDATE message m SET due_at = least(m.due_at, $2), next_try_at = least(m.next_try_at, $2)
    FROM held h
    WHERE m.id = h.message_id AND m.booking_id = $1 AND m.kind = 'announcement' AND m.state = 'planned'
"""


async def look_anew(tx: Tx, booking_id: UUID, *, at: datetime) -> None:
    """At words held back about a session that has moved."""
    await tx.execute(LOOK_ANEW, booking_id, at)


IS_TAKEN_ALONG = """
    SELECT EXISTS (
        SELECT FROM held h JOIN message m ON m.id = h.message_id
        WHERE h.person = $1 AND m.id <> $2 AND m.state = 'planned' AND m.next_try_at <= $3)
"""
HOLD_BACK = """
    UPDATE message SET state = 'planned', worker = NULL, attempts = attempts - 1, due_at = $3,
        next_try_at = $4, not_after = $5, give_up_at = $6
    WHERE id = $1 AND worker = $2
    RETURNING true
"""
REMEMBER = """
    INSERT INTO held (message_id, person) VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT held_pkey DO UPDATE SET person = excluded.person
"""


async def hold_back(
    tx: Tx,
    message_id: UUID,
    worker: UUID,
    *,
    person: UUID,
    until: datetime,
    not_after: datetime,
    give_up_at: datetime,
) -> None:
    """As if it had not been tried. The first that is due takes the others along."""
    await hold(tx, person)
    goes_along = await tx.fetchval(IS_TAKEN_ALONG, person, message_id, until + GIVE_OR_TAKE)
    next_try_at = until + COMES_ALONE_AFTER if goes_along else until
    if await tx.fetchval(HOLD_BACK, message_id, worker, until, next_try_at, not_after, give_up_at):
        await tx.execute(REMEMBER, message_id, person)


# What something more has been added to meanwhile is not held any more, and has not been told.
TOLD_ALONG = """
    WITH along AS (
        UPDATE message SET state = 'sent', next_try_at = $2, sent_at = $2, channel = $3, last_error = NULL
        WHERE id = ANY(ARRAY(
            SELECT m.id FROM message m JOIN held h ON h.message_id = m.id
            WHERE m.id = ANY($1::uuid[]) AND m.state = 'planned' ORDER BY m.id FOR UPDATE))
        RETURNING id),
    freed AS (DELETE FROM held USING along WHERE held.message_id = along.id)
    INSERT INTO receipt (message_id, at, outcome, channel) SELECT id, $2, 'sent', $3 FROM along
"""


async def told_along(tx: Tx, ids: Sequence[UUID], *, at: datetime, channel: str) -> None:
    """These were told by another message's letter."""
    await tx.execute(TOLD_ALONG, list(ids), at, channel)


# One of those that were to go along takes the others, if there are any left.
BRING_NEXT = """
    UPDATE message SET next_try_at = least(next_try_at, greatest(due_at, $2))
    WHERE state = 'planned' AND id = (
        SELECT m.id FROM held own JOIN held h ON h.person = own.person JOIN message m ON m.id = h.message_id
        WHERE own.message_id = $1 AND m.id <> $1 AND m.state = 'planned'
        ORDER BY m.next_try_at, m.id LIMIT 1)
"""
FREE = "DELETE FROM told WHERE message_id = $1"
HELD_NO_MORE = """
    DELETE FROM held h USING message m
    WHERE h.message_id = $1 AND m.id = h.message_id AND m.state NOT IN ('planned', 'sending')
"""


async def ended(tx: Tx, message_id: UUID, *, now: datetime, told: bool) -> None:
    """A message is sent, or came to nothing: then its place is free for another."""
    await tx.execute(BRING_NEXT, message_id, now)
    await tx.execute(HELD_NO_MORE, message_id)
    if not told:
        await tx.execute(FREE, message_id)


FORGET_DAYS = """
    DELETE FROM told WHERE message_id IN (
        SELECT message_id FROM told WHERE day < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
FORGET_HELD = """
    DELETE FROM held WHERE message_id IN (
        SELECT h.message_id FROM held h JOIN message m ON m.id = h.message_id
        WHERE m.state NOT IN ('planned', 'sending') LIMIT $1 FOR UPDATE OF h SKIP LOCKED)
"""


async def forget_days(tx: Tx, *, before: date, most: int) -> int:
    return changed(await tx.execute(FORGET_DAYS, before, most))


async def forget_held(tx: Tx, *, most: int) -> int:
    return changed(await tx.execute(FORGET_HELD, most))

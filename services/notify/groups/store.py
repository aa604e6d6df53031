"""Statements about what is owed to those enrolled in groups."""

from datetime import datetime
from uuid import UUID

from services.contracts.notify import MessageKind
from services.notify.domain import TRY_FOR_AT_MOST, Owed
from services.notify.store import Due
from services.runtime.db import Tx

HOLD = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))"


async def hold(tx: Tx, about: UUID) -> None:
    """News of one enrolment, or for one person who serves, is taken in one after the other, whichever copy
    of the service has it."""
    await tx.execute(HOLD, str(about))


SAID_SINCE = """
    SELECT since FROM message WHERE enrolment_id = $1 AND kind = $2 AND state <> 'planned'
    ORDER BY since LIMIT 1
"""


async def said_since(tx: Tx, enrolment_id: UUID, kind: MessageKind) -> datetime | None:
    """As of when the enrolment's message of that kind speaks, if it is on its way or sent."""
    since: datetime | None = await tx.fetchval(SAID_SINCE, enrolment_id, kind)
    return since


FIRST_WORDS = (MessageKind.HOLD, MessageKind.APPLICATION, MessageKind.WAITING, MessageKind.CONFIRMATION)
SAID_BEFORE = "SELECT DISTINCT kind FROM message WHERE enrolment_id = $1 AND kind = ANY($2::text[])"


async def said_before(tx: Tx, enrolment_id: UUID) -> frozenset[MessageKind]:
    """With which of the first words an enrolment began, and went on."""
    rows = await tx.fetch(SAID_BEFORE, enrolment_id, list(FIRST_WORDS))
    return frozenset(MessageKind(row["kind"]) for row in rows)


# What is held back for want of a place among the day's few, and has more to say now, is looked at anew.
_LOOKED_AT_ANEW = "DELETE FROM held USING joined WHERE held.message_id = joined.id"
HASTEN = f"""
    WITH joined AS (
        UPDATE message SET due_at = least(due_at, $4), next_try_at = least(next_try_at, $4),
            starts_at = least(starts_at, $5), give_up_at = least(give_up_at, $6)
        WHERE about = $1 AND kind = $2 AND occasion = $3 AND state = 'planned' AND attempts = 0
            AND due_at > $4
        RETURNING id)
    {_LOOKED_AT_ANEW}
"""  # noqa: S608 - words of ours


async def hasten(tx: Tx, owed: Owed) -> None:
    """What speaks of several sessions goes by the first of them, whichever was heard of first."""
    key = (owed.about, owed.kind, owed.occasion)
    await tx.execute(HASTEN, *key, owed.due_at, owed.starts_at, owed.give_up_at)


JOIN_CHANGE = f"""
    WITH joined AS (
        UPDATE message SET since = least(since, $2), due_at = least(due_at, $3),
            next_try_at = least(next_try_at, $3), booking_id = $4, starts_at = least(starts_at, $5)
        WHERE enrolment_id = $1 AND kind = 'group_change' AND state = 'planned'
        RETURNING id),
    freed AS ({_LOOKED_AT_ANEW})
    SELECT true FROM joined
"""  # noqa: S608 - words of ours


async def join_change(tx: Tx, owed: Owed) -> bool:
    """Let a change that has not been told yet tell of this one too; False when there is none."""
    values = (owed.since, owed.due_at, owed.booking_id, owed.starts_at)
    return bool(await tx.fetchval(JOIN_CHANGE, owed.enrolment_id, *values))


# What is on its way counts as told: the next one is not to come minutes after it.
LAST_CHANGE = """
    SELECT coalesce(max(occasion), 0) AS occasion,
        max(coalesce(sent_at, CASE WHEN attempts > 0 AND state IN ('planned', 'sending') THEN due_at END))
            AS told_at
    FROM message
    WHERE enrolment_id = $1 AND kind = 'group_change'
"""


async def last_change(tx: Tx, enrolment_id: UUID) -> tuple[int, datetime | None]:
    """The occasion of the last change and when one was last told."""
    row = await tx.fetchrow(LAST_CHANGE, enrolment_id)
    assert row is not None
    return row["occasion"], row["told_at"]


JOIN_ASKING = f"""
    WITH joined AS (
        UPDATE message SET due_at = least(due_at, $2), next_try_at = least(next_try_at, $2),
            not_after = greatest(not_after, $3), give_up_at = greatest(give_up_at, least($3, due_at + $4)),
            starts_at = least(starts_at, $6)
        WHERE about = $1 AND kind = $5 AND state = 'planned' AND attempts = 0
        RETURNING id),
    freed AS ({_LOOKED_AT_ANEW})
    SELECT true FROM joined
"""  # noqa: S608 - words of ours


async def join_asking(tx: Tx, owed: Owed) -> bool:
    """Let a mail that has not gone out yet ask for one thing more; False when there is none."""
    values = (owed.due_at, owed.not_after, TRY_FOR_AT_MOST, owed.kind, owed.starts_at)
    return bool(await tx.fetchval(JOIN_ASKING, owed.about, *values))


LAST_ASKED = """
    SELECT coalesce(max(occasion), 0) AS occasion,
        max(coalesce(sent_at, CASE WHEN attempts > 0 AND state IN ('planned', 'sending') THEN due_at END))
            AS asked_at
    FROM message
    WHERE about = $1 AND kind = $2
"""


async def last_asked(tx: Tx, kind: MessageKind, person_id: UUID) -> tuple[int, datetime | None]:
    """The occasion of the last mail of that kind to somebody who serves, and when one was last sent."""
    row = await tx.fetchrow(LAST_ASKED, person_id, kind)
    assert row is not None
    return row["occasion"], row["asked_at"]


IS_OWED_LATER = "SELECT EXISTS (SELECT FROM message WHERE about = $1 AND kind = $2 AND due_at > $3)"


async def is_owed_later(tx: Tx, due: Due, kind: MessageKind) -> bool:
    """Whether a message of that kind about the same was heard of after this one."""
    return bool(await tx.fetchval(IS_OWED_LATER, due.about, kind, due.due_at))

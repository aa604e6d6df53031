"""What is forgotten of residents, and when. Rows that somebody else has in hand wait for the next time."""

from datetime import date, datetime

from services.runtime.db import Tx, changed

NAMELESS = "–"
"""What stands where a name stood: the same in every language, and never empty in a heading or a link."""

# A booking is over when its meeting is, or when it was given back before that; one that nobody ever
# confirmed was never more than typed in.
_OVER = """
    CASE WHEN {b}.status IN ('cancelled', 'expired') THEN least({s}.ends_at, {b}.changed_at)
         ELSE {s}.ends_at END
    < CASE WHEN {b}.status = 'expired' THEN $2::timestamptz ELSE $1::timestamptz END
"""
_BLANK = f"""
    display_name = '{NAMELESS}', email = NULL, phone = NULL, note = NULL, cancel_reason = NULL,
    feedback_given_at = NULL
"""
# One person's bookings in a group are forgotten together: the next session needs the contact too.
FORGET_CONTACTS = f"""
    UPDATE booking SET {_BLANK}, forgotten_at = $3 WHERE id IN (
        SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id
        WHERE b.forgotten_at IS NULL AND {_OVER.format(b="b", s="s")}
          AND (b.enrolment_id IS NULL OR NOT EXISTS (
              SELECT FROM booking o JOIN slot t ON t.id = o.slot_id
              WHERE o.enrolment_id = b.enrolment_id AND NOT ({_OVER.format(b="o", s="t")})))
        LIMIT $4 FOR UPDATE OF b SKIP LOCKED)
"""  # noqa: S608
FORGET_NOTES = """
    UPDATE booking SET note = NULL WHERE id IN (
        SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id
        WHERE b.note IS NOT NULL AND s.ends_at < $1 LIMIT $2 FOR UPDATE OF b SKIP LOCKED)
"""
FORGET_REASONS = """
    UPDATE slot SET cancel_reason = NULL WHERE id IN (
        SELECT id FROM slot WHERE cancel_reason IS NOT NULL AND ends_at < $1
        LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
FORGET_WORDS = """
    UPDATE feedback SET words = NULL WHERE id IN (
        SELECT id FROM feedback WHERE words IS NOT NULL AND given_on < $1
        LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
FORGET_LINK_REQUESTS = """
    DELETE FROM link_request WHERE id IN (
        SELECT id FROM link_request WHERE requested_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


async def forget_contacts(
    tx: Tx, *, over_before: datetime, unconfirmed_before: datetime, now: datetime, most: int
) -> int:
    """Name, contact and words of residents whose meetings are over since then."""
    return changed(await tx.execute(FORGET_CONTACTS, over_before, unconfirmed_before, now, most))


async def forget_notes(tx: Tx, *, over_before: datetime, most: int) -> int:
    """What residents wrote beforehand, which nobody needs once the meeting is over."""
    return changed(await tx.execute(FORGET_NOTES, over_before, most))


async def forget_reasons(tx: Tx, *, over_before: datetime, most: int) -> int:
    """Why a host called a time off, in their words."""
    return changed(await tx.execute(FORGET_REASONS, over_before, most))


async def forget_words(tx: Tx, *, given_before: date, most: int) -> int:
    """What was written as feedback; the answers stay."""
    return changed(await tx.execute(FORGET_WORDS, given_before, most))


async def forget_link_requests(tx: Tx, *, asked_before: datetime, most: int) -> int:
    return changed(await tx.execute(FORGET_LINK_REQUESTS, asked_before, most))

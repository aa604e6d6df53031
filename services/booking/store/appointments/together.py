"""Many bookings in one statement: each that can be made is made whole, and no other leaves a trace."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from services.booking.store.bookings import NewBooking
from services.booking.store.slots import SLOT_COLUMNS, SLOT_FROM, SlotRow, slot_row
from services.runtime.db import Database

# By id alone: with more to go by, and a young table's statistics, PostgreSQL may choose another index
# and read all of it. The arrays of both statements stand in subqueries: seen as they are, one of one item
# would look cheaper than any plan for all arrays, and PostgreSQL would plan anew for each lone booking.
LOOK = f"""
    SELECT {SLOT_COLUMNS} {SLOT_FROM}
    WHERE s.id = ANY (ARRAY(SELECT unnest($1::uuid[])))
"""

# Locked in the order of their ids, as everywhere. What the answers were made of is compared again under
# the lock. A key that somebody else claims meanwhile breaks command_once, and with it the whole statement.
# Arrays and subqueries instead of joins where a join could be planned to read a whole large table.
BOOK = """
    WITH wanted AS MATERIALIZED (
        SELECT w.* FROM (
            SELECT $1::integer[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                   $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[],
                   $14::text[], $15::uuid[], $16::uuid[], $17::text[], $18::bytea[], $19::text[],
                   $20::text[], $21::bytea[], $22::bytea[], $23::timestamptz[], $24::timestamptz[],
                   $25::uuid[], $26::text[], $27::text[] OFFSET 0
        ) AS asked (a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19,
                    a20, a21, a22, a23, a24, a25, a26, a27),
        unnest(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19,
               a20, a21, a22, a23, a24, a25, a26, a27) AS w (
                n, id, slot_id, status, display_name, email, phone, language,
                municipality, age_group, note, held_until, at, by_kind,
                by_id, event_id, subject, body, scope, key, fingerprint,
                reply, starts_at, ends_at, host_id, host, organisation)
    ), locked AS MATERIALIZED (
        SELECT s.id, s.capacity - s.taken AS free, s.state = 'open' AND p.disabled_at IS NULL AS is_open,
               s.bookable_until, s.starts_at, s.ends_at, s.host_id,
               p.display_name AS host, coalesce(o.name, '') AS organisation
        FROM slot s JOIN person p ON p.id = s.host_id LEFT JOIN organisation o ON o.id = p.organisation_id
        WHERE s.id = ANY (ARRAY(SELECT slot_id FROM wanted))
        ORDER BY s.id FOR UPDATE OF s
    ), given AS MATERIALIZED (
        SELECT * FROM (
            SELECT w.*, l.free, row_number() OVER (PARTITION BY w.slot_id ORDER BY w.n) AS turn
            FROM wanted w JOIN locked l ON l.id = w.slot_id
            WHERE l.is_open AND l.bookable_until > w.at
              AND (l.starts_at, l.ends_at, l.host_id, l.host, l.organisation)
                  = (w.starts_at, w.ends_at, w.host_id, w.host, w.organisation)
              AND (SELECT true FROM command c WHERE c.scope = w.scope AND c.key = w.key) IS NULL
        ) ranked WHERE turn <= free
    ), took AS (
        UPDATE slot SET taken = taken + (SELECT count(*) FROM given WHERE given.slot_id = slot.id)
        WHERE id = ANY (ARRAY(SELECT slot_id FROM given))
    ), made AS (
        INSERT INTO booking (id, slot_id, status, seats, display_name, email, phone, language, municipality,
                             age_group, note, held_until, created_at, changed_at)
        SELECT id, slot_id, status, 1, display_name, email, phone, language, municipality,
               age_group, note, held_until, at, at
        FROM given
    ), noted AS (
        INSERT INTO booking_change (booking_id, what, by_kind, by_id, at)
        SELECT id, 'booked', by_kind, by_id, at FROM given ORDER BY n
    ), told AS (
        INSERT INTO outbox (event_id, subject, body) SELECT event_id, subject, body FROM given ORDER BY n
    ), kept AS (
        INSERT INTO command (scope, key, fingerprint, reply)
        SELECT scope, key, fingerprint, reply FROM given WHERE key IS NOT NULL ORDER BY scope, key
    )
    SELECT n FROM given
"""

# Of one moment: a time that was taken then, and no sign that it was by this very command.
TAKEN = """
    WITH full_ones AS MATERIALIZED (
        SELECT id FROM slot WHERE id = ANY (ARRAY(SELECT unnest($2::uuid[])))
          AND kind = 'appointment' AND state = 'open' AND taken >= capacity AND bookable_until > $5
    )
    SELECT w.n FROM unnest($1::integer[], $2::uuid[], $3::text[], $4::text[]) AS w (n, slot_id, scope, key)
    WHERE w.slot_id IN (SELECT id FROM full_ones)
      AND (SELECT true FROM command c WHERE c.scope = w.scope AND c.key = w.key) IS NULL
"""


class Draft(Struct, frozen=True, kw_only=True):
    """One booking as it will be if it can be: its row, its news, its answer and the key of its command.

    `news` is id, subject and body of its outbox row, `claim` scope, key and fingerprint of its command.
    """

    new: NewBooking
    slot: SlotRow
    by: tuple[str, UUID | None]
    at: datetime
    news: tuple[UUID, str, bytes]
    claim: tuple[str, str, bytes] | None
    reply: bytes


async def look(db: Database, slot_ids: Collection[UUID]) -> dict[UUID, SlotRow]:
    """Those slots as they are for a moment: nothing is held. Sessions of groups have rules of their own."""
    rows = await db.statement(LOOK, list(slot_ids))
    return {row["id"]: slot_row(row) for row in rows if row["group_id"] is None}


async def book(db: Database, drafts: Sequence[Draft]) -> set[int]:
    """The places in `drafts` of those that were booked. One statement, and one commit for all of them."""
    rows = await db.statement(BOOK, *zip(*map(_row, range(len(drafts)), drafts), strict=True))
    if rows:
        db.promised.set()
    return {row["n"] for row in rows}


async def taken(db: Database, drafts: Sequence[Draft]) -> set[int]:
    """The places in `drafts` of those whose time is another's, and was not booked by them before."""
    claims = [draft.claim or (None, None) for draft in drafts]
    rows = await db.statement(
        TAKEN,
        list(range(len(drafts))),
        [draft.slot.id for draft in drafts],
        [claim[0] for claim in claims],
        [claim[1] for claim in claims],
        max(draft.at for draft in drafts),
    )
    return {row["n"] for row in rows}


def _row(number: int, draft: Draft) -> tuple[object, ...]:
    new, slot = draft.new, draft.slot
    return (
        number,
        new.id,
        slot.id,
        new.status,
        new.display_name,
        new.email,
        new.phone,
        new.language,
        new.municipality,
        new.age_group,
        new.note,
        new.held_until,
        draft.at,
        *draft.by,
        *draft.news,
        *(draft.claim or (None, None, None)),
        draft.reply,
        slot.starts_at,
        slot.ends_at,
        slot.host.id,
        slot.host.display_name,
        slot.host.organisation,
    )

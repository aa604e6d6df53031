"""Every SQL statement of the gateway."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.runtime.db import Tx, changed

# Sessions


@dataclass(frozen=True)
class SessionRow:
    person_id: UUID
    created_at: datetime
    seen_at: datetime


FIND_SESSION = "SELECT person_id, created_at, seen_at FROM session WHERE digest = $1"


async def find_session(tx: Tx, digest: bytes) -> SessionRow | None:
    row = await tx.fetchrow(FIND_SESSION, digest)
    return SessionRow(**row) if row else None


ADD_SESSION = "INSERT INTO session (digest, person_id, created_at, seen_at) VALUES ($1, $2, $3, $3)"


async def add_session(tx: Tx, digest: bytes, person_id: UUID, now: datetime) -> None:
    await tx.execute(ADD_SESSION, digest, person_id, now)


TOUCH_SESSION = "UPDATE session SET seen_at = $2 WHERE digest = $1"


async def touch_session(tx: Tx, digest: bytes, now: datetime) -> None:
    await tx.execute(TOUCH_SESSION, digest, now)


REMOVE_SESSION = "DELETE FROM session WHERE digest = $1"


async def remove_session(tx: Tx, digest: bytes) -> None:
    await tx.execute(REMOVE_SESSION, digest)


FORGET_SESSIONS = """
    DELETE FROM session WHERE digest IN (
        SELECT digest FROM session WHERE seen_at < $1 OR created_at < $2 LIMIT $3 FOR UPDATE SKIP LOCKED)
"""


async def forget_sessions(tx: Tx, *, seen_before: datetime, made_before: datetime, most: int) -> int:
    return changed(await tx.execute(FORGET_SESSIONS, seen_before, made_before, most))


# Sign-ins


@dataclass(frozen=True)
class SignInRow:
    id: UUID
    requested_at: datetime
    email: str | None
    person_id: UUID | None
    expires_at: datetime | None
    used_at: datetime | None


ADD_SIGN_IN = """
    INSERT INTO sign_in (id, requested_at, email) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true
"""


async def add_sign_in(tx: Tx, sign_in_id: UUID, email: str, now: datetime) -> bool:
    """False when this very request has been written down before."""
    return bool(await tx.fetchval(ADD_SIGN_IN, sign_in_id, now, email))


FIND_SIGN_IN = """
    SELECT id, requested_at, email, person_id, expires_at, used_at FROM sign_in WHERE id = $1
"""


async def find_sign_in(tx: Tx, sign_in_id: UUID) -> SignInRow | None:
    row = await tx.fetchrow(FIND_SIGN_IN, sign_in_id)
    return SignInRow(**row) if row else None


TAKE_SIGN_IN = """
    SELECT id, requested_at, email, person_id, expires_at, used_at FROM sign_in
    WHERE token_digest = $1 FOR UPDATE
"""


async def take_sign_in_by_token(tx: Tx, token_digest: bytes) -> SignInRow | None:
    """Locked until the transaction ends: of two presses of one button, the second sees the first."""
    row = await tx.fetchrow(TAKE_SIGN_IN, token_digest)
    return SignInRow(**row) if row else None


PREPARE_SIGN_IN = """
    UPDATE sign_in SET email = NULL, person_id = $2, token_digest = $3, expires_at = $4
    WHERE id = $1 AND used_at IS NULL
    RETURNING true
"""


async def give_token(
    tx: Tx, sign_in_id: UUID, *, person_id: UUID, token_digest: bytes, expires_at: datetime
) -> bool:
    """The latest token is the one that counts; a sign-in already used gets no other."""
    return bool(await tx.fetchval(PREPARE_SIGN_IN, sign_in_id, person_id, token_digest, expires_at))


CLEAR_ADDRESS = "UPDATE sign_in SET email = NULL WHERE id = $1"
CLEAR_OLD_ADDRESSES = "UPDATE sign_in SET email = NULL WHERE email IS NOT NULL AND requested_at < $1"


async def clear_address(tx: Tx, sign_in_id: UUID) -> None:
    await tx.execute(CLEAR_ADDRESS, sign_in_id)


async def clear_old_addresses(tx: Tx, *, requested_before: datetime) -> None:
    """Of those whose mail was never written, and now will not be."""
    await tx.execute(CLEAR_OLD_ADDRESSES, requested_before)


USE_SIGN_IN = "UPDATE sign_in SET used_at = $2 WHERE id = $1"


async def use_sign_in(tx: Tx, sign_in_id: UUID, now: datetime) -> None:
    await tx.execute(USE_SIGN_IN, sign_in_id, now)


FORGET_SIGN_INS = """
    DELETE FROM sign_in WHERE id IN (
        SELECT id FROM sign_in WHERE requested_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


async def forget_sign_ins(tx: Tx, *, requested_before: datetime, most: int) -> int:
    return changed(await tx.execute(FORGET_SIGN_INS, requested_before, most))


# The audit trail


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    at: datetime
    actor_id: UUID
    action: str
    request_id: str
    booking_id: UUID | None = None
    person_id: UUID | None = None
    slot_id: UUID | None = None
    group_id: UUID | None = None
    reason: str | None = None
    id: int = 0


ADD_AUDIT = """
    INSERT INTO audit (at, actor_id, action, booking_id, person_id, slot_id, group_id, request_id, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add_audit(tx: Tx, row: AuditRow) -> None:
    await tx.execute(
        ADD_AUDIT,
        row.at,
        row.actor_id,
        row.action,
        row.booking_id,
        row.person_id,
        row.slot_id,
        row.group_id,
        row.request_id,
        row.reason,
    )


HAS_AUDIT = """
    SELECT EXISTS (
        SELECT FROM audit WHERE at > $1 AND actor_id = $2 AND action = $3 AND slot_id = $4
    )
"""


async def has_audit(tx: Tx, *, actor_id: UUID, action: str, slot_id: UUID, after: datetime) -> bool:
    """Whether the same was written down of the same slot a short while ago."""
    return bool(await tx.fetchval(HAS_AUDIT, after, actor_id, action, slot_id))


LIST_AUDIT = """
    SELECT id, at, actor_id, action, booking_id, person_id, slot_id, group_id, request_id, reason FROM audit
    WHERE ($1::bigint IS NULL OR id < $1)
      AND ($3::uuid IS NULL OR actor_id = $3 OR person_id = $3)
      AND ($4::uuid IS NULL OR booking_id = $4)
    ORDER BY id DESC LIMIT $2
"""


async def list_audit(
    tx: Tx, *, before: int | None, limit: int, person_id: UUID | None, booking_id: UUID | None
) -> list[AuditRow]:
    """`person_id` finds what they did and what was done about them."""
    rows = await tx.fetch(LIST_AUDIT, before, limit, person_id, booking_id)
    return [AuditRow(**row) for row in rows]


FORGET_AUDIT = "SELECT forget_audit($1, $2)"


async def forget_audit(tx: Tx, *, before: datetime, most: int) -> int:
    """The database does it, and keeps what is younger than a year whatever it is asked."""
    return int(await tx.fetchval(FORGET_AUDIT, before, most))


# Cards


@dataclass(frozen=True, kw_only=True)
class CardRow:
    booking_id: UUID
    link_version: int
    code_mac: bytes
    made_by: UUID
    made_at: datetime
    expires_at: datetime


PUT_CARD = """
    INSERT INTO card (booking_id, link_version, code_mac, made_by, made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (booking_id) DO UPDATE SET
        link_version = $2, code_mac = $3, made_by = $4, made_at = $5, expires_at = $6
"""


async def put_card(tx: Tx, card: CardRow) -> None:
    await tx.execute(
        PUT_CARD,
        card.booking_id,
        card.link_version,
        card.code_mac,
        card.made_by,
        card.made_at,
        card.expires_at,
    )


FIND_CARD = """
    SELECT booking_id, link_version, code_mac, made_by, made_at, expires_at FROM card WHERE code_mac = $1
"""


async def find_card(tx: Tx, code_mac: bytes) -> CardRow | None:
    row = await tx.fetchrow(FIND_CARD, code_mac)
    return CardRow(**row) if row else None


FORGET_CARDS = """
    DELETE FROM card WHERE booking_id IN (
        SELECT booking_id FROM card WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


async def forget_cards(tx: Tx, *, expired_before: datetime, most: int) -> int:
    return changed(await tx.execute(FORGET_CARDS, expired_before, most))

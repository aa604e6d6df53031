"""Statements about one resident: links to what is known of them, their cards, and who looked at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.runtime.db import Tx, changed

ADD = "INSERT INTO own_data_link (id, booking_id, requested_at) VALUES ($1, $2, $3)"
FIND = "SELECT id, booking_id, requested_at, expires_at, used_at FROM own_data_link WHERE id = $1"
PREPARE = """
    UPDATE own_data_link SET token_digest = $2, expires_at = $3 WHERE id = $1 AND used_at IS NULL
    RETURNING true
"""
BEHIND = """
    SELECT id, booking_id, requested_at, expires_at, used_at, key_digest = $1 AS by_key FROM own_data_link
    WHERE token_digest = $1 OR key_digest = $1
"""
USE = """
    UPDATE own_data_link SET used_at = $2, key_digest = $3 WHERE id = $1 AND used_at IS NULL RETURNING true
"""
FORGET = """
    DELETE FROM own_data_link WHERE id IN (
        SELECT id FROM own_data_link WHERE requested_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
FORGET_LINKS = "DELETE FROM own_data_link WHERE booking_id = ANY ($1::uuid[])"
FORGET_CARDS = "DELETE FROM card WHERE booking_id = ANY ($1::uuid[])"
CARDS = """
    SELECT booking_id, made_at, expires_at FROM card WHERE booking_id = ANY ($1::uuid[]) ORDER BY made_at
"""
LOOKS = """
    SELECT booking_id, at, action FROM audit WHERE booking_id = ANY ($1::uuid[]) ORDER BY id LIMIT 2000
"""


@dataclass(frozen=True, kw_only=True)
class LinkRow:
    """`by_key`: found by the second secret, which only the page has that the link has opened."""

    id: UUID
    booking_id: UUID
    requested_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    by_key: bool = False


async def add(tx: Tx, link_id: UUID, booking_id: UUID, now: datetime) -> None:
    await tx.execute(ADD, link_id, booking_id, now)


async def find(tx: Tx, link_id: UUID) -> LinkRow | None:
    row = await tx.fetchrow(FIND, link_id)
    return LinkRow(**row) if row else None


async def give_token(tx: Tx, link_id: UUID, *, token_digest: bytes, expires_at: datetime) -> bool:
    """The latest token is the one that counts; a link already used gets no other."""
    return bool(await tx.fetchval(PREPARE, link_id, token_digest, expires_at))


async def behind(tx: Tx, digest: bytes) -> LinkRow | None:
    row = await tx.fetchrow(BEHIND, digest)
    return LinkRow(**{**row, "by_key": bool(row["by_key"])}) if row else None


async def use(tx: Tx, link_id: UUID, *, key_digest: bytes, now: datetime) -> bool:
    """False for the second of two presses."""
    return bool(await tx.fetchval(USE, link_id, now, key_digest))


async def forget(tx: Tx, *, requested_before: datetime, most: int) -> int:
    return changed(await tx.execute(FORGET, requested_before, most))


async def forget_resident(tx: Tx, booking_ids: Sequence[UUID]) -> None:
    await tx.execute(FORGET_LINKS, booking_ids)
    await tx.execute(FORGET_CARDS, booking_ids)


async def cards(tx: Tx, booking_ids: Sequence[UUID]) -> Sequence[Record]:
    return await tx.fetch(CARDS, booking_ids)


async def looks(tx: Tx, booking_ids: Sequence[UUID]) -> Sequence[Record]:
    """What those who serve did and looked at, and when; not who."""
    return await tx.fetch(LOOKS, booking_ids)

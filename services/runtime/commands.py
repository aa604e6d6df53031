"""Commands run in one transaction and are answered once: a repetition meets the first answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from services.contracts.envelope import Actor, Anyone, Request, Resident, Service, Staff, encode
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call, Handler
from services.runtime.db import Database, Tx, changed

D = TypeVar("D")
UseCase = Callable[[Tx, Any, Call, D], Awaitable[Any]]

CLAIM_KEY = """
    INSERT INTO command (scope, key, fingerprint) VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT command_once DO NOTHING
    RETURNING true
"""
FIRST_ANSWER = "SELECT fingerprint, reply FROM command WHERE scope = $1 AND key = $2"
REMEMBER = "UPDATE command SET reply = $3 WHERE scope = $1 AND key = $2"
FORGET = """
    DELETE FROM command WHERE (scope, key) IN (
        SELECT scope, key FROM command WHERE at < now() - interval '48 hours'
        LIMIT $1 FOR UPDATE SKIP LOCKED)
"""


def in_transaction(db: Database, deps: D, use_case: UseCase[D]) -> Handler:
    """A handler that runs `use_case` in a transaction of its own, once per key."""

    async def handle(request: Request[Any], call: Call) -> Any:
        return await db.transact(lambda tx: once_per_key(tx, request, call, deps, use_case))

    return handle


async def once_per_key(tx: Tx, request: Request[Any], call: Call, deps: D, use_case: UseCase[D]) -> Any:
    """What `use_case` answers, or has answered to the same key before."""
    if call.key is None:
        return await use_case(tx, request, call, deps)
    return await _once(tx, request, call, lambda: use_case(tx, request, call, deps))


def at_a_glance(db: Database, deps: D, use_case: UseCase[D]) -> Handler:
    """A handler of a question that most often takes one statement to answer."""
    kept = in_transaction(db, deps, use_case)

    async def handle(request: Request[Any], call: Call) -> Any:
        if call.key is not None:
            return await kept(request, call)
        return await db.glance(lambda tx: use_case(tx, request, call, deps))

    return handle


async def _once(tx: Tx, request: Request[Any], call: Call, first: Callable[[], Awaitable[Any]]) -> Any:
    """Run `first`, or give the answer that this key was given before.

    A second asker waits at the key's row until the first one's transaction ends.
    A refusal rolls the key back with everything else: the next try is judged anew.
    """
    claim = claim_of(request, call)
    assert claim is not None
    if await tx.fetchval(CLAIM_KEY, claim.scope, claim.key, claim.fingerprint):
        reply = await first()
        await tx.execute(REMEMBER, claim.scope, claim.key, encode(reply))
        return reply
    row = await tx.fetchrow(FIRST_ANSWER, claim.scope, claim.key)
    if row is None or row["fingerprint"] != claim.fingerprint:
        raise Refusal(Code.KEY_REUSED, "This key has already been used for another request.")
    return msgspec.json.decode(row["reply"], type=request.reply)


@dataclass(frozen=True)
class Claim:
    """Whose key it is, and of which request."""

    scope: str
    key: str
    fingerprint: bytes


def claim_of(request: Request[Any], call: Call) -> Claim | None:
    if call.key is None:
        return None
    fingerprint = sha256(request.subject.encode() + b"\0" + encode(request)).digest()
    return Claim(_scope(call.actor), call.key, fingerprint)


def _scope(actor: Actor) -> str:
    match actor:
        case Anyone():
            return "anyone"
        case Resident(booking_id=booking_id):
            return f"booking:{booking_id}"
        case Staff(person_id=person_id):
            return f"person:{person_id}"
        case Service(name=name):
            return f"service:{name}"


async def forget_old_keys(tx: Tx, most: int) -> int:
    """Keys are kept two days: a retry comes within one."""
    return changed(await tx.execute(FORGET, most))


FORGET_REPLIES = """
    DELETE FROM command
    WHERE scope = ANY ($1::text[]) OR scope ~ '^(person|service):' AND EXISTS (
        SELECT FROM unnest($2::bytea[], $3::bytea[]) AS w (id, name)
        WHERE position(w.id IN reply) > 0 AND position(w.name IN reply) > 0)
"""


async def forget_replies(tx: Tx, named: Mapping[UUID, str]) -> None:
    """Answers that were kept for a repetition and name these residents, by their bookings: to themselves,
    or to those who serve. What is answered to who has just booked names nobody."""
    scopes = [_scope(Resident(booking_id=booking_id, link_version=0)) for booking_id in named]
    ids = [str(booking_id).encode() for booking_id in named]
    await tx.execute(FORGET_REPLIES, scopes, ids, [encode(name) for name in named.values()])

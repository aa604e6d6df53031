"""Signing in by mail: a request that tells nobody anything, and a token that works once.

No token lies in a queue or a table: it is made when notify writes the mail, and
only its digest is kept.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4, uuid5

from services.contracts.booking.people import FindPersonByEmail, Identify, Person
from services.contracts.envelope import Service as ServiceItself
from services.contracts.gateway import PrepareSignIn, SignInMail, SignInRequested
from services.contracts.refusals import Code, Refusal
from services.gateway import store
from services.gateway.door import Door
from services.gateway.store import SignInRow
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.forgetting import forget_all

VALID = timedelta(minutes=15)
WRITTEN_WITHIN = timedelta(hours=1)
KEPT = timedelta(days=7)
LANGUAGES = ("fi", "sv", "en")
ITSELF = ServiceItself(name="gateway")


async def ask(door: Door, email: str, call: Call) -> None:
    """Write down that somebody typed this address. The same work whoever is known by it, or nobody."""

    async def work(tx: Tx) -> None:
        sign_in_id = uuid4()
        await store.add_sign_in(tx, sign_in_id, email, call.now)
        await outbox.add(tx, SignInRequested(sign_in_id=sign_in_id), call)

    await door.db.transact(work)


async def invite(door: Door, person: Person, call: Call) -> None:
    """The first mail of somebody who was just added. A repeated press sends no second one."""

    async def work(tx: Tx) -> None:
        sign_in_id = uuid5(person.id, "invitation")
        if await store.add_sign_in(tx, sign_in_id, person.email, call.now):
            await outbox.add(tx, SignInRequested(sign_in_id=sign_in_id), call)

    await door.db.transact(work)


async def confirm(door: Door, token: str, call: Call) -> UUID:
    """The person whose mail held this token, once. Refuses `not_found`, `link_used` and `link_expired`."""

    async def work(tx: Tx) -> UUID:
        row = await store.take_sign_in_by_token(tx, _digest(token))
        if row is None or row.person_id is None or row.expires_at is None:
            raise Refusal(Code.NOT_FOUND, "There is nothing behind this link.")
        if row.used_at is not None:
            raise Refusal(Code.LINK_USED, "This link has been used already. Ask for a new one.")
        if call.now >= row.expires_at:
            raise Refusal(Code.LINK_EXPIRED, "This link is too old. Ask for a new one.")
        await store.use_sign_in(tx, row.id, call.now)
        return row.person_id

    return await door.db.transact(work)


def prepare_handler(door: Door) -> Callable[[PrepareSignIn, Call], Awaitable[SignInMail]]:
    """Answers notify, at the moment of sending."""

    async def prepare(request: PrepareSignIn, call: Call) -> SignInMail:
        row = await _find(door.db, request.sign_in_id)
        if row is None or row.used_at is not None or call.now - row.requested_at > WRITTEN_WITHIN:
            raise _nobody()
        person = await _person(door, row, replace(call, actor=ITSELF, key=None))
        token = secrets.token_urlsafe(32)
        expires_at = call.now + VALID
        await _keep(door.db, row.id, person.id, token, expires_at)
        language = next((item for item in person.languages if item in LANGUAGES), LANGUAGES[0])
        return SignInMail(email=person.email, language=language, token=token, expires_at=expires_at)

    return prepare


async def _find(db: Database, sign_in_id: UUID) -> SignInRow | None:
    async def work(tx: Tx) -> SignInRow | None:
        return await store.find_sign_in(tx, sign_in_id)

    return await db.transact(work)


async def _person(door: Door, row: SignInRow, call: Call) -> Person:
    """Who is known by the typed address; a second mail goes to whom the first one went."""
    try:
        if row.person_id is not None:
            return await door.bus.call(Identify(person_id=row.person_id), call)
        if row.email is not None:
            return await door.bus.call(FindPersonByEmail(email=row.email), call)
    except Refusal as refusal:
        if refusal.code not in (Code.NOT_FOUND, Code.SESSION_ENDED):
            raise
        await _forget_address(door.db, row.id)
    raise _nobody()


async def _keep(db: Database, sign_in_id: UUID, person_id: UUID, token: str, expires_at: datetime) -> None:
    async def work(tx: Tx) -> None:
        digest = _digest(token)
        if not await store.give_token(
            tx, sign_in_id, person_id=person_id, token_digest=digest, expires_at=expires_at
        ):
            raise _nobody()

    await db.transact(work)


async def _forget_address(db: Database, sign_in_id: UUID) -> None:
    async def work(tx: Tx) -> None:
        await store.clear_address(tx, sign_in_id)

    await db.transact(work)


async def forget_old(db: Database, clock: Clock) -> None:
    async def work(tx: Tx) -> None:
        await store.clear_old_addresses(tx, requested_before=clock.now() - WRITTEN_WITHIN)

    await db.transact(work)
    before = clock.now() - KEPT
    await forget_all(db, lambda tx, most: store.forget_sign_ins(tx, requested_before=before, most=most))


def _nobody() -> Refusal:
    return Refusal(Code.NOT_FOUND, "No mail is owed for this sign-in.")


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()

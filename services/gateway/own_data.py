"""What is known of one resident: shown to them or erased, by themselves or by a coordinator for them.

By themselves it takes a link that has just come to their contact: once, within ten minutes. Nothing that is
stored can be turned into one. The page it opens may do more for as long again, by a secret of its own.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID, uuid4

from msgspec import Struct

from services.contracts.booking.own_data import DescribeOwnData, EraseResident, OwnData
from services.contracts.envelope import Resident
from services.contracts.envelope import Service as ServiceItself
from services.contracts.gateway import OwnDataRequested, OwnDataToken, PrepareOwnData
from services.contracts.notify import ListMessagesTo, MessageTo
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import ListSightings, Seen
from services.gateway import own_data_store as store
from services.gateway.door import Door
from services.gateway.own_bookings import KnownBooking, known
from services.gateway.own_data_store import LinkRow
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.forgetting import forget_all

VALID = timedelta(minutes=10)
WRITTEN_WITHIN = timedelta(hours=1)
KEPT = timedelta(days=1)
ITSELF = ServiceItself(name="gateway")


class Reason(StrEnum):
    """Why somebody who serves does it. Words of their own would be one more thing to forget."""

    ASKED_BY_PHONE = "asked_by_phone"
    ASKED_IN_PERSON = "asked_in_person"
    ASKED_IN_WRITING = "asked_in_writing"
    ASKED_BY_OTHERS = "asked_by_others"
    MADE_BY_MISTAKE = "made_by_mistake"


class OwnCard(Struct, frozen=True, kw_only=True):
    """A code on paper; what it is, is not kept."""

    booking_id: UUID
    made_at: datetime
    expires_at: datetime


class StaffDeed(Struct, frozen=True, kw_only=True):
    """What somebody who serves looked at or did about a booking."""

    booking_id: UUID
    at: datetime
    action: str


class Report(Struct, frozen=True, kw_only=True):
    """Everything that is kept under somebody's contact. Feedback is not in it: nobody knows whose it is."""

    made_at: datetime
    bookings: list[KnownBooking]
    messages: list[MessageTo]
    sightings: list[Seen]
    cards: list[OwnCard]
    deeds: list[StaffDeed]


@dataclass(frozen=True)
class Opened:
    """`key` is good for as long as the link was."""

    report: Report
    key: str


async def ask(door: Door, call: Call) -> None:
    """Let a fresh link be sent to the contact on file, whoever asks: an old link will do for that."""
    assert isinstance(call.actor, Resident)
    link_id, booking_id = uuid4(), call.actor.booking_id

    async def work(tx: Tx) -> None:
        await store.add(tx, link_id, booking_id, call.now)
        await outbox.add(tx, OwnDataRequested(own_data_link_id=link_id, booking_id=booking_id), call)

    await door.db.transact(work)


def prepare_handler(door: Door) -> Callable[[PrepareOwnData, Call], Awaitable[OwnDataToken]]:
    """Answers notify, at the moment of sending."""

    async def prepare(request: PrepareOwnData, call: Call) -> OwnDataToken:
        token, expires_at = secrets.token_urlsafe(32), call.now + VALID

        async def work(tx: Tx) -> None:
            row = await store.find(tx, request.own_data_link_id)
            if row is None or call.now - row.requested_at > WRITTEN_WITHIN:
                raise _nothing()
            if not await store.give_token(tx, row.id, token_digest=_digest(token), expires_at=expires_at):
                raise _nothing()

        await door.db.transact(work)
        return OwnDataToken(token=token, expires_at=expires_at)

    return prepare


async def open_link(door: Door, token: str, call: Call) -> Opened:
    """What is known, and a key to erase it or save it. The link is used up once there is something to show.

    Refuses `not_found`, `link_used` and `link_expired`.
    """
    row = await _behind(door, token, call)
    if row.by_key:
        raise _nothing()
    report = await report_on(door, row.booking_id, replace(call, actor=ITSELF))
    key = secrets.token_urlsafe(32)

    async def use(tx: Tx) -> None:
        if not await store.use(tx, row.id, key_digest=_digest(key), now=call.now):
            raise _used()

    await door.db.transact(use)
    return Opened(report, key)


async def report_again(door: Door, key: str, call: Call) -> Report:
    """For the page that the link has opened."""
    row = await _behind(door, key, call)
    if not row.by_key:
        raise _nothing()
    return await report_on(door, row.booking_id, replace(call, actor=ITSELF))


async def erase(door: Door, secret: str, call: Call) -> int:
    """By the link itself, or the key of the page that it has opened. How many bookings it was."""
    row = await _behind(door, secret, call)
    return await erase_resident(
        door, row.booking_id, replace(call, actor=ITSELF, key=f"erase-own-data-{row.id}")
    )


async def report_on(door: Door, booking_id: UUID, call: Call) -> Report:
    """On behalf of `call.actor`: the gateway itself for whoever it has found out to be the one.

    Without a key: answers are kept under keys, and this one is to be kept nowhere.
    """
    call = call.keyed(None)
    own = await door.bus.call(DescribeOwnData(booking_id=booking_id), call)
    ids = [booking.id for booking in own.bookings]
    messages, sightings = await asyncio.gather(
        door.bus.call(ListMessagesTo(booking_ids=ids), call),
        door.bus.call(ListSightings(booking_ids=ids), call),
    )

    async def kept_here(tx: Tx) -> tuple[list[OwnCard], list[StaffDeed]]:
        cards = [OwnCard(**row) for row in map(dict, await store.cards(tx, ids))]
        return cards, [StaffDeed(**row) for row in map(dict, await store.looks(tx, ids))]

    cards, deeds = await door.db.transact(kept_here)
    return Report(
        made_at=call.now,
        bookings=[known(booking) for booking in own.bookings],
        messages=messages.items,
        sightings=sightings.items,
        cards=cards,
        deeds=deeds,
    )


async def erase_resident(door: Door, booking_id: UUID, call: Call) -> int:
    """Booking first, which tells the others; what is kept here goes last: the link works until then."""
    own: OwnData = await door.bus.call(DescribeOwnData(booking_id=booking_id), replace(call, key=None))
    erased = await door.bus.call(EraseResident(booking_id=booking_id), call)
    ids = [booking_id, *(booking.id for booking in own.bookings)]

    async def forget(tx: Tx) -> None:
        await store.forget_resident(tx, ids)

    await door.db.transact(forget)
    return erased.bookings


async def forget_old(db: Database, clock: Clock) -> None:
    before = clock.now() - KEPT
    await forget_all(db, lambda tx, most: store.forget(tx, requested_before=before, most=most))


async def _behind(door: Door, secret: str, call: Call) -> LinkRow:
    async def look(tx: Tx) -> LinkRow | None:
        return await store.behind(tx, _digest(secret))

    row = await door.db.transact(look)
    if row is None or row.expires_at is None:
        raise _nothing()
    if row.used_at is not None and not row.by_key:
        raise _used()
    until = row.used_at + VALID if row.used_at is not None else row.expires_at
    if call.now >= until:
        raise Refusal(Code.LINK_EXPIRED, "This link is too old. Ask for a new one.")
    return row


def _nothing() -> Refusal:
    return Refusal(Code.NOT_FOUND, "There is nothing behind this link.")


def _used() -> Refusal:
    return Refusal(Code.LINK_USED, "This link has been used already. Ask for a new one.")


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()

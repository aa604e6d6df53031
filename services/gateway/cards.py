"""Cards: a booking's page for people without mail or a phone of their own, behind a short code on paper.

A code is eight letters and digits that nobody takes for each other. Only its
digest under our key is kept, so what is stolen from the database opens nothing;
and few may be tried from one place, or by everybody together, so that guessing
among some hundred thousand million is of no use.
"""

import hmac
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from services.contracts import links
from services.contracts.booking.appointments import Booking, DescribeBooking
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Resident, Staff
from services.contracts.links import Link, Purpose
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import store
from services.gateway.door import Door
from services.gateway.store import CardRow
from services.runtime.call import Call
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.forgetting import forget_all

ALPHABET = "ABCDEFGHJKMNPQRTUVWXY346789"
LENGTH = 8
GROUP = 4
KEPT = timedelta(days=120)


@dataclass(frozen=True)
class Card:
    """What stands on the paper. `code` is told once and kept nowhere."""

    code: str
    link: str
    expires_at: datetime


async def make(door: Door, booking: Booking, *, key: str, call: Call) -> Card:
    """A card for this booking; the one made before is useless from now on. The same key, the same card.

    Refuses `already_cancelled`.
    """
    assert isinstance(call.actor, Staff), "cards are made by those who serve"
    if booking.status in (BookingStatus.CANCELLED, BookingStatus.EXPIRED):
        raise Refusal(Code.ALREADY_CANCELLED, "There is nothing behind the link of a cancelled booking.")
    code = _code(door, booking, key)
    row = CardRow(
        booking_id=booking.id,
        link_version=booking.link_version,
        code_mac=_mac(door, code),
        made_by=call.actor.person_id,
        made_at=call.now,
        expires_at=booking.link_expires_at,
    )

    async def work(tx: Tx) -> None:
        await store.put_card(tx, row)

    await door.db.transact(work)
    link = f"{door.settings.origin}/t/{_token(door, row)}"
    return Card(code=f"{code[:GROUP]}-{code[GROUP:]}", link=link, expires_at=row.expires_at)


async def token_behind(door: Door, typed: str, call: Call) -> str | None:
    """The token of the link behind a code; None for whatever is none, or is one no longer."""
    mac = _mac(door, read(typed))

    async def work(tx: Tx) -> CardRow | None:
        return await store.find_card(tx, mac)

    row = await door.db.transact(work)
    if row is None or not await _still_good(door, row, call):
        return None
    return _token(door, row)


def read(typed: str) -> str:
    """As people type it: with spaces or dashes or none, in small letters, in full width."""
    plain = unicodedata.normalize("NFKC", typed[:100]).upper()
    return "".join(character for character in plain if character.isalnum())


async def forget_old(db: Database, clock: Clock) -> None:
    """Kept for a while after their day: the meeting may have been moved since."""

    before = clock.now() - KEPT
    await forget_all(db, lambda tx, most: store.forget_cards(tx, expired_before=before, most=most))


async def _still_good(door: Door, row: CardRow, call: Call) -> bool:
    """Past its day, a card is as good as the link behind it, which goes on when a meeting is moved."""
    if call.now < row.expires_at:
        return True
    bearer = Resident(booking_id=row.booking_id, link_version=row.link_version)
    asked = replace(call, actor=bearer, key=None)
    try:
        await door.bus.call(DescribeBooking(booking_id=row.booking_id), asked)
    except (Refusal, Unavailable):
        return False
    return True


def _code(door: Door, booking: Booking, key: str) -> str:
    """As good as random for whoever lacks our key, and the same again for the press of the same button."""
    said = f"{booking.id}\0{booking.link_version}\0{key}"
    number = int.from_bytes(_keyed(door, "digiaula card code v1", said), "big")
    letters = []
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


def _mac(door: Door, code: str) -> bytes:
    return _keyed(door, "digiaula card v1", code)


def _keyed(door: Door, purpose: str, said: str) -> bytes:
    key = door.settings.form_key.encode()
    return hmac.new(key, purpose.encode() + b"\0" + said.encode("utf-8", "surrogatepass"), sha256).digest()


def _token(door: Door, row: CardRow) -> str:
    link = Link(purpose=Purpose.BOOKING, subject_id=row.booking_id, version=row.link_version)
    return links.make(door.link_keys, link)

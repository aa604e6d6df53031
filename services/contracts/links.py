"""The resident's link: what stands behind `/t/`, made by notify and read by gateway.

A token is key id, purpose, booking id and link version with a keyed MAC over
them, in URL-safe base64. Nothing that is stored or sent between services can be
turned into one without the key. The first key makes tokens; all keys read them,
so a key is replaced by putting the new one in front and dropping the old one
when the last meeting behind its links is over.
"""

import base64
import binascii
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from uuid import UUID

_BODY = struct.Struct(">BB16sI")
_MAC_BYTES = 20
_LENGTH = _BODY.size + _MAC_BYTES  # 42 bytes: base64 needs no padding


class Purpose(IntEnum):
    """What a link is good for. A link of one purpose opens nothing of another."""

    BOOKING = 1
    CALENDAR = 2


@dataclass(frozen=True)
class Link:
    purpose: Purpose
    subject_id: UUID
    version: int


@dataclass(frozen=True)
class LinkKey:
    """`number` (0–255) travels in the token and says which key made it."""

    number: int
    secret: bytes


def parse_keys(text: str) -> tuple[LinkKey, ...]:
    """Read `k2:<base64url>,k1:<base64url>`: the newest first, at least 32 bytes each."""
    keys = []
    for part in text.split(","):
        name, _, secret = part.strip().partition(":")
        raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
        if not name.startswith("k") or not name[1:].isdigit() or len(raw) < 32:
            raise ValueError("link keys look like k1:<base64url of 32 bytes or more>")
        keys.append(LinkKey(number=int(name[1:]) % 256, secret=raw))
    if len({key.number for key in keys}) < len(keys):
        raise ValueError("two link keys have the same number")
    return tuple(keys)


def make(keys: Sequence[LinkKey], link: Link) -> str:
    key = keys[0]
    body = _BODY.pack(key.number, link.purpose, link.subject_id.bytes, link.version)
    return base64.urlsafe_b64encode(body + _mac(key, body)).decode("ascii")


def read(keys: Sequence[LinkKey], token: str) -> Link | None:
    """The link behind a token, or None for anything that no live key made.

    The MAC is computed also for what is malformed, so that a wrong token costs
    the same time whatever is wrong with it.
    """
    try:
        data = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        data = b""
    sound = len(data) == _LENGTH and base64.urlsafe_b64encode(data).decode("ascii") == token
    data = data if sound else bytes(_LENGTH)
    body, mac = data[: _BODY.size], data[_BODY.size :]
    number, purpose, subject, version = _BODY.unpack(body)
    key = next((key for key in keys if key.number == number), keys[0])
    if not hmac.compare_digest(_mac(key, body), mac) or not sound:
        return None
    if purpose not in set(Purpose):
        return None
    return Link(purpose=Purpose(purpose), subject_id=UUID(bytes=subject), version=version)


def _mac(key: LinkKey, body: bytes) -> bytes:
    return hmac.new(key.secret, b"digiaula link v1\0" + body, sha256).digest()[:_MAC_BYTES]

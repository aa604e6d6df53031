"""Room tokens: a signed word for one person, one room and a few minutes, and the link it goes into."""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.utils import base64url_encode

from services.contracts.rooms import Video
from services.rooms.domain import Meeting
from services.rooms.keys import RsaKey

LIFE = timedelta(minutes=5)
EARLIER = timedelta(seconds=10)  # for a server whose clock is a little behind: it allows nothing itself

# What a token lets its bearer do; what is not named here, it does not. Nothing is recorded or sent
# elsewhere, and no one can be telephoned into a meeting. Those who listen to an evening ask in the chat.
_FEATURES = {
    "send-groupchat": True,
    "screen-sharing": True,
    "send-private-message": True,
    "create-polls": True,
    "file-upload": False,
    "recording": False,
    "livestreaming": False,
    "transcription": False,
    "outbound-call": False,
    "sip-outbound-call": False,
}
_LISTENERS_FEATURES = {
    **_FEATURES,
    "screen-sharing": False,
    "send-private-message": False,
    "create-polls": False,
}
_compact = json.JSONEncoder(separators=(",", ":")).encode
_PAGE = "config.prejoinConfig.hideDisplayName=true&config.disableDeepLinking=true"


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Who is let in: an id that means something in this room alone, and the name used in it.

    `listens`: comes to an evening for many, to hear rather than to be seen.
    """

    participant_id: UUID
    name: str
    moderates: bool = False
    listens: bool = False

    @classmethod
    def of(cls, meeting: Meeting, participant_id: UUID, name: str, *, moderates: bool = False) -> "Guest":
        listens = meeting.kind == "event" and not moderates
        return cls(participant_id=participant_id, name=name, moderates=moderates, listens=listens)


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs for one Jitsi. `folder` comes before a room's name in addresses, for 8x8's tenants."""

    algorithm: str
    key: bytes | RSAPrivateKey = field(repr=False)
    key_id: str | None
    issuer: str
    audience: str
    subject: str
    domain: str
    folder: str = ""
    moderator_words: bool = False
    public_keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def names_key(self) -> bytes:
        """A secret of its own for digests of names: whoever reads the tables cannot try names out."""
        own = (
            self.key
            if isinstance(self.key, bytes)
            else self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        )
        return hmac.digest(own, b"names in rooms", "sha256")

    def video(self, *, room: str, guest: Guest, now: datetime, not_after: datetime, language: str) -> Video:
        """The way in, from now on for a few minutes and never beyond `not_after`.

        Jitsi looks at the end when somebody comes in: whoever is inside stays, and whoever lost the
        connection later presses join again.
        """
        expires_at = min(now + LIFE, not_after).replace(microsecond=0)
        token = self._signed(self._claims(room, guest, now, expires_at))
        address = f"https://{self.domain}/{self.folder}" if self.domain else ""
        question = urlencode({"jwt": token, "lang": language})
        return Video(
            domain=self.domain,
            room=self.folder + room,
            jwt=token,
            expires_at=expires_at,
            url=f"{address}{room}?{question}#{_PAGE}" if address else "",
            script=f"{address}external_api.js" if address else "",
        )

    def _signed(self, claims: dict[str, Any]) -> str:
        said = self._header + b"." + base64url_encode(_compact(claims).encode("ascii"))
        return (said + b"." + base64url_encode(self._sign(said))).decode("ascii")

    @cached_property
    def _header(self) -> bytes:
        key_id = {"kid": self.key_id} if self.key_id else {}
        return base64url_encode(_compact({"alg": self.algorithm, **key_id, "typ": "JWT"}).encode("ascii"))

    @cached_property
    def _sign(self) -> Callable[[bytes], bytes]:
        """The library looks at a key whenever it signs; ours stays the same, and is looked at once."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        key = algorithm.prepare_key(self.key)
        return lambda said: algorithm.sign(said, key)

    def _claims(self, room: str, guest: Guest, now: datetime, expires_at: datetime) -> dict[str, Any]:
        """`aud` is a string, since a list never matches; what is absent is left out, never null."""
        user: dict[str, Any] = {"id": str(guest.participant_id), "name": guest.name}
        if self.moderator_words:
            user["moderator"] = "true" if guest.moderates else "false"
        else:
            user["moderator"] = guest.moderates
            user["affiliation"] = "owner" if guest.moderates else "member"
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": self.subject,
            "room": room,
            "iat": int(now.timestamp()),
            "nbf": int((now - EARLIER).timestamp()),
            "exp": int(expires_at.timestamp()),
            "context": {"user": user, "features": _LISTENERS_FEATURES if guest.listens else _FEATURES},
        }


def shared_secret(secrets: list[bytes], *, issuer: str, audience: str, subject: str, domain: str) -> Signer:
    """For a Jitsi of one's own that shares a secret with rooms."""
    return Signer(
        algorithm="HS256",
        key=secrets[0],
        key_id=None,
        issuer=issuer,
        audience=audience,
        subject=subject,
        domain=domain,
    )


def key_pair(keys: list[RsaKey], *, issuer: str, audience: str, subject: str, domain: str) -> Signer:
    """For a Jitsi of one's own that fetches public keys from rooms."""
    return Signer(
        algorithm="RS256",
        key=keys[0].private,
        key_id=keys[0].key_id,
        issuer=issuer,
        audience=audience,
        subject=subject,
        domain=domain,
        public_keys={key.file_name: key.public_pem for key in keys},
    )


def jaas(keys: list[RsaKey], *, app_id: str, domain: str) -> Signer:
    """For 8x8's service, which knows the public keys already and has fixed words of its own."""
    return Signer(
        algorithm="RS256",
        key=keys[0].private,
        key_id=keys[0].key_id,
        issuer="chat",
        audience="jitsi",
        subject=app_id,
        domain=domain or "8x8.vc",
        folder=f"{app_id}/",
        moderator_words=True,
    )

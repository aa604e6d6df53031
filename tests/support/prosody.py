"""A door as strict as Jitsi's: reads a room token the way its server does, and lets nobody else in.

Moments are given, never read from a clock, and there is no leeway in either direction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import jwt


class Refused(Exception):
    """The door stays shut; says at which check."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """One deployment: `keys` is a shared secret, or the key server's files by name."""

    algorithm: str
    keys: bytes | Callable[[str], bytes | None]
    issuer: str
    audience: str
    subject: str

    def enter(self, token: str, room: str, now: datetime) -> Mapping[str, Any]:
        """Who came in: the token's user. Raises Refused."""
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(
                token, self._key(header), algorithms=[self.algorithm], options=_NOTHING_ELSE
            )
        except jwt.PyJWTError as error:
            raise Refused("signature") from error
        _need(claims.get("iss") == self.issuer, "iss")
        _need(claims.get("aud") == self.audience, "aud")  # a list never matches
        _need(claims.get("sub") == self.subject, "sub")
        self._in_time(claims, now)
        named = claims.get("room")
        _need(isinstance(named, str) and named != "*" and named.lower() == room.lower(), "room")
        return _user(claims)

    def _key(self, header: Mapping[str, Any]) -> bytes:
        _need(header.get("typ") == "JWT", "typ")
        _need(header.get("alg") == self.algorithm, "alg")
        _need("crit" not in header, "crit")
        if isinstance(self.keys, bytes):
            return self.keys
        kid = header.get("kid")
        _need(isinstance(kid, str), "kid")
        pem = self.keys(sha256(str(kid).encode()).hexdigest())
        if pem is None:
            raise Refused("kid")
        return pem

    def _in_time(self, claims: Mapping[str, Any], now: datetime) -> None:
        seconds = now.timestamp()
        _need(isinstance(claims.get("exp"), int) and seconds < claims["exp"], "exp")
        _need(isinstance(claims.get("nbf"), int) and claims["nbf"] <= seconds, "nbf")


_NOTHING_ELSE: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _user(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """An absent context is allowed by Jitsi, one that is null makes it hang: here both are refused."""
    context = claims.get("context")
    if not isinstance(context, dict) or not isinstance(context.get("user"), dict):
        raise Refused("context")
    user: dict[str, Any] = context["user"]
    return user


def _need(holds: bool, check: str) -> None:
    if not holds:
        raise Refused(check)


def is_moderator(user: Mapping[str, Any]) -> bool:
    """As `token_affiliation` decides it, for who has been let in."""
    return user.get("moderator") in (True, "true") or user.get("affiliation") in (
        "owner",
        "moderator",
        "teacher",
    )

"""The keys room tokens are signed with, read from settings once and parsed once.

Two live at a time while one replaces the other: the first signs, and the public half of each is
there to be fetched, under the name by which Jitsi asks for it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

LEAST_SECRET_BYTES = 32
LEAST_RSA_BITS = 2048

_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_IN_BUNDLE = re.compile(
    r"(?:^kid:[ \t]*(?P<id>\S+)\s+)?"
    r"(?P<pem>^-----BEGIN (?P<kind>[A-Z ]*PRIVATE KEY)-----$.+?^-----END (?P=kind)-----$)",
    re.DOTALL | re.MULTILINE,
)


class KeysUnusable(Exception):
    """The keys cannot be used. Says why, and never with what."""


@dataclass(frozen=True, kw_only=True)
class RsaKey:
    """`key_id` goes into a token's header as `kid`."""

    key_id: str
    private: RSAPrivateKey

    @property
    def file_name(self) -> str:
        """Where Jitsi looks for the public half: the digest of the id, in hex."""
        return sha256(self.key_id.encode()).hexdigest()

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def secrets_of(text: str) -> list[bytes]:
    """Shared secrets, separated by commas, the first of which signs."""
    found = [part.strip().encode() for part in text.split(",") if part.strip()]
    if not found:
        raise KeysUnusable("not set")
    if any(len(secret) < LEAST_SECRET_BYTES for secret in found):
        raise KeysUnusable(f"a secret has fewer than {LEAST_SECRET_BYTES} bytes")
    return found


def rsa_keys(where: str, *, prefix: str = "") -> list[RsaKey]:
    """Private keys, the one that signs first; `prefix` goes before each key id.

    `where` is a folder of `<key id>.pem`, of which the last by name signs, or PEM text, or a file
    of it, in which the first signs. In such text a line `kid: <key id>` may stand before a key.
    """
    if not where:
        raise KeysUnusable("not set")
    found = _from_text(where) if "-----BEGIN" in where else _from_path(Path(where))
    if not found:
        raise KeysUnusable("no private key was found")
    keys = [_rsa_key(prefix, key_id, pem) for key_id, pem in found]
    if len({key.key_id for key in keys}) < len(keys):
        raise KeysUnusable("two keys have the same id")
    return keys


def _from_path(path: Path) -> Sequence[tuple[str | None, str]]:
    try:
        if path.is_dir():
            files = sorted(path.glob("*.pem"), reverse=True)
            return [(file.stem, file.read_text(encoding="ascii")) for file in files]
        return _from_text(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise KeysUnusable("the private keys cannot be read") from error


def _from_text(text: str) -> Sequence[tuple[str | None, str]]:
    return [(match["id"], match["pem"]) for match in _IN_BUNDLE.finditer(text)]


def _rsa_key(prefix: str, key_id: str | None, pem: str) -> RsaKey:
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise KeysUnusable("a private key cannot be read") from error
    if not isinstance(private, RSAPrivateKey) or private.key_size < LEAST_RSA_BITS:
        raise KeysUnusable(f"a private key is not RSA of at least {LEAST_RSA_BITS} bits")
    if key_id is None:
        if prefix:
            raise KeysUnusable("a private key has no id: put `kid: <key id>` before it")
        key_id = fingerprint(private.public_key())
    if not _KEY_ID.fullmatch(key_id):
        raise KeysUnusable("a key id holds other characters than letters, digits and ._-")
    return RsaKey(key_id=prefix + key_id, private=private)


def fingerprint(public: RSAPublicKey) -> str:
    """An id for a key that was given none: a new key has another one."""
    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:32]

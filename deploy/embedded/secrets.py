"""Secrets made for this installation alone, kept in its state folder for its owner's eyes."""

import base64
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.embedded.state import read_json, write_json

ROLES = ("booking", "rooms", "notify", "gateway", "migrator")
NATS_USERS = ("booking", "rooms", "notify", "gateway", "system")


def password() -> str:
    """Begins with a letter and stays plain: fits a URL, a shell and the NATS configuration."""
    return f"p{secrets.token_hex(20)}"


def key() -> str:
    """32 random bytes in base64url, the form in which services read their keys."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


@dataclass(frozen=True, repr=False)
class Secrets:
    superuser: str
    roles: dict[str, str]
    nats: dict[str, str]
    link_key: str
    form_key: str
    jitsi_app_secret: str
    rooms_callback_secret: str


def fresh_secrets() -> Secrets:
    return Secrets(
        superuser=password(),
        roles={role: password() for role in ROLES},
        nats={user: password() for user in NATS_USERS},
        link_key=key(),
        form_key=key(),
        jitsi_app_secret=password(),
        rooms_callback_secret=password(),
    )


def load_secrets(state: Path) -> Secrets:
    """The secrets of this state folder, made on first use.

    What a newer version needs and an older one did not is added, the rest stays: the data and
    every link already sent depend on it.
    """
    path = state / "secrets.json"
    kept = read_json(path) or {}
    wanted = asdict(fresh_secrets())
    merged = {
        name: new | kept.get(name, {}) if isinstance(new, dict) else kept.get(name, new)
        for name, new in wanted.items()
    }
    if merged != kept:
        write_json(path, merged)
    return Secrets(**merged)

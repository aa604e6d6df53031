"""How the mail server is reached."""

import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from services.runtime.config import Secret

_STARTTLS = {"required": True, "auto": None, "off": False}
_PORT = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """`starttls`: True demands it, None takes it when it is offered, False never asks."""

    host: str
    port: int
    tls: bool
    starttls: bool | None
    username: str | None = None
    password: Secret | None = None

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """smtp://user:password@host:port?starttls=required|auto|off, or smtps://… for TLS from the start.

        STARTTLS is demanded unless the server is on this machine. Raises ValueError.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORT or not parts.hostname:
            raise ValueError("not an SMTP address")
        wish = parse_qs(parts.query).get("starttls", [""])[0]
        wish = wish or ("off" if _is_loopback(parts.hostname) else "required")
        if wish not in _STARTTLS:
            raise ValueError("starttls is required, auto or off")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or _PORT[parts.scheme],
            tls=tls,
            starttls=False if tls else _STARTTLS[wish],
            username=unquote(parts.username) if parts.username else None,
            password=Secret(unquote(parts.password)) if parts.password else None,
        )

    def options(self) -> dict[str, Any]:
        """For aiosmtplib."""
        return {
            "hostname": self.host,
            "port": self.port,
            "use_tls": self.tls,
            "start_tls": self.starttls,
            "username": self.username,
            "password": str(self.password) if self.password else None,
        }


def greeting_name(host: str) -> str:
    """What to call ourselves to the server; an address in the brackets that RFC 5321 wants."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

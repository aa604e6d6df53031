"""A line that the library has made safe stays so when it is ours."""

import ssl
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notify.senders.connection import SmtpServer
from services.notify.senders.email import Email
from services.notify.senders.letter import Channel, Letter, Postponed
from tests.integration.notify.mailroom import Mailroom
from tests.support.clock import SetClock

HOST = "127.0.0.1"


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """Of a server at this address that vouches for itself: certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now, day = datetime.now(UTC), timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    made = builder.add_extension(addresses, critical=False).sign(key, hashes.SHA256())
    said, kept = folder / "said.pem", folder / "kept.pem"
    said.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kept.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return said, kept


class SafeMailroom(Mailroom):
    """Takes nothing before the line is safe; `from_the_start` for smtps."""

    def __init__(self, folder: Path, *, from_the_start: bool) -> None:
        super().__init__()
        self.certificate, key = a_certificate(folder)
        self._safe = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._safe.load_cert_chain(self.certificate, key)
        self._from_the_start = from_the_start

    def _connected(self) -> SMTP:
        if self._from_the_start:
            return SMTP(self, hostname=HOST)
        return SMTP(self, hostname=HOST, tls_context=self._safe, require_starttls=True)

    def tls(self) -> dict[str, Any]:
        return {"ssl": self._safe} if self._from_the_start else {}


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_two_mails_go_over_one_safe_line(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    room = SafeMailroom(tmp_path, from_the_start=scheme == "smtps")
    await room.open(**room.tls())
    email = an_email(room, scheme, clock)
    with pytest.raises(Postponed):  # nobody vouches for it yet
        async with email.line() as line:
            await line.send(a_letter())

    known = SmtpServer.options
    monkeypatch.setattr(
        SmtpServer, "options", lambda it: known(it) | {"cert_bundle": str(room.certificate)}
    )
    for _ in range(2):
        async with email.line() as line:
            await line.send(a_letter())

    assert len(room.taken) == 2
    await email.close()
    await room.close()


def an_email(room: Mailroom, scheme: str, clock: SetClock) -> Email:
    url = room.url.replace("smtp://", f"{scheme}://") + "?starttls=required"
    return Email(
        SmtpServer.parse(url),
        sender=Address(addr_spec="digiaula@example.org"),
        reply_to=None,
        greeting="localhost",
        clock=clock,
    )


def a_letter() -> Letter:
    return Letter(
        id=str(uuid4()),
        channel=Channel.EMAIL,
        to="anna@example.org",
        language="fi",
        subject="Ajanvaraus",
        text="Hei.\n.\n",
        html="<p>Hei.</p>",
    )

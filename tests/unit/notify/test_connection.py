"""How the mail server is reached: encrypted unless it is on this machine."""

import pytest

from services.notify.senders.connection import SmtpServer, greeting_name
from services.runtime.config import Secret


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://mail.example", 587, False, True),
        ("smtp://mail.example:25?starttls=auto", 25, False, None),
        ("smtp://mail.example:25?starttls=off", 25, False, False),
        ("smtps://mail.example", 465, True, False),
        ("smtp://127.0.0.1:2525", 2525, False, False),
        ("smtp://localhost:2525", 2525, False, False),
        ("smtp://localhost:2525?starttls=required", 2525, False, True),
    ],
)
def test_encryption_is_demanded_unless_told_otherwise(
    url: str, port: int, tls: bool, starttls: bool | None
) -> None:
    server = SmtpServer.parse(url)

    assert (server.port, server.tls, server.starttls) == (port, tls, starttls)


def test_a_password_may_hold_anything_and_is_not_shown() -> None:
    server = SmtpServer.parse("smtp://digi%40aula:p%2Fw%3Ard@mail.example")

    assert server.username == "digi@aula"
    assert server.options()["password"] == "p/w:rd"
    assert isinstance(server.password, Secret)
    assert "p/w:rd" not in repr(server)


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://m?starttls=maybe"]
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"SMTP|starttls"):
        SmtpServer.parse(url)


@pytest.mark.parametrize(
    ("host", "name"),
    [("hall.example", "hall.example"), ("127.0.0.1", "[127.0.0.1]"), ("::1", "[IPv6:::1]")],
)
def test_an_address_is_greeted_with_in_brackets(host: str, name: str) -> None:
    assert greeting_name(host) == name

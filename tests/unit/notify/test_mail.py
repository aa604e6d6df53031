"""A mail put together as bytes says what the library would have said, word for word."""

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notify.senders import mail
from services.notify.senders.letter import Channel, Letter
from tests.support.facts import NOW

SENDER = Address("Etäaula", addr_spec="hall@hall.example")
PLAIN = Letter(
    id="1",
    channel=Channel.EMAIL,
    to="anna@example.org",
    language="fi",
    subject="Hei",
    text="Hei\n",
    html="<p>",
)
AWKWARD = [
    "a",
    "ä" * 300 + "\n" + "x" * 300,
    ".\n..\n.x\nFrom me\n--\n-- \n--=_parts--\n",
    "trailing \t\n\n\n   \nend ",
    "=3D =_ ==\r\nmixed\rends\n",
    "🙂\u2028 \x85 ｅ\n" * 40,
]
CALENDAR = ("BEGIN:VCALENDAR\r\nSUMMARY:Tapaaminen äö " + "🙂" * 60 + "\r\nEND:VCALENDAR\r\n").encode()


def by_the_library(letter: Letter) -> EmailMessage:
    form: dict[str, Any] = {
        "charset": "utf-8",
        "cte": "base64",
        "params": {"method": letter.calendar_method},
    }
    made = EmailMessage(policy=SMTP)
    made["From"] = SENDER
    made["To"] = Address(addr_spec=letter.to)
    made["Reply-To"] = SENDER
    made["Subject"] = letter.subject
    made["Date"] = NOW
    made["Message-ID"] = f"<n-{letter.id}@{SENDER.domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text, cte="quoted-printable")
    made.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.calendar is not None:
        made.add_alternative(letter.calendar.decode(), subtype="calendar", **form)
        made.add_attachment(letter.calendar.decode(), subtype="calendar", filename="invite.ics", **form)
    made["Content-Language"] = letter.language
    return made


def read(data: bytes) -> Any:
    """Everything but the words that part the parts."""
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    whole = message_from_bytes(data, policy=default)
    assert isinstance(whole, EmailMessage)
    headers = {
        name: str(value) for name, value in whole.items() if name not in ("Content-Type", "MIME-Version")
    }
    parts = [
        (
            part.get_content_type(),
            part.get_content_disposition(),
            part.get_filename(),
            part.get_param("method"),
            part.get_param("charset"),
            None if part.is_multipart() else part.get_payload(decode=True),
            part.defects,
        )
        for part in whole.walk()
    ]
    return headers, parts


def put_together(letter: Letter) -> bytes:
    return mail.compose(letter, sender=SENDER, reply_to=SENDER, date=NOW).data


@pytest.mark.parametrize("calendar", [None, CALENDAR])
@pytest.mark.parametrize("words", AWKWARD)
def test_what_is_read_is_what_the_library_writes(words: str, calendar: bytes | None) -> None:
    letter = Letter(
        id="6.1",
        channel=Channel.EMAIL,
        to="anna.b+c@xn--hmeenlinna-w5a.example",
        language="sv",
        subject=" ".join(words.split()) or "Hei",
        text=words,
        html=f"<p>{words}</p>",
        calendar=calendar,
        calendar_method="REQUEST" if calendar is not None else "",
    )

    assert read(put_together(letter)) == read(by_the_library(letter).as_bytes())


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "Hei\r\nBcc: all@example.org"},
        {"subject": "Hei\nBcc: all@example.org"},
        {"to": "anna@example.org\r\nBcc: all@example.org"},
        {"to": "anna@example.org, all@example.org"},
        {"to": "Anna <anna@example.org>"},
        {"language": "fi\r\nBcc: all@example.org"},
        {"id": "1>\r\nBcc: all@example.org"},
        {"calendar": CALENDAR, "calendar_method": 'REQUEST"\r\nBcc: all@example.org'},
    ],
)
def test_nothing_adds_a_header_or_a_receiver(wrong: dict[str, Any]) -> None:
    changed: dict[str, Any] = {name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__} | wrong
    with pytest.raises(ValueError, match="not"):
        put_together(Letter(**changed))


@given(st.text('aZ09 .,:;?=_-()<@"\\\x7fäå–🙂', min_size=1, max_size=120))
@example("=?utf-8?q?Hei?=")
@example("x" * 69)
@example("x" * 70)
@example("a" * 30 + " " + "b" * 37 + " " + "c")
@example(" a  b ")
def test_a_subject_is_written_as_the_library_writes_it(words: str) -> None:
    letter = Letter(
        **{name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__} | {"subject": words}
    )
    if "\x7f" in words:
        with pytest.raises(ValueError, match="not fit"):
            put_together(letter)
    else:
        assert SMTP.header_factory("Subject", words).fold(policy=SMTP).encode() in put_together(letter)

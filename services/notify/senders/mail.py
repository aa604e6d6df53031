"""A letter as an e-mail: headers, the same words twice, and the invitation.

Put together as bytes: the library's own objects cost five times as much as everything else about a mail.
A test holds what is read out of them against what the library would have written.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from services.notify.senders.addresses import is_one_address
from services.notify.senders.letter import Letter

# No line of quoted-printable or base64 can begin like these.
_ALTERNATIVES = "=_alternatives"
_PARTS = "=_parts"
_AS_FILE = 'Content-Disposition: attachment; filename="invite{number}.ics"\r\n'
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What the library neither folds nor encodes: words of ASCII on one line, and nothing that looks encoded.
_AS_IT_IS = re.compile(r"(?!.*=\?)[!-~]+( [!-~]+)*")
_LONGEST_LINE = 78
_BASE64_LINE = 57  # bytes: 76 characters


@dataclass(frozen=True, repr=False)
class Mail:
    """As it goes over the wire, and to whom."""

    receiver: str
    data: bytes


def compose(letter: Letter, *, sender: Address, reply_to: Address | None, date: datetime) -> Mail:
    """One receiver, and no name of theirs anywhere. Raises ValueError for what would not be one header."""
    if not is_one_address(letter.to):
        raise ValueError("not an address")
    headers = [
        _header("From", str(sender)),
        f"To: {letter.to}\r\n",
        *([_header("Reply-To", str(reply_to))] if reply_to else []),
        _subject(letter.subject),
        _date(date.replace(microsecond=0)),
        _plain("Message-ID", f"<n-{letter.id}@{sender.domain}>"),
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n",
        _plain("Content-Language", letter.language),
    ]
    parts = [_words("plain", letter.text), _words("html", letter.html)]
    if letter.calendar is None:
        body = _multipart("alternative", _ALTERNATIVES, parts)
    else:
        method = _plain_value(letter.calendar_method)
        encoded = _base64(letter.calendar)
        words = _multipart("alternative", _ALTERNATIVES, [*parts, _calendar(encoded, method)])
        more = [(_base64(data), _plain_value(how)) for data, how in letter.more_calendars]
        attached = [
            _calendar(data, how, _AS_FILE.format(number=f"-{number}" if number > 1 else ""))
            for number, (data, how) in enumerate([(encoded, method), *more], start=1)
        ]
        body = _multipart("mixed", _PARTS, [words, *attached])
    return Mail(letter.to, "".join(headers).encode("ascii") + body)


def _plain(name: str, value: str) -> str:
    return f"{name}: {_plain_value(value)}\r\n"


def _plain_value(value: str) -> str:
    """Our own words: what is not fit for a header is a bug."""
    if not value.isascii() or _CONTROL.search(value):
        raise ValueError("not fit for a header")
    return value


@lru_cache(maxsize=8)
def _date(at: datetime) -> str:
    return f"Date: {format_datetime(at)}\r\n"


def _subject(words: str) -> str:
    """Most name a time of their own, and need nothing done to them."""
    line = f"Subject: {words}"
    if len(line) <= _LONGEST_LINE and _AS_IT_IS.fullmatch(words):
        return f"{line}\r\n"
    return _header("Subject", words)


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> str:
    """Folded, and encoded where it must be. The same few come again and again."""
    if _CONTROL.search(value):
        raise ValueError("not fit for a header")
    folded: str = SMTP.header_factory(name, value).fold(policy=SMTP)
    return folded


def _multipart(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    mark = f"--{boundary}".encode("ascii")
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode("ascii")
    return head + b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def _words(subtype: str, text: str) -> bytes:
    lines = b"".join(line + b"\r\n" for line in text.encode("utf-8").splitlines())
    return _head(f"text/{subtype}", "quoted-printable") + b"\r\n" + binascii.b2a_qp(lines, istext=True)


def _base64(calendar: bytes) -> bytes:
    pieces = [
        base64.b64encode(calendar[at : at + _BASE64_LINE]) for at in range(0, len(calendar), _BASE64_LINE)
    ]
    return b"\r\n".join(pieces)


def _calendar(encoded: bytes, method: str, disposition: str = "") -> bytes:
    """As an alternative for programs that show it, and as a file for those that do not."""
    head = _head("text/calendar", "base64", f'; method="{method}"')
    return head + disposition.encode("ascii") + b"\r\n" + encoded + b"\r\n"


def _head(kind: str, encoding: str, more: str = "") -> bytes:
    return (
        f'Content-Type: {kind}; charset="utf-8"{more}\r\nContent-Transfer-Encoding: {encoding}\r\n'
    ).encode("ascii")

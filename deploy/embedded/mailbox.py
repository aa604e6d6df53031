"""Messages as the catcher keeps them: read once when they come, so that showing them is quick."""

import email
import email.message
import email.policy
import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

KEPT = 2000
LINK = re.compile(r"https?://[^\s<>\"'\\\]\[(){}]+")
SENTENCE_END = ".,;:!?"


@dataclass(frozen=True)
class Message:
    """One message to one receiver; a text message has a phone number there and no subject."""

    to: str
    subject: str
    text: str
    html: str
    raw: bytes
    kind: str = "mail"
    attachments: list[dict[str, str]] = field(default_factory=list)
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def links(self) -> list[str]:
        return links_in(self.text)

    def summary(self) -> dict[str, str]:
        moment = self.received_at.isoformat(timespec="milliseconds")
        return {"id": self.id, "to": self.to, "subject": self.subject, "received_at": moment}

    def details(self) -> dict[str, object]:
        return {
            **self.summary(),
            "kind": self.kind,
            "text": self.text,
            "html": self.html,
            "attachments": self.attachments,
            "links": self.links,
        }


class Mailbox:
    """The last messages in memory, newest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._messages: deque[Message] = deque(maxlen=kept)

    def add(self, message: Message) -> None:
        self._messages.appendleft(message)

    def all(self) -> list[Message]:
        return list(self._messages)

    def get(self, message_id: str) -> Message | None:
        return next((each for each in self._messages if each.id == message_id), None)

    def clear(self) -> None:
        self._messages.clear()


def links_in(text: str) -> list[str]:
    """Every web address, once each and in order, without the full stop of the sentence around it."""
    return list(dict.fromkeys(found.rstrip(SENTENCE_END) for found in LINK.findall(text)))


def read_mail(raw: bytes, *, to: str) -> Message:
    """What a person would see of it. A part that cannot be decoded is shown as well as it goes."""
    # Without a policy, by whose grammar the headers would take ten times as long as all the rest.
    mail = email.message_from_bytes(raw)
    return Message(
        to=to,
        subject=_subject(mail),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
        raw=raw,
        attachments=[
            {"name": part.get_filename() or "", "type": part.get_content_type()}
            for part in mail.walk()
            if not part.is_multipart() and _is_attached(part)
        ],
    )


def read_text_message(*, to: str, text: str, raw: bytes) -> Message:
    return Message(to=to, subject="", text=text, html="", raw=raw, kind="sms")


def _subject(mail: email.message.Message) -> str:
    written = next((value for name, value in mail.raw_items() if name.lower() == "subject"), "")
    return str(email.policy.default.header_factory("Subject", "".join(written.splitlines())))


def _body(mail: email.message.Message, subtype: str) -> str:
    for part in mail.walk():
        if part.get_content_type() == f"text/{subtype}" and not _is_attached(part):
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return _decoded(content, part.get_content_charset("utf-8"))
    return ""


def _decoded(content: bytes, charset: str) -> str:
    try:
        text = content.decode(charset, errors="replace")
    except LookupError:
        text = content.decode(errors="replace")
    return text.replace("\r\n", "\n")


def _is_attached(part: email.message.Message) -> bool:
    readable = part.get_content_type() in ("text/plain", "text/html")
    return part.get_content_disposition() == "attachment" or not readable

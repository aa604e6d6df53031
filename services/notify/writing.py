"""Words onto paper: one text per message, dressed as plain text, as HTML and as a text message.

A template says its words once. Its first line is the subject; paragraphs are
parted by empty lines; a paragraph that ends with one of our own links becomes a
link with the words before it, and one whose lines all begin with a bullet a list.
"""

import re
from collections.abc import Sequence
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from uuid import UUID

from services.contracts.booking.appointments import MessageFacts
from services.contracts.booking.enrolment import GroupMessageFacts, UnansweredApplications
from services.contracts.booking.people import AlertAddress
from services.contracts.booking.staffing import Handover, WantedDuties
from services.contracts.gateway import SignInMail
from services.contracts.links import Link, LinkKey, Purpose
from services.contracts.links import make as make_token
from services.notify.senders.addresses import one_address
from services.notify.senders.letter import Channel, Letter, Paragraph, Rejected
from services.runtime.texts import LANGUAGES, Texts

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"

Contact = (
    MessageFacts
    | GroupMessageFacts
    | SignInMail
    | AlertAddress
    | WantedDuties
    | Handover
    | UnansweredApplications
)

_EMPTY_LINES = re.compile(r"\n\s*\n")
BULLET = "• "


class NoContact(Exception):
    """There is nothing left by which the person could be reached."""


class Writer:
    """Writes letters; knows the house's address, the link keys and every language."""

    def __init__(self, *, public_url: str, zone: str, keys: Sequence[LinkKey], organizer: str) -> None:
        self.public_url = public_url.rstrip("/")
        self.zone = zone
        self.organizer = organizer
        self._keys = keys
        self._texts = Texts.load(HERE / "locale")
        self._environments = {
            language: self._texts.environment(TEMPLATES, language, whole=True) for language in LANGUAGES
        }

    def words(self, language: str) -> NullTranslations:
        return self._texts.translations(language)

    def link(self, booking_id: UUID, link_version: int) -> str:
        """The resident's own way to a booking."""
        token = make_token(self._keys, Link(Purpose.BOOKING, booking_id, link_version))
        return f"{self.public_url}/t/{token}"

    def write(
        self,
        template: str,
        *,
        id: str,  # noqa: A002 - the letter's own word
        contact: Contact,
        links: Sequence[str],
        **facts: Any,
    ) -> Letter:
        """What `template` says of `facts`, for whichever way the contact can be reached."""
        language = language_of(contact)
        templates = self._environments[language]
        channel, to = reached_at(contact)
        if channel is Channel.SMS:
            said = templates.get_template(f"sms/{template}.txt").render(facts)
            return Letter(id=id, channel=channel, to=to, language=language, text=_one_line(said))
        subject, *paragraphs = self.said(template, language, links=links, **facts)
        return self.mail(id, to, language, subject.words, paragraphs)

    def said(self, template: str, language: str, *, links: Sequence[str], **facts: Any) -> list[Paragraph]:
        """What `template` says, undressed: the subject and then the paragraphs."""
        text = self._environments[language].get_template(f"{template}.txt").render(facts)
        return _paragraphs(text, links)

    def mail(
        self,
        id: str,  # noqa: A002 - the letter's own word
        to: str,
        language: str,
        subject: str,
        paragraphs: Sequence[Paragraph],
    ) -> Letter:
        """These words dressed as a mail."""
        dressed = {
            form: self._environments[language]
            .get_template(f"frame.{form}")
            .render(subject=subject, paragraphs=paragraphs)
            for form in ("txt", "html")
        }
        return Letter(
            id=id,
            channel=Channel.EMAIL,
            to=to,
            language=language,
            subject=subject,
            text=dressed["txt"],
            html=dressed["html"],
            paragraphs=paragraphs,
        )


def language_of(contact: Contact) -> str:
    return contact.language if contact.language in LANGUAGES else LANGUAGES[0]


def reached_at(contact: Contact) -> tuple[Channel, str]:
    """E-mail first: a text message is for those who gave a phone number only.

    Raises NoContact, or Rejected for what is no single address.
    """
    if contact.email:
        return Channel.EMAIL, _checked(contact.email)
    if isinstance(contact, MessageFacts | GroupMessageFacts) and contact.phone:
        return Channel.SMS, contact.phone
    raise NoContact


def _checked(address: str) -> str:
    try:
        return one_address(address)
    except ValueError:
        raise Rejected("address_invalid") from None


def _paragraphs(said: str, links: Sequence[str]) -> list[Paragraph]:
    """Only a line that is exactly one of `links` becomes a link, whatever else a text may hold."""
    found = []
    for piece in _EMPTY_LINES.split(said.strip()):
        lines = [" ".join(line.split()) for line in piece.strip().splitlines()]
        if not lines or (lines[0].startswith(BULLET) and all(line.startswith(BULLET) for line in lines)):
            found.append(Paragraph("", listed=[line.removeprefix(BULLET) for line in lines]))
            continue
        url = lines.pop() if lines[-1] in links else None
        found.append(Paragraph(" ".join(lines), url))
    return found


def plain(text: str) -> str:
    """Somebody's words as one line without invisible characters: no paragraph or header of their own."""
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(char for char in line if char.isprintable())


def _one_line(text: str) -> str:
    return " ".join(text.split())

"""Facts into words: one text per message, dressed as plain text, as HTML and as a text message.

A template says its words once. Its first line is the subject; paragraphs are
parted by empty lines; a paragraph that ends with one of our own links becomes a
link with the words before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.contracts.booking.appointments import MessageFacts
from services.contracts.booking.people import AlertAddress
from services.contracts.gateway import SignInMail
from services.contracts.links import Link, LinkKey, Purpose
from services.contracts.links import make as make_token
from services.contracts.notify import MessageKind
from services.notify.senders.addresses import one_address
from services.notify.senders.letter import Channel, Letter, Rejected
from services.runtime.calendar import CalendarEntry, Method, uid_of
from services.runtime.texts import LANGUAGES, Texts

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"

_METHOD = {
    MessageKind.CONFIRMATION: Method.REQUEST,
    MessageKind.CHANGE: Method.REQUEST,
    MessageKind.CANCELLATION: Method.CANCEL,
}
_EMPTY_LINES = re.compile(r"\n\s*\n")


class NoContact(Exception):
    """There is nothing left by which the person could be reached."""


@dataclass(frozen=True)
class Paragraph:
    """Words, and where they lead if they are a link."""

    words: str
    url: str | None = None


class Wording:
    """Writes letters; knows the house's addresses, the link keys and every language."""

    def __init__(self, *, public_url: str, zone: str, keys: Sequence[LinkKey], organizer: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._zone = zone
        self._keys = keys
        self._organizer = organizer
        self._texts = Texts.load(HERE / "locale")
        self._environments = {
            language: self._texts.environment(TEMPLATES, language) for language in LANGUAGES
        }

    def about_booking(
        self, message_id: UUID, kind: MessageKind, facts: MessageFacts, *, now: datetime
    ) -> Letter:
        """Anything said of one booking, with its calendar entry where that changes."""
        link = self._link(facts)
        letter = self._write(
            kind,
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link, self._public_url],
            link=link,
            front_page=self._public_url,
            slot=facts.slot,
            host=_plain(facts.slot.host.display_name),
            organisation=_plain(facts.slot.host.organisation),
            cancelled_by=facts.cancelled_by,
            reason=_plain(facts.cancel_reason or ""),
            held_until=facts.held_until,
            zone=facts.slot.time_zone,
        )
        if kind not in _METHOD or letter.channel is not Channel.EMAIL:
            return letter
        return self._with_calendar(letter, _METHOD[kind], facts, now=now)

    def links(
        self, message_id: UUID, bookings: Sequence[MessageFacts], *, renewed: bool, now: datetime
    ) -> list[Letter]:
        """One person's links: one mail, or a text message for each. Other contacts are left out."""
        to = _reached_at(bookings[0])
        same = [each for each in bookings if _reached_at(each) == to]
        if to[0] is Channel.EMAIL:
            return [self._links_letter(str(message_id), same, renewed=renewed, now=now)]
        return [
            self._links_letter(f"{message_id}.{number}", [each], renewed=renewed, now=now)
            for number, each in enumerate(same)
        ]

    def sign_in(self, message_id: UUID, mail: SignInMail, *, now: datetime) -> Letter:
        link = f"{self._public_url}/sign-in/{mail.token}"
        return self._write(
            MessageKind.SIGN_IN,
            id=str(message_id),
            contact=mail,
            now=now,
            links=[link],
            link=link,
            expires_at=mail.expires_at,
            zone=self._zone,
        )

    def alert(
        self,
        message_id: UUID,
        number: int,
        receiver: AlertAddress,
        *,
        failed: MessageKind | None,
        booking_id: UUID | None,
        now: datetime,
    ) -> Letter:
        """To one of the coordinators: a message could not be delivered, or news be read. Names nobody."""
        page = f"bookings/{booking_id}/messages" if booking_id else "coordinator/to-do"
        link = f"{self._public_url}/{page}"
        return self._write(
            MessageKind.ALERT,
            id=f"{message_id}.{number}",
            contact=receiver,
            now=now,
            links=[link],
            link=link,
            failed=failed,
            booking_id=booking_id,
            zone=self._zone,
        )

    def _links_letter(
        self, letter_id: str, bookings: Sequence[MessageFacts], *, renewed: bool, now: datetime
    ) -> Letter:
        listed = [(each.slot, self._link(each)) for each in bookings]
        return self._write(
            MessageKind.LINKS,
            id=letter_id,
            contact=bookings[0],
            now=now,
            links=[link for _, link in listed],
            bookings=listed,
            renewed=renewed,
        )

    def _link(self, facts: MessageFacts) -> str:
        link = Link(Purpose.BOOKING, facts.booking_id, facts.link_version)
        return f"{self._public_url}/t/{make_token(self._keys, link)}"

    def _write(
        self,
        kind: MessageKind,
        *,
        id: str,  # noqa: A002 - the letter's own word
        contact: MessageFacts | SignInMail | AlertAddress,
        links: Sequence[str],
        **facts: Any,
    ) -> Letter:
        language = contact.language if contact.language in LANGUAGES else LANGUAGES[0]
        templates = self._environments[language]
        channel, to = _reached_at(contact)
        if channel is Channel.SMS:
            said = templates.get_template(f"sms/{kind}.txt").render(facts)
            return Letter(id=id, channel=channel, to=to, language=language, text=_one_line(said))
        said = templates.get_template(f"{kind}.txt").render(facts)
        subject, *paragraphs = _paragraphs(said, links)
        dressed = {
            form: templates.get_template(f"frame.{form}").render(
                subject=subject.words, paragraphs=paragraphs
            )
            for form in ("txt", "html")
        }
        return Letter(
            id=id,
            channel=channel,
            to=to,
            language=language,
            subject=subject.words,
            text=dressed["txt"],
            html=dressed["html"],
        )

    def _with_calendar(
        self, letter: Letter, method: Method, facts: MessageFacts, *, now: datetime
    ) -> Letter:
        words = self._texts.translations(letter.language)
        entry = CalendarEntry(
            uid=uid_of(facts.booking_id, self._public_url),
            sequence=facts.sequence,
            method=method,
            made_at=now,
            starts_at=facts.slot.starts_at,
            ends_at=facts.slot.ends_at,
            summary=words.pgettext("calendar", "Appointment"),
            url=self._link(facts),
            organizer=self._organizer,
            attendee=letter.to,
        )
        return replace(letter, calendar=entry.to_bytes(), calendar_method=str(method))


def _reached_at(contact: MessageFacts | SignInMail | AlertAddress) -> tuple[Channel, str]:
    """E-mail first: a text message is for those who gave a phone number only.

    Raises NoContact, or Rejected for what is no single address.
    """
    if contact.email:
        return Channel.EMAIL, _checked(contact.email)
    if isinstance(contact, MessageFacts) and contact.phone:
        return Channel.SMS, contact.phone
    raise NoContact


def _checked(address: str) -> str:
    try:
        return one_address(address).addr_spec
    except ValueError:
        raise Rejected("address_invalid") from None


def _paragraphs(said: str, links: Sequence[str]) -> list[Paragraph]:
    """Only a line that is exactly one of `links` becomes a link, whatever else a text may hold."""
    found = []
    for piece in _EMPTY_LINES.split(said.strip()):
        lines = [" ".join(line.split()) for line in piece.strip().splitlines()]
        url = lines.pop() if lines[-1] in links else None
        found.append(Paragraph(" ".join(lines), url))
    return found


def _plain(text: str) -> str:
    """Somebody's words as one line without invisible characters: no paragraph or header of their own."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def _one_line(text: str) -> str:
    return " ".join(text.split())

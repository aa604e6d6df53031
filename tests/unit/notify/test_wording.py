"""The words themselves: the same in every dress, whole in every language, short where they must be."""

from datetime import timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest

from services.contracts.booking.appointments import MessageFacts
from services.contracts.booking.catalogue import Host
from services.contracts.booking.people import AlertAddress
from services.contracts.booking.slots import BookingStatus
from services.contracts.gateway import SignInMail
from services.contracts.links import parse_keys
from services.contracts.notify import MessageKind
from services.notify.senders import mail
from services.notify.senders.letter import Channel, Letter, Rejected
from services.notify.wording import Wording
from services.notify.writing import NoContact, Writer
from services.runtime.texts import LANGUAGES
from tests.support.facts import BOOKING, NOW, STARTS, ZONE, a_slot, some_facts

MESSAGE = UUID(int=9)
WORDING = Wording(
    Writer(
        public_url="https://etaaula.jarjesto.example/",
        zone=ZONE,
        keys=parse_keys("k1:" + "QUFB" * 11),
        organizer="hall@hall.example",
    )
)
OF_A_BOOKING = [
    MessageKind.HOLD,
    MessageKind.CONFIRMATION,
    MessageKind.CHANGE,
    MessageKind.CANCELLATION,
    MessageKind.REMINDER_DAY,
    MessageKind.REMINDER_HOUR,
    MessageKind.FEEDBACK,
]
# What a text message holds without becoming a longer kind of message.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_SEGMENTS = 2 * 153


def write(kind: MessageKind, **differently: Any) -> Letter:
    return WORDING.about_booking(MESSAGE, kind, some_facts(**differently), now=NOW)


def mailed(letter: Letter) -> EmailMessage:
    written = mail.compose(
        letter,
        sender=Address("Digiaula", addr_spec="hall@hall.example"),
        reply_to=Address(addr_spec="people@hall.example"),
        date=NOW,
    )
    parsed = message_from_bytes(written.data, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OF_A_BOOKING)
def test_text_and_html_say_the_same(kind: MessageKind, language: str) -> None:
    letter = write(kind, language=language, held_until=NOW, cancel_reason="Sairas", cancelled_by="host")

    text = letter.text.rpartition("--")[0]
    for line in filter(None, text.splitlines()):
        assert line in letter.html
    assert letter.text.count("https://") == 1
    assert letter.html.count("href=") == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("by", ["resident", "host"])
@pytest.mark.parametrize("kind", OF_A_BOOKING)
def test_a_text_message_fits_in_two(kind: MessageKind, by: str, language: str) -> None:
    """At its longest: a year in it, a Wednesday in September."""
    september = STARTS + timedelta(days=400)
    letter = write(
        kind, email=None, phone="+358401234567", language=language, cancelled_by=by, slot=a_slot(september)
    )

    assert letter.channel is Channel.SMS
    assert set(letter.text) <= GSM
    assert len(letter.text) <= TWO_SEGMENTS
    assert "https://etaaula.jarjesto.example" in letter.text


def test_links_by_phone_are_one_text_message_each() -> None:
    bookings = [some_facts(email=None, phone="+358401234567") for _ in range(2)]

    letters = WORDING.links(MESSAGE, bookings, renewed=False, now=NOW)

    assert [letter.id for letter in letters] == [f"{MESSAGE}.0", f"{MESSAGE}.1"]
    assert all(len(letter.text) <= TWO_SEGMENTS for letter in letters)


def test_somebody_elses_booking_is_not_among_the_links() -> None:
    bookings = [some_facts(), some_facts(booking_id=UUID(int=5), email="someone@example.org")]

    (letter,) = WORDING.links(MESSAGE, bookings, renewed=False, now=NOW)

    assert letter.to == "anna@example.org"
    assert letter.text.count("/t/") == 1


def test_an_unknown_language_is_finnish() -> None:
    assert write(MessageKind.CONFIRMATION, language="uk").language == "fi"


def test_a_mail_has_the_headers_that_mailboxes_want() -> None:
    written = mailed(write(MessageKind.CONFIRMATION))

    assert {name: str(written[name]) for name in HEADERS} == HEADERS
    assert written["Date"].datetime == NOW
    assert written["Subject"] == "Varauksesi ti 12.1. klo 13.00"


HEADERS = {
    "From": "Digiaula <hall@hall.example>",
    "To": "anna@example.org",
    "Reply-To": "people@hall.example",
    "Message-ID": f"<n-{MESSAGE}@hall.example>",
    "Auto-Submitted": "auto-generated",
    "Content-Language": "fi",
}


def test_the_invitation_is_the_last_alternative_and_a_file() -> None:
    written = mailed(write(MessageKind.CONFIRMATION))

    alternative, attached = written.iter_parts()
    assert isinstance(alternative, EmailMessage)
    assert [part.get_content_type() for part in alternative.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    invitation = list(alternative.iter_parts())[-1]
    assert invitation["Content-Type"].params == {"charset": "utf-8", "method": "REQUEST"}
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content() == invitation.get_content()


@pytest.mark.parametrize(
    "kind", [kind for kind in OF_A_BOOKING if kind not in (MessageKind.CONFIRMATION, MessageKind.CHANGE)]
)
def test_only_what_changes_the_calendar_carries_an_entry(kind: MessageKind) -> None:
    letter = write(kind)

    assert (letter.calendar is not None) is (kind is MessageKind.CANCELLATION)
    assert letter.calendar_method == ("CANCEL" if kind is MessageKind.CANCELLATION else "")


@pytest.mark.parametrize(
    "evil",
    ["Maija\r\nBcc: evil@example.org", "Maija\n\nhttps://evil.example", "<img src=x onerror=alert(1)>"],
)
def test_a_name_stays_a_name(evil: str) -> None:
    """No header, no paragraph, no element of its own, and no link."""
    host = Host(id=UUID(int=3), display_name=evil, organisation=evil)
    letter = write(MessageKind.CONFIRMATION, slot=a_slot(host=host), display_name=evil)

    written = mailed(letter)

    assert written["Bcc"] is None
    assert written["To"] == "anna@example.org"
    assert "<img" not in letter.html
    assert letter.html.count("href=") == 1
    plain = write(MessageKind.CONFIRMATION)
    assert letter.html.count("<p") == plain.html.count("<p")


@pytest.mark.parametrize(
    "address",
    [
        "a@b.fi\r\nBcc: x@y.fi",
        "a@b.fi, c@d.fi",
        "<a@b.fi>",
        "Anna <a@b.fi>",
        "a b@c.fi",
        '"a b"@c.fi',
        "a@b@c.fi",
        "åsa@b.fi",
        "@b.fi",
        "a@",
        "a" * 65 + "@b.fi",
    ],
)
def test_what_is_not_one_address_is_not_written_to(address: str) -> None:
    with pytest.raises(Rejected):
        write(MessageKind.CONFIRMATION, email=address)


def test_a_finnish_domain_is_written_as_mail_servers_know_it() -> None:
    assert write(MessageKind.CONFIRMATION, email="anna@äiti.example").to == "anna@xn--iti-pla.example"


def test_who_left_no_contact_is_not_written_to() -> None:
    with pytest.raises(NoContact):
        write(MessageKind.CONFIRMATION, email=None, phone=None)


@pytest.mark.parametrize("failed", [kind for kind in MessageKind if kind is not MessageKind.ALERT])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alert_says_what_failed_and_leads_to_the_booking(failed: MessageKind, language: str) -> None:
    letter = WORDING.alert(
        MESSAGE,
        0,
        AlertAddress(email="koordinaattori@example.org", language=language),
        failed=failed,
        booking_id=BOOKING,
        now=NOW,
    )

    assert f"https://etaaula.jarjesto.example/bookings/{BOOKING}/messages" in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alert_about_news_that_could_not_be_read_leads_to_the_list(language: str) -> None:
    letter = WORDING.alert(
        MESSAGE,
        0,
        AlertAddress(email="koordinaattori@example.org", language=language),
        failed=None,
        booking_id=None,
        now=NOW,
    )

    assert "https://etaaula.jarjesto.example/coordinator/to-do" in letter.text
    assert "None" not in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sign_in_mail_says_until_when(language: str) -> None:
    asked = SignInMail(
        email="a@example.org", language=language, token="tkn", expires_at=NOW + timedelta(minutes=10)
    )

    letter = WORDING.sign_in(MESSAGE, asked, now=NOW)

    assert "https://etaaula.jarjesto.example/sign-in/tkn" in letter.text
    assert {"fi": "klo 11.10", "sv": "kl. 11.10", "en": "11:10"}[language] in letter.text


def test_a_reason_is_given_only_when_it_was_not_the_resident() -> None:
    def cancelled(by: str) -> MessageFacts:
        return some_facts(status=BookingStatus.CANCELLED, cancelled_by=by, cancel_reason="Olen sairas")

    said = {
        by: WORDING.about_booking(MESSAGE, MessageKind.CANCELLATION, cancelled(by), now=NOW).text
        for by in ("resident", "host", "coordinator")
    }

    assert "Olen sairas" not in said["resident"]
    assert "Syy: Olen sairas" in said["host"]
    assert "Syy: Olen sairas" in said["coordinator"]


def test_a_letter_does_not_show_itself() -> None:
    assert "anna" not in repr(write(MessageKind.CONFIRMATION))

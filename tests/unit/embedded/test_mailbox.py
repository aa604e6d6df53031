from email.message import EmailMessage

import pytest

from deploy.embedded.mail import pieces
from deploy.embedded.mailbox import Mailbox, links_in, read_mail, read_text_message


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "Tapaaminen on varattu – tervetuloa"
    mail.set_content("Hyvä asukas!\nLinkki: https://digiaula.example/t/abc.\n")
    mail.add_alternative("<p>Hyvä asukas!</p>", subtype="html")
    mail.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="tapaaminen.ics")
    return mail


def test_a_mail_is_read_as_a_person_sees_it() -> None:
    message = read_mail(a_mail().as_bytes(), to="asukas@example.org")

    assert message.subject == "Tapaaminen on varattu – tervetuloa"
    assert message.text.startswith("Hyvä asukas!\n")
    assert message.html.strip() == "<p>Hyvä asukas!</p>"
    assert message.attachments == [{"name": "tapaaminen.ics", "type": "text/calendar"}]
    assert message.links == ["https://digiaula.example/t/abc"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Subject: aika", "aika"),
        ("subject: =?utf-8?q?Aika_=C3=A4?=\r\n =?utf-8?q?_jatkuu?=", "Aika ä jatkuu"),
        ("Subject: raaka ä", "raaka ä"),
        ("Subject: a folded\r\n line", "a folded line"),
        ("Subject: =?utf-8?b?broken", "=?utf-8?b?broken"),
        ("X-Subject: no", ""),
    ],
)
def test_a_subject_is_read_however_it_was_written(written: str, read: str) -> None:
    assert read_mail(f"{written}\r\n\r\nHei".encode(), to="a@example.org").subject == read


def test_a_mail_in_an_unknown_character_set_is_still_shown() -> None:
    message = read_mail(b"Content-Type: text/plain; charset=klingon\r\n\r\nHei", to="a@example.org")

    assert message.text == "Hei"


def test_rubbish_is_a_message_too() -> None:
    assert read_mail(b"\xff\xfe\x00", to="a@example.org").subject == ""


def test_links_are_found_once_each_in_order_without_the_sentence_around_them() -> None:
    text = "Katso (https://a.example/x), http://b.example/?q=1&r=2. Uudelleen https://a.example/x!"

    assert links_in(text) == ["https://a.example/x", "http://b.example/?q=1&r=2"]


def test_every_occurrence_of_a_link_can_be_clicked_and_no_text_is_lost() -> None:
    text = "a https://x.example/1, b https://x.example/1"

    cut = pieces(text)

    assert "".join(piece for piece, _ in cut) == text
    assert [piece for piece, is_link in cut if is_link] == ["https://x.example/1"] * 2


def test_the_newest_message_comes_first_and_the_oldest_gives_way() -> None:
    mailbox = Mailbox(kept=2)

    for number in range(3):
        mailbox.add(read_text_message(to="+358401234567", text=str(number), raw=b""))

    assert [each.text for each in mailbox.all()] == ["2", "1"]

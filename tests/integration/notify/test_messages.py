"""What people get, from the news to the mailbox."""

from datetime import timedelta
from email import message_from_bytes
from statistics import median
from time import monotonic
from typing import Any
from uuid import uuid4

import icalendar
import msgspec
import pytest
from aiohttp.test_utils import TestServer

from deploy.embedded.mail import application
from deploy.embedded.mailbox import Mailbox, Message
from services.contracts import links
from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingHeld,
    BookingMoved,
    LinkRenewed,
    LinksRequested,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Actor, Anyone, Resident, Role, Staff
from services.contracts.gateway import SignInMail, SignInRequested
from services.contracts.links import Link, Purpose
from services.contracts.notify import ListMessages, MessageKind, MessageState
from services.contracts.refusals import Code, Refusal
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news
from tests.support.eventually import eventually
from tests.support.facts import NOW, a_slot
from tests.support.system import LINK_KEYS, System

COORDINATOR = Staff(person_id=uuid4(), role=Role.COORDINATOR)


async def test_a_confirmation_is_in_the_mailbox_within_a_second(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    took = []
    for number in range(1, 6):
        began = monotonic()
        await neighbours.tell(news(BookingConfirmed, neighbours.has()))
        mail = (await mailroom.mails(number))[-1]
        took.append(monotonic() - began)

    assert median(took) < 1.0  # each alone may have met with a machine that stood still
    assert mail.to == "anna@example.org"
    assert mail.subject == "Varauksesi ti 12.1. klo 13.00"
    assert "tiistaina 12. tammikuuta klo 13.00–13.45" in mail.text
    assert "Maija Meikäläinen (Toivo ry)" in mail.text


async def test_the_link_in_the_mail_opens_exactly_this_booking(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has(link_version=3)

    await neighbours.tell(news(BookingConfirmed, facts))
    mail = await mailroom.mail()

    (link,) = mail.links
    token = link.rpartition("/t/")[2]
    assert links.read(links.parse_keys(LINK_KEYS), token) == Link(Purpose.BOOKING, facts.booking_id, 3)
    assert f'href="{link}"' in mail.html


async def test_the_calendar_follows_a_booking_through_its_life(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    booked = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, booked))
    await mailroom.mails(1)
    moved = neighbours.has(
        msgspec.structs.replace(booked, slot=a_slot(NOW + timedelta(days=9)), sequence=1)
    )
    await neighbours.tell(news(BookingMoved, moved, version=2, from_slot_id=uuid4()))
    await mailroom.mails(2)
    cancelled = neighbours.has(
        msgspec.structs.replace(
            moved, status=BookingStatus.CANCELLED, sequence=2, cancelled_by="host", cancel_reason="Sairas"
        )
    )
    await neighbours.tell(news(BookingCancelled, cancelled, version=3, by="host"))
    mails = await mailroom.mails(3)

    entries = [invitation(mail) for mail in mails]
    assert [entry["method"] for entry in entries] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [entry["sequence"] for entry in entries] == [0, 1, 2]
    assert len({entry["uid"] for entry in entries}) == 1
    assert entries[1]["starts"] == moved.slot.starts_at
    assert entries[2]["status"] == "CANCELLED"
    assert [mail.attachments[-1]["name"] for mail in mails] == ["invite.ics"] * 3
    assert "Syy: Sairas" in mails[2].text


async def test_who_gave_a_phone_number_only_gets_a_text_message(
    system: System, neighbours: Neighbours
) -> None:
    phones = Mailbox()
    provider = TestServer(application(phones))
    await provider.start_server()
    await system.start("notify", SMS_URL=str(provider.make_url("/sms")))
    facts = neighbours.has(email=None, phone="+358401234567", language="sv")

    await neighbours.tell(news(BookingConfirmed, facts))
    (message,) = await eventually(phones.all)

    await provider.close()
    assert message.to == "+358401234567"
    assert message.text.startswith("Digiaula: din tid är bokad, tisdag 12 januari kl. 13.00.")
    assert "/t/" in message.text


async def test_a_hold_is_to_be_confirmed(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    until = NOW + timedelta(minutes=30)
    facts = neighbours.has(status=BookingStatus.HELD, held_until=until, language="en")

    await neighbours.tell(news(BookingHeld, facts, held_until=until))
    mail = await mailroom.mail()

    assert mail.subject == "Confirm your time Tue 12 Jan at 13:00"
    assert "Tuesday 5 January at 11:30" in mail.text
    assert mail.attachments == []


async def test_a_renewed_link_is_sent_and_is_the_new_one(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has(link_version=2)

    await neighbours.tell(news(LinkRenewed, facts, version=2))
    mail = await mailroom.mail()

    token = mail.links[0].rpartition("/t/")[2]
    link = links.read(links.parse_keys(LINK_KEYS), token)
    assert link is not None
    assert link.version == 2


async def test_who_asks_for_links_gets_one_to_each_live_booking(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    live = [neighbours.has(), neighbours.has()]
    over = neighbours.has(status=BookingStatus.CANCELLED)
    wish = uuid4()
    neighbours.wishes[wish] = [facts.booking_id for facts in [*live, over]]

    await neighbours.tell(LinksRequested(link_request_id=wish))
    mail = await mailroom.mail()

    assert len(mail.links) == 2


async def test_a_sign_in_mail_carries_its_token(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    sign_in = uuid4()
    neighbours.sign_ins[sign_in] = SignInMail(
        email="asiantuntija@example.org",
        language="fi",
        token="a-token-used-once",
        expires_at=NOW + timedelta(minutes=10),
    )

    await neighbours.tell(SignInRequested(sign_in_id=sign_in))
    mail = await mailroom.mail()

    assert mail.to == "asiantuntija@example.org"
    assert mail.links[0].endswith("/sign-in/a-token-used-once")
    assert "klo 11.10" in mail.text


async def test_nobody_unknown_is_written_to(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    await neighbours.tell(SignInRequested(sign_in_id=uuid4()))
    await neighbours.tell(LinksRequested(link_request_id=uuid4()))

    states = await eventually(lambda: settled(notify, 2))
    assert sorted(states) == [("links", "skipped", "nothing_to_say"), ("sign_in", "skipped", "not_found")]
    assert mailroom.taken == []


async def test_a_coordinator_sees_what_a_resident_got(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await eventually(lambda: settled(notify, 1))

    told = await notify.ask(ListMessages(booking_id=facts.booking_id), COORDINATOR)

    assert [(message.kind, message.state) for message in told.items] == [
        (MessageKind.CONFIRMATION, MessageState.SENT),
        (MessageKind.REMINDER_DAY, MessageState.PLANNED),
        (MessageKind.REMINDER_HOUR, MessageState.PLANNED),
        (MessageKind.FEEDBACK, MessageState.PLANNED),
    ]
    assert told.items[0].channel == "email"
    assert told.items[0].sent_at is not None


async def test_nobody_else_sees_what_a_resident_got(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    booking_id = neighbours.has().booking_id
    await neighbours.tell(news(BookingConfirmed, neighbours.bookings[booking_id]))
    await mailroom.mail()
    others: list[Actor] = [
        Staff(person_id=uuid4(), role=Role.EXPERT),
        Staff(person_id=uuid4(), role=Role.VOLUNTEER),
        Resident(booking_id=booking_id, link_version=1),
        Anyone(),
    ]

    for actor in others:
        with pytest.raises(Refusal) as refused:
            await notify.ask(ListMessages(booking_id=booking_id), actor)
        assert refused.value.code is Code.FORBIDDEN


async def settled(system: System, count: int) -> list[tuple[str, str, str | None]]:
    """What is done with, once it is `count` messages."""
    rows = await system.sql(
        "SELECT kind, state, last_error FROM notify.message WHERE state NOT IN ('planned', 'sending')"
    )
    return [tuple(row) for row in rows] if len(rows) >= count else []


def invitation(mail: Message) -> dict[str, Any]:
    """The invitation inside a mail, as a calendar program reads it."""
    parts = message_from_bytes(mail.raw).walk()
    part = next(each for each in parts if each.get_content_type() == "text/calendar")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    calendar: Any = icalendar.Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    assert part.get_param("method") == calendar["METHOD"]
    return {
        "method": str(calendar["METHOD"]),
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "starts": event.decoded("DTSTART"),
        "status": str(event["STATUS"]),
    }

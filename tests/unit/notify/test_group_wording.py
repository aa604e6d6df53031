"""What is said of groups: everything in every language, and nothing that tells a mailbox too much."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest
from msgspec.structs import replace

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.enrolment import (
    UnansweredApplications,
    UnansweredGroup,
)
from services.contracts.booking.people import AlertAddress
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.booking.staffing import Handover, WantedDuties
from services.contracts.notify import MessageKind
from services.notify.senders.letter import Channel
from services.runtime.texts import LANGUAGES
from tests.support.facts import NOW, STARTS, ZONE, a_slot, some_facts
from tests.support.group_letters import MESSAGE, OF_AN_ENROLMENT, WORDING, about
from tests.support.groups import WEEK, a_duty, a_group, a_session

# What only the person and those who lead the group may read: its name, and who else there is.
SECRET = ("Syöpään", "sairastuneet", "bereavement", "Canary")


@pytest.mark.parametrize("kind", OF_AN_ENROLMENT)
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_said_in_every_language_and_by_every_way(kind: MessageKind, language: str) -> None:
    mail = about(kind, language=language)
    text = about(kind, language=language, email=None, phone="+358401234567")

    assert mail.subject
    assert "https://hall.example/" in mail.text
    assert text.channel is Channel.SMS
    assert "https://hall.example/" in text.text
    assert not [word for word in SECRET if word in mail.subject + mail.text + text.text]


@pytest.mark.parametrize(
    ("kind", "said", "differs"),
    [
        (MessageKind.OFFER, MessageKind.WAITING, {"accompanies": True, "places": 2}),
        (MessageKind.OFFER_OVER, MessageKind.APPLICATION, {"status": BookingStatus.EXPIRED}),
        (MessageKind.GROUP_CHANGE, MessageKind.WAITING, {"status": BookingStatus.WAITING}),
    ],
)
@pytest.mark.parametrize("contact", [{}, {"email": None, "phone": "+358401234567"}])
def test_whose_case_is_another_is_written_to_otherwise_in_every_language(
    kind: MessageKind, said: MessageKind, differs: dict[str, Any], contact: dict[str, Any]
) -> None:
    usual = {about(kind, language=language, **contact).text for language in LANGUAGES}
    others = {
        about(kind, a_group(**differs), said=said, language=language, **contact).text
        for language in LANGUAGES
    }

    assert len(others) == len(LANGUAGES)
    assert not usual & others


@pytest.mark.parametrize("language", LANGUAGES)
def test_those_who_serve_are_written_to_in_their_language(language: str) -> None:
    duties = WantedDuties(email="host@example.org", language=language, items=[a_duty(0), a_duty(1)])
    name = getattr(a_duty().name, language)
    asked = WORDING.host_asked(MESSAGE, duties, now=NOW)
    coordinator = AlertAddress("k@example.org", language)
    alert, relief = [
        WORDING.to_coordinator(MESSAGE, kind, 0, coordinator, starts_at=STARTS, now=NOW)
        for kind in (MessageKind.HOST_NOT_FOUND, MessageKind.HOST_FOUND_AFTER_ALL)
    ]
    replaced = WORDING.host_replaced(
        MESSAGE,
        Handover(
            email="host@example.org",
            language=language,
            name=a_duty().name,
            starts_at=STARTS,
            ends_at=STARTS + timedelta(hours=1),
            time_zone=ZONE,
        ),
        now=NOW,
    )

    waiting = UnansweredApplications(
        email="host@example.org",
        language=language,
        items=[UnansweredGroup(group_id=UUID(int=8), name=a_duty().name, parties=2)],
    )
    applied = WORDING.application_waiting(MESSAGE, waiting, now=NOW)

    assert applied.text.count(name) == 1
    assert name not in applied.subject
    assert "https://hall.example/my/groups" in applied.text
    assert asked.text.count(name) == 2
    assert name not in asked.subject
    assert "https://hall.example/my/duties" in asked.text
    assert "https://hall.example/coordinator/staffing" in alert.text
    assert "https://hall.example/coordinator/staffing" in relief.text
    assert alert.subject != relief.subject
    assert "https://hall.example/my/duties" in replaced.text
    assert name in replaced.text
    assert name not in replaced.subject


@pytest.mark.parametrize("kind", [MessageKind.HOST_MISSING, MessageKind.HOST_FOUND])
@pytest.mark.parametrize("language", LANGUAGES)
def test_those_who_come_hear_of_a_missing_host(kind: MessageKind, language: str) -> None:
    booking = some_facts(slot=replace(a_slot(), kind=SlotKind.GROUP), language=language)
    mail = WORDING.about_host(MESSAGE, kind, booking, now=NOW)
    text = WORDING.about_host(MESSAGE, kind, replace(booking, email=None, phone="+358401234567"), now=NOW)

    assert mail.subject
    assert "/t/" in mail.text
    assert "/t/" in text.text


def test_words_to_a_group_keep_their_paragraphs_and_bring_no_link_of_their_own() -> None:
    booking = some_facts(slot=replace(a_slot(), kind=SlotKind.GROUP))
    letter = WORDING.announcement(MESSAGE, booking, "Tuo kahvikuppi.\n\nNähdään\n<b>pian</b>!", now=NOW)

    assert "Tuo kahvikuppi.\n\nNähdään <b>pian</b>!" in letter.text
    assert "&lt;b&gt;pian&lt;/b&gt;" in letter.html


def test_a_series_is_listed_day_by_day_and_lies_in_the_calendar_as_one_object() -> None:
    group = a_group()
    mail = about(MessageKind.CONFIRMATION, group)

    for day in ("12. tammikuuta", "19. tammikuuta", "26. tammikuuta"):
        assert day in mail.text
    assert mail.calendar is not None
    calendar: Any = icalendar.Calendar.from_ical(mail.calendar)
    (event,) = calendar.events
    assert event["UID"] == f"{group.enrolment_id}@hall.example"
    assert event["RRULE"]["COUNT"] == [3]
    assert event["SUMMARY"] == "Varattu aika"
    assert [str(event["ATTENDEE"])] == ["mailto:anna@example.org"]


def test_one_change_message_tells_of_everything_that_changed() -> None:
    moved = a_session(1, starts_at=STARTS + WEEK + timedelta(hours=2), sequence=1, changed_at=NOW)
    off = a_session(
        2,
        state=SlotState.CANCELLED,
        status=BookingStatus.CANCELLED,
        changed_at=NOW,
        cancel_reason="Flunssa",
    )
    before = a_session(3, status=BookingStatus.CANCELLED, changed_at=NOW - timedelta(days=2))
    mail = about(MessageKind.GROUP_CHANGE, a_group(a_session(0), moved, off, before))

    assert "siirretty. Uusi aika on tiistaina 19. tammikuuta klo 15.00" in mail.text
    assert "ei kokoonnu tiistaina 26. tammikuuta" in mail.text
    assert "Flunssa" in mail.text
    assert "2. helmikuuta" not in mail.text


def test_leaving_for_good_takes_the_series_out_of_the_calendar() -> None:
    left = [a_session(day, status=BookingStatus.CANCELLED, sequence=1, changed_at=NOW) for day in range(2)]
    mail = about(MessageKind.GROUP_CHANGE, a_group(*left, status=BookingStatus.CANCELLED))

    assert mail.calendar_method == "CANCEL"
    assert mail.subject == "Et ole enää mukana ryhmässä"


def test_how_many_are_before_one_is_said_in_words() -> None:
    assert "2 on ennen sinua" in about(MessageKind.WAITING).text
    assert "Kukaan ei ole ennen sinua" in about(MessageKind.WAITING, a_group(before_you=0)).text


def test_who_is_not_accepted_is_not_thanked_for_leaving() -> None:
    over = a_session(status=BookingStatus.CANCELLED, sequence=1, changed_at=NOW)
    letter = about(
        MessageKind.GROUP_CHANGE, a_group(over, status=BookingStatus.CANCELLED, not_accepted=True)
    )

    assert letter.subject == "Vastaus toiveeseesi liittyä ryhmään"
    assert "on peruttu" not in letter.text

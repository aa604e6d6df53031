"""Messages about groups as a tired person reads them: short, in the right number, and of which group."""

from datetime import timedelta
from typing import Any

import pytest

from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.notify import MessageKind
from services.notify.senders.letter import Letter
from services.runtime.texts import LANGUAGES
from tests.support.facts import NOW, STARTS
from tests.support.group_letters import OF_AN_ENROLMENT, about
from tests.support.groups import WEEK, a_group, a_session

MORE = {
    "fi": ("Ja vielä 1 kerta", "Ja vielä 3 kertaa"),
    "sv": ("Och 1 gång till", "Och 3 gånger till"),
    "en": ("And 1 more", "And 3 more"),
}


@pytest.mark.parametrize("off", [{}, {"state": SlotState.CANCELLED}])
@pytest.mark.parametrize("language", LANGUAGES)
def test_of_many_sessions_left_or_called_off_the_first_are_listed_and_the_others_counted(
    language: str, off: dict[str, Any]
) -> None:
    def lines(count: int) -> list[str]:
        over = [
            a_session(day, status=BookingStatus.CANCELLED, changed_at=NOW, sequence=1, **off)
            for day in range(count)
        ]
        group = a_group(*over, status=BookingStatus.CANCELLED)
        text = about(MessageKind.GROUP_CHANGE, group, language=language).text
        return [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]

    one, several = MORE[language]
    assert len(lines(12)) == 12
    assert not any(line.startswith((one, several)) for line in lines(12))
    assert (len(lines(13)), lines(13)[-1].rstrip(".")) == (13, one)
    assert (len(lines(15)), lines(15)[-1].rstrip(".")) == (13, several)
    assert lines(15)[:12] == lines(12)


FOR_BOTH = {"fi": "molempien puolesta", "sv": "för er båda", "en": "for both of you"}
FOR_ALL = {"fi": "kaikkien puolesta", "sv": "för er alla", "en": "for all of you"}


@pytest.mark.parametrize("contact", [{}, {"email": None, "phone": "+358401234567"}])
@pytest.mark.parametrize("language", LANGUAGES)
def test_two_are_both_and_three_are_all(language: str, contact: dict[str, Any]) -> None:
    def said(places: int) -> Letter:
        group = a_group(status=BookingStatus.OFFERED, accompanies=True, places=places)
        return about(MessageKind.OFFER, group, language=language, **contact)

    two, three = said(2), said(3)
    assert FOR_BOTH[language] in two.text
    assert FOR_ALL[language] not in two.text
    assert FOR_ALL[language] in three.text
    assert FOR_BOTH[language] not in three.text
    if not contact:
        assert two.subject != three.subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_comes_with_somebody_is_offered_places_in_the_right_number(language: str) -> None:
    texts = [
        about(MessageKind.OFFER, a_group(status=BookingStatus.OFFERED, places=places), language=language)
        .text.splitlines()[2]
        .partition(".")[0]
        for places in (1, 2, 3, 4)
    ]

    assert len(set(texts)) == 3
    assert texts[2] == texts[3]


@pytest.mark.parametrize("kind", OF_AN_ENROLMENT)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_message_tells_by_the_hour_which_group_it_is_about_and_fits_into_two(
    kind: MessageKind, language: str
) -> None:
    over = {
        MessageKind.OFFER_OVER: BookingStatus.EXPIRED,
        MessageKind.GROUP_CHANGE: BookingStatus.CANCELLED,
    }
    gone = [a_session(day, status=over[kind], changed_at=NOW) for day in range(3)] if kind in over else []
    group = a_group(*gone, status=over.get(kind, BookingStatus.CONFIRMED), held_until=NOW, places=2)
    text = about(kind, group, language=language, email=None, phone="+358401234567").text

    assert "13" + (":" if language == "en" else ".") + "00" in text
    assert "12" in text
    assert len(text) <= 306


def test_who_gives_up_waiting_or_applying_is_not_said_to_have_come() -> None:
    over = a_group(
        a_session(status=BookingStatus.CANCELLED, changed_at=NOW), status=BookingStatus.CANCELLED
    )

    waited = about(MessageKind.GROUP_CHANGE, over, said=MessageKind.WAITING)
    applied = about(MessageKind.GROUP_CHANGE, over, said=MessageKind.APPLICATION)

    assert waited.subject == "Et enää jonota ryhmään"
    assert applied.subject == "Toiveesi liittyä ryhmään on peruttu"
    for letter in (waited, applied):
        assert "12. tammikuuta" in letter.text
        assert "Paikkasi" not in letter.text


def test_several_days_are_a_list_and_one_is_a_sentence() -> None:
    mail = about(MessageKind.CONFIRMATION)
    one = about(MessageKind.CONFIRMATION, a_group(a_session(), whole_series=False))

    assert mail.text.count("\n- ") == 3
    assert mail.html.count("<li>") == 3
    assert "\n- " not in one.text


def test_of_sessions_that_all_moved_the_new_times_are_said_once() -> None:
    moved = [
        a_session(day, starts_at=STARTS + day * WEEK + timedelta(hours=2), sequence=1, changed_at=NOW)
        for day in range(2)
    ]
    text = about(MessageKind.GROUP_CHANGE, a_group(*moved)).text

    assert text.count("12. tammikuuta") == text.count("19. tammikuuta") == 1


def test_that_nothing_but_times_came_to_it_is_said() -> None:
    assert "uusia aikoja" in about(MessageKind.GROUP_CHANGE).text


def test_a_place_that_waits_to_be_confirmed_says_until_when() -> None:
    group = a_group(status=BookingStatus.HELD, held_until=NOW + timedelta(hours=1))

    assert "tiistaina 5. tammikuuta klo 12.00" in about(MessageKind.HOLD, group).text


def test_who_has_a_place_and_no_host_hears_both_by_text_message() -> None:
    group = a_group(a_session(staffed=False, told_missing=True))
    text = about(MessageKind.CONFIRMATION, group, email=None, phone="+358401234567").text

    assert "sinulla on paikka" in text
    assert "ei ole vielä löytynyt ohjaajaa" in text

"""What is written to somebody who has no place in a group any more: each way it ended has its own words."""

from typing import Any

import pytest

from services.contracts.booking.enrolment import MyGroup
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.notify import MessageKind
from services.runtime.texts import LANGUAGES
from tests.support.facts import NOW
from tests.support.group_letters import about
from tests.support.groups import a_group, a_session

PHONE: dict[str, Any] = {"email": None, "phone": "+358401234567"}
CALLED_OFF = "ei kokoonnu"
GOES_ON = "Ryhmä itse jatkuu."
GIVEN_BACK = "Paikkasi tiistaina 12. tammikuuta klo 13.00–14.30 on peruttu."


def gone(by: str, *, off: bool = False, **differs: Any) -> MyGroup:
    """One whose only session is cancelled for them; `off`: and for everybody."""
    session = a_session(
        status=BookingStatus.CANCELLED,
        state=SlotState.CANCELLED if off else SlotState.OPEN,
        sequence=1,
        changed_at=NOW,
        cancelled_by=by,
    )
    return a_group(session, status=BookingStatus.CANCELLED, **differs)


@pytest.mark.parametrize(
    ("group", "subject", "said"),
    [
        (gone("coordinator"), "Paikkasi ryhmässä on päättynyt", GOES_ON),
        (gone("host"), "Paikkasi ryhmässä on päättynyt", GOES_ON),
        (gone("resident"), "Et ole enää mukana ryhmässä", GIVEN_BACK),
        (gone("host", not_accepted=True), "Vastaus toiveeseesi liittyä ryhmään", "ottaa sinua"),
        (gone("host", off=True), "Ryhmäsi on peruttu", CALLED_OFF),
        (gone("coordinator", off=True), "Ryhmäsi on peruttu", CALLED_OFF),
    ],
    ids=["coordinator", "leader", "oneself", "not accepted", "called off", "group closed"],
)
def test_each_way_a_place_ends_has_its_own_words(group: MyGroup, subject: str, said: str) -> None:
    mail = about(MessageKind.GROUP_CHANGE, group)

    assert mail.subject == subject
    assert said in mail.text
    assert not [words for words in {CALLED_OFF, GOES_ON, GIVEN_BACK} - {said} if words in mail.text]


@pytest.mark.parametrize("said", [MessageKind.CONFIRMATION, MessageKind.WAITING, MessageKind.APPLICATION])
@pytest.mark.parametrize("language", LANGUAGES)
def test_who_was_taken_out_hears_that_the_group_goes_on_and_where_to_ask(
    said: MessageKind, language: str
) -> None:
    mail = about(MessageKind.GROUP_CHANGE, gone("coordinator"), said=said, language=language)
    text = about(MessageKind.GROUP_CHANGE, gone("coordinator"), said=said, language=language, **PHONE)

    goes_on = {"fi": "jatkuu", "sv": "fortsätter", "en": "goes on"}[language]
    assert goes_on in mail.text
    assert goes_on in text.text
    assert "https://hall.example/t/" in mail.text, "their page, which tells how to ask"
    assert "https://hall.example/t/" in text.text


@pytest.mark.parametrize("by", ["resident", "coordinator"])
def test_a_place_that_ended_lies_no_longer_in_the_calendar(by: str) -> None:
    mail = about(MessageKind.GROUP_CHANGE, gone(by))

    assert mail.calendar_method == "CANCEL"


def test_a_text_message_tells_a_place_that_ended_from_one_given_back() -> None:
    by = {who: about(MessageKind.GROUP_CHANGE, gone(who), **PHONE).text for who in ("resident", "host")}

    assert "jatkuu" in by["host"]
    assert "jatkuu" not in by["resident"]


def test_one_ended_place_of_a_series_and_one_given_back_are_told_apart() -> None:
    ended = a_session(0, status=BookingStatus.CANCELLED, changed_at=NOW, cancelled_by="coordinator")
    left = a_session(1, status=BookingStatus.CANCELLED, changed_at=NOW, cancelled_by="resident")
    mail = about(MessageKind.GROUP_CHANGE, a_group(ended, left, a_session(2)))

    assert "12. tammikuuta klo 13.00–14.30 on päättynyt" in mail.text
    assert "19. tammikuuta klo 13.00–14.30 on peruttu" in mail.text
    assert "26. tammikuuta" in mail.text


def test_who_left_the_rest_of_a_series_reads_not_that_the_group_is_off() -> None:
    off = a_session(0, state=SlotState.CANCELLED, status=BookingStatus.CANCELLED, changed_at=NOW)
    left = a_session(1, status=BookingStatus.CANCELLED, changed_at=NOW, cancelled_by="resident")
    mail = about(MessageKind.GROUP_CHANGE, a_group(off, left, status=BookingStatus.CANCELLED))

    assert mail.subject == "Et ole enää mukana ryhmässä"

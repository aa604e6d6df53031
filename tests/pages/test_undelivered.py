"""Coordinators: what somebody was sent and when, sending it again, and what did not get through."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.contracts.booking.people import FindPersonByEmail, Identify
from services.contracts.envelope import Nothing, Role
from services.contracts.letters import (
    DeadLetter,
    DeadLetters,
    ListBookingDeadLetters,
    ListNotifyDeadLetters,
    ListRoomsDeadLetters,
    Redriven,
    RedriveNotifyDeadLetters,
)
from services.contracts.notify import (
    FailedMessage,
    FailedMessages,
    ListFailedMessages,
    ListMessages,
    Message,
    MessageKind,
    Messages,
    MessageState,
    Receipt,
    Resend,
    RetryFailedMessage,
    SettleFailedMessage,
)
from services.contracts.refusals import Code, Refusal
from services.gateway.pages import message_words
from tests.pages import examples
from tests.pages.conftest import NOW
from tests.pages.test_my_week import sign_in
from tests.support.neighbours import Neighbours
from tests.support.page import FormNode, Visitor
from tests.support.system import System

TOLD = f"/bookings/{examples.BOOKING_ID}/messages"
RESEND = f"/bookings/{examples.BOOKING_ID}/resend"
TO_DO = "/coordinator/to-do"
MESSAGE_ID = UUID(int=70)
COORDINATOR = msgspec.structs.replace(examples.EXPERT, role=Role.COORDINATOR)


def a_message(**differs: Any) -> Message:
    usual: dict[str, Any] = {
        "id": MESSAGE_ID,
        "kind": MessageKind.CONFIRMATION,
        "state": MessageState.SENT,
        "due_at": NOW - timedelta(hours=2),
        "attempts": 2,
        "channel": "email",
        "sent_at": NOW - timedelta(hours=1),
        "receipts": [
            Receipt(at=NOW - timedelta(hours=2), outcome="retry", channel="email", code="smtp_451"),
            Receipt(at=NOW - timedelta(hours=1), outcome="sent", channel="email"),
        ],
    }
    return Message(**usual | differs)


MESSAGES = Messages(
    [
        a_message(),
        a_message(
            kind=MessageKind.REMINDER_DAY,
            state=MessageState.SKIPPED,
            sent_at=None,
            last_error="moved",
            receipts=[],
        ),
        a_message(
            kind=MessageKind.CHANGE,
            state=MessageState.FAILED,
            channel="sms",
            sent_at=None,
            last_error="sms_not_set_up",
            receipts=[Receipt(at=NOW, outcome="failed", channel="sms", code="sms_not_set_up")],
        ),
        a_message(
            kind=MessageKind.REMINDER_HOUR,
            state=MessageState.PLANNED,
            attempts=0,
            channel=None,
            sent_at=None,
            due_at=NOW + timedelta(hours=1),
            receipts=[],
        ),
    ]
)
FAILED = FailedMessage(
    id=MESSAGE_ID,
    kind=MessageKind.CONFIRMATION,
    due_at=NOW - timedelta(hours=2),
    failed_at=NOW - timedelta(hours=1),
    attempts=1,
    may_retry=True,
    booking_id=examples.BOOKING_ID,
    starts_at=examples.STARTS,
    channel="email",
    code="smtp_550",
)
LETTER = DeadLetter(
    id=7,
    consumer="notify-booking",
    event_id="0190a3c2-0000-7000-8000-000000000007",
    subject="booking.v1.event.booking_moved",
    reason="too_many_tries",
    since=NOW - timedelta(hours=3),
    trying=False,
)


def coordinates(tables: Neighbours) -> None:
    """Notify with something of everything; booking and rooms with nothing to do."""
    tables.answers(FindPersonByEmail, COORDINATOR)
    tables.answers(Identify, COORDINATOR)
    tables.answers(ListMessages, MESSAGES)
    tables.answers(ListFailedMessages, FailedMessages([FAILED]))
    tables.answers(ListBookingDeadLetters, DeadLetters([], 0))
    tables.answers(ListRoomsDeadLetters, DeadLetters([], 0))
    tables.answers(ListNotifyDeadLetters, DeadLetters([LETTER], 3))
    tables.answers(Resend, Nothing())
    tables.answers(RetryFailedMessage, Nothing())
    tables.answers(SettleFailedMessage, Nothing())
    tables.answers(RedriveNotifyDeadLetters, Redriven(1))


@pytest.fixture
async def coordinator(visitor: Visitor, neighbours: Neighbours, system: System) -> Visitor:
    coordinates(neighbours)
    await sign_in(visitor, system)
    return visitor


async def test_the_page_says_what_they_were_sent_and_when(coordinator: Visitor) -> None:
    page = await coordinator.open(TOLD)

    assert "Varausvahvistus lähetetty tiistaina 12. tammikuuta klo 10.00, sähköpostilla" in page.text
    assert "klo 9.00: ei mennyt vielä läpi, yritettiin myöhemmin uudelleen, sähköpostilla" in page.text
    assert "Muistutus edellisenä päivänä ei lähetetty" in page.text
    assert "Syy: varauksella on nyt toinen aika." in page.text
    assert "Syy: tekstiviestien lähetystä ei ole otettu käyttöön." in page.text
    assert "Muistutus tuntia ennen: tiistaina 12. tammikuuta klo 12.00" in page.text


async def test_sending_again_is_one_press_and_one_deed(
    coordinator: Visitor, neighbours: Neighbours, system: System
) -> None:
    page = await coordinator.open(TOLD)

    page = await coordinator.send(page.form(RESEND))
    again = await coordinator.send((await coordinator.open(TOLD)).form(RESEND))

    assert "Viesti on lähdössä." in page.text
    assert page.path == again.path == TOLD
    keys = [call.key for call in neighbours.calls(Resend)]
    assert len(set(keys)) == 2
    assert None not in keys
    assert await audited(system) >= {"messages.read", "message.resent"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (Code.TOO_LATE, "On liian myöhäistä"),
        (Code.ALREADY_CANCELLED, "Tämä on jo peruttu."),
    ],
)
async def test_what_is_off_or_over_is_not_sent_again_and_the_page_says_so(
    coordinator: Visitor, neighbours: Neighbours, code: Code, words: str
) -> None:
    neighbours.refuses(Resend, Refusal(code, "No."))
    page = await coordinator.open(TOLD)

    page = await coordinator.send(page.form(RESEND))

    assert page.status == 409
    assert words in page.text


async def test_the_list_says_what_failed_for_whom_and_what_to_do(coordinator: Visitor) -> None:
    page = await coordinator.open(TO_DO)

    assert "Varausvahvistus Lähetys epäonnistui tiistaina 12. tammikuuta klo 10.00" in page.text
    assert "Osoite on luultavasti väärä" in page.text
    assert "Tapaaminen: tiistaina 12. tammikuuta klo 13.00." in page.text
    assert f"/bookings/{examples.BOOKING_ID}" in page.links
    assert "@" not in page.text.replace(COORDINATOR.email, "")


async def test_a_failed_message_is_settled_or_tried_again_from_the_list(
    coordinator: Visitor, neighbours: Neighbours, system: System
) -> None:
    page = await coordinator.open(TO_DO)

    settled = await coordinator.send(page.form(f"{TO_DO}/messages/{MESSAGE_ID}/settle"))
    retried = await coordinator.send(settled.form(f"{TO_DO}/messages/{MESSAGE_ID}/retry"))

    assert "Asia on poistettu listalta." in settled.text
    assert "Viestiä lähetetään uudelleen." in retried.text
    assert neighbours.heard(SettleFailedMessage) == [SettleFailedMessage(message_id=MESSAGE_ID)]
    assert neighbours.heard(RetryFailedMessage) == [RetryFailedMessage(message_id=MESSAGE_ID)]
    assert await audited(system) >= {"message.settled", "message.retried"}


async def test_what_is_of_no_more_use_cannot_be_tried_again(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    page = await coordinator.open(TO_DO)
    neighbours.refuses(RetryFailedMessage, Refusal(Code.TOO_LATE, "No."))
    old = msgspec.structs.replace(FAILED, may_retry=False, code="smtp_451")
    neighbours.answers(ListFailedMessages, FailedMessages([old]))

    page = await coordinator.send(page.form(f"{TO_DO}/messages/{MESSAGE_ID}/retry"))

    assert page.status == 409
    assert "Viestiä ei kannata enää lähettää." in page.text
    assert not page.has_form("/retry")


async def test_news_that_was_given_up_is_tried_again_one_by_one_or_all(
    coordinator: Visitor, neighbours: Neighbours, system: System
) -> None:
    page = await coordinator.open(TO_DO)
    assert "Viestit (3)" in page.text
    assert LETTER.subject in page.text
    one, everything = [FormNode(node) for node in page.all("form") if node["action"] == f"{TO_DO}/letters"]

    page = await coordinator.send(one)
    await coordinator.send(everything)

    assert "Yritetään uudelleen." in page.text
    assert [asked.letter_ids for asked in neighbours.heard(RedriveNotifyDeadLetters)] == [[7], []]
    assert "letters.redriven" in await audited(system)


@pytest.mark.parametrize("typed", [{"service": "gateway"}, {"letter": "seitsemän"}, {"letter": "9" * 30}])
async def test_what_no_form_of_ours_sends_is_refused(
    coordinator: Visitor, neighbours: Neighbours, typed: dict[str, str]
) -> None:
    page = await coordinator.open(TO_DO)

    page = await coordinator.send(page.form(f"{TO_DO}/letters"), typed)

    assert page.status == 400
    assert not neighbours.heard(RedriveNotifyDeadLetters)


async def test_with_nothing_to_do_the_list_says_so(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(ListFailedMessages, FailedMessages([]))
    neighbours.answers(ListNotifyDeadLetters, DeadLetters([], 0))

    page = await coordinator.open(TO_DO)

    assert "Kaikki viestit ovat menneet perille." in page.text
    assert "Täällä ei odota mitään." in page.text


async def test_a_part_that_is_away_is_named_and_hides_no_other(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    await neighbours.away("rooms")

    page = await coordinator.open(TO_DO)

    assert "Tapaamishuoneet: tämä osa ei juuri nyt vastaa." in page.text
    assert "Viestit (3)" in page.text


async def test_a_long_list_goes_on(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(ListFailedMessages, FailedMessages([FAILED], "cursor"))

    page = await coordinator.open(f"{TO_DO}?after=cursor")

    assert neighbours.heard(ListFailedMessages)[-1].cursor == "cursor"
    assert {f"{TO_DO}?after=cursor", TO_DO} <= set(page.links)


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_pages_speak_every_language(coordinator: Visitor, language: str) -> None:
    for path in (TOLD, TO_DO):
        page = await coordinator.open(f"{path}?lang={language}")
        assert page.status == 200


async def test_no_expert_gets_in(visitor: Visitor, neighbours: Neighbours, system: System) -> None:
    coordinates(neighbours)
    neighbours.answers(FindPersonByEmail, examples.EXPERT)
    neighbours.answers(Identify, examples.EXPERT)
    await sign_in(visitor, system)

    assert [(await visitor.open(path)).status for path in (TOLD, TO_DO)] == [403, 403]
    assert not neighbours.heard(ListMessages)


def test_every_kind_of_message_has_words() -> None:
    assert set(message_words.KINDS) == set(MessageKind) - {MessageKind.ALERT}
    assert set(message_words.STATES) == set(MessageState)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("smtp_451", "the mail server did not take it (451)"),
        ("sms_500", "the text message provider did not take it (500)"),
        ("something_new", "for another reason (new)"),
        (None, ""),
    ],
)
def test_every_reason_has_words(code: str | None, words: str) -> None:
    assert message_words.reason_of(code, lambda text: text) == words


async def audited(system: System) -> set[str]:
    return {row["action"] for row in await system.sql("SELECT action FROM gateway.audit")}

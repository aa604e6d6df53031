"""What coordinators can see and do: receipts, sending anew, and failed messages as things to do."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.contracts.booking.events import BookingCancelled, BookingConfirmed, BookingHeld
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Role, Staff
from services.contracts.notify import (
    FailedMessage,
    ListFailedMessages,
    ListMessages,
    MessageKind,
    Resend,
    RetryFailedMessage,
    SettleFailedMessage,
)
from services.contracts.refusals import Code, Refusal
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import STARTS
from tests.support.system import System

COORDINATOR = Staff(person_id=uuid4(), role=Role.COORDINATOR)
EXPERT = Staff(person_id=uuid4(), role=Role.EXPERT)
ENDS = STARTS + timedelta(minutes=45)
GONE = "550 No such user"


async def test_each_attempt_can_be_seen_with_its_time_channel_and_outcome(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    mailroom.receiver_answers.append("451 Greylisted")
    facts = neighbours.has()
    began = clock.now()
    await neighbours.tell(news(BookingConfirmed, facts))
    await eventually(lambda: retried(notify, facts.booking_id))
    clock.set(began + timedelta(minutes=2))
    await neighbours.nudge()
    await mailroom.mail()
    await eventually(lambda: ended(notify, facts.booking_id, "confirmation", "sent"))

    found = await notify.ask(ListMessages(booking_id=facts.booking_id), COORDINATOR)

    confirmation = next(each for each in found.items if each.kind is MessageKind.CONFIRMATION)
    told = [(each.outcome, each.channel, each.code) for each in confirmation.receipts]
    assert told == [("retry", "email", "smtp_451"), ("sent", "email", None)]
    first, second = [each.at - began for each in confirmation.receipts]
    assert first < timedelta(minutes=1) < second
    assert {each.kind for each in found.items if not each.receipts} >= {MessageKind.REMINDER_DAY}


async def test_what_was_told_can_be_sent_anew_once_for_each_press(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = await confirmed(notify, neighbours, mailroom)
    key = str(uuid4())

    for _ in range(2):
        await notify.ask(Resend(booking_id=facts), COORDINATOR, key=key)
    first, again = await mailroom.mails(2)
    await notify.ask(Resend(booking_id=facts), COORDINATOR, key=str(uuid4()))
    _, _, third = await mailroom.mails(3)

    assert first.links == again.links == third.links
    assert first.subject == again.subject
    assert len({mail.raw.split(b"Message-ID:")[1].split(b"\r\n")[0] for mail in (first, again, third)}) == 3
    await eventually(lambda: all_sent(notify, 3))
    assert len(mailroom.taken) == 3


async def test_what_is_still_on_its_way_is_hurried_and_not_doubled(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    mailroom.receiver_answers.append("451 Greylisted")
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await eventually(lambda: retried(notify, facts.booking_id))

    await notify.ask(Resend(booking_id=facts.booking_id), COORDINATOR, key=str(uuid4()))
    await mailroom.mail()

    await eventually(lambda: all_sent(notify, 1))


async def test_a_held_time_is_sent_anew_as_a_held_time(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    until = clock.now() + timedelta(hours=1)
    facts = neighbours.has(status=BookingStatus.HELD, held_until=until)
    await neighbours.tell(news(BookingHeld, facts, held_until=until))
    await mailroom.mail()
    await eventually(lambda: ended(notify, facts.booking_id, "hold", "sent"))

    await notify.ask(Resend(booking_id=facts.booking_id), COORDINATOR, key=str(uuid4()))

    first, again = await mailroom.mails(2)
    assert first.subject == again.subject


async def test_nothing_is_sent_anew_of_a_meeting_that_is_off_or_over_or_unknown(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    booking_id = await confirmed(notify, neighbours, mailroom)
    off = await confirmed(notify, neighbours, mailroom, nth=2)
    facts = neighbours.has(booking_id=off, status=BookingStatus.CANCELLED, cancelled_by="resident")
    await neighbours.tell(news(BookingCancelled, facts, version=2, by="resident"))
    await mailroom.mails(3)
    clock.set(ENDS)

    said = [await refused(notify, Resend(booking_id=about)) for about in (booking_id, off, uuid4())]

    assert said == [Code.TOO_LATE, Code.ALREADY_CANCELLED, Code.NOT_FOUND]


async def test_a_failed_message_is_something_to_do_until_somebody_has_taken_care_of_it(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    booking_id, message = await failed(notify, neighbours, mailroom)
    assert (message.booking_id, message.code, message.channel) == (booking_id, "smtp_550", "email")
    assert (message.starts_at, message.may_retry) == (STARTS, True)
    assert message.due_at <= message.failed_at <= clock.now()

    await notify.ask(SettleFailedMessage(message_id=message.id), COORDINATOR, key=str(uuid4()))
    another = Staff(person_id=uuid4(), role=Role.COORDINATOR)
    await notify.ask(SettleFailedMessage(message_id=message.id), another, key=str(uuid4()))

    assert await to_do(notify) == []
    (row,) = await notify.sql("SELECT settled_at, settled_by FROM notify.message WHERE id = $1", message.id)
    assert row["settled_by"] == COORDINATOR.person_id
    assert message.failed_at <= row["settled_at"] <= clock.now()


async def test_a_failed_message_tried_again_is_sent_and_off_the_list(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    booking_id, message = await failed(notify, neighbours, mailroom)
    told = len(mailroom.taken)

    for _ in range(2):
        await notify.ask(RetryFailedMessage(message_id=message.id), COORDINATOR, key=str(uuid4()))
    await eventually(lambda: ended(notify, booking_id, "confirmation", "sent"))

    assert await to_do(notify) == []
    assert [mail.to for mail in mailroom.taken[told:]] == ["anna@example.org"]


async def test_a_message_of_no_more_use_is_not_tried_again(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    _, message = await failed(notify, neighbours, mailroom)
    clock.set(ENDS)

    code = await refused(notify, RetryFailedMessage(message_id=message.id))

    assert code == Code.TOO_LATE
    assert [each.may_retry for each in await to_do(notify) if each.id == message.id] == [False]


async def test_what_has_not_failed_is_neither_settled_nor_listed(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    booking_id = await confirmed(notify, neighbours, mailroom)
    (row,) = await notify.sql(
        "SELECT id FROM notify.message WHERE about = $1 AND kind = 'confirmation'", booking_id
    )

    codes = {
        await refused(notify, SettleFailedMessage(message_id=row["id"])),
        await refused(notify, SettleFailedMessage(message_id=uuid4())),
        await refused(notify, RetryFailedMessage(message_id=uuid4())),
    }

    assert codes == {Code.NOT_FOUND}
    assert await to_do(notify) == []


async def test_the_list_comes_in_pages(notify: System) -> None:
    for number in range(3):
        await notify.sql(
            "INSERT INTO notify.message (id, kind, about, occasion, due_at, not_after, give_up_at,"
            " next_try_at, state) VALUES ($1, 'links', $1, 0, $2, $2, $2, $2, 'failed')",
            UUID(int=number),
            STARTS + timedelta(minutes=number // 2),
        )

    first = await notify.ask(ListFailedMessages(limit=2), COORDINATOR)
    second = await notify.ask(ListFailedMessages(limit=2, cursor=first.next), COORDINATOR)

    assert [each.id.int for each in (*first.items, *second.items)] == [0, 1, 2]
    assert second.next is None


@pytest.mark.parametrize(
    "request_",
    [
        ListMessages(booking_id=uuid4()),
        Resend(booking_id=uuid4()),
        ListFailedMessages(),
        SettleFailedMessage(message_id=uuid4()),
        RetryFailedMessage(message_id=uuid4()),
    ],
    ids=lambda request: type(request).__name__,
)
async def test_only_coordinators_may(notify: System, request_: Resend) -> None:
    with pytest.raises(Refusal) as refusal:
        await notify.ask(request_, EXPERT)

    assert refusal.value.code == Code.FORBIDDEN


async def confirmed(notify: System, neighbours: Neighbours, mailroom: Mailroom, *, nth: int = 1) -> UUID:
    """A booking whose confirmation, the nth mail of all, has been sent."""
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mails(nth)
    await eventually(lambda: ended(notify, facts.booking_id, "confirmation", "sent"))
    return facts.booking_id


async def failed(notify: System, neighbours: Neighbours, mailroom: Mailroom) -> tuple[UUID, FailedMessage]:
    """A booking whose confirmation nobody took; the coordinators have been told."""
    mailroom.receiver_answers.append(GONE)
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mail()
    (message,) = await to_do(notify)
    return facts.booking_id, message


async def to_do(notify: System) -> list[FailedMessage]:
    return (await notify.ask(ListFailedMessages(), COORDINATOR)).items


async def refused(notify: System, request: Resend | SettleFailedMessage | RetryFailedMessage) -> str:
    with pytest.raises(Refusal) as refusal:
        await notify.ask(request, COORDINATOR, key=str(uuid4()))
    return refusal.value.code


async def retried(notify: System, booking_id: UUID) -> bool:
    return bool(
        await notify.sql(
            "SELECT 1 FROM notify.message WHERE about = $1 AND state = 'planned' AND attempts > 0",
            booking_id,
        )
    )


async def all_sent(notify: System, count: int) -> bool:
    """Of the first word to a resident: so many were sent, and none is on its way."""
    rows = await notify.sql("SELECT state FROM notify.message WHERE kind IN ('hold', 'confirmation')")
    return [row["state"] for row in rows] == ["sent"] * count

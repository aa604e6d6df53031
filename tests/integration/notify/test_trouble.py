"""Mail servers that refuse, neighbours that are away, workers that die: late perhaps, never lost."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from services.contracts.booking.events import BookingCancelled, BookingConfirmed
from services.contracts.booking.slots import BookingStatus
from services.contracts.gateway import SignInMail, SignInRequested
from services.contracts.refusals import Code, Refusal
from services.notify.senders import breaker
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import COORDINATOR, Neighbours, news, state_of
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS
from tests.support.system import System

TRY_AGAIN_LATER = "451 Greylisted"


async def test_a_message_refused_for_now_is_tried_again_until_it_is_taken(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    mailroom.receiver_answers.extend([TRY_AGAIN_LATER] * 3)
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))

    for tries, minutes in enumerate((0.25, 0.25, 0.5), start=1):
        earliest = clock.now()
        waits = await waiting(notify, tries)
        assert (waits - earliest) / timedelta(minutes=1) >= 0.8 * minutes
        assert (waits - clock.now()) / timedelta(minutes=1) <= 1.2 * minutes
        clock.set(waits + timedelta(seconds=1))
        await neighbours.nudge()

    await mailroom.mail()
    assert await receipts(notify, facts.booking_id) == [
        ("retry", "email", "smtp_451"),
        ("retry", "email", "smtp_451"),
        ("retry", "email", "smtp_451"),
        ("sent", "email", None),
    ]


async def test_when_nothing_helps_until_shortly_before_the_start_a_coordinator_is_told(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    clock.set(STARTS - timedelta(minutes=10, seconds=23))
    mailroom.receiver_answers.extend([TRY_AGAIN_LATER] * 3)
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))

    for tries in (1, 2):
        waits = await waiting(notify, tries)
        clock.set(waits + timedelta(seconds=0.1))
        await neighbours.nudge()
    assert waits == STARTS - timedelta(minutes=10)  # all the time there is has been used
    alert = await mailroom.mail()

    assert alert.to == COORDINATOR.email
    assert alert.subject == "Viesti jäi toimittamatta"
    assert str(facts.booking_id) in alert.text
    assert "anna@example.org" not in alert.raw.decode()
    assert await receipts(notify, facts.booking_id) == [
        ("retry", "email", "smtp_451"),
        ("retry", "email", "smtp_451"),
        ("failed", "email", "smtp_451"),
    ]


async def test_a_last_try_at_the_very_end_may_succeed(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """A sign-in is worth sending for half an hour; the next try by the table would come after that."""
    sign_in_id = uuid4()
    until = clock.now() + timedelta(minutes=30)
    neighbours.sign_ins[sign_in_id] = SignInMail(
        email="aino@example.org", language="fi", token="token", expires_at=until
    )
    mailroom.receiver_answers.extend([TRY_AGAIN_LATER] * 10)
    await neighbours.tell(SignInRequested(sign_in_id=sign_in_id))

    for tries in range(1, 11):
        clock.set(await waiting(notify, tries, kind="sign_in") + timedelta(seconds=0.1))
        await neighbours.nudge()

    await mailroom.mail()
    assert timedelta(0) < until - clock.now() < timedelta(minutes=2)


@pytest.mark.parametrize("code", [Code.FIELD_INVALID, Code.FORBIDDEN, Code.OVERLOADED], ids=str)
async def test_a_no_that_is_not_about_the_booking_drops_no_message(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock, code: Code
) -> None:
    """An owner of another release may not be able to read the question."""

    async def refuse() -> None:
        raise Refusal(code, "No.")

    neighbours.before_answer = refuse
    await neighbours.tell(news(BookingConfirmed, neighbours.has()))
    await eventually(lambda: waits_again(notify))
    neighbours.before_answer = None

    clock.advance(timedelta(minutes=2))
    await neighbours.nudge()

    await mailroom.mail()


async def test_a_receiver_who_does_not_exist_is_not_tried_twice_and_a_coordinator_is_told(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    mailroom.receiver_answers.append("550 No such user")
    facts = neighbours.has()

    await neighbours.tell(news(BookingConfirmed, facts))
    alert = await mailroom.mail()

    assert alert.to == COORDINATOR.email
    assert mailroom.asked_for == ["anna@example.org", COORDINATOR.email]
    (event,) = await notify.sql("SELECT subject FROM notify.outbox")
    assert event["subject"] == "notify.v1.event.message_failed"


async def test_every_coordinator_is_told_even_if_one_of_them_cannot_be(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    gone = msgspec.structs.replace(COORDINATOR, email="lopettanut@example.org")
    neighbours.coordinators = [gone, COORDINATOR]
    mailroom.receiver_answers.extend(["550 No such user", "550 No such user", "250 OK"])

    await neighbours.tell(news(BookingConfirmed, neighbours.has()))

    await eventually(lambda: state_of(notify, "alert", "sent"))
    assert [mail.to for mail in mailroom.taken] == [COORDINATOR.email]


async def test_a_coordinator_who_cannot_be_told_does_not_cause_another_alert(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    mailroom.receiver_answers.extend(["550 No such user"] * 2)

    await neighbours.tell(news(BookingConfirmed, neighbours.has()))

    await eventually(lambda: state_of(notify, "alert", "failed"))
    rows = await notify.sql("SELECT kind FROM notify.message WHERE kind = 'alert'")
    assert len(rows) == 1


async def test_nobody_by_phone_without_a_provider_and_a_coordinator_is_told(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    await neighbours.tell(news(BookingConfirmed, neighbours.has(email=None, phone="+358401234567")))

    alert = await mailroom.mail()
    assert alert.to == COORDINATOR.email


async def test_what_is_not_one_address_reaches_nobody(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    await neighbours.tell(news(BookingConfirmed, neighbours.has(email="c@example.org, evil@example.org")))

    await mailroom.mail()
    assert mailroom.asked_for == [COORDINATOR.email]


async def test_while_booking_is_away_messages_wait_and_no_attempt_is_counted(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    facts = neighbours.has()
    await neighbours.go_away()

    await neighbours.tell(news(BookingConfirmed, facts))
    await eventually(lambda: put_back(notify, NOW + timedelta(seconds=4)))
    assert mailroom.taken == []

    await neighbours.answer()
    clock.advance(timedelta(seconds=6))
    await neighbours.nudge()
    await mailroom.mail()
    assert await receipts(notify, facts.booking_id) == [("sent", "email", None)]


async def test_a_mail_server_that_is_down_is_left_alone_for_a_while(
    system: System, neighbours: Neighbours, mailroom: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After five failures in a row the rest of the messages wait untouched, and then all go."""
    monkeypatch.setattr(breaker, "REST_SECONDS", 3)
    url = mailroom.url
    await mailroom.close()
    await system.start("notify", SMTP_URL=url)
    for number in range(30):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"a{number}@example.org")))
    await eventually(lambda: untouched(system, 10))

    await mailroom.open(int(url.rpartition(":")[2]))
    untouched_now = await untouched(system, 10)
    await mailroom.mails(untouched_now)

    tried = await system.sql("SELECT count(*) FROM notify.receipt WHERE outcome = 'retry'")
    assert tried[0][0] < 20


async def test_messages_share_a_few_connections(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    for number in range(40):
        await neighbours.tell(news(BookingConfirmed, neighbours.has(email=f"a{number}@example.org")))

    await mailroom.mails(40)
    assert mailroom.connections <= 4


async def test_a_connection_that_the_server_has_closed_costs_no_attempt(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    first, second = neighbours.has(), neighbours.has()
    await neighbours.tell(news(BookingConfirmed, first))
    await eventually(lambda: state_of(notify, "confirmation", "sent"))
    mailroom.hang_up()
    await neighbours.tell(news(BookingConfirmed, second))

    await mailroom.mails(2)
    assert await receipts(notify, second.booking_id) == [("sent", "email", None)]


async def test_a_server_that_takes_only_so_many_over_one_connection_costs_no_attempt(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    first, second = neighbours.has(), neighbours.has()
    await neighbours.tell(news(BookingConfirmed, first))
    await eventually(lambda: state_of(notify, "confirmation", "sent"))
    mailroom.sender_answers.append("421 That was enough")

    await neighbours.tell(news(BookingConfirmed, second))

    await mailroom.mails(2)
    assert mailroom.connections == 2
    assert await receipts(notify, second.booking_id) == [("sent", "email", None)]


async def test_a_message_whose_time_is_over_is_not_sent_and_a_coordinator_is_told(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    facts = neighbours.has()
    await neighbours.go_away()
    cancelled = msgspec.structs.replace(facts, status=BookingStatus.CANCELLED, cancelled_by="host")
    await neighbours.tell(news(BookingCancelled, cancelled, by="host"))
    await eventually(lambda: put_back(notify, NOW + timedelta(seconds=4)))

    clock.set(STARTS + timedelta(hours=1))
    await neighbours.answer()
    await neighbours.nudge()

    alert = await mailroom.mail()
    assert alert.to == COORDINATOR.email
    assert await receipts(notify, facts.booking_id) == [("failed", None, "too_late")]


async def waiting(system: System, tries: int, *, kind: str = "confirmation") -> datetime:
    """When the message is tried again, once it has been tried so often."""

    async def tried() -> datetime | None:
        rows = await system.sql(
            "SELECT next_try_at FROM notify.message "
            "WHERE kind = $2 AND state = 'planned' AND attempts = $1",
            tries,
            kind,
        )
        return rows[0][0] if rows else None

    moment = await eventually(tried)
    assert moment is not None
    return moment


async def put_back(system: System, after: datetime) -> bool:
    rows = await system.sql(
        "SELECT 1 FROM notify.message WHERE kind IN ('confirmation', 'cancellation') "
        "AND state = 'planned' AND attempts = 0 AND next_try_at > $1",
        after,
    )
    return bool(rows)


async def untouched(system: System, at_least: int) -> int:
    """How many confirmations wait that have cost no attempt, once there are enough."""
    (row,) = await system.sql(
        "SELECT count(*) FROM notify.message WHERE kind = 'confirmation' AND state = 'planned' "
        "AND attempts = 0 AND next_try_at > due_at"
    )
    return int(row[0]) if row[0] >= at_least else 0


async def waits_again(system: System) -> bool:
    """Whether the confirmation waits for another try, counted or not."""
    rows = await system.sql(
        "SELECT 1 FROM notify.message "
        "WHERE kind = 'confirmation' AND state = 'planned' AND next_try_at > due_at"
    )
    return bool(rows)


async def receipts(system: System, booking_id: UUID) -> list[tuple[str, str | None, str | None]]:
    """What became of each attempt to announce something, once the last one is written down."""

    async def all_written() -> list[tuple[str, str | None, str | None]]:
        rows = await system.sql(
            "SELECT outcome, receipt.channel, code, state FROM notify.receipt "
            "JOIN notify.message ON message.id = message_id "
            "WHERE booking_id = $1 AND kind IN ('confirmation', 'cancellation') ORDER BY receipt.id",
            booking_id,
        )
        done = rows and rows[-1]["state"] in ("sent", "failed")
        return [tuple(row)[:3] for row in rows] if done else []

    return await eventually(all_written)

"""Whatever comes twice or in another order: the same messages are owed."""

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import msgspec
import pytest

from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingEvent,
    BookingExpired,
    BookingHeld,
    BookingMoved,
    LinkRenewed,
)
from services.contracts.booking.slots import BookingStatus
from services.notify.config import Config
from services.runtime import config
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news
from tests.support.eventually import eventually
from tests.support.facts import STARTS, a_slot
from tests.support.system import System

LATER = STARTS + timedelta(days=2)


async def test_news_that_comes_again_sends_nothing_again(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has()
    confirmed = news(BookingConfirmed, facts)

    event_id = await neighbours.tell(confirmed)
    await mailroom.mail()
    await neighbours.tell(confirmed, event_id=event_id)  # delivered twice
    await neighbours.tell(confirmed)  # published twice
    await eventually(lambda: heard(notify, 2))

    assert await planned(notify) == ["confirmation", "feedback", "reminder_day", "reminder_hour"]
    assert len(mailroom.taken) == 1


async def test_many_copies_of_the_news_at_once_make_one_mail(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has()
    for _ in range(20):
        await neighbours.tell(news(BookingConfirmed, facts))

    await eventually(lambda: heard(notify, 20))
    await eventually(lambda: nothing_due(notify))
    assert len(mailroom.taken) == 1


ORDERS = list(permutations(range(4)))


@pytest.mark.parametrize("order", ORDERS[5::6], ids=str)
async def test_the_order_of_arrival_does_not_matter(
    notify: System, neighbours: Neighbours, order: tuple[int, ...]
) -> None:
    """Held, confirmed, link renewed, moved: whichever comes first, the reminders are for the new time."""
    first = neighbours.has(status=BookingStatus.HELD)
    last = neighbours.has(
        msgspec.structs.replace(
            first, status=BookingStatus.CONFIRMED, slot=a_slot(LATER), sequence=1, link_version=2
        )
    )
    story: list[BookingEvent] = [
        news(BookingHeld, first, version=1, held_until=STARTS),
        news(BookingConfirmed, first, version=2),
        news(LinkRenewed, msgspec.structs.replace(first, link_version=2), version=3),
        news(BookingMoved, last, version=4, from_slot_id=uuid4()),
    ]

    for number in order:
        await neighbours.tell(story[number])
        await eventually(lambda number=number: heard_version(notify, story[number]))  # type: ignore[misc]
    await eventually(lambda: nothing_due(notify))

    ahead = await notify.sql(
        "SELECT kind, starts_at FROM notify.message WHERE state = 'planned' ORDER BY kind"
    )
    assert [tuple(row) for row in ahead] == [
        ("feedback", LATER),
        ("reminder_day", LATER),
        ("reminder_hour", LATER),
    ]


async def test_a_confirmation_overtaken_by_a_renewed_link_is_still_sent(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has(link_version=2)

    await neighbours.tell(news(LinkRenewed, facts, version=2))
    await mailroom.mails(1)
    await neighbours.tell(news(BookingConfirmed, facts, version=1))

    mails = await mailroom.mails(2)
    assert [mail.subject for mail in mails] == ["Linkkisi Digiaulaan", "Varauksesi ti 12.1. klo 13.00"]


async def test_a_cancellation_overtaken_by_a_renewed_link_is_sent_and_nothing_else_is_owed(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts, version=1))
    await mailroom.mails(1)
    facts = neighbours.has(
        msgspec.structs.replace(
            facts, status=BookingStatus.CANCELLED, cancelled_by="resident", link_version=2
        )
    )

    await neighbours.tell(news(LinkRenewed, facts, version=3))
    await eventually(lambda: heard(notify, 2))
    await neighbours.tell(news(BookingCancelled, facts, version=2, by="resident"))

    mails = await mailroom.mails(2)
    assert mails[1].subject == "Varauksesi ti 12.1. klo 13.00 on peruttu"
    await eventually(lambda: nothing_due(notify))
    assert not await notify.sql("SELECT 1 FROM notify.message WHERE state = 'planned'")


async def test_a_renewed_link_after_the_cancellation_plans_nothing(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has(status=BookingStatus.CANCELLED, cancelled_by="resident")
    await neighbours.tell(news(BookingCancelled, facts, version=2, by="resident"))
    await mailroom.mails(1)

    await neighbours.tell(news(LinkRenewed, facts, version=3))

    await eventually(lambda: heard(notify, 2))
    assert await planned(notify) == ["cancellation"]


@pytest.mark.parametrize("ending", [BookingCancelled, BookingExpired])
async def test_news_older_than_the_end_plans_nothing(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, ending: type[BookingEvent]
) -> None:
    status = BookingStatus.CANCELLED if ending is BookingCancelled else BookingStatus.EXPIRED
    facts = neighbours.has(status=status, cancelled_by="resident")
    more = {"by": "resident"} if ending is BookingCancelled else {}

    await neighbours.tell(news(ending, facts, version=2, **more))
    await eventually(lambda: heard(notify, 1))
    await neighbours.tell(news(BookingConfirmed, facts, version=1))
    await eventually(lambda: heard(notify, 2))

    assert await planned(notify) == (["cancellation"] if ending is BookingCancelled else [])


async def test_moving_there_and_back_plans_the_reminders_again(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts, version=1))
    await mailroom.mails(1)
    for version, starts in ((2, LATER), (3, STARTS)):
        facts = neighbours.has(
            msgspec.structs.replace(facts, slot=a_slot(starts), sequence=facts.sequence + 1)
        )
        await neighbours.tell(news(BookingMoved, facts, version=version, from_slot_id=uuid4()))
        await mailroom.mails(version)

    ahead = await notify.sql(
        "SELECT kind, starts_at FROM notify.message WHERE state = 'planned' ORDER BY kind"
    )
    assert {row["starts_at"] for row in ahead} == {STARTS}
    assert [row["kind"] for row in ahead] == ["feedback", "reminder_day", "reminder_hour"]


def test_a_service_that_could_send_nothing_does_not_start(system: System) -> None:
    system.ports["notify"] = 1
    wrong = {
        "DIGIAULA_SMTP_URL": "http://mail.example",
        "DIGIAULA_MAIL_FROM": "nobody",
        "DIGIAULA_QUIET_FROM": "25",
    }

    with pytest.raises(config.SettingsError) as refused:
        config.load(Config, system.environment("notify") | wrong)

    assert str(refused.value) == "unusable settings: " + ", ".join(wrong)


async def heard(system: System, count: int) -> bool:
    """Whether so many events have been taken in."""
    (row,) = await system.sql("SELECT count(*) FROM notify.inbox")
    return bool(row[0] >= count)


async def heard_version(system: System, event: BookingEvent) -> bool:
    rows = await system.sql("SELECT version FROM notify.meeting WHERE booking_id = $1", event.booking_id)
    return bool(rows and rows[0]["version"] >= event.version)


async def nothing_due(system: System) -> bool:
    (row,) = await system.sql(
        "SELECT count(*) FROM notify.message WHERE state = 'sending' OR kind IN "
        "('hold', 'confirmation', 'change', 'links', 'cancellation') AND state = 'planned'"
    )
    return bool(row[0] == 0)


async def planned(system: System) -> list[str]:
    rows = await system.sql("SELECT kind FROM notify.message ORDER BY kind")
    return [row["kind"] for row in rows]

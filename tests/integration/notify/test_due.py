"""When it is time: to the second, by the wall clock, and not in the night."""

from datetime import UTC, datetime, timedelta

import pytest

from services.contracts.booking.events import BookingConfirmed
from services.notify import jobs
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import STARTS, a_slot
from tests.support.system import System


@pytest.fixture(autouse=True)
def never_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what it knows to be due."""
    monkeypatch.setattr(jobs, "LOOK_EVERY", timedelta(hours=1))


async def test_the_wall_time_is_kept_over_the_changes_of_the_clocks(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    spring = neighbours.has(slot=a_slot(datetime(2027, 3, 28, 10, tzinfo=UTC)))
    autumn = neighbours.has(slot=a_slot(datetime(2027, 10, 31, 11, tzinfo=UTC)))
    for facts in (spring, autumn):
        await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mails(2)

    rows = await notify.sql(
        "SELECT booking_id, due_at FROM notify.message WHERE kind = 'reminder_day' ORDER BY due_at"
    )

    assert [tuple(row) for row in rows] == [
        (spring.booking_id, datetime(2027, 3, 27, 11, tzinfo=UTC)),
        (autumn.booking_id, datetime(2027, 10, 30, 10, tzinfo=UTC)),
    ]
    assert {"su 28.3. klo 13.00", "su 31.10. klo 13.00"} == {
        mail.subject.removeprefix("Varauksesi ") for mail in mailroom.taken
    }


async def test_what_can_wait_is_not_sent_in_the_night(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """After an outage over the evening the day reminder waits for the morning."""
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mails(1)

    clock.set(datetime(2027, 1, 11, 20, tzinfo=UTC))  # 22.00 in Helsinki, nine hours late
    await neighbours.nudge()
    await eventually(lambda: waits_until(notify, datetime(2027, 1, 12, 5, tzinfo=UTC)))
    assert len(mailroom.taken) == 1

    clock.set(datetime(2027, 1, 12, 5, 0, 1, tzinfo=UTC))
    await neighbours.nudge()
    mails = await mailroom.mails(2)
    assert mails[1].subject.startswith("Muistutus")


async def test_a_message_leaves_when_it_is_due(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """Nothing wakes notify but its own clock."""
    facts = neighbours.has()
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mails(1)
    clock.set(STARTS - timedelta(minutes=60, seconds=2))
    await neighbours.nudge()
    await eventually(lambda: ended(notify, facts.booking_id, "reminder_day", "skipped", "too_late"))

    await mailroom.mails(2)
    assert clock.now() >= STARTS - timedelta(minutes=60)


async def waits_until(system: System, moment: datetime) -> bool:
    rows = await system.sql(
        "SELECT 1 FROM notify.message WHERE kind = 'reminder_day' AND state = 'planned' "
        "AND next_try_at = $1 AND attempts = 0",
        moment,
    )
    return bool(rows)

"""Clocks that are wrong: nothing is sent early, given up or forgotten by them."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.contracts.booking.events import BookingConfirmed
from services.notify import jobs
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news, state_of
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, a_slot
from tests.support.system import System

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOOK_EVERY", timedelta(seconds=0.05))


@pytest.fixture
async def confirmed(neighbours: Neighbours, notify: System, mailroom: Mailroom) -> None:
    """A meeting in a day and three hours, of which the resident has been told."""
    facts = neighbours.has(slot=a_slot(NOW + DAY + timedelta(hours=3)))
    await neighbours.tell(news(BookingConfirmed, facts))
    await mailroom.mail()
    await eventually(lambda: state_of(notify, "confirmation", "sent"))


async def still_owed(system: System) -> set[str]:
    rows = await system.sql("SELECT kind FROM notify.message WHERE state = 'planned'")
    return {row["kind"] for row in rows}


@pytest.mark.parametrize("step", [DAY, 3 * DAY, timedelta(hours=1), -DAY], ids=str)
async def test_a_step_of_our_own_clock_sends_nothing_gives_nothing_up_and_is_told(
    notify: System, confirmed: None, mailroom: Mailroom, clock: SetClock, step: timedelta
) -> None:
    owed = await still_owed(notify)

    with capture_logs() as logs:
        clock.strays_by = step
        await eventually(lambda: "clock.jumped" in {e["event"] for e in logs if e["log_level"] == "error"})
        clock.strays_by = timedelta()
        await eventually(lambda: "clock.fits_again" in {e["event"] for e in logs})

    assert owed == await still_owed(notify) == {"reminder_day", "reminder_hour", "feedback"}
    assert len(mailroom.taken) == 1
    assert len([e for e in logs if e["event"] == "clock.jumped"]) == 1


async def test_when_the_clock_fits_again_what_is_due_is_sent(
    notify: System, confirmed: None, mailroom: Mailroom, clock: SetClock
) -> None:
    clock.strays_by = DAY
    with capture_logs() as logs:
        await eventually(lambda: "clock.jumped" in {e["event"] for e in logs})
    clock.advance(timedelta(hours=4))  # by now the day reminder is due
    assert len(mailroom.taken) == 1

    clock.strays_by = timedelta()

    await mailroom.mails(2)


async def test_news_heard_by_a_wrong_clock_plans_every_reminder(
    notify: System, neighbours: Neighbours, confirmed: None, mailroom: Mailroom, clock: SetClock
) -> None:
    clock.strays_by = 10 * DAY
    facts = neighbours.has(slot=a_slot(NOW + 3 * DAY))

    await neighbours.tell(news(BookingConfirmed, facts))
    await eventually(lambda: state_of(notify, "confirmation", "planned"))
    clock.strays_by = timedelta()

    await mailroom.mails(2)
    rows = await notify.sql("SELECT kind FROM notify.message WHERE booking_id = $1", facts.booking_id)
    assert {row["kind"] for row in rows} == {"confirmation", "reminder_day", "reminder_hour", "feedback"}

"""What of groups is told at night, and what keeps until the morning."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from services.contracts.booking.events import (
    ApplicationWaiting,
    BookingCancelled,
    HostAsked,
    SeatOffered,
)
from services.contracts.booking.slots import BookingStatus, SlotState
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, session_news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import STARTS, ZONE
from tests.support.groups import LONG, a_group, a_session
from tests.support.system import System

HOUR = timedelta(hours=1)
AT_ELEVEN = datetime(2027, 1, 5, 21, tzinfo=UTC)  # 23 in Helsinki
MORNING = datetime(2027, 1, 6, 5, tzinfo=UTC)
SOON = AT_ELEVEN + 11 * HOUR


async def owed(system: System, kind: str) -> list[Any]:
    return await system.sql(
        "SELECT due_at, next_try_at, starts_at FROM notify.message "
        "WHERE kind = $1 AND state = 'planned' AND attempts = 0",
        kind,
    )


async def test_an_offer_made_at_night_is_told_in_the_morning(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    clock.set(AT_ELEVEN)
    until = AT_ELEVEN + timedelta(days=1)
    offered = a_session(status=BookingStatus.OFFERED)
    group = neighbours.has_group(a_group(offered, status=BookingStatus.OFFERED, offered_until=until))
    await neighbours.tell(session_news(SeatOffered, group, offered, offered_until=until))

    (row,) = await eventually(lambda: owed(notify, "offer"))
    assert row["due_at"] == row["next_try_at"] == MORNING
    assert mailroom.taken == []

    clock.set(MORNING + timedelta(seconds=1))
    await neighbours.nudge()
    assert (await mailroom.mail()).subject.startswith("Sinulle on paikka")


async def test_an_offer_that_begins_soon_is_told_at_night_whichever_session_is_heard_of_first(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    clock.set(AT_ELEVEN)
    until = AT_ELEVEN + 9 * HOUR
    soon = a_session(0, starts_at=SOON, status=BookingStatus.OFFERED)
    later = a_session(1, status=BookingStatus.OFFERED)
    group = neighbours.has_group(a_group(soon, later, status=BookingStatus.OFFERED, offered_until=until))

    await neighbours.tell(session_news(SeatOffered, group, later, offered_until=until))
    await eventually(lambda: owed(notify, "offer"))
    assert mailroom.taken == []
    await neighbours.tell(session_news(SeatOffered, group, soon, offered_until=until))

    await mailroom.mail()


async def test_changes_at_night_keep_until_the_morning_unless_one_is_of_a_near_session(
    notify: System, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(AT_ELEVEN)
    soon, later = a_session(0, starts_at=SOON), a_session(1)
    group = neighbours.has_group(a_group(soon, later, a_session(2)))

    await neighbours.tell(_off(group, later, clock))
    (row,) = await eventually(lambda: owed(notify, "group_change"))
    assert row["due_at"] == MORNING
    await neighbours.tell(_off(group, soon, clock))

    async def hurried() -> bool:
        (row,) = await owed(notify, "group_change")
        return bool(row["due_at"] < AT_ELEVEN + timedelta(minutes=6) and row["starts_at"] == SOON)

    await eventually(hurried)


async def test_nobody_is_asked_at_night_for_what_is_days_away(
    notify: System, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(AT_ELEVEN)
    await neighbours.tell(
        HostAsked(
            slot_id=uuid4(),
            person_id=uuid4(),
            starts_at=STARTS,
            ends_at=STARTS + LONG,
            time_zone=ZONE,
            stand_in=True,
            round=1,
        )
    )
    await neighbours.tell(ApplicationWaiting(group_id=uuid4(), person_id=uuid4()))

    for kind in ("host_asked", "application_waiting"):
        (row,) = await eventually(partial(owed, notify, kind))
        assert row["due_at"] == MORNING


async def test_what_could_not_go_out_by_day_does_not_go_out_at_night(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """A mail server that comes back at night has nothing to say about next week, and all about tomorrow."""
    far = a_session(status=BookingStatus.OFFERED)
    near = a_session(1, starts_at=SOON, status=BookingStatus.OFFERED)
    mailroom.answers.extend(["451 Not now"] * 2)
    until = AT_ELEVEN + timedelta(days=1)
    groups = []
    for session in (far, near):
        group = a_group(session, status=BookingStatus.OFFERED, offered_until=until)
        groups.append(neighbours.has_group(group, email=f"{session.starts_at:%d}@example.org"))
        await neighbours.tell(session_news(SeatOffered, group, session, offered_until=until))
        await eventually(partial(_tried, notify, group.enrolment_id))

    clock.set(AT_ELEVEN)
    await neighbours.nudge()
    assert (await mailroom.mail()).to == f"{SOON:%d}@example.org"

    async def kept() -> bool:
        (row,) = await notify.sql(
            "SELECT next_try_at FROM notify.message WHERE about = $1", groups[0].enrolment_id
        )
        return bool(row["next_try_at"] == MORNING)

    await eventually(kept)
    await eventually(lambda: ended(notify, groups[1].enrolment_id, "offer", "sent"))
    assert len(mailroom.taken) == 1


async def _tried(system: System, about: Any) -> bool:
    rows = await system.sql(
        "SELECT 1 FROM notify.message WHERE about = $1 AND state = 'planned' AND attempts = 1", about
    )
    return bool(rows)


def _off(group: Any, session: Any, clock: SetClock) -> Any:
    """The session is called off; the others stay as they are."""
    off = a_session(
        starts_at=session.starts_at,
        booking_id=session.booking_id,
        slot_id=session.slot_id,
        sequence=1,
        state=SlotState.CANCELLED,
        status=BookingStatus.CANCELLED,
        changed_at=clock.now() + timedelta(seconds=1),
    )
    return session_news(BookingCancelled, group, off, version=2, by="host")

"""Of messages about groups, what was wrong once: said to the wrong people, not said again, or untrue."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.events import (
    ApplicationReceived,
    BookingCancelled,
    BookingConfirmed,
    HostFound,
    HostMissing,
    OfferEnded,
    PutOnWaitingList,
    SeatOffered,
)
from services.contracts.booking.slots import BookingStatus, SlotState
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, news, session_news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS, a_slot
from tests.support.groups import LONG, WEEK, a_group, a_session
from tests.support.system import System

GATHERED = timedelta(minutes=5, seconds=1)
HOUR = timedelta(hours=1)


async def test_a_host_who_is_lost_once_more_is_told_once_more(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """Else they would come, since the last they heard was that somebody leads it after all."""
    facts = neighbours.has(slot=replace(a_slot(), kind=SlotKind.GROUP))
    for number, event in enumerate((HostMissing, HostFound, HostMissing), start=1):
        clock.set(NOW + number * HOUR)
        await neighbours.tell(news(event, facts))
        await mailroom.mails(number)

    subjects = [mail.subject for mail in mailroom.taken]
    assert subjects[0] == subjects[2] != subjects[1]


async def test_an_offered_place_at_another_hour_is_offered_again(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """The time to answer stays: that alone does not make it the same message."""
    until = NOW + timedelta(hours=24)
    offered = a_session(status=BookingStatus.OFFERED)
    group = neighbours.has_group(a_group(offered, status=BookingStatus.OFFERED, offered_until=until))
    await neighbours.tell(session_news(SeatOffered, group, offered, offered_until=until))
    await mailroom.mails(1)

    clock.set(NOW + HOUR)
    moved = replace(offered, starts_at=STARTS + LONG, ends_at=STARTS + 2 * LONG, sequence=1)
    neighbours.has_group(replace(group, sessions=[moved]))
    told = session_news(SeatOffered, group, moved, version=2, offered_until=until)
    event_id = await neighbours.tell(told)
    await neighbours.tell(told, event_id=event_id)

    first, second = await mailroom.mails(2)
    assert "klo 13.00" in first.text
    assert "klo 14.30" in second.text


async def test_a_place_is_offered_in_a_year_whose_seconds_are_more_than_32_bits(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    years = timedelta(weeks=52 * 20)
    clock.set(NOW + years)
    until = NOW + years + timedelta(hours=24)
    offered = replace(
        a_session(status=BookingStatus.OFFERED), starts_at=STARTS + years, ends_at=until + HOUR
    )
    group = neighbours.has_group(a_group(offered, status=BookingStatus.OFFERED, offered_until=until))

    await neighbours.tell(session_news(SeatOffered, group, offered, offered_until=until))

    await mailroom.mails(1)


async def test_who_only_waits_is_not_told_that_they_come_nor_put_it_in_their_calendar(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    sessions = [a_session(number, status=BookingStatus.WAITING) for number in range(2)]
    group = neighbours.has_group(a_group(*sessions, status=BookingStatus.WAITING))
    for session in sessions:
        await neighbours.tell(session_news(PutOnWaitingList, group, session))
    await mailroom.mails(1)
    clock.set(NOW + HOUR)
    off = _called_off(1, clock)
    neighbours.has_group(replace(group, sessions=[sessions[0], off]))
    await neighbours.tell(session_news(BookingCancelled, group, off, version=2, by="host"))
    await _gathered(notify, neighbours, clock)

    _, change = await mailroom.mails(2)
    assert "Sinulla ei vielä ole paikkaa ryhmässä" in change.text
    assert "Nyt tulet ryhmään" not in change.text
    assert b"text/calendar" not in change.raw


async def test_who_was_not_accepted_has_nothing_to_take_out_of_their_calendar(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    applied = a_session(status=BookingStatus.APPLIED)
    group = neighbours.has_group(a_group(applied, status=BookingStatus.APPLIED))
    await neighbours.tell(session_news(ApplicationReceived, group, applied))
    await mailroom.mails(1)
    clock.set(NOW + HOUR)
    refused = replace(
        applied, status=BookingStatus.CANCELLED, changed_at=clock.now() + timedelta(seconds=1)
    )
    neighbours.has_group(
        replace(group, sessions=[refused], status=BookingStatus.CANCELLED, not_accepted=True)
    )
    await neighbours.tell(session_news(BookingCancelled, group, refused, version=2, by="host"))
    await _gathered(notify, neighbours, clock)

    _, answer = await mailroom.mails(2)
    assert b"text/calendar" not in answer.raw


async def test_nobody_is_reminded_within_the_hour_of_what_nobody_has_promised_to_open(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    group = neighbours.has_group(a_group(a_session(0), a_session(1)))
    await _confirmed(neighbours, group)
    await mailroom.mails(1)
    first, second = group.sessions
    neighbours.has_group(replace(group, sessions=[replace(first, staffed=False), second]))

    clock.set(STARTS - HOUR + timedelta(seconds=1))
    await neighbours.nudge()
    await eventually_ended(notify, first.booking_id, "reminder_hour", "skipped", "no_host")
    clock.set(STARTS + WEEK - HOUR + timedelta(seconds=1))
    await neighbours.nudge()

    await eventually_ended(notify, second.booking_id, "reminder_hour", "sent", None)


async def test_how_it_was_is_not_asked_of_what_was_never_held(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    group = neighbours.has_group(a_group(a_session(staffed=False)))
    await _confirmed(neighbours, group)
    await mailroom.mails(1)

    clock.set(STARTS + LONG + HOUR + timedelta(seconds=1))
    await neighbours.nudge()

    await eventually_ended(notify, group.sessions[0].booking_id, "feedback", "skipped", "not_held")


async def test_who_comes_along_is_not_asked_to_answer_for_both(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    until = NOW + timedelta(hours=24)
    offered = a_session(status=BookingStatus.OFFERED)
    group = neighbours.has_group(
        a_group(offered, status=BookingStatus.OFFERED, offered_until=until, accompanies=True, places=2)
    )
    await neighbours.tell(session_news(SeatOffered, group, offered, offered_until=until))

    mail = await mailroom.mail()
    assert "vastaa teidän molempien puolesta" in mail.text
    assert "Vastaa kyllä tai ei" not in mail.text


async def test_a_wish_that_nobody_answered_is_no_wait_for_a_place(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    applied = a_session(status=BookingStatus.APPLIED)
    group = neighbours.has_group(a_group(applied, status=BookingStatus.APPLIED))
    await neighbours.tell(session_news(ApplicationReceived, group, applied))
    await mailroom.mails(1)
    over = replace(applied, status=BookingStatus.EXPIRED)
    neighbours.has_group(replace(group, sessions=[over], status=BookingStatus.EXPIRED))
    await neighbours.tell(session_news(OfferEnded, group, over, version=2, declined=False))

    _, told = await mailroom.mails(2)
    assert told.subject == "Toiveeseesi liittyä ryhmään ei ehditty vastata"


async def test_nobody_is_named_as_leading_who_has_not_promised_to(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    group = neighbours.has_group(a_group(a_session(staffed=False)))
    await _confirmed(neighbours, group)

    assert "Maija" not in (await mailroom.mail()).text


async def test_who_enrols_shortly_before_a_session_without_a_host_hears_that_it_has_none(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """Those who enrolled before have been told so; these would stand before a closed door."""
    clock.set(STARTS - 2 * HOUR)
    group = neighbours.has_group(a_group(a_session(staffed=False, told_missing=True)))
    await _confirmed(neighbours, group)

    assert "Jos et kuule meistä" in (await mailroom.mail()).text


def _called_off(number: int, clock: SetClock) -> Any:
    return a_session(
        number,
        sequence=1,
        state=SlotState.CANCELLED,
        status=BookingStatus.CANCELLED,
        changed_at=clock.now() + timedelta(seconds=1),
    )


async def _confirmed(neighbours: Neighbours, group: Any) -> None:
    """Everybody's first word, with their bookings as booking would describe them."""
    for session in group.sessions:
        neighbours.has(
            booking_id=session.booking_id,
            slot=replace(a_slot(session.starts_at), kind=SlotKind.GROUP, ends_at=session.ends_at),
            enrolment_id=group.enrolment_id,
        )
        await neighbours.tell(session_news(BookingConfirmed, group, session))


async def _gathered(notify: System, neighbours: Neighbours, clock: SetClock) -> None:
    """What comes together in one message within minutes has come together."""

    async def planned() -> bool:
        rows = await notify.sql("SELECT 1 FROM notify.message WHERE kind = 'group_change'")
        return bool(rows)

    await eventually(planned)
    clock.set(clock.now() + GATHERED)
    await neighbours.nudge()


async def eventually_ended(system: System, about: Any, kind: str, state: str, reason: str | None) -> None:
    await eventually(lambda: ended(system, about, kind, state, reason))

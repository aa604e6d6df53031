"""What those who come to groups and those who lead them get, and what comes together in one message."""

from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any
from uuid import UUID, uuid4

import icalendar
import pytest
from msgspec.structs import replace

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.enrolment import AnnouncementFacts, MyGroup
from services.contracts.booking.events import (
    AnnouncementMade,
    ApplicationReceived,
    BookingCancelled,
    BookingConfirmed,
    BookingEvent,
    BookingHeld,
    BookingMoved,
    HostAsked,
    HostFound,
    HostMissing,
    HostNotFound,
    OfferEnded,
    PutOnWaitingList,
    SeatOffered,
)
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.booking.staffing import WantedDuties
from services.contracts.envelope import Nothing, Role, Staff
from services.contracts.notify import ListMessages, MessageKind, Resend
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, news, session_news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS, ZONE, a_slot
from tests.support.groups import LONG, WEEK, a_duty, a_group, a_session
from tests.support.system import System

COORDINATOR = Staff(person_id=uuid4(), role=Role.COORDINATOR)
GATHERED = timedelta(minutes=5, seconds=1)


async def planned(system: System, kind: str) -> int:
    (row,) = await system.sql(
        "SELECT count(*) FROM notify.message WHERE kind = $1 AND state = 'planned'", kind
    )
    return int(row["count"])


def just_after(clock: SetClock) -> datetime:
    """Booking notes a change at the moment that its news bears; here the news is told a moment later."""
    return clock.now() + timedelta(seconds=1)


async def heard(system: System, count: int) -> None:
    """So many pieces of news have been taken in."""

    async def all_of_them() -> bool:
        (row,) = await system.sql("SELECT count(*) FROM notify.inbox")
        return bool(row["count"] >= count)

    await eventually(all_of_them)


async def told_together(neighbours: Neighbours, group: MyGroup) -> None:
    """The whole series is confirmed, in one transaction."""
    at = neighbours.now()
    for session in group.sessions:
        await neighbours.tell(session_news(BookingConfirmed, group, session), at=at)


async def test_a_whole_series_is_confirmed_by_one_mail(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    group = neighbours.has_group(a_group())
    await told_together(neighbours, group)

    mail = await mailroom.mail()
    await heard(notify, 3)

    assert mail.subject == "Paikkasi ryhmässä ti 12.1. klo 13.00"
    assert "26. tammikuuta" in mail.text
    assert await planned(notify, "group_change") == 0
    assert await planned(notify, "reminder_day") == 3
    assert len(mailroom.taken) == 1


async def test_several_changes_within_minutes_are_one_mail(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    group = neighbours.has_group(a_group())
    await told_together(neighbours, group)
    await mailroom.mail()
    await heard(notify, 3)

    clock.set(NOW + timedelta(hours=1))
    moved = a_session(1, starts_at=STARTS + WEEK + LONG, sequence=1, changed_at=just_after(clock))
    await neighbours.tell(session_news(BookingMoved, group, moved, version=2, from_slot_id=moved.slot_id))
    off = a_session(
        2,
        sequence=1,
        state=SlotState.CANCELLED,
        status=BookingStatus.CANCELLED,
        changed_at=just_after(clock),
        cancel_reason="Sali on varattu",
    )
    await neighbours.tell(session_news(BookingCancelled, group, off, version=2, by="host"))
    neighbours.has_group(replace(group, sessions=[group.sessions[0], moved, off]))
    await heard(notify, 5)
    assert len(mailroom.taken) == 1

    clock.set(clock.now() + GATHERED)
    await neighbours.nudge()
    _, change = await mailroom.mails(2)

    assert change.subject == "Ryhmässäsi on muutoksia"
    assert "Uusi aika on tiistaina 19. tammikuuta klo 14.30" in change.text
    assert "Sali on varattu" in change.text
    assert await planned(notify, "group_change") == 0


async def test_a_second_change_on_the_same_day_waits_for_hours(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    group = neighbours.has_group(a_group())
    await told_together(neighbours, group)
    await mailroom.mail()
    clock.set(NOW + timedelta(hours=1))
    await _move(neighbours, group.enrolment_id, clock, hours=1, version=2)
    await heard(notify, 4)
    clock.set(clock.now() + GATHERED)
    await neighbours.nudge()
    await mailroom.mails(2)
    await eventually(lambda: ended(notify, group.enrolment_id, "group_change", "sent"))

    clock.set(clock.now() + timedelta(minutes=10))
    await _move(neighbours, group.enrolment_id, clock, hours=2, version=3)
    await eventually(lambda: _is_planned(notify))

    (row,) = await notify.sql(
        "SELECT due_at - $1 AS wait FROM notify.message WHERE kind = 'group_change' AND state = 'planned'",
        clock.now(),
    )
    assert timedelta(hours=2) < row["wait"] < timedelta(hours=3)


async def test_a_change_shortly_before_the_session_goes_out_soon(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    group = neighbours.has_group(a_group(a_session()))
    await neighbours.tell(session_news(BookingConfirmed, group, group.sessions[0]))
    await mailroom.mail()

    clock.set(STARTS - timedelta(hours=2))
    off = a_session(
        sequence=1, state=SlotState.CANCELLED, status=BookingStatus.CANCELLED, changed_at=just_after(clock)
    )
    neighbours.has_group(replace(group, sessions=[off], status=BookingStatus.CANCELLED))
    await neighbours.tell(session_news(BookingCancelled, group, off, version=2, by="host"))
    await eventually(lambda: _is_planned(notify))
    clock.set(clock.now() + timedelta(seconds=61))
    await neighbours.nudge()

    told = (await mailroom.mails(2))[1]
    assert told.subject == "Ryhmäsi on peruttu"
    assert _master(told.raw)["STATUS"] == "CANCELLED"


async def test_from_waiting_to_an_offer_to_a_place(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    waiting = a_session(status=BookingStatus.WAITING)
    group = neighbours.has_group(a_group(waiting, status=BookingStatus.WAITING))
    await neighbours.tell(session_news(PutOnWaitingList, group, waiting))
    await mailroom.mails(1)

    until = NOW + timedelta(hours=24)
    offered = replace(waiting, status=BookingStatus.OFFERED)
    neighbours.has_group(
        replace(group, sessions=[offered], status=BookingStatus.OFFERED, offered_until=until)
    )
    await neighbours.tell(session_news(SeatOffered, group, offered, version=2, offered_until=until))
    await mailroom.mails(2)

    confirmed = replace(waiting, status=BookingStatus.CONFIRMED)
    neighbours.has_group(replace(group, sessions=[confirmed], status=BookingStatus.CONFIRMED))
    await neighbours.tell(session_news(BookingConfirmed, group, confirmed, version=3))
    await mailroom.mails(3)

    assert [mail.subject for mail in mailroom.taken] == [
        "Olet ryhmän jonotuslistalla",
        "Sinulle on paikka: vastaa viimeistään ke 6.1. klo 11.00",
        "Paikkasi ryhmässä ti 12.1. klo 13.00",
    ]


async def test_an_offer_that_is_over_is_not_made(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    offered = a_session(status=BookingStatus.OFFERED)
    group = neighbours.has_group(a_group(offered, status=BookingStatus.EXPIRED))
    until = NOW + timedelta(hours=24)
    await neighbours.tell(session_news(SeatOffered, group, offered, offered_until=until))

    await eventually(lambda: ended(notify, group.enrolment_id, "offer", "skipped", "expired"))
    assert mailroom.taken == []


@pytest.mark.parametrize(("declined", "mails"), [(True, 0), (False, 1)])
async def test_who_did_not_answer_an_offer_is_told_and_who_declined_is_not(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, declined: bool, mails: int
) -> None:
    over = a_session(status=BookingStatus.EXPIRED)
    group = neighbours.has_group(a_group(over, status=BookingStatus.EXPIRED))
    await neighbours.tell(session_news(OfferEnded, group, over, declined=declined))
    await heard(notify, 1)
    await neighbours.nudge()
    await heard(notify, 2)

    rows = await notify.sql("SELECT state FROM notify.message WHERE kind = 'offer_over'")
    assert len(rows) == mails
    if mails:
        assert (await mailroom.mail()).subject == "Et enää jonota ryhmään"


@pytest.mark.parametrize(
    ("event", "status", "subject"),
    [
        (BookingHeld, BookingStatus.HELD, "Vahvista paikkasi ryhmään ti 12.1. klo 13.00"),
        (ApplicationReceived, BookingStatus.APPLIED, "Toiveesi liittyä ryhmään on välitetty"),
    ],
)
async def test_the_first_word_is_said_once_for_the_series(
    notify: System,
    neighbours: Neighbours,
    mailroom: Mailroom,
    event: type[BookingEvent],
    status: BookingStatus,
    subject: str,
) -> None:
    sessions = [a_session(number, status=status) for number in range(3)]
    group = neighbours.has_group(a_group(*sessions, status=status))
    more: dict[str, Any] = {"held_until": STARTS} if event is BookingHeld else {}
    for session in sessions:
        await neighbours.tell(session_news(event, group, session, **more))
    await heard(notify, 3)

    assert (await mailroom.mail()).subject == subject


async def test_words_to_the_group_reach_each_who_comes_once(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    announcement = uuid4()
    neighbours.announcements[announcement] = AnnouncementFacts("Ota mukaan kuppi kahvia.", holds=True)
    for name in ("anna", "eero"):
        facts = neighbours.has(
            email=f"{name}@example.org",
            slot=replace(a_slot(), kind=SlotKind.GROUP),
            booking_id=uuid4(),
        )
        told = news(AnnouncementMade, facts, announcement_id=announcement)
        await neighbours.tell(told)
        await neighbours.tell(told)  # told twice by a repeated command: another event, the same words
    await heard(notify, 4)

    mails = await mailroom.mails(2)
    assert {mail.to for mail in mails} == {"anna@example.org", "eero@example.org"}
    assert all("kuppi kahvia" in mail.text for mail in mails)
    assert "kuppi" not in mails[0].subject


async def test_a_missing_host_is_told_and_a_found_one_too(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    facts = neighbours.has(slot=replace(a_slot(), kind=SlotKind.GROUP))
    await neighbours.tell(news(HostMissing, facts))
    await mailroom.mails(1)
    await neighbours.tell(news(HostFound, facts, version=2))

    assert [mail.subject for mail in await mailroom.mails(2)] == [
        "Ryhmäsi ti 12.1. klo 13.00 saattaa jäädä pitämättä",
        "Ryhmäsi ti 12.1. klo 13.00 pidetään",
    ]


@pytest.mark.parametrize("sessions", [3, 0])
async def test_who_is_asked_to_lead_a_series_gets_one_mail_while_they_are_wanted(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock, sessions: int
) -> None:
    person_id = uuid4()
    for number in range(3):
        await neighbours.tell(_asking(person_id, number))
    await heard(notify, 3)
    duties = [a_duty(number) for number in range(sessions)]
    neighbours.duties[person_id] = WantedDuties(email="isanta@example.org", language="fi", items=duties)
    assert mailroom.taken == []

    clock.set(NOW + timedelta(seconds=61))
    await neighbours.nudge()

    if sessions:
        assert (await mailroom.mail()).text.count("Vertaisryhmä") == 3
    await eventually(
        lambda: ended(
            notify,
            person_id,
            "host_asked",
            "sent" if sessions else "skipped",
            None if sessions else "not_wanted",
        )
    )


async def test_who_was_asked_is_asked_again_hours_later_or_soon_when_a_session_is_near(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    person_id = uuid4()
    neighbours.duties[person_id] = WantedDuties(email="isanta@example.org", language="fi", items=[a_duty()])
    await neighbours.tell(_asking(person_id, 0))
    await heard(notify, 1)
    clock.set(NOW + timedelta(seconds=61))
    await neighbours.nudge()
    await mailroom.mails(1)

    await eventually(lambda: ended(notify, person_id, "host_asked", "sent"))
    await neighbours.tell(_asking(person_id, 1))
    assert timedelta(hours=2) < await _wait(notify, clock) < timedelta(hours=3)
    clock.set(STARTS - timedelta(hours=5))
    await neighbours.tell(_asking(person_id, 0))
    await eventually(lambda: _comes_soon(notify, clock))


async def test_coordinators_hear_of_a_session_that_nobody_leads(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    await neighbours.tell(HostNotFound(slot_id=uuid4(), starts_at=STARTS, ends_at=STARTS + LONG, round=1))

    mail = await mailroom.mail()
    assert mail.to == "koordinaattori@example.org"
    assert mail.links[0].endswith("/coordinator/staffing")


async def test_how_it_was_is_asked_after_the_last_session(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    group = neighbours.has_group(a_group(a_session(0), a_session(1)))
    for session in group.sessions:
        neighbours.has(
            booking_id=session.booking_id,
            slot=replace(a_slot(session.starts_at), kind=SlotKind.GROUP, ends_at=session.ends_at),
            status=BookingStatus.ATTENDED,
            enrolment_id=group.enrolment_id,
        )
        await neighbours.tell(session_news(BookingConfirmed, group, session))
    await heard(notify, 2)
    await mailroom.mail()

    first, last = (session.booking_id for session in group.sessions)
    clock.set(STARTS + LONG + timedelta(hours=1, seconds=1))
    await neighbours.nudge()
    await eventually(lambda: ended(notify, first, "feedback", "skipped", "goes_on"))
    clock.set(clock.now() + WEEK)
    await neighbours.nudge()

    await eventually(lambda: ended(notify, last, "feedback", "sent"))


async def test_what_somebody_got_is_listed_by_any_session_and_can_be_said_again(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    group = neighbours.has_group(a_group())
    await told_together(neighbours, group)
    await mailroom.mail()
    await heard(notify, 3)

    last = group.sessions[-1].booking_id
    said = await notify.ask(ListMessages(booking_id=last), COORDINATOR)
    assert MessageKind.CONFIRMATION in [message.kind for message in said.items]

    assert await notify.ask(Resend(booking_id=last), COORDINATOR) == Nothing()
    assert len(await mailroom.mails(2)) == 2


async def test_a_calendar_that_was_sent_follows_the_series(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    group = neighbours.has_group(a_group())
    await told_together(neighbours, group)
    await mailroom.mail()
    await heard(notify, 3)
    clock.set(NOW + timedelta(hours=1))
    await _move(neighbours, group.enrolment_id, clock, hours=1, version=2)
    await heard(notify, 4)
    clock.set(clock.now() + GATHERED)
    await neighbours.nudge()

    before, after = (_master(mail.raw) for mail in await mailroom.mails(2))
    assert before["UID"] == after["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]


async def _move(
    neighbours: Neighbours, enrolment_id: UUID, clock: SetClock, *, hours: int, version: int
) -> None:
    """The second session meets some hours later."""
    group = neighbours.groups[enrolment_id].group
    moved = a_session(
        1, starts_at=STARTS + WEEK + hours * LONG, sequence=version - 1, changed_at=just_after(clock)
    )
    neighbours.has_group(replace(group, sessions=[group.sessions[0], moved, group.sessions[2]]))
    await neighbours.tell(
        session_news(BookingMoved, group, moved, version=version, from_slot_id=moved.slot_id)
    )


async def _is_planned(system: System) -> bool:
    return await planned(system, "group_change") == 1


def _asking(person_id: UUID, number: int) -> HostAsked:
    duty = a_duty(number)
    return HostAsked(
        slot_id=duty.slot_id,
        person_id=person_id,
        starts_at=duty.starts_at,
        ends_at=duty.ends_at,
        time_zone=ZONE,
        stand_in=True,
        round=1,
    )


async def _wait(system: System, clock: SetClock) -> timedelta:
    """How long the next mail to one who is asked still waits."""

    async def planned_at() -> list[Any]:
        return await system.sql(
            "SELECT due_at FROM notify.message WHERE kind = 'host_asked' AND state = 'planned'"
        )

    (row,) = await eventually(planned_at)
    wait: timedelta = row["due_at"] - clock.now()
    return wait


async def _comes_soon(system: System, clock: SetClock) -> bool:
    """Due within minutes, or on its way already."""
    rows = await system.sql(
        "SELECT 1 FROM notify.message WHERE kind = 'host_asked' AND occasion = 2 AND due_at <= $1",
        clock.now() + timedelta(minutes=2),
    )
    return bool(rows)


def _master(raw: bytes) -> Any:
    for part in message_from_bytes(raw).walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            calendar: Any = icalendar.Calendar.from_ical(content)
            return calendar.events[0]
    raise AssertionError("no calendar")

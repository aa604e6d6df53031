"""Who may promise to open a session, and when whom is told that somebody must."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.booking.domain import staffing as rules
from services.booking.domain.night import heard_at
from services.booking.domain.staffing import Server, Session
from services.contracts.booking.groups import Staffing
from services.contracts.envelope import Role
from services.contracts.refusals import Code, Refusal

HELSINKI = ZoneInfo("Europe/Helsinki")
STARTS = datetime(2027, 3, 2, 16, tzinfo=UTC)  # 18 in Helsinki
HOURS, DAYS, MINUTES = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
HOST = uuid4()
FITS = Server(person_id=uuid4(), trained=True, suits=True, free=True)


def a_session(staffing: Staffing, **differs: object) -> Session:
    usual = Session(
        slot_id=uuid4(),
        open=True,
        starts_at=STARTS,
        over_at=STARTS + HOURS,
        zone=HELSINKI,
        host_id=HOST,
        staffing=staffing,
    )
    return replace(usual, **differs)  # type: ignore[arg-type]  # the fields of a session


def test_experts_and_coordinators_are_trained_and_volunteers_when_somebody_says_so() -> None:
    assert rules.is_trained(Role.EXPERT, False)
    assert rules.is_trained(Role.COORDINATOR, False)
    assert rules.is_trained(Role.VOLUNTEER, True)
    assert not rules.is_trained(Role.VOLUNTEER, False)


@pytest.mark.parametrize(
    ("staffing", "before", "wants"),
    [
        (Staffing.NEEDS_HOST, 30 * DAYS, True),
        (Staffing.STAND_IN_WANTED, 30 * DAYS, True),
        (Staffing.ACCEPTED, HOURS, False),
        (Staffing.ASKED, 49 * HOURS, False),
        (Staffing.ASKED, 48 * HOURS, True),
        (Staffing.NEEDS_HOST, -30 * MINUTES, True),
        (Staffing.NEEDS_HOST, -HOURS, False),
    ],
)
def test_a_session_wants_a_host_until_it_is_over(
    staffing: Staffing, before: timedelta, wants: bool
) -> None:
    assert rules.wants_host(a_session(staffing), now=STARTS - before) is wants


def test_what_is_called_off_wants_nobody() -> None:
    assert not rules.wants_host(a_session(Staffing.NEEDS_HOST, open=False), now=STARTS - HOURS)


@pytest.mark.parametrize(
    ("person", "may"),
    [
        (FITS, True),
        (replace(FITS, trained=False), False),
        (replace(FITS, suits=False), False),
        (replace(FITS, free=False), False),
        (replace(FITS, co_hosting=True), False),
        (replace(FITS, co_hosting=True, co_host_accepted=True), True),
    ],
)
def test_only_who_fits_in_every_way_may_take_a_session(person: Server, may: bool) -> None:
    assert rules.may_take(a_session(Staffing.NEEDS_HOST), person, now=STARTS - DAYS) is may


def test_the_named_host_takes_nothing_over_and_who_gave_up_may_come_back() -> None:
    host = replace(FITS, person_id=HOST)

    assert not rules.may_take(a_session(Staffing.STAND_IN_WANTED), host, now=STARTS - DAYS)
    assert rules.may_take(a_session(Staffing.NEEDS_HOST), host, now=STARTS - DAYS)


def test_reasons_against_a_promise_are_told_apart() -> None:
    for trained, free, code in ((False, True, Code.NOT_TRAINED), (True, False, Code.OVERLAP)):
        with pytest.raises(Refusal) as refused:
            rules.check_can_promise(trained=trained, free=free)
        assert refused.value.code is code
    rules.check_can_promise(trained=True, free=True)


def asked_moments(session: Session, start: datetime) -> list[timedelta]:
    """When others are asked, seen from the start of the session, if each asking finds somebody."""
    now = start
    moments: list[timedelta] = []
    while True:
        due = rules.moments(session, now=now).ask_stand_ins
        if due is None:
            return moments
        now = max(due, now)
        if now >= STARTS:
            return moments
        moments.append(STARTS - now)
        session = replace(session, asked_at=now)


def test_others_are_asked_at_once_and_the_more_often_the_nearer_it_comes() -> None:
    moments = asked_moments(a_session(Staffing.NEEDS_HOST), STARTS - 3 * DAYS)

    assert moments[:3] == [72 * HOURS, 60 * HOURS, 48 * HOURS]
    assert moments[3:5] == [46 * HOURS, 44 * HOURS]
    assert moments[-13:] == [8 * HOURS, *(half * 30 * MINUTES for half in range(12, 0, -1))]


def test_at_night_one_round_is_asked_and_the_next_when_those_could_have_answered() -> None:
    """They all hear it in the morning: five of them, not as many rounds as the night is long."""
    moments = asked_moments(a_session(Staffing.NEEDS_HOST), STARTS - 3 * DAYS)
    asked = [(STARTS - before).astimezone(HELSINKI) for before in moments]

    for night in (28, 1):
        at_night = [at for at in asked if at.day == night and at.hour >= 21]
        next_morning = next(at for at in asked if at > at_night[0])
        assert len(at_night) == 1
        assert (next_morning.hour, next_morning.minute) == (10, 0)
    assert not any(at.hour < 8 for at in asked if at.day in (1, 2))


def test_for_what_begins_within_twelve_hours_others_are_asked_all_night() -> None:
    early = STARTS - 9 * HOURS  # 9 in Helsinki
    session = a_session(
        Staffing.NEEDS_HOST, starts_at=early, over_at=early + HOURS, asked_at=early - 11 * HOURS
    )
    assert rules.moments(session, now=early - 11 * HOURS).ask_stand_ins == early - 9 * HOURS

    session = replace(session, asked_at=early - 13 * HOURS)
    told = early - 13 * HOURS  # 20, by day
    assert rules.moments(session, now=told).ask_stand_ins == told + 2 * HOURS


def test_an_interval_that_reaches_into_a_more_urgent_time_is_cut_short() -> None:
    session = a_session(Staffing.NEEDS_HOST, asked_at=STARTS - 50 * HOURS)
    assert rules.moments(session, now=STARTS - 50 * HOURS).ask_stand_ins == STARTS - 48 * HOURS

    session = a_session(Staffing.NEEDS_HOST, asked_at=STARTS - 7 * HOURS)
    assert rules.moments(session, now=STARTS - 7 * HOURS).ask_stand_ins == STARTS - 6 * HOURS


def test_a_named_host_is_asked_at_once_and_reminded_a_week_and_three_days_before() -> None:
    session, now, moments = a_session(Staffing.ASKED), STARTS - 30 * DAYS, []
    while (due := rules.moments(session, now=now).ask_host) is not None:
        now = max(due, now)
        moments.append(STARTS - now)
        session = replace(session, asked_at=now)

    assert moments == [30 * DAYS, 7 * DAYS, 3 * DAYS]


def test_while_the_named_host_may_answer_nobody_else_is_asked_until_two_days_before() -> None:
    session = a_session(Staffing.ASKED, asked_at=STARTS - 3 * DAYS)

    assert rules.moments(session, now=STARTS - 3 * DAYS).ask_stand_ins == STARTS - 48 * HOURS
    assert asked_moments(session, STARTS - 3 * DAYS)[0] == 48 * HOURS


def test_the_coordinator_is_told_a_day_before_and_once_more_six_hours_before() -> None:
    session = a_session(Staffing.NEEDS_HOST)
    assert rules.moments(session, now=STARTS - 2 * DAYS).alert == STARTS - DAYS

    for told_at in (STARTS - 5 * DAYS, STARTS - DAYS):
        once = replace(session, alerted_at=told_at)
        assert rules.moments(once, now=told_at).alert == STARTS - 6 * HOURS
    twice = replace(session, alerted_at=STARTS - 6 * HOURS)
    assert rules.moments(twice, now=STARTS - HOURS).alert is None


def test_participants_are_told_three_hours_before_and_only_once() -> None:
    session = a_session(Staffing.ASKED)
    assert rules.moments(session, now=STARTS - DAYS).tell_missing == STARTS - 3 * HOURS

    told = replace(session, told_missing_at=STARTS - 3 * HOURS)
    assert rules.moments(told, now=STARTS - HOURS).tell_missing is None


@pytest.mark.parametrize(
    ("left", "answer_within"),
    [
        (23 * HOURS, 2 * HOURS),
        (7 * HOURS, 105 * MINUTES),
        (5 * HOURS, 30 * MINUTES),
        (100 * MINUTES, 25 * MINUTES),
        (40 * MINUTES, 15 * MINUTES),
        (20 * MINUTES, 10 * MINUTES),
    ],
)
def test_who_is_asked_late_has_a_while_to_answer_before_the_coordinator_hears(
    left: timedelta, answer_within: timedelta
) -> None:
    now = STARTS - left
    new, asked = a_session(Staffing.ASKED), a_session(Staffing.ASKED, asked_at=now)

    assert rules.moments(new, now=now).ask_host == rules.AT_ONCE
    for session in (new, asked):
        assert rules.moments(session, now=now).alert == now + answer_within


def test_a_host_named_anew_has_their_while_though_the_coordinator_was_told_before() -> None:
    session = a_session(Staffing.ASKED, alerted_at=STARTS - DAYS, asked_at=STARTS - 5 * HOURS)

    assert rules.moments(session, now=STARTS - 5 * HOURS).alert == STARTS - 270 * MINUTES


def test_who_was_asked_before_it_is_due_puts_nothing_off_but_by_a_quarter_of_an_hour() -> None:
    for asked, told in ((25 * HOURS, DAYS), (DAYS + 5 * MINUTES, DAYS - 10 * MINUTES)):
        session = a_session(Staffing.NEEDS_HOST, asked_at=STARTS - asked)
        assert rules.moments(session, now=STARTS - DAYS).alert == STARTS - told


@pytest.mark.parametrize("staffing", [Staffing.ASKED, Staffing.NEEDS_HOST])
def test_the_coordinator_hears_in_time_and_participants_never_sooner(staffing: Staffing) -> None:
    """However late they are asked, and however often others are: half of the time is left at least, seen
    from when they hear it."""
    for minutes in range(1, 3 * 24 * 60, 7):
        asked_at = now = STARTS - minutes * MINUTES
        heard = heard_at(now, starts_at=STARTS, zone=HELSINKI)
        latest = max(heard + (STARTS - heard) / 2, STARTS - DAYS + 15 * MINUTES)
        while True:
            moments = rules.moments(a_session(staffing, asked_at=asked_at), now=now)
            assert moments.alert is not None
            assert moments.tell_missing is not None
            assert moments.ask_stand_ins is not None
            assert moments.tell_missing >= moments.alert
            if moments.alert <= moments.ask_stand_ins:
                break
            asked_at = now = moments.ask_stand_ins
        assert moments.alert <= latest, minutes


def test_while_a_stand_in_is_wanted_nobody_but_those_asked_is_told_anything() -> None:
    moments = rules.moments(a_session(Staffing.STAND_IN_WANTED), now=STARTS - HOURS)

    assert (moments.alert, moments.tell_missing, moments.ask_host) == (None, None, None)
    assert moments.ask_stand_ins == rules.AT_ONCE


def test_nobody_is_asked_to_come_to_what_has_begun_but_those_who_wait_are_told() -> None:
    moments = rules.moments(a_session(Staffing.NEEDS_HOST), now=STARTS + MINUTES)

    assert (moments.ask_host, moments.ask_stand_ins) == (None, None)
    assert moments.tell_missing == STARTS - 3 * HOURS


@pytest.mark.parametrize(
    "session",
    [
        a_session(Staffing.ACCEPTED),
        a_session(Staffing.NEEDS_HOST, open=False),
        a_session(Staffing.NEEDS_HOST, over_at=STARTS - 2 * HOURS),
    ],
)
def test_nothing_is_due_for_what_has_a_host_or_is_over(session: Session) -> None:
    assert rules.moments(session, now=STARTS - HOURS).first() is None

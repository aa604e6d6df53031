"""Who can still come to a group, who is offered a free place, and until when they may answer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from services.booking.domain import enrolment as rules
from services.booking.domain.enrolment import Group, Party, Session
from services.contracts.booking.slots import BookingStatus as Status
from services.contracts.refusals import Code, Refusal

ZONE = ZoneInfo("Europe/Helsinki")
NOON = datetime(2027, 2, 2, 10, tzinfo=UTC)
"""Twelve in Helsinki, in winter."""
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def at(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """By the clock in Helsinki, whichever it is that day."""
    return datetime(2027, month, day, hour, minute, second, tzinfo=ZONE).astimezone(UTC)


def a_group(**differs: Any) -> Group:
    usual: dict[str, Any] = {
        "id": UUID(int=1),
        "open": True,
        "whole_series": False,
        "by_acceptance": False,
        "ended": False,
        "begins_at": None,
    }
    return Group(**usual | differs)


def a_session(
    starts_at: datetime = NOON + DAY, *, live: bool = True, left: int = 1, capacity: int = 10
) -> Session:
    return Session(uuid4(), live, starts_at, starts_at + timedelta(hours=1), left, capacity)


WISH: dict[str, Any] = {"slot_id": None, "walk_in": False, "rooms_open": 15 * MINUTE, "now": NOON}


def refusal(group: Group, sessions: list[Session], **wish: Any) -> Code:
    with pytest.raises(Refusal) as refused:
        rules.wished(group, sessions, **WISH | wish)
    return refused.value.code


def a_party(*slot_ids: UUID, people: int = 1) -> Party:
    return Party(uuid4(), {slot_id: [uuid4() for _ in range(people)] for slot_id in slot_ids})


def test_the_whole_series_is_every_session_ahead_that_is_not_called_off() -> None:
    past, off, ahead = a_session(NOON - DAY), a_session(live=False), a_session()

    group = a_group(whole_series=True)

    assert rules.wished(group, [past, off, ahead], **WISH) == [ahead]
    assert refusal(group, [past, off]) is Code.SLOT_CLOSED
    assert refusal(group, [ahead], slot_id=ahead.slot_id) is Code.FORBIDDEN


def test_more_people_than_places_are_not_let_wait_for_ever() -> None:
    small, big = a_session(left=0, capacity=2), a_session(left=0, capacity=3)

    rules.check_party(a_group(), [big], 3, now=NOON)
    rules.check_party(a_group(), [small, big], 2, now=NOON)
    about_to_begin = a_session(NOON + MINUTE, capacity=2)
    rules.check_party(a_group(), [about_to_begin, big], 3, now=NOON)  # they come to the rest
    for sessions in ([small], [small, big], [about_to_begin]):
        with pytest.raises(Refusal) as refused:
            rules.check_party(a_group(), sessions, 3, now=NOON)
        assert refused.value.code is Code.PARTY_TOO_LARGE
        assert refused.value.facts["errors"][0]["field"] == "companions"


def test_a_single_session_is_named_and_is_still_to_come_or_going_on() -> None:
    going_on, over = a_session(NOON - 30 * MINUTE), a_session(NOON - 60 * MINUTE)
    group = a_group()

    assert rules.wished(group, [going_on], **WISH | {"slot_id": going_on.slot_id}) == [going_on]
    assert refusal(group, [over], slot_id=over.slot_id) is Code.SLOT_CLOSED
    assert refusal(group, [over], slot_id=uuid4()) is Code.NOT_FOUND
    assert refusal(group, [over]) is Code.FIELD_REQUIRED


def test_a_closed_group_takes_nobody_once_it_has_begun() -> None:
    session = a_session()

    begun = a_group(open=False, begins_at=NOON)
    not_yet = a_group(open=False, begins_at=NOON + MINUTE)

    assert refusal(begun, [session], slot_id=session.slot_id) is Code.ALREADY_STARTED
    assert rules.wished(not_yet, [session], **WISH | {"slot_id": session.slot_id})
    assert refusal(a_group(ended=True), [session], slot_id=session.slot_id) is Code.SLOT_CLOSED


def test_one_walks_into_an_open_group_from_the_opening_of_its_room() -> None:
    soon, later = a_session(NOON + 15 * MINUTE), a_session(NOON + 16 * MINUTE)
    earlier = {"rooms_open": 16 * MINUTE, "slot_id": later.slot_id, "walk_in": True}

    assert rules.wished(a_group(), [soon], **WISH | {"slot_id": soon.slot_id, "walk_in": True}) == [soon]
    assert refusal(a_group(), [later], slot_id=later.slot_id, walk_in=True) is Code.ROOM_NOT_OPEN
    assert rules.wished(a_group(), [later], **WISH | earlier) == [later]
    for group in (a_group(open=False, begins_at=NOON + DAY), a_group(by_acceptance=True)):
        assert refusal(group, [soon], slot_id=soon.slot_id, walk_in=True) is Code.FORBIDDEN


def test_a_smaller_party_passes_a_bigger_one_that_does_not_fit_and_both_keep_their_order() -> None:
    session = uuid4()
    couple, first, second = a_party(session, people=2), a_party(session), a_party(session)

    assert rules.whom_to_offer([couple, first, second], {session: 1}) == [first]
    assert rules.whom_to_offer([couple, first, second], {session: 2}) == [couple]
    assert rules.whom_to_offer([couple, first, second], {session: 3}) == [couple, first]
    assert rules.whom_to_offer([couple, first, second], {session: 0}) == []


def test_whoever_waits_for_a_series_is_offered_all_that_is_left_of_it_or_nothing() -> None:
    first, second, gone = uuid4(), uuid4(), uuid4()
    party = a_party(first, second, gone)

    assert rules.whom_to_offer([party], {first: 1, second: 0}) == []
    (offered,) = rules.whom_to_offer([party], {first: 1, second: 1})
    assert set(offered.wishes) == {first, second}
    assert rules.whom_to_offer([a_party(gone)], {first: 1}) == []


def test_places_are_offered_until_twenty_five_minutes_before_the_start() -> None:
    near, far = a_session(NOON + 25 * MINUTE), a_session(NOON + 26 * MINUTE)
    off = a_session(live=False)

    assert rules.still_offered(a_group(), [near, far, off], now=NOON) == [far]
    begins_soon = a_group(open=False, begins_at=near.starts_at)
    assert rules.still_offered(begins_soon, [near, far], now=NOON) == []
    begins_later = a_group(open=False, begins_at=far.starts_at)
    assert rules.still_offered(begins_later, [far], now=NOON) == [far]


@pytest.mark.parametrize(
    ("now", "time_left", "answer_within"),
    [
        (NOON, 10 * DAY, DAY),
        (NOON, 20 * 60 * MINUTE, 300 * MINUTE),
        (NOON, 40 * MINUTE, 15 * MINUTE),
        (NOON, 26 * MINUTE, 15 * MINUTE),
    ],
)
def test_an_answer_has_a_day_and_less_near_the_start(
    now: datetime, time_left: timedelta, answer_within: timedelta
) -> None:
    assert rules.offer_until(now=now, starts_at=now + time_left, zone=ZONE) == now + answer_within


def test_nobody_has_to_answer_in_the_night_where_the_start_leaves_room() -> None:
    evening = datetime(2027, 2, 2, 18, tzinfo=UTC)  # twenty in Helsinki
    in_the_night = evening + timedelta(hours=16)  # noon: a quarter of the time is midnight
    early = datetime(2027, 2, 3, 6, 5, tzinfo=UTC)  # five past eight

    at_eight = datetime(2027, 2, 3, 6, tzinfo=UTC)
    assert rules.offer_until(now=evening, starts_at=in_the_night, zone=ZONE) == at_eight
    assert rules.offer_until(now=evening, starts_at=early, zone=ZONE) == evening + (early - evening) / 4
    two_at_night = datetime(2027, 2, 3, 0, tzinfo=UTC)
    assert rules.offer_until(now=two_at_night, starts_at=two_at_night + DAY / 2, zone=ZONE) == at_eight


@pytest.mark.parametrize(
    ("now", "starts_at", "until"),
    [
        # Offered at 23 and told in the morning: a quarter of what is left at eight, or a day from then.
        (at(2, 2, 23), at(2, 3, 20), at(2, 3, 11)),
        (at(2, 2, 23), at(2, 9, 23), at(2, 4, 8)),
        (at(2, 3, 3), at(2, 4, 4), at(2, 3, 13)),
        # Told at once: by day, and at night when the start is no more than twelve hours away.
        (at(2, 2, 20, 59), at(2, 3, 20, 59), at(2, 3, 8)),
        (at(2, 2, 8), at(2, 3, 8), at(2, 2, 14)),
        (at(2, 2, 23), at(2, 3, 11), at(2, 3, 8)),
        (at(2, 2, 23), at(2, 3, 11, 1), at(2, 3, 8, 45, 15)),
        # The night in which clocks go on is an hour shorter, the one in which they go back an hour longer.
        (at(3, 27, 23), at(3, 28, 20), at(3, 28, 11)),
        (at(3, 27, 21), at(3, 28, 10), at(3, 28, 8)),
        (at(10, 30, 23), at(10, 31, 20), at(10, 31, 11)),
        (at(10, 30, 21), at(10, 31, 8), at(10, 31, 0)),  # twelve hours: told at once
        (at(10, 30, 21), at(10, 31, 8, 5), at(10, 31, 7, 55)),
        (at(10, 30, 21), at(10, 31, 9), at(10, 31, 8, 15)),
    ],
)
def test_the_time_to_answer_what_is_offered_at_night_begins_in_the_morning(
    now: datetime, starts_at: datetime, until: datetime
) -> None:
    assert rules.offer_until(now=now, starts_at=starts_at, zone=ZONE) == until


def test_what_asks_for_something_is_told_first() -> None:
    assert rules.overall([Status.ATTENDED, Status.CONFIRMED], left=False) is Status.CONFIRMED
    assert rules.overall([Status.OFFERED, Status.WAITING], left=False) is Status.OFFERED
    assert rules.overall([Status.EXPIRED, Status.CANCELLED], left=False) is Status.EXPIRED
    assert rules.overall([Status.ATTENDED, Status.CANCELLED], left=True) is Status.CANCELLED
    assert rules.overall([Status.ATTENDED, Status.CANCELLED], left=False) is Status.ATTENDED


def test_an_offer_is_answered_once_and_in_time() -> None:
    def answer(*statuses: Status, accept: bool, until: datetime | None = NOON + MINUTE) -> bool:
        return rules.check_can_answer(statuses, offered_until=until, accept=accept, now=NOON)

    assert answer(Status.OFFERED, accept=True)
    assert answer(Status.OFFERED, accept=False)
    assert not answer(Status.CONFIRMED, accept=True)
    assert not answer(Status.CANCELLED, accept=False)
    for statuses, accept, until in [
        ((Status.OFFERED,), True, NOON),
        ((Status.OFFERED,), False, NOON),
        ((Status.CONFIRMED,), False, None),
        ((Status.CANCELLED,), True, None),
        ((Status.EXPIRED,), True, None),
        ((Status.WAITING,), True, None),
    ]:
        with pytest.raises(Refusal) as refused:
            answer(*statuses, accept=accept, until=until)
        assert refused.value.code is Code.OFFER_OVER

"""When a room is open and for whom."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import RoomState
from services.rooms import domain
from services.rooms.domain import Hours, Meeting, Name, Presence, Seat, Wish

STARTS = datetime.fromisoformat("2027-03-02T10:00:00+00:00")
ENDS = STARTS + timedelta(minutes=45)
HOURS = Hours(before=timedelta(minutes=15), after=timedelta(minutes=30))
HOST = UUID(int=1)


def a_meeting(
    *, closed_at: datetime | None = None, cancelled: bool = False, host_present: bool = False
) -> Meeting:
    return Meeting(
        slot_id=UUID(int=9),
        room="r" * 40,
        host_id=HOST,
        kind="appointment",
        starts_at=STARTS,
        ends_at=ENDS,
        closed_at=closed_at,
        cancelled=cancelled,
        host_present=host_present,
        waiting=0,
    )


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (STARTS - timedelta(minutes=15, microseconds=1), RoomState.BEFORE),
        (STARTS - timedelta(minutes=15), RoomState.WAITING),
        (ENDS + timedelta(minutes=30, microseconds=-1), RoomState.WAITING),
        (ENDS + timedelta(minutes=30), RoomState.OVER),
    ],
)
def test_the_hours_are_half_open(now: datetime, expected: RoomState) -> None:
    assert domain.state(a_meeting(), HOURS, now) is expected


def test_inside_its_hours_the_host_makes_the_difference() -> None:
    assert domain.state(a_meeting(), HOURS, STARTS) is RoomState.WAITING
    assert domain.state(a_meeting(host_present=True), HOURS, STARTS) is RoomState.OPEN


def test_a_cancelled_meeting_is_cancelled_at_any_time() -> None:
    for now in (STARTS - timedelta(days=9), STARTS, ENDS + timedelta(days=9)):
        off = a_meeting(cancelled=True, closed_at=STARTS, host_present=True)
        assert domain.state(off, HOURS, now) is RoomState.CANCELLED


def test_a_closed_meeting_is_over_with_time_left() -> None:
    assert domain.state(a_meeting(closed_at=STARTS, host_present=True), HOURS, STARTS) is RoomState.OVER


@given(
    minutes=st.integers(-3 * 60, 3 * 60),
    closed=st.booleans(),
    cancelled=st.booleans(),
    host_present=st.booleans(),
)
def test_who_may_enter_and_what_is_shown_agree(
    minutes: int, closed: bool, cancelled: bool, host_present: bool
) -> None:
    meeting = a_meeting(
        closed_at=STARTS if closed else None, cancelled=cancelled, host_present=host_present
    )
    now = STARTS + timedelta(minutes=minutes)

    try:
        domain.may_enter(meeting, HOURS, now)
        entered = True
    except Refusal:
        entered = False

    assert entered == (domain.state(meeting, HOURS, now) in (RoomState.WAITING, RoomState.OPEN))


def test_a_replaced_link_is_refused_and_a_newer_one_than_known_is_not() -> None:
    seat = Seat(booking_id=UUID(int=2), link_version=2, meeting=a_meeting())

    domain.may_use_link(seat, 2)
    domain.may_use_link(seat, 3)
    with pytest.raises(Refusal) as refused:
        domain.may_use_link(seat, 1)

    assert refused.value.code is Code.LINK_EXPIRED


def test_only_the_host_and_who_stands_in_may_host() -> None:
    domain.may_host(a_meeting(), HOST, stands_in=False)
    domain.may_host(a_meeting(), UUID(int=5), stands_in=True)
    with pytest.raises(Refusal) as refused:
        domain.may_host(a_meeting(), UUID(int=5), stands_in=False)

    assert refused.value.code is Code.NOT_FOUND


def test_a_connection_shows_arrival_unless_it_is_old_news() -> None:
    later = STARTS + timedelta(minutes=1)

    assert domain.shows_arrival(Presence.AWAY, STARTS, later, ended=False)
    assert domain.shows_arrival(Presence.WAITING, STARTS, STARTS, ended=False)
    assert not domain.shows_arrival(Presence.AWAY, later, STARTS, ended=False)
    assert not domain.shows_arrival(Presence.AWAY, STARTS, later, ended=True)
    assert not domain.shows_arrival(Presence.JOINED, STARTS, later, ended=False)


def test_the_end_of_the_last_connection_shows_departure_unless_it_is_old_news() -> None:
    later = STARTS + timedelta(minutes=1)

    assert domain.shows_departure(Presence.JOINED, STARTS, later, connected=False)
    assert not domain.shows_departure(Presence.JOINED, STARTS, later, connected=True)
    assert not domain.shows_departure(Presence.JOINED, later, STARTS, connected=False)
    assert not domain.shows_departure(Presence.WAITING, STARTS, later, connected=False)


KIELO, PIHLA = b"kielo", b"pihla"


@given(
    had=st.lists(
        st.none() | st.builds(Name, st.sampled_from([KIELO, PIHLA]), st.integers(1, 9)), max_size=9
    ),
    asked=st.lists(
        st.builds(Name, st.sampled_from([KIELO, PIHLA]), st.integers(1, 4)), min_size=9, max_size=9
    ),
)
def test_no_two_of_one_name_get_one_number_and_who_had_one_keeps_it(
    had: list[Name | None], asked: list[Name]
) -> None:
    names = {UUID(int=100 + who): name for who, name in enumerate(had) if name and name not in had[:who]}
    wishes = [
        Wish(UUID(int=100 + who), names.get(UUID(int=100 + who)), name) for who, name in enumerate(asked)
    ]

    given_out = domain.given_numbers(wishes, names)

    borne = {wish.who_id: (wish.asked.digest, given_out[wish.who_id]) for wish in wishes}
    assert len(set(borne.values())) == len(wishes)
    for wish in wishes:
        if wish.had is not None and wish.had.stays(wish.asked):
            assert given_out[wish.who_id] == wish.had.number


def test_a_number_given_up_is_free_for_who_comes_next() -> None:
    first, second, host = (UUID(int=number) for number in (1, 2, 3))
    taken = {first: Name(KIELO, 1), host: Name(PIHLA, 1)}
    wishes = [Wish(first, Name(KIELO, 1), Name(PIHLA, 1)), Wish(second, None, Name(KIELO, 1))]

    assert domain.given_numbers(wishes, taken) == {first: 2, second: 1}

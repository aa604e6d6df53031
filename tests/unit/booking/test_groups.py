"""What a group's numbers must be, and who of a series comes to a session added to it."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.booking.domain import groups as rules
from services.booking.domain.groups import Member
from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal

NAME = Words("Ryhmä", "Grupp", "Group")
SOMEBODY = uuid4()


def check(**differs: Any) -> None:
    usual: dict[str, Any] = {
        "name": NAME,
        "description": NAME,
        "capacity": 10,
        "room_limit": None,
        "facilitators": [SOMEBODY],
    }
    rules.check(**usual | differs)


def test_a_group_as_it_should_be_is_fine() -> None:
    check(capacity=1000, room_limit=2000, kind=SlotKind.EVENT)


@pytest.mark.parametrize(
    ("differs", "field"),
    [
        ({"capacity": 1}, "capacity"),
        ({"capacity": 1001}, "capacity"),
        ({"room_limit": 9}, "room_limit"),
        ({"room_limit": 2001}, "room_limit"),
        ({"name": Words("Ryhmä", " ", "Group")}, "name.sv"),
        ({"description": Words("Ryhmä", "Grupp", "g" * 2001)}, "description.en"),
        ({"facilitators": [SOMEBODY, SOMEBODY]}, "facilitators"),
        ({"kind": SlotKind.APPOINTMENT}, "kind"),
    ],
)
def test_what_cannot_be_is_refused_by_field(differs: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        check(**differs)

    assert [error["field"] for error in refused.value.facts["errors"]] == [field]


def test_fewer_places_than_people_are_refused_with_their_number() -> None:
    rules.check_capacity(7, fullest=7)
    with pytest.raises(Refusal) as refused:
        rules.check_capacity(6, fullest=7)

    assert (refused.value.code, refused.value.facts) == (Code.CAPACITY_TOO_SMALL, {"enrolled": 7})


def test_a_room_has_space_for_all_their_hosts_and_some_second_devices_unless_somebody_says_how_many() -> (
    None
):
    assert rules.room_limit(None, capacity=12, hosts=2) == 19
    assert rules.room_limit(13, capacity=12, hosts=2) == 13
    assert rules.room_limit(None, capacity=1000, hosts=400) == 2000


def member(status: BookingStatus, accompanies: UUID | None = None) -> Member:
    return Member(uuid4(), accompanies, status)


def test_who_has_a_place_comes_while_there_is_room_and_a_party_comes_together() -> None:
    first, second, third, waits = [
        member(status)
        for status in (
            BookingStatus.CONFIRMED,
            BookingStatus.OFFERED,
            BookingStatus.HELD,
            BookingStatus.WAITING,
        )
    ]
    friend = member(BookingStatus.OFFERED, second.enrolment_id)
    everybody = [first, second, third, waits, friend]

    assert set(rules.members_with_room(everybody, 4)) == set(everybody)
    assert rules.members_with_room(everybody, 2) == [first, third, waits]


def test_nobody_comes_along_with_one_who_has_left() -> None:
    friend = member(BookingStatus.CONFIRMED, uuid4())

    assert rules.members_with_room([friend], 4) == []

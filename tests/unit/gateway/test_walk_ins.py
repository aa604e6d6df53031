"""How many may walk into one session from one network."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.contracts.booking.catalogue import Host
from services.contracts.booking.groups import GroupSession
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway.walk_ins import WalkIns, most_of

NOON = datetime(2027, 1, 12, 12, tzinfo=UTC)
LIBRARY, HOME = "192.0.2.1", "198.51.100.7"


def session(number: int = 1, capacity: int = 12) -> GroupSession:
    return GroupSession(
        slot_id=UUID(int=number),
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=1),
        time_zone="Europe/Helsinki",
        capacity=capacity,
        seats_left=capacity,
        staffed=True,
        host=Host(id=UUID(int=9), display_name="Aino", organisation="Arki"),
    )


def come(into: WalkIns, key: str, network: str = LIBRARY, *, number: int = 1, at: datetime = NOON) -> None:
    with into.one_more(session(number), network=network, key=key, now=at):
        pass


@pytest.mark.parametrize(("capacity", "most"), [(3, 4), (8, 4), (12, 6), (600, 300)])
def test_half_of_the_places_are_for_other_networks(capacity: int, most: int) -> None:
    assert most_of(capacity) == most


def test_one_network_gets_half_of_a_session_and_another_the_rest() -> None:
    into = WalkIns()
    for number in range(6):
        come(into, f"key {number}")

    with pytest.raises(Refusal) as refused:
        come(into, "one too many")

    assert refused.value.code is Code.TOO_MANY
    assert refused.value.facts["retry_after"] == 3600
    come(into, "one too many", HOME)
    come(into, "one too many", number=2)


def test_a_second_press_of_the_same_button_is_no_second_person() -> None:
    into = WalkIns()
    for number in (0, 0, 0, 1, 1, 2, 3, 4, 5, 5):
        come(into, f"key {number}")
    with pytest.raises(Refusal):
        come(into, "key 6")
    come(into, "key 0")


def test_whoever_was_refused_does_not_count_and_whoever_may_have_come_in_does() -> None:
    into = WalkIns()
    for number in range(20):
        with (
            pytest.raises(Refusal, match="full"),
            into.one_more(session(), network=LIBRARY, key=f"refused {number}", now=NOON),
        ):
            raise Refusal(Code.GROUP_FULL, "full")
    for number in range(6):
        with (
            pytest.raises(Unavailable),
            into.one_more(session(), network=LIBRARY, key=f"unknown {number}", now=NOON),
        ):
            raise Unavailable
    with pytest.raises(Refusal):
        come(into, "one too many")


def test_a_session_that_is_over_is_forgotten() -> None:
    into = WalkIns()
    for number in range(6):
        come(into, f"key {number}")
    come(into, "afterwards", at=NOON + timedelta(hours=1))

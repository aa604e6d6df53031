"""Which clock is believed, and until when: steps of any of the three are found."""

from datetime import datetime, timedelta

import pytest

from services.notify import timekeeping
from services.notify.timekeeping import DatabaseTime
from tests.support.clock import SetClock

DAY = timedelta(days=1)


class Clocks:
    """Three clocks of which any may be moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.own = SetClock()
        self.steady = timedelta(hours=9)
        self.there = self.own.now()
        monkeypatch.setattr(timekeeping, "steady", lambda: self.steady)
        self.time = DatabaseTime(self.own)

    def look(self) -> bool:
        return self.time.look(self.there)

    def pass_by(self, seconds: float) -> None:
        """Time passes, for the real clocks as well as for this test's."""
        self.steady += timedelta(seconds=seconds)
        self.there += timedelta(seconds=seconds)
        self.own.strays_by += timedelta(seconds=seconds)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def test_clocks_that_fit_are_believed(clocks: Clocks) -> None:
    assert clocks.look()

    clocks.pass_by(3600)

    assert clocks.time.now() == clocks.there
    assert clocks.look()


def test_a_step_of_the_databases_clock_is_not_believed_until_it_is_back(clocks: Clocks) -> None:
    clocks.look()
    before = clocks.there

    clocks.there += timedelta(hours=1)

    assert not clocks.look()
    assert clocks.time.now() == before
    clocks.there = before
    assert clocks.look()


def test_a_step_of_both_wall_clocks_is_not_believed_either(clocks: Clocks) -> None:
    """They may be one and the same: a single machine's."""
    clocks.look()

    clocks.there += DAY
    clocks.own.strays_by += DAY

    assert not clocks.look()


def test_clocks_that_contradict_each_other_from_the_start_are_not_believed(clocks: Clocks) -> None:
    clocks.own.strays_by += timedelta(minutes=6)

    assert not clocks.look()


def test_a_clock_that_drifts_by_less_than_the_bound_is_followed(clocks: Clocks) -> None:
    clocks.look()
    for _ in range(10):
        clocks.there += timedelta(minutes=2)
        clocks.own.strays_by += timedelta(minutes=2)
        assert clocks.look()

    assert clocks.time.now() == clocks.there


def test_a_clock_that_was_moved_on_purpose_is_believed(clocks: Clocks) -> None:
    clocks.look()

    clocks.own.advance(timedelta(days=300))

    assert clocks.look()
    moved: datetime = clocks.time.now()
    assert moved == clocks.there + timedelta(days=300)

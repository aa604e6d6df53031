"""Who has gone silent is told from what others take, and never later than after the patience there is."""

import pytest

from services.notify.senders.letter import Resting
from services.notify.senders.places import SOONEST, Places

LONGEST = 1.5


def after(*took: float) -> float:
    """The patience after conversations that took so many seconds."""
    places = Places(lively=4, silent=44, patience=LONGEST)
    for seconds in took:
        places.learn(seconds)
    return places.patience


def test_nothing_is_known_of_a_provider_at_first() -> None:
    assert after() == pytest.approx(LONGEST)


def test_with_a_quick_one_the_few_that_hang_are_told_soon() -> None:
    assert after(*([15.0] + [0.01] * 19) * 5) == pytest.approx(SOONEST)


def test_with_one_that_is_slow_with_everybody_nobody_has_gone_silent_sooner() -> None:
    assert after(*[1.0] * 100) == pytest.approx(LONGEST)


def test_one_that_was_quick_and_becomes_slow_is_believed_to_be_slow() -> None:
    assert after(*[0.01] * 100, *[1.0] * 100) == pytest.approx(LONGEST)


def test_between_the_two_it_is_some_times_what_half_of_them_take() -> None:
    assert SOONEST < after(*[0.1] * 100) < LONGEST


def test_however_long_it_was_quick_the_same_few_slow_ones_are_believed() -> None:
    assert after(*[0.0] * 1000, *[1.0] * 20) == pytest.approx(LONGEST)


async def test_a_provider_that_rests_does_not_pass_for_a_quick_one() -> None:
    """It is left alone at once, and each of those whom it would have had gives its place back."""
    places = Places(lively=4, silent=44, patience=LONGEST)
    for _ in range(100):
        with pytest.raises(Resting):
            async with places.taken():
                raise Resting(30)
    assert places.patience == pytest.approx(LONGEST)

    for _ in range(100):
        async with places.taken():
            pass
    assert places.patience == pytest.approx(SOONEST)

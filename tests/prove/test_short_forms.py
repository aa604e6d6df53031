"""What the short forms are made of: none left out, a broken promise seen, a seed that repeats."""

from pathlib import Path

import pytest

from tests.prove.catalogue import PROMISES
from tests.prove.proof import Figure, Run
from tests.prove.short_forms import FILES


def test_every_promise_has_a_short_form() -> None:
    """In one of the files here, or as tests of the suite's own; none twice."""
    here = sorted(name for names in FILES for name in names)

    assert here == sorted(promise.name for promise in PROMISES if not promise.in_suite)


async def test_a_broken_promise_is_seen(tmp_path: Path) -> None:
    """The control of all of them."""
    run = Run("A0", seed=1, short=True, folder=tmp_path)

    run.none("bookings lost", ["one"])
    run.at_least("reminders sent", 1, 2)
    run.control("the guard", "nothing happened", broke=False)

    assert [figure.verdict for figure in run.figures] == ["BROKEN"] * 3
    assert Figure("A1", "x", "0", "0", True).verdict == "held"


@pytest.mark.parametrize(("short", "verdict"), [(True, "held"), (False, "BROKEN")])
def test_a_time_is_judged_in_the_long_form_and_shown_in_the_short_one(
    short: bool, verdict: str, tmp_path: Path
) -> None:
    run = Run("A0", seed=1, short=short, folder=tmp_path)

    run.measured("waited", 2.0, 1.5, "s")

    assert [(figure.figure, figure.verdict) for figure in run.figures] == [("2 s", verdict)]


def test_a_seed_repeats_a_run(tmp_path: Path) -> None:
    drawn = [Run("A2", seed=7, short=True, folder=tmp_path).chance.random() for _ in range(2)]
    other = Run("A3", seed=7, short=True, folder=tmp_path).chance.random()

    assert drawn[0] == drawn[1] != other

"""The short form of every proof that has one: the same harm in seconds, over one fleet for all of them."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.embedded.postgres import Postgres
from tests.prove.catalogue import PROMISES, Promise
from tests.prove.proof import Figure, Ground, Run

SHORT = [promise for promise in PROMISES if promise.has_short]


@pytest.fixture(scope="module")
async def ground(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    folder = tmp_path_factory.mktemp("prove")
    shared = Ground(folder)
    shared.give("postgres", postgres)
    yield shared
    await shared.close()


@pytest.mark.parametrize("promise", SHORT, ids=[promise.name for promise in SHORT])
async def test_the_promise_is_kept(promise: Promise, ground: Ground, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"python -m tests.prove {promise.name} --short --seed {seed}")  # noqa: T201 - to do it again
    run = Run(promise.name, seed=seed, short=True, folder=tmp_path, ground=ground)

    await promise.prove(run)
    if promise.control is not None:
        await promise.control(run)

    broken = [str(figure) for figure in run.figures if not figure.held]
    assert run.figures
    assert broken == [], "\n".join([*broken, *run.errors[:5]])


async def test_a_broken_promise_is_seen(tmp_path: Path) -> None:
    """The control of all of them."""
    run = Run("A0", seed=1, short=True, folder=tmp_path)

    run.none("bookings lost", ["one"])
    run.at_most("waited", 2.0, 1.5, "s")
    run.control("the guard", "nothing happened", broke=False)

    assert [figure.verdict for figure in run.figures] == ["BROKEN"] * 3
    assert Figure("A1", "x", "0", "0", True).verdict == "held"


def test_a_seed_repeats_a_run(tmp_path: Path) -> None:
    drawn = [Run("A2", seed=7, short=True, folder=tmp_path).chance.random() for _ in range(2)]
    other = Run("A3", seed=7, short=True, folder=tmp_path).chance.random()

    assert drawn[0] == drawn[1] != other

"""Whatever people, hosts and time do to a group, in any order: the service stays what the model says.

A few hundred steps in the suite. `DIGIAULA_MODEL_STEPS=10000` takes so many, `--hypothesis-seed=7` others;
a difference is shown as the shortest way to it that was found.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from asyncpg import PostgresError
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from deploy.embedded.postgres import Postgres
from deploy.embedded.secrets import load_secrets
from services.booking.store.enrolment import enrolments
from services.booking.store.groups import session_changes
from tests.integration.booking.group_reality import Reality
from tests.integration.booking.group_steps.leaders import LeaderSteps
from tests.integration.booking.group_steps.people import PeopleSteps

STEPS = int(os.environ.get("DIGIAULA_MODEL_STEPS", "250"))
STEPS_OF_ONE = 40


class Groups(PeopleSteps, LeaderSteps):
    """Whatever people, hosts and time do."""


@pytest.fixture
def reality(postgres: Postgres, database: str) -> Iterator[Reality]:
    loop = asyncio.new_event_loop()
    url = postgres.dsn("booking", load_secrets(postgres.state).roles["booking"], database)
    opened = Reality.open(loop, url, postgres.superuser_dsn(database))
    yield opened
    opened.close()
    loop.close()


def run_model(reality: Reality, groups: int, **how: Any) -> None:
    """The lives of so many groups."""
    Groups.reality = reality
    run_state_machine_as_test(
        Groups,
        settings=settings(
            max_examples=groups,
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **how,
        ),
    )


def test_a_group_is_what_the_model_says_after_every_step(reality: Reality) -> None:
    while reality.steps < STEPS:
        seed(random.randrange(2**32))(Groups)  # another one each time round
        run_model(reality, max(1, (STEPS - reality.steps) // STEPS_OF_ONE))
    print(f"{reality.steps} steps")  # noqa: T201 - the figure is the point of a long run


BREAKAGES = {
    "the list runs backwards": (enrolments, "WAITING", "ORDER BY m.place", "ORDER BY m.place DESC"),
    "a party is waited for by its first alone": (
        enrolments,
        "WAITING",
        "coalesce(e.accompanies, e.id)",
        "e.id",
    ),
    "an offer is forgotten when it was answered": (enrolments, "END_EMPTY_OFFERS", "NOT EXISTS", "EXISTS"),
    "one who is forgotten comes to what is added": (
        session_changes,
        "MEMBERS",
        "AND b.forgotten_at IS NULL",
        "",
    ),
    "one who is forgotten is told why it is off": (
        session_changes,
        "CALL_OFF_BOOKINGS",
        "CASE WHEN forgotten_at IS NULL THEN $3 END",
        "$3",
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_the_model_finds_what_is_broken(
    reality: Reality, monkeypatch: pytest.MonkeyPatch, breakage: str
) -> None:
    """The negative control: each of these is one word in one statement."""
    where, name, right, wrong = BREAKAGES[breakage]
    assert right in getattr(where, name)
    monkeypatch.setattr(where, name, getattr(where, name).replace(right, wrong))

    with pytest.raises((AssertionError, ExceptionGroup, KeyError, PostgresError)):
        run_model(reality, 80, phases=[Phase.generate], derandomize=True)

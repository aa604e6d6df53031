"""Whatever people, hosts and time do to a group, in any order: the service stays what the model says.

A few hundred steps in the suite. `DIGIAULA_MODEL_STEPS=10000` takes so many, `--hypothesis-seed=7` others;
a difference is shown as the shortest way to it that was found.
"""

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from asyncpg import CheckViolationError
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from deploy.embedded.postgres import Postgres
from deploy.embedded.secrets import load_secrets
from services.booking.store import slots
from services.booking.store.enrolment import enrolments
from services.booking.store.groups import session_changes, sessions_ahead
from tests.integration.booking.group_reality import Reality
from tests.integration.booking.group_steps.leaders import LeaderSteps
from tests.integration.booking.group_steps.people import PeopleSteps
from tests.integration.booking.group_steps.steps import DAY

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
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_the_model_finds_what_is_broken(
    reality: Reality, monkeypatch: pytest.MonkeyPatch, breakage: str
) -> None:
    """The negative control: each of these is one word in one statement."""
    where, name, right, wrong = BREAKAGES[breakage]
    assert right in getattr(where, name)
    monkeypatch.setattr(where, name, getattr(where, name).replace(right, wrong))

    seed(1)(Groups)
    with pytest.raises((AssertionError, ExceptionGroup, KeyError)):
        run_model(reality, 80, phases=[Phase.generate])


NOT_OFTEN: dict[str, Any] = {
    "one who is forgotten is told why it is off": (
        (session_changes, "CALL_OFF_BOOKINGS", "CASE WHEN forgotten_at IS NULL THEN $3 END", "$3"),
        20,
        [lambda group: group.erase_during_a_session(0, "done")],
        lambda group: group.call_off_what_goes_on("done"),
    ),
    "one who is forgotten comes to what is added": (
        (session_changes, "MEMBERS", "AND b.forgotten_at IS NULL", ""),
        20,
        [lambda group: group.erase_during_a_session(0, "done")],
        lambda group: group.add_session("done"),
    ),
    "whatever was moved meanwhile is ended": (
        (
            slots,
            "END_SLOT",
            "starts_at = coalesce($3::timestamptz, starts_at)",
            "$3::timestamptz IS NOT NULL",
        ),
        -10,
        [lambda group: group.end_a_meeting(minutes=-10, heard=False, sure=False)],
        lambda group: group.move_what_was_ended(days=1, late=True, fate="done"),
    ),
    "what was ended before its hour is called off with the group": (
        (sessions_ahead, "LOCK_AHEAD", "least(s.starts_at, s.ended_at)", "s.starts_at"),
        -10,
        [lambda group: group.end_a_meeting(minutes=-10, heard=True, sure=False)],
        lambda group: group.end_group(5, "done"),
    ),
}


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("name", NOT_OFTEN)
def test_the_model_finds_on_the_shortest_way_what_chance_seldom_meets(
    reality: Reality, monkeypatch: pytest.MonkeyPatch, name: str, broken: bool
) -> None:
    (where, statement, right, wrong), beside, steps, last = NOT_OFTEN[name]
    assert right in getattr(where, statement)
    if broken:
        monkeypatch.setattr(where, statement, getattr(where, statement).replace(right, wrong))
    Groups.reality = reality
    group = Groups()
    kind = {"open": True, "series": True, "acceptance": False, "confirm": False}
    group.found(kind=kind, capacity=2, first=DAY, sessions=1, crowd=[0], beside=beside)
    group.is_as_the_model_says()
    for step in steps:
        step(group)
        group.is_as_the_model_says()

    with pytest.raises((AssertionError, CheckViolationError)) if broken else nullcontext():
        last(group)
        group.is_as_the_model_says()

"""Traces of the system as people run it, told to a collector: nothing personal in them, nothing unasked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.test_promises import THEME, booked_with_canaries, spoken_of
from tests.support.collector import Collector
from tests.support.eventually import eventually
from tests.support.stack import Stack
from tests.support.telling import telling_stack

SERVICES = {"booking", "rooms", "notify", "gateway"}
OF_THE_EXTRA = "google/_upb"


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, Collector]]:
    async with telling_stack(tmp_path_factory.mktemp("told") / "state") as both:
        yield both


def loaded(stack: Stack) -> set[str]:
    """The services in whose processes a library of the extra lies."""
    return {
        name
        for name, facts in stack.state["services"].items()
        if OF_THE_EXTRA in Path(f"/proc/{facts['pid']}/maps").read_text(encoding="utf-8")
    }


async def test_no_name_address_words_or_token_is_told_in_a_trace(told: tuple[Stack, Collector]) -> None:
    stack, collector = told
    canaries, _ = await booked_with_canaries(stack)
    canaries.append(THEME)

    def all_told() -> bool:
        names = {span.name for span in collector.spans}
        return {"POST /api/v1/t/{token}/join", "send confirmation", "send change", "send links"} <= names

    await eventually(all_told)
    assert spoken_of(collector.said, canaries) == []
    assert {span.service for span in collector.spans} == SERVICES


async def test_only_where_somebody_asked_for_traces_is_the_extra_in_the_process(
    stack: Stack, told: tuple[Stack, Collector]
) -> None:
    """Those of `told` begin as forks of a process without it, and load it each for itself."""
    assert loaded(stack) == set()
    assert loaded(told[0]) == SERVICES

"""Each owner's page lists exactly the subjects that the code has."""

import re
from collections.abc import Collection

import pytest

from services.gateway.live import HEARD
from services.runtime.migrate import SERVICES
from tests.architecture.code import CODE, answered, events, heard, requests

SUBJECT = re.compile(r"`(\w+\.v\d+\.(?:rpc|event)\.[\w>]+|…\w+)`")


def in_code(service: str) -> set[str]:
    """What it answers, hears, asks and tells."""
    asks = {subject for subject, request in requests().items() if service in request.asked_by}
    tells = {subject for subject in events() if subject.startswith(f"{service}.")}
    live = {subject for pattern in HEARD for subject in covered(pattern)} if service == "gateway" else set()
    return answered(service) | heard(service) | asks | tells | live


def in_readme(text: str, there: Collection[str] = ()) -> set[str]:
    """All that its section on subjects names. `…ends` goes on where the subject before it began, and a
    `>` stands for everything below it that is `there`."""
    section = text.partition("## Subjects")[2].partition("\n## ")[0]
    named: set[str] = set()
    stem = ""
    for name in SUBJECT.findall(section):
        whole = stem + name.removeprefix("…") if name.startswith("…") else name
        stem = whole.rpartition(".")[0] + "."
        named |= covered(whole) & set(there) if whole.endswith(">") else {whole}
    return named


def covered(pattern: str) -> set[str]:
    return {
        subject for subject in (*requests(), *events()) if subject.startswith(pattern.removesuffix(">"))
    }


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_lists_what_the_code_has(service: str) -> None:
    there = in_code(service)
    named = in_readme((CODE / service / "README.md").read_text(encoding="utf-8"), there)

    # The runtime answers for dead letters: a page may leave them out.
    missing = {subject for subject in there - named if not subject.endswith("_dead_letters")}
    assert (sorted(missing), sorted(named - there)) == ([], [])


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_is_one_screen_and_says_what_to_do(service: str) -> None:
    text = (CODE / service / "README.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {service}\n")
    assert "## When it pages you" in text
    assert len(text.splitlines()) <= 90


def test_what_is_read_is_what_is_written() -> None:
    """The reader itself: names in full, names cut short, and names outside the section."""
    text = """
`rooms.v1.rpc.join` is not here
## Subjects
`rooms.v1.rpc.look`, `…leave` and `…close_room`; `notify.v1.event.message_failed`
## Settings
`booking.v1.rpc.book`
"""

    assert in_readme(text) == {
        "rooms.v1.rpc.look",
        "rooms.v1.rpc.leave",
        "rooms.v1.rpc.close_room",
        "notify.v1.event.message_failed",
    }

""" "I am done on this computer": whoever uses it next is led to nobody's page, and the place stays."""

from datetime import timedelta
from http.cookies import SimpleCookie
from uuid import UUID

import pytest
from yarl import URL

from services.contracts.booking.appointments import CancelBooking
from services.contracts.booking.enrolment import LeaveGroup
from services.gateway.pages.kept_place import MOST_FORMS
from tests.pages import examples
from tests.pages.taking import FORMS, SERIES, TIME, Ledger, ledger, press
from tests.pages.test_groups import COME_IN
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Visitor
from tests.support.system import System

__all__ = ["ledger"]

LINK = examples.link()
SOON = examples.STARTS - timedelta(minutes=5)
CHANGES = (CancelBooking, LeaveGroup)


async def done_here(visitor: Visitor, place: str) -> Page:
    page = await visitor.open(place)
    return await visitor.send(page.form("/forget"))


def cookies(visitor: Visitor, path: str) -> list[str]:
    """What this browser would send there, by name."""
    return list(visitor.session.cookie_jar.filter_cookies(URL(visitor.address + path)))


@pytest.mark.parametrize("path", FORMS)
async def test_the_way_back_is_gone_and_the_place_stands(
    visitor: Visitor, neighbours: Neighbours, path: str
) -> None:
    first = await press(visitor, path)
    assert cookies(visitor, path) == [f"place{path.replace('/', '.')}"]

    page = await done_here(visitor, first.path)

    assert page.heading == "Olet lopettanut tällä tietokoneella"
    assert cookies(visitor, path) == cookies(visitor, first.path) == []
    assert first.path not in (await visitor.open(path)).links
    there = await visitor.open(first.path)
    assert (there.status, there.heading) == (200, first.heading)
    assert not [kind for kind in CHANGES if neighbours.heard(kind)]


async def test_who_comes_next_walks_in_as_themselves(
    visitor: Visitor, ledger: Ledger, clock: SetClock
) -> None:
    clock.set(SOON)
    page = await visitor.open(COME_IN)
    first = await visitor.send(page.form(COME_IN), display_name="Kielo")
    assert (await visitor.open(COME_IN)).path == first.path

    await done_here(visitor, first.path)
    page = await visitor.open(COME_IN)
    second = await visitor.send(page.form(COME_IN), display_name="Ruusu")

    assert second.path != first.path
    assert ledger.taken == 2


async def test_one_press_forgets_every_way_that_the_browser_holds(visitor: Visitor) -> None:
    second = await press(visitor, TIME)
    first = await press(visitor, SERIES)

    await done_here(visitor, first.path)

    for path in (SERIES, TIME, first.path, second.path):
        assert cookies(visitor, path) == []


async def test_what_was_looked_for_is_forgotten_as_well(visitor: Visitor) -> None:
    for path in ("/times", "/groups"):
        page = await visitor.open(path)
        await visitor.send(page.form(path), theme=examples.THEME)
    first = await press(visitor, SERIES)
    assert (cookies(visitor, "/times"), cookies(visitor, "/groups")) == (["wish"], ["group-wish"])

    await done_here(visitor, first.path)

    assert cookies(visitor, "/times") == cookies(visitor, "/groups") == []


async def test_only_a_browser_that_holds_a_way_back_is_asked(visitor: Visitor, system: System) -> None:
    first = await press(visitor, SERIES)
    assert (await visitor.open(first.path)).has_form("/forget")

    async with Visitor(system.http("gateway")) as at_home:
        assert not (await at_home.open(first.path)).has_form("/forget")

    await done_here(visitor, first.path)
    assert not (await visitor.open(first.path)).has_form("/forget")


@pytest.mark.parametrize(
    ("language", "button"),
    [("sv", "Jag är klar på den här datorn"), ("en", "I am done on this computer")],
)
async def test_it_is_said_in_each_language(visitor: Visitor, language: str, button: str) -> None:
    first = await press(visitor, SERIES)

    page = await visitor.open(f"{first.path}?lang={language}")

    assert button in [node.text for node in page.all("button")]


async def test_a_form_that_is_not_ours_makes_no_browser_forget(visitor: Visitor) -> None:
    first = await press(visitor, SERIES)
    page = await visitor.open(first.path)

    forged = await visitor.send(page.form("/forget"), csrf="forged-" + "x" * 20)

    assert forged.status == 403
    assert len(cookies(visitor, SERIES)) == 1


async def test_a_browser_that_is_never_closed_holds_only_so_many(visitor: Visitor) -> None:
    """What it sends with each page would grow until it is refused."""
    forms = [f"/book/{UUID(int=number)}" for number in range(MOST_FORMS + 5)]
    jar, at = visitor.session.cookie_jar, URL(visitor.address)
    for form in forms:
        name = form.replace("/", ".")
        jar.update_cookies(SimpleCookie(f"place{name}=x; Path={form}"), at)
        jar.update_cookies(SimpleCookie(f"form{name}=kept; Path=/t"), at)

    await visitor.open(LINK)

    assert len(cookies(visitor, LINK)) == MOST_FORMS
    assert [len(cookies(visitor, form)) for form in forms] == [0] * 5 + [1] * MOST_FORMS

"""Forms that are pressed again: one place."""

import pytest

from services.contracts import links
from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.enrolment import DescribeEnrolment
from services.contracts.links import Link, Purpose
from services.contracts.refusals import Code, Refusal, Unavailable
from tests.pages import examples
from tests.pages.taking import (
    ALREADY,
    FORMS,
    SERIES,
    Ledger,
    ledger,
    press,
)
from tests.pages.test_groups import FILLED
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import LINK_KEYS, System

__all__ = ["ledger"]


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_from_another_tab_or_one_that_the_browser_kept_leads_to_the_place_that_was_taken(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    kept = (await visitor.open(path)).form(path)
    fresh = (await visitor.open(path)).form(path)
    first = await visitor.send(kept, FILLED)

    again = await visitor.send(fresh, FILLED, email="muu@posti.example")
    once_more = await visitor.send(kept, FILLED)

    assert first.path.startswith("/t/")
    assert (again.path, once_more.path) == (first.path, first.path)
    assert ALREADY not in first.text
    assert ALREADY in again.text
    assert ledger.taken == 1


@pytest.mark.parametrize("path", FORMS)
async def test_who_opens_the_form_again_is_shown_the_way_to_the_place(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    first = await press(visitor, path)

    page = await visitor.open(path)

    assert page.status == 200
    assert "tältä selaimelta" in page.heading.lower()
    assert first.path in page.links
    assert not page.has_form(path)


async def test_another_browser_learns_nothing_from_an_address_that_is_known(
    visitor: Visitor, ledger: Ledger, system: System
) -> None:
    first = await press(visitor, SERIES)

    async with Visitor(system.http("gateway")) as stranger:
        theirs = await press(stranger, SERIES)

    assert theirs.path != first.path
    assert ALREADY not in theirs.text
    assert ledger.taken == 2


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("why", [Unavailable("no answer"), Refusal(Code.OVERLOADED, "Busy.")])
async def test_nothing_is_taken_twice_while_it_is_not_known_whether_the_place_stands(
    visitor: Visitor, neighbours: Neighbours, ledger: Ledger, path: str, why: Refusal | Unavailable
) -> None:
    form = (await visitor.open(path)).form(path)
    first = await press(visitor, path)
    for asked in (DescribeBooking, DescribeEnrolment):
        neighbours.refuses(asked, why)

    assert (await visitor.send(form, FILLED)).path == first.path
    assert ledger.taken == 1


@pytest.mark.parametrize("path", FORMS)
async def test_an_answer_that_was_lost_is_had_by_pressing_again(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    form = (await visitor.open(path)).form(path)
    first = await visitor.send(form, FILLED)
    visitor.session.cookie_jar.clear()  # as if the answer had never come

    again = await visitor.send(form, FILLED)

    assert again.path == first.path
    assert ledger.taken == 1


@pytest.mark.parametrize(
    "kept",
    [
        "x",
        "%00",
        "a" * 56,
        "\u00e4",
        links.make(links.parse_keys(LINK_KEYS), Link(Purpose.CALENDAR, examples.BOOKING_ID, 1)),
    ],
)
async def test_a_cookie_that_is_no_way_to_a_place_is_none(visitor: Visitor, kept: str) -> None:
    visitor.session.cookie_jar.update_cookies({"form.": "x", "form.book.x": "x"})

    for path in FORMS:
        visitor.session.cookie_jar.update_cookies({f"place{path.replace('/', '.')}": kept})
        assert (await visitor.open(path)).has_form(path)
    assert not (await visitor.open(examples.link())).has_form("/forget")


@pytest.mark.parametrize("path", FORMS)
async def test_the_way_back_is_for_this_form_alone_and_no_script(visitor: Visitor, path: str) -> None:
    form = (await visitor.open(path)).form(path)
    async with visitor.session.post(
        visitor.address + path, data=form.filled(FILLED), allow_redirects=False
    ) as answer:
        cookies = {line.partition("=")[0]: line for line in answer.headers.getall("Set-Cookie")}

    way, known = (f"{what}{path.replace('/', '.')}" for what in ("place", "form"))
    assert set(cookies) == {way, known}
    assert f"Path={path};" in cookies[way] + ";"
    assert "Path=/t;" in cookies[known] + ";"
    token = answer.headers["Location"].removeprefix("/t/").partition("?")[0]
    assert token in cookies[way]
    assert token not in cookies[known]
    for line in cookies.values():
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line
        assert "expires" not in line.lower()
        assert "max-age" not in line.lower()

"""The front page and the list of free times."""

from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from services.contracts.booking.catalogue import FindSlots, FreeSlots
from tests.pages import examples
from tests.support.browser import a_context, browser, needs_browser
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

__all__ = ["browser"]


async def test_the_front_page_says_what_this_is_and_whom_to_ring(visitor: Visitor) -> None:
    page = await visitor.open("/")

    assert "maksutonta" in page.root.text
    assert "tel:112" in page.links
    assert "tel:+358925250111" in page.links
    assert "/times" in page.links


async def test_pages_are_finnish_unless_asked_otherwise(visitor: Visitor) -> None:
    assert (await visitor.open("/")).language == "fi"

    assert (await visitor.open("/?lang=sv")).title == "Någon att tala med – Digiaula"
    assert (await visitor.open("/times")).language == "sv", "the choice is remembered"


async def test_the_browsers_language_is_spoken_when_it_is_one_of_ours(visitor: Visitor) -> None:
    async with Visitor(visitor.address, language="de, en;q=0.8, sv;q=0.4") as foreigner:
        assert (await foreigner.open("/times")).heading == "Find a time"


async def test_times_are_told_in_words_under_their_day(visitor: Visitor) -> None:
    page = await visitor.open("/times")

    assert "tiistaina 12. tammikuuta" in page.text
    assert "13.00–13.45" in page.text
    assert "Aino Asiantuntija, Savon Arkiapu ry" in page.text
    assert [time["datetime"] for time in page.all("time")][:2] == ["2027-01-12", "2027-01-12T11:00:00Z"]
    assert f"/book/{examples.FREE[0].id}" in page.links


async def test_what_a_visitor_looks_for_stands_in_no_address(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await visitor.open("/times")

    found = await visitor.send(page.form("/times"), theme=examples.THEME, spoken="uk")

    assert found.url == f"{visitor.address}/times"
    assert neighbours.heard(FindSlots)[-1].theme == examples.THEME
    assert neighbours.heard(FindSlots)[-1].language == "uk"
    assert found.form("/times").fields["theme"] == examples.THEME


async def test_every_time_is_shown_again_at_one_press(visitor: Visitor, neighbours: Neighbours) -> None:
    page = await visitor.open("/times")
    page = await visitor.send(page.form("/times"), theme=examples.THEME)

    await visitor.send(page.form("/times"), press=("all", "yes"))

    assert neighbours.heard(FindSlots)[-1].theme is None


async def test_a_theme_chosen_on_the_front_page_leads_to_its_times(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await visitor.open("/")

    await visitor.send(page.form("/times"), press=("theme", "talousneuvonta"))

    assert neighbours.heard(FindSlots)[-1].theme == "talousneuvonta"


async def test_more_times_are_a_link_away(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(FindSlots, FreeSlots(items=examples.FREE, next="further-on"))
    page = await visitor.open("/times")

    await visitor.open(next(link for link in page.links if "after=" in link))

    assert neighbours.heard(FindSlots)[-1].cursor == "further-on"


async def test_an_empty_list_leads_on(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(FindSlots, FreeSlots(items=[]))

    page = await visitor.open("/times")

    assert "Juuri nyt ei ole vapaita aikoja" in page.text


async def test_the_front_page_stands_when_booking_is_away(visitor: Visitor, neighbours: Neighbours) -> None:
    await neighbours.away("booking")

    page = await visitor.open("/")

    assert page.status == 200
    assert "tel:112" in page.links


async def test_a_part_that_is_away_is_told_in_words(visitor: Visitor, neighbours: Neighbours) -> None:
    await neighbours.away("booking")

    page = await visitor.open("/times")

    assert page.status == 503
    assert page.heading == "Yritä hetken kuluttua uudelleen"
    assert "/times" in page.links


async def test_the_first_view_is_light(visitor: Visitor) -> None:
    page = await visitor.open("/times")
    style = next(node["href"] for node in page.all("link") if node["rel"] == "stylesheet")
    mark = next(node["href"] for node in page.all("link") if node["rel"] == "icon")

    sizes = [len(page.html.encode())]
    for path in (style, mark):
        async with visitor.session.get(visitor.address + path) as response:
            assert "immutable" in response.headers["Cache-Control"]
            sizes.append(len(await response.read()))

    assert sum(sizes) < 50_000


async def test_themes_are_offered_in_words_of_those_who_seek_help(visitor: Visitor) -> None:
    page = await visitor.open("/")

    themes = [button.text for button in page.form("/times").node.all("button")]
    assert themes[0] == "Digineuvonta Puhelin tai tietokone ei tottele"


async def test_the_next_free_times_come_first(visitor: Visitor, neighbours: Neighbours) -> None:
    page = await visitor.open("/times")

    assert page.text.index("Seuraavat vapaat ajat, Suomen aikaa") < page.text.index("13.00–13.45")
    assert neighbours.heard(FindSlots)[-1].from_at - examples.STARTS < timedelta(0)


@needs_browser
@pytest.mark.parametrize(
    ("zone", "beside"),
    [
        ("Europe/Helsinki", []),
        ("Europe/Stockholm", ["12.00", "8.00", "4.00"]),
        ("America/New_York", ["6.00", "2.00", "ke 22.00"]),
    ],
)
async def test_the_visitors_own_time_stands_beside_the_finnish_where_it_differs(
    browser: Browser, system: System, neighbours: Neighbours, zone: str, beside: list[str]
) -> None:
    page = await (await a_context(browser, system.http("gateway"), timezone_id=zone)).new_page()

    await page.goto("/times")

    await expect(page.locator(".times__hour").first).to_contain_text("13.00–13.45")
    assert await page.locator("li .own-time").all_text_contents() == [
        f" (siellä missä olet: {own})" for own in beside
    ]
    assert await page.locator("#own-time").is_visible() == bool(beside)
    await page.context.close()

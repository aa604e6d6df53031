"""What one sees who comes back to a form, in a real browser: axe in light and dark, 320 px, for a thumb."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.pages import examples
from tests.pages.taking import SERIES, SESSION, TIME, Ledger, ledger
from tests.support.browser import a_context, assert_within_reach, browser, needs_browser
from tests.support.neighbours import Neighbours
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser", "ledger"]

FORMS = (SERIES, SESSION, TIME)
PRESS = {SERIES: "Ilmoittaudu", SESSION: "Ilmoittaudu", TIME: "Varaa aika"}
ON_PURPOSE = "Ilmoita toinen ihminen"


@pytest.fixture
async def page(
    browser: Browser, system: System, neighbours: Neighbours, ledger: Ledger
) -> AsyncIterator[Page]:
    context = await a_context(browser, system.http("gateway"), timezone_id=examples.ZONE)
    yield await context.new_page()
    await context.close()


async def take(page: Page, path: str) -> None:
    await page.goto(path)
    await page.fill("#display_name", "Kielo")
    await page.fill("#email", "kielo@posti.example")
    await page.check("#consent")
    await page.get_by_role("button", name=PRESS[path], exact=True).click()
    await page.wait_for_url("**/t/*")


@pytest.mark.parametrize("path", FORMS)
async def test_the_way_to_what_was_taken_is_within_reach(page: Page, path: str) -> None:
    await take(page, path)
    await page.goto(path)
    await expect(page.get_by_role("link", name="Siirry omalle sivulleni")).to_be_visible()

    await assert_within_reach(page)


@pytest.mark.parametrize("path", [SERIES, TIME])
async def test_ones_page_with_the_button_to_be_done_here_and_what_follows_are_within_reach(
    page: Page, path: str
) -> None:
    await take(page, path)
    await expect(page.get_by_role("button", name="Lopetan tällä tietokoneella")).to_be_visible()
    await assert_within_reach(page)

    await page.get_by_role("button", name="Lopetan tällä tietokoneella").click()
    await page.wait_for_url("**/done-here")
    await assert_within_reach(page)


async def test_what_a_form_says_that_led_to_an_earlier_place_is_within_reach(page: Page) -> None:
    other = await page.context.new_page()
    await other.goto(SERIES)
    await take(page, SERIES)

    await other.get_by_role("button", name="Ilmoittaudu", exact=True).click()

    await expect(other.get_by_text("Tämä oli jo tehty tältä selaimelta.")).to_be_visible()
    await assert_within_reach(other)


async def test_another_persons_form_is_within_reach_also_with_errors(page: Page) -> None:
    await take(page, SERIES)
    await page.goto(SERIES)
    await page.get_by_role("link", name=ON_PURPOSE).click()
    await expect(page.get_by_text("Ilmoitat nyt toista ihmistä")).to_be_visible()
    await assert_within_reach(page)

    await page.get_by_role("button", name="Ilmoittaudu", exact=True).click()
    await expect(page.locator("#errors")).to_be_visible()
    await assert_within_reach(page)

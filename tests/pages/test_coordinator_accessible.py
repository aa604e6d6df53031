"""The coordinators' pages in a real browser: axe in light and dark, 320 px, targets for a thumb."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from services.contracts.booking.people import ChangePerson, GetPerson
from services.contracts.refusals import Code, Refusal
from tests.pages import examples
from tests.pages.coordination import BOOKING, PERSON, gone, prepare
from tests.pages.test_coordinator import PLAIN_PAGES
from tests.pages.test_my_week import sign_in
from tests.support.browser import a_context, assert_within_reach, browser, needs_browser
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser"]


@pytest.fixture
async def page(
    browser: Browser, system: System, neighbours: Neighbours, visitor: Visitor
) -> AsyncIterator[Page]:
    """A coordinator's browser."""
    prepare(neighbours)
    await sign_in(visitor, system)
    context = await a_context(browser, system.http("gateway"))
    cookies = [
        {"name": cookie.key, "value": cookie.value, "url": system.http("gateway")}
        for cookie in visitor.session.cookie_jar
    ]
    await context.add_cookies(cookies)  # type: ignore[arg-type]  # plain dicts do
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("path", PLAIN_PAGES)
async def test_every_page_is_within_reach(page: Page, path: str) -> None:
    await page.goto(path)

    assert await page.get_by_role("button", name="Kirjaudu ulos").is_visible()
    await assert_within_reach(page)


async def test_a_card_is_within_reach_and_fits_a_sheet(page: Page) -> None:
    await page.goto(BOOKING)
    await page.get_by_role("button", name="Tee tulostettava kortti").click()
    await assert_within_reach(page)

    await page.emulate_media(media="print")

    assert await page.locator(".card__code").is_visible()
    assert await page.locator(".card svg").is_visible()
    assert not await page.get_by_role("heading", level=1).is_visible()
    assert not await page.get_by_role("button", name="Kirjaudu ulos").is_visible()
    height = await page.locator(".card").evaluate("it => it.getBoundingClientRect().height")
    assert height < 1000  # of some 1120 on a sheet


async def test_errors_and_contacts_are_within_reach(page: Page, neighbours: Neighbours) -> None:
    await page.goto("/coordinator/people/new")
    await page.get_by_role("button", name="Kutsu").click()
    await assert_within_reach(page)

    await page.goto(BOOKING)
    await page.get_by_role("button", name="Näytä yhteystiedot").click()
    await assert_within_reach(page)

    neighbours.answers(GetPerson, gone(examples.EXPERT))
    await page.goto(PERSON)
    await assert_within_reach(page)


async def test_what_somebody_else_changed_of_a_person_is_within_reach(
    page: Page, neighbours: Neighbours
) -> None:
    await page.goto(PERSON)
    neighbours.answers(GetPerson, msgspec.structs.replace(examples.EXPERT, email="a@b.example", version=2))
    neighbours.refuses(ChangePerson, Refusal(Code.CHANGED_MEANWHILE, "Changed.", version=2))

    await page.get_by_role("button", name="Tallenna").click()

    await expect(page.get_by_role("alert")).to_contain_text("Joku muu muutti tätä")
    await expect(page.locator("dl")).to_contain_text("a@b.example")
    await assert_within_reach(page)


async def test_the_code_page_and_a_wrong_code_are_within_reach(page: Page) -> None:
    await page.goto("/code")
    await assert_within_reach(page)
    await page.get_by_label("Koodi").fill("abcd6789")
    await page.keyboard.press("Enter")
    await page.locator("#errors").wait_for()

    await assert_within_reach(page)

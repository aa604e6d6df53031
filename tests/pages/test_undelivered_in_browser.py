"""What did not get through, and what somebody was sent: pages within every coordinator's reach."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from services.contracts.letters import DeadLetters, ListNotifyDeadLetters
from services.contracts.notify import (
    FailedMessages,
    ListFailedMessages,
    ListMessages,
    Messages,
    Resend,
)
from services.contracts.refusals import Code, Refusal
from tests.pages.test_my_week import sign_in
from tests.pages.test_undelivered import TO_DO, TOLD, coordinates
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
    coordinates(neighbours)
    await sign_in(visitor, system)
    context = await a_context(browser, system.http("gateway"))
    await context.add_cookies(
        [
            {"name": cookie.key, "value": cookie.value, "url": system.http("gateway")}
            for cookie in visitor.session.cookie_jar
        ]
    )
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("path", [TO_DO, TOLD])
async def test_the_pages_are_within_reach(page: Page, path: str) -> None:
    await page.goto(path)

    assert await page.locator("h1").inner_text() in ("Mikä ei mennyt perille", "Yhden varauksen viestit")
    await assert_within_reach(page)


async def test_empty_lists_and_parts_that_are_away_are_within_reach(
    page: Page, neighbours: Neighbours
) -> None:
    neighbours.answers(ListFailedMessages, FailedMessages([]))
    neighbours.answers(ListNotifyDeadLetters, DeadLetters([], 0))
    neighbours.answers(ListMessages, Messages([]))
    for path in (TO_DO, TOLD):
        await page.goto(path)
        await assert_within_reach(page)
    await neighbours.away("rooms")
    await page.goto(TO_DO)
    await assert_within_reach(page)


async def test_what_cannot_be_sent_again_is_said_within_reach(page: Page, neighbours: Neighbours) -> None:
    neighbours.refuses(Resend, Refusal(Code.TOO_LATE, "No."))
    await page.goto(TOLD)

    await page.get_by_role("button", name="Lähetä linkki nyt uudelleen").press("Enter")

    await expect(page.get_by_role("alert")).to_be_visible()
    await assert_within_reach(page)

"""The whole way into a meeting in each language, by keyboard alone, on the narrowest screen."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.e2e.browser.conftest import Hall
from tests.e2e.browser.test_meeting import pass_of, tab_to
from tests.support.browser import BY_NEWS
from tests.support.clock import SetClock

RESIDENT = "kielo@posti.example"
BUTTONS = {
    "fi": ("Varaa aika", "Kerro, että olen täällä", "Tule tapaamiseen"),
    "sv": ("Boka tiden", "Berätta att jag är här", "Kom till mötet"),
    "en": ("Book the time", "Tell them that I am here", "Come to the meeting"),
}


@pytest.mark.parametrize("language", BUTTONS)
async def test_one_books_waits_and_comes_in(hall: Hall, clock: SetClock, language: str) -> None:
    book, here, come = BUTTONS[language]
    context = await hall.somebody(viewport={"width": 320, "height": 640})
    page = await context.new_page()
    await page.goto(f"/book/{hall.slot.id}?lang={language}")
    await page.locator("input[name=display_name]").focus()
    await page.keyboard.type("Kielo")
    await page.keyboard.press("Tab")
    await page.keyboard.type(RESIDENT)
    await page.locator("input[name=consent]").focus()
    await page.keyboard.press("Space")
    await tab_to(page, book)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/t/**")
    assert await page.locator("html").get_attribute("lang") == language

    clock.set(hall.slot.starts_at - timedelta(minutes=5))
    await page.goto(await hall.link_to(RESIDENT, "/t/"))
    await tab_to(page, here)
    await page.keyboard.press("Enter")
    expert = await (await hall.somebody()).new_page()
    await hall.sign_in(expert)
    await expert.get_by_role("button", name="Avaa tapaaminen").click()
    await expect(page.get_by_role("button", name=come)).to_be_visible(timeout=BY_NEWS)
    await tab_to(page, come)
    await page.keyboard.press("Enter")

    assert (await pass_of(page))["room"] == (await pass_of(expert))["room"]
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320

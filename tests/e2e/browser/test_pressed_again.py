"""Going back to a form and pressing its button again: one place and one message, on purpose a second."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser.conftest import Hall
from tests.e2e.browser.group_steps import enrol, fill_in, find
from tests.e2e.browser.test_groups_any_way import TOMORROW, WEEK, press
from tests.support.enrolling import Circle

KIELO, RUUSU = "kielo@posti.example", "ruusu@posti.example"
ALREADY = "Tämä oli jo tehty tältä selaimelta."


async def a_group(hall: Hall) -> Circle:
    return await Circle.build(
        hall.house, TOMORROW, TOMORROW + WEEK, capacity=5, whole_series=True, open=False
    )


async def press_enrol(page: Page) -> None:
    await page.get_by_role("button", name="Ilmoittaudu", exact=True).click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_who_goes_back_to_enrolling_and_presses_again_has_one_place_and_one_mail(
    hall: Hall, script: bool
) -> None:
    circle = await a_group(hall)
    context = await hall.somebody(java_script_enabled=script)
    page, other_tab = await context.new_page(), await context.new_page()
    await other_tab.goto(f"/groups/{circle.id}/enrol")
    await find(page, "Omaiset")
    await enrol(page, "Kielo", KIELO)
    place = page.url.partition("?")[0]

    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Tältä selaimelta on jo ilmoittauduttu")
    await page.get_by_role("link", name="Siirry omalle sivulleni").click()
    await page.wait_for_url(place)
    await fill_in(other_tab, "Kielo", KIELO)
    await press_enrol(other_tab)
    await expect(other_tab.get_by_text(ALREADY)).to_be_visible()

    assert other_tab.url.partition("?")[0] == place
    assert await circle.taken() == 1
    await page.goto(f"/groups/{circle.id}/enrol")
    await page.get_by_role("link", name="Ilmoita toinen ihminen").click()
    await fill_in(page, "Ruusu", RUUSU)
    await press_enrol(page)
    await expect(page.get_by_text("Olet ilmoittautunut")).to_be_visible()
    assert page.url.partition("?")[0] != place
    assert await circle.taken() == 2, "the control: on purpose it is another place"
    await hall.newest_link(RUUSU, "/t/")
    assert len(hall.messages_to(KIELO)) == 1, "what was asked for last has been sent"

    await page.go_back()
    await expect(page.get_by_role("link", name="Siirry omalle sivulleni")).to_be_visible()
    assert await circle.taken() == 2


async def test_signing_up_another_person_and_being_done_here_need_only_a_keyboard(hall: Hall) -> None:
    circle = await a_group(hall)
    page = await (await hall.somebody()).new_page()
    await find(page, "Omaiset")
    await enrol(page, "Kielo", KIELO)
    place = page.url.partition("?")[0]

    await page.goto(f"/groups/{circle.id}/enrol")
    await press(page, "Ilmoita toinen ihminen")
    await page.wait_for_url("**/enrol?another=*")
    await expect(page.get_by_text("Ilmoitat nyt toista ihmistä")).to_be_visible()
    await page.go_back()
    await press(page, "Siirry omalle sivulleni")
    await page.wait_for_url(place)
    await press(page, "Lopetan tällä tietokoneella")
    await page.wait_for_url("**/done-here")

    assert not [cookie for cookie in await page.context.cookies() if "place" in str(cookie["name"])]
    await page.goto(f"/groups/{circle.id}/enrol")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ilmoittaudu ryhmään")
    await page.goto(place)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Oma ryhmäsi")
    assert await circle.taken() == 1


async def test_who_goes_back_to_booking_finds_the_time_their_own_and_not_taken_by_another(
    hall: Hall,
) -> None:
    context = await hall.somebody()
    page, other_tab = await context.new_page(), await context.new_page()
    stranger = await (await hall.somebody()).new_page()
    form = f"/book/{hall.slot.id}"
    for tab in (page, other_tab, stranger):
        await tab.goto(form)
        await fill_in_booking(tab)
    await press_book(page)
    await expect(page.get_by_text("Aika on sinun")).to_be_visible()
    place = page.url.partition("?")[0]

    await page.go_back()
    await page.get_by_role("link", name="Siirry omalle sivulleni").click()
    await page.wait_for_url(place)
    await press_book(other_tab)
    await expect(other_tab.get_by_text(ALREADY)).to_be_visible()
    await press_book(stranger)
    await expect(stranger.get_by_role("heading", level=1)).to_have_text("Aika ehdittiin juuri varata.")

    assert other_tab.url.partition("?")[0] == place
    rows = await hall.system.sql(
        "SELECT count(*) AS n FROM booking.booking WHERE slot_id = $1", hall.slot.id
    )
    assert rows[0]["n"] == 1


async def fill_in_booking(page: Page) -> None:
    await page.locator("#display_name").fill("Kielo")
    await page.locator("#email").fill(KIELO)
    await page.locator("#consent").check()


async def press_book(page: Page) -> None:
    await page.get_by_role("button", name="Varaa aika").click()

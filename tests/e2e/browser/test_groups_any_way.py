"""Groups by keyboard alone, without script, in Swedish on the narrowest phone, and as one of hundreds."""

from datetime import timedelta

import pytest
from playwright.async_api import Error as PageError
from playwright.async_api import Page, expect

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.enrolment import LeaveGroup
from services.contracts.rooms import Join
from tests.e2e.browser.conftest import Hall
from tests.e2e.browser.group_steps import find, wait_for_a_place
from tests.e2e.browser.test_meeting import JITSI, focused, tab_to
from tests.support.browser import NARROWEST
from tests.support.enrolling import Circle, bearer
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY

KIELO = "kielo@posti.example"
TOMORROW = A_TUESDAY + timedelta(days=1)
WEEK = timedelta(weeks=1)


async def a_closed_group(hall: Hall) -> Circle:
    """Two places, twice."""
    return await Circle.build(
        hall.house, TOMORROW, TOMORROW + WEEK, capacity=2, whole_series=True, open=False
    )


async def test_enrolling_and_leaving_need_only_a_keyboard(hall: Hall) -> None:
    await a_closed_group(hall)
    page = await (await hall.somebody()).new_page()
    await page.goto("/groups")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Siirry sisältöön"
    await page.keyboard.press("Enter")

    await press(page, "Omaiset")
    await press(page, "Ilmoittaudu ryhmään")
    await page.wait_for_url("**/enrol")
    await tab_to(page, "display_name")
    await page.keyboard.type("Kielo")
    await tab_to(page, "email")
    await page.keyboard.type(KIELO)
    await tab_to(page, "consent")
    await page.keyboard.press("Space")
    await press(page, "Ilmoittaudu")
    await page.wait_for_url("**/t/*")

    await press(page, "Jätä ryhmä")
    await page.wait_for_url("**/leave-group")
    await press(page, "Kyllä, jätän ryhmän")

    await expect(page.get_by_text("Olet jättänyt ryhmän").first).to_be_visible()


async def press(page: Page, name: str) -> None:
    await tab_to(page, name)
    await page.keyboard.press("Enter")
    await page.wait_for_load_state()


async def test_waiting_for_a_place_and_taking_it_need_no_script(hall: Hall) -> None:
    circle = await a_closed_group(hall)
    first = await circle.enrol(None, email="eka@posti.example")
    await circle.enrol(None, email="toka@posti.example")
    page = await (await hall.somebody(java_script_enabled=False)).new_page()
    await find(page, "Omaiset")
    await wait_for_a_place(page, "Kielo", KIELO)

    await hall.system.ask(LeaveGroup(booking_id=first.booking_id), bearer(first))

    offer = await hall.told(KIELO, "Sinulle on paikka")
    await page.goto(next(link for link in offer.links if "/t/" in link))
    await page.get_by_role("button", name="Otan paikan").click()
    await expect(page.get_by_text("Paikka on sinun. Tervetuloa!")).to_be_visible()
    await hall.told(KIELO, "Sinulla on paikka ryhmässä")
    assert await circle.taken(0) == await circle.taken(1) == 2


async def test_a_swedish_speaker_with_the_narrowest_phone_reads_swedish_all_the_way(hall: Hall) -> None:
    await a_closed_group(hall)
    narrow = {"width": NARROWEST, "height": 700}
    page = await (await hall.somebody(locale="sv-SE", viewport=narrow)).new_page()
    await page.goto("/groups")
    await fits(page)
    await page.get_by_role("link", name="Anhöriga").click()
    await fits(page)
    await page.get_by_role("link", name="Anmäl dig till gruppen").click()
    await page.get_by_label("Namn eller smeknamn", exact=True).fill("Linnéa")
    await page.get_by_role("button", name="Anmäl dig", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await fits(page)
    await page.get_by_label("E-post", exact=True).fill("linnea@post.example")
    await page.get_by_label("Det jag skrev här får användas").check()
    await page.get_by_role("button", name="Anmäl dig", exact=True).click()
    await expect(page.get_by_text("Du är anmäld")).to_be_visible()
    await fits(page)

    mail = await hall.told("linnea@post.example", "Din plats i gruppen")
    await page.goto(next(link for link in mail.links if "/t/" in link))
    await page.get_by_role("link", name="Lämna gruppen").click()
    await fits(page)
    await page.get_by_role("button", name="Ja, jag lämnar gruppen").click()
    await expect(page.get_by_text("Du har lämnat gruppen").first).to_be_visible()
    await fits(page)


async def fits(page: Page) -> None:
    """In Swedish, and nothing of it beyond the edge."""
    await expect(page.locator("html")).to_have_attribute("lang", "sv")
    await eventually(lambda: _is_within_the_edge(page))


async def _is_within_the_edge(page: Page) -> bool:
    try:
        beyond = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    except PageError:  # one page gives way to the next
        return False
    assert beyond <= 0, f"{page.url} is {beyond} px too wide"
    return True


@pytest.mark.parametrize("hall", [{"JITSI_DOMAIN": "meet.digiaula.example"}], indirect=True)
async def test_one_who_walks_into_a_large_evening_listens(hall: Hall) -> None:
    circle = await Circle.build(
        hall.house, A_TUESDAY + timedelta(minutes=10), capacity=300, kind=SlotKind.EVENT
    )
    page = await (await hall.somebody()).new_page()
    await page.route(
        "https://meet.digiaula.example/external_api.js", lambda route: route.fulfill(body=JITSI)
    )
    await find(page, "Omaiset")
    await expect(page.get_by_text("Tulet kuuntelemaan")).to_be_visible()
    await page.get_by_role("link", name="Tule mukaan nyt").click()
    await page.get_by_label("Nimi tai nimimerkki", exact=True).fill("Kielo")
    await page.get_by_role("button", name="Jatka ryhmään").click()
    await expect(page.get_by_text("Pidä tämä sivu auki")).to_be_visible()

    await hall.system.ask(Join(slot_id=circle.sessions[0], display_name="Juontaja"), circle.host)
    await page.get_by_role("button", name="Tule tapaamiseen").click()

    await expect(page.locator("#frame iframe")).to_have_attribute("title", "Videotapaaminen")
    config = (await page.evaluate("window.asked"))["config"]
    assert (config["startWithAudioMuted"], config["startWithVideoMuted"]) == (True, True)
    plain = page.get_by_role("link", name="avaa tapaaminen omaan ikkunaan")
    assert "startWithAudioMuted=true" in str(await plain.get_attribute("href"))

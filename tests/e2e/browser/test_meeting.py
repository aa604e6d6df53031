"""From finding a time to being in the room, by pages and mail alone."""

from datetime import timedelta
from time import monotonic

import jwt
import pytest
from playwright.async_api import Error as PageError
from playwright.async_api import Page, expect

from tests.e2e.browser.conftest import Hall
from tests.support.browser import BY_NEWS, assert_within_reach
from tests.support.clock import SetClock
from tests.support.eventually import PATIENCE, eventually

RESIDENT = "kielo@posti.example"
SECRET = "a-secret-of-at-least-32-bytes-for-tests"


async def book(page: Page) -> None:
    await page.goto("/times")
    await page.get_by_role("link", name="Varaa").first.click()
    await page.get_by_label("Nimi tai nimimerkki", exact=True).fill("Kielo")
    await page.get_by_label("Sähköposti", exact=True).fill(RESIDENT)
    await page.get_by_label("Kirjoittamiani tietoja saa käyttää").check()
    await page.get_by_role("button", name="Varaa aika").click()
    await expect(page.get_by_role("heading", name="Oma aikasi")).to_be_visible()


async def pass_of(page: Page) -> dict[str, object]:
    """What the room token on the page says, its signature checked."""
    token = await page.locator("#pass").text_content()
    claims: dict[str, object] = jwt.decode(
        token or "", SECRET, algorithms=["HS256"], audience="digiaula", options={"verify_exp": False,
        "verify_nbf": False, "verify_iat": False}
    )  # fmt: skip
    return claims


async def test_a_resident_books_waits_and_meets_the_expert(hall: Hall, clock: SetClock) -> None:
    resident = await (await hall.somebody()).new_page()
    await book(resident)
    await resident.goto(await hall.link_to(RESIDENT, "/t/"))
    await expect(resident.get_by_text("Ovi avautuu tänään klo 12.45")).to_be_visible()

    clock.set(hall.slot.starts_at - timedelta(minutes=5))
    await resident.reload()
    await resident.get_by_role("button", name="Kerro, että olen täällä").click()
    await expect(resident.get_by_text("Neuvoja Aino tietää, että olet täällä")).to_be_visible()

    expert = await (await hall.somebody()).new_page()
    await hall.sign_in(expert)
    await expect(expert.get_by_text("1 odottaa")).to_be_visible()
    await expert.get_by_role("button", name="Avaa tapaaminen").click()

    # The resident's page opens the door by itself, and says so to those who cannot see it.
    door = resident.get_by_role("button", name="Tule tapaamiseen")
    await expect(door).to_be_visible(timeout=BY_NEWS)
    await expect(resident.locator("#said")).to_have_text("Ovi on auki")
    await door.click()

    host, guest = await pass_of(expert), await pass_of(resident)
    assert host["room"] == guest["room"]
    assert name_and_rank(host) == ("Neuvoja Aino", True)
    assert name_and_rank(guest) == ("Kielo", False)


def name_and_rank(claims: dict[str, object]) -> tuple[str, bool]:
    context = claims["context"]
    assert isinstance(context, dict)
    user = context["user"]
    return user["name"], str(user.get("moderator")).lower() == "true"


async def test_everything_works_without_script(hall: Hall, clock: SetClock) -> None:
    resident = await (await hall.somebody(java_script_enabled=False)).new_page()
    await book(resident)
    await resident.goto(await hall.link_to(RESIDENT, "/t/"))
    clock.set(hall.slot.starts_at - timedelta(minutes=5))
    await resident.reload()
    await resident.get_by_role("button", name="Kerro, että olen täällä").click()

    expert = await (await hall.somebody(java_script_enabled=False)).new_page()
    await hall.sign_in(expert)
    await expert.get_by_role("button", name="Avaa tapaaminen").click()
    await expect(expert.get_by_role("heading", name="Tapaaminen on auki")).to_be_visible()

    await resident.reload()
    await resident.get_by_role("button", name="Tule tapaamiseen").click()
    assert (await pass_of(resident))["room"] == (await pass_of(expert))["room"]
    clock.set(hall.slot.starts_at + timedelta(minutes=30))
    await resident.get_by_role("button", name="Poistu tapaamisesta").click()
    await expert.get_by_role("button", name="Päätä tapaaminen kaikilta").click()
    await resident.reload()
    await expect(resident.get_by_role("heading", name="Kiitos käynnistä")).to_be_visible()
    await resident.get_by_role("group", name="Oliko tapaamisesta").get_by_label("5").check()
    await resident.get_by_role("button", name="Lähetä", exact=True).click()
    await expect(resident.get_by_text("Kiitos, että kerroit")).to_be_visible()


async def test_booking_and_cancelling_need_only_a_keyboard(hall: Hall) -> None:
    page = await (await hall.somebody()).new_page()
    await page.goto("/times")
    await page.keyboard.press("Tab")
    assert await focused(page) == "Siirry sisältöön"
    await page.keyboard.press("Enter")

    await tab_to(page, "Varaa")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/book/*")
    await tab_to(page, "display_name")
    await page.keyboard.type("Kielo")
    await tab_to(page, "email")
    await page.keyboard.type(RESIDENT)
    await tab_to(page, "consent")
    await page.keyboard.press("Space")
    await tab_to(page, "Varaa aika")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/t/*")

    await tab_to(page, "Peru tämä aika")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/cancel")
    await tab_to(page, "Kyllä, peru aika")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Tämä aika on peruttu")).to_be_visible()
    assert "Olet perunut aikasi" in (await hall.mail_to(RESIDENT, nth=2)).text


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called this, and can be seen to have it."""
    until = monotonic() + PATIENCE  # the next page may be long in coming, and it goes round in the last one
    while monotonic() < until:
        await page.keyboard.press("Tab")
        if (await focused(page)).startswith(name):
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{name} has the focus, and nothing shows it"
            return
    raise AssertionError(f"no way to {name} with the keyboard")


async def focused(page: Page) -> str:
    """What has the focus; nothing has it while one page gives way to the next."""
    try:
        found: str = await page.evaluate(
            "document.activeElement.id || document.activeElement.textContent.trim()"
        )
    except PageError:
        return ""
    return found


async def test_a_scanner_that_opens_every_link_first_does_no_harm(hall: Hall) -> None:
    page = await (await hall.somebody()).new_page()
    await book(page)
    link = await hall.link_to(RESIDENT, "/t/")
    scanner = await (await hall.somebody()).new_page()
    for path in (link, f"{link}/cancel", f"{link}/move", link):
        await scanner.goto(path)

    await page.goto(link)

    await expect(page.get_by_role("heading", name="Oma aikasi")).to_be_visible()


# What Jitsi's own script would do, as far as our page can tell.
JITSI = """
window.JitsiMeetExternalAPI = class {
  constructor(domain, options) {
    window.asked = {domain, room: options.roomName, jwt: options.jwt, config: options.configOverwrite};
    this.frame = document.createElement("iframe");
    options.parentNode.append(this.frame);
  }
  getIFrame() { return this.frame; }
  addListener(name, listener) { if (name === "readyToClose") window.hangUp = listener; }
};
"""


@pytest.mark.parametrize("hall", [{"JITSI_DOMAIN": "meet.digiaula.example"}], indirect=True)
async def test_the_video_stands_in_the_page_and_hanging_up_leads_out(hall: Hall, clock: SetClock) -> None:
    clock.set(hall.slot.starts_at - timedelta(hours=3, minutes=30))
    resident = await (await hall.somebody()).new_page()
    await book(resident)
    clock.set(hall.slot.starts_at)
    expert = await (await hall.somebody()).new_page()
    await expert.route(
        "https://meet.digiaula.example/external_api.js", lambda route: route.fulfill(body=JITSI)
    )
    await hall.sign_in(expert)

    await expert.get_by_role("button", name="Avaa tapaaminen").click()

    await expect(expert.locator("#frame iframe")).to_have_attribute("title", "Videotapaaminen")
    asked = await expert.evaluate("window.asked")
    claims = jwt.decode(asked["jwt"], options={"verify_signature": False})
    assert (asked["domain"], asked["room"]) == ("meet.digiaula.example", claims["room"])
    plain = expert.get_by_role("link", name="avaa tapaaminen omaan ikkunaan")
    assert str(await plain.get_attribute("href")).startswith("https://meet.digiaula.example/")
    await assert_within_reach(expert)
    await expert.evaluate("window.hangUp()")
    await expect(expert.get_by_text("Olet poistunut tapaamisesta")).to_be_visible()


async def test_after_the_meeting_two_presses_say_what_came_of_it(hall: Hall, clock: SetClock) -> None:
    """Also when it ended before its hour: then it is over for both, and nothing is left to cancel."""
    clock.set(hall.slot.starts_at - timedelta(hours=1))
    resident = await (await hall.somebody()).new_page()
    await book(resident)
    clock.set(hall.slot.starts_at - timedelta(minutes=5))
    expert = await (await hall.somebody()).new_page()
    await hall.sign_in(expert)
    await expert.get_by_role("button", name="Avaa tapaaminen").click()
    await expert.get_by_role("button", name="Päätä tapaaminen kaikilta").click()

    await expect(expert.get_by_role("link", name="Peru")).to_have_count(0)
    await eventually(lambda: hall.system.sql("SELECT 1 FROM booking.slot WHERE ended_at IS NOT NULL"))
    await expert.get_by_role("button", name="Saapui").first.click()
    await expert.get_by_label("Mihin ohjasit hänet?").fill("Kela\nVelkaneuvonta")
    await expert.get_by_role("button", name="Tallenna").click()
    await expect(expert.get_by_text("Tieto on kirjattu")).to_be_visible()
    await expert.get_by_role("link", name="Korjaa tulosta").click()
    await expect(expert.get_by_label("Mihin ohjasit hänet?")).to_have_value("Kela\nVelkaneuvonta")

    await resident.reload()
    await expect(resident.get_by_role("heading", name="Kiitos käynnistä")).to_be_visible()
    await resident.get_by_role("group", name="Oliko tapaamisesta").get_by_label("5").check()
    await resident.get_by_role("button", name="Lähetä", exact=True).click()
    await expect(resident.get_by_text("Kiitos, että kerroit")).to_be_visible()

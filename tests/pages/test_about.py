"""What the service is, in ordinary and in easy language, and trying one's devices."""

import pytest
from playwright.async_api import Browser, Page, expect

from services.contracts.booking.appointments import DescribeBooking
from tests.pages import examples
from tests.support.browser import a_context, browser, needs_browser
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

__all__ = ["browser"]

LINK = examples.link()


@pytest.mark.parametrize(
    ("language", "about", "easy"),
    [
        ("fi", "Tietoa palvelusta ja tiedoistasi", "Selkosuomeksi"),
        ("sv", "Om tjänsten och dina uppgifter", "På lätt svenska"),
        ("en", "About the service and your data", "In easy language"),
    ],
)
async def test_the_service_is_explained_in_ordinary_and_in_easy_language(
    visitor: Visitor, language: str, about: str, easy: str
) -> None:
    front = await visitor.open(f"/?lang={language}")
    assert {"/about", "/easy", "/device-test"} <= set(front.links)

    assert (await visitor.open("/about")).heading == about
    assert (await visitor.open("/easy")).heading == easy


async def test_the_front_page_shows_three_ways_on_before_the_themes(visitor: Visitor) -> None:
    page = await visitor.open("/")

    ways = ("Etsi aika", "Liity ryhmään", "Pyydä yhteydenottoa tulossa", "112", "Digineuvonta")
    places = [page.text.index(way) for way in ways]
    assert places == sorted(places)


async def test_the_language_chosen_is_that_of_the_booking(visitor: Visitor) -> None:
    await visitor.open("/?lang=sv")

    page = await visitor.open(f"/book/{examples.FREE[0].id}")

    assert page.language == "sv"
    assert page.form("/book/" + str(examples.FREE[0].id)).fields["language"] == "sv"


async def test_the_page_behind_the_link_speaks_the_language_of_the_booking_unless_another_is_chosen(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(DescribeBooking, examples.booking(language="sv"))

    assert (await visitor.open(LINK)).language == "sv"
    assert (await visitor.open(f"{LINK}?lang=en")).language == "en"
    assert (await visitor.open(LINK)).language == "en"


@pytest.mark.parametrize("path", ["/device-test", f"{LINK}/device-test"])
async def test_without_script_the_device_test_says_so(visitor: Visitor, path: str) -> None:
    page = await visitor.open(path)

    assert "Kokeilu tarvitsee JavaScriptiä" in page.text
    assert "hidden" in page.by_id("tests").attributes
    assert (LINK in page.links) == path.startswith("/t/"), "and back to one's own page"


async def test_only_the_device_test_may_use_camera_and_microphone(visitor: Visitor) -> None:
    allowed = {}
    for path in ("/device-test", "/", "/about", LINK):
        async with visitor.session.get(visitor.address + path) as response:
            allowed[path] = "camera=(self), microphone=(self)" in response.headers["Permissions-Policy"]
            assert "connect-src 'self'" in response.headers["Content-Security-Policy"]

    assert allowed == {"/device-test": True, "/": False, "/about": False, LINK: False}


async def test_a_replaced_link_tests_no_devices(visitor: Visitor) -> None:
    assert (await visitor.open("/t/abc/device-test")).status == 404


async def device_test(browser: Browser, system: System, **differs: object) -> Page:
    page = await (await a_context(browser, system.http("gateway"), **differs)).new_page()
    await page.goto("/device-test")
    return page


@needs_browser
async def test_a_camera_that_may_not_be_used_is_explained(
    browser: Browser, system: System, neighbours: Neighbours
) -> None:
    """No permission is granted, as on a browser where somebody once pressed "block"."""
    page = await device_test(browser, system)
    await page.evaluate(BLOCKED)

    for name, button in (("camera", "Kokeile kameraa"), ("microphone", "Kokeile mikrofonia")):
        told = page.locator(f"[data-test={name}]").get_by_text("Selain ei antanut lupaa")
        await expect(told).to_be_hidden()
        await page.get_by_role("button", name=button).click()
        await expect(told).to_be_visible()
    await page.context.close()


@needs_browser
async def test_picture_voice_sound_and_connection_are_tried_without_anything_leaving(
    browser: Browser, system: System, neighbours: Neighbours
) -> None:
    page = await device_test(browser, system)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.post_data or ''}"))
    await page.evaluate(DEVICES)

    await page.get_by_role("button", name="Kokeile kameraa").click()
    await expect(page.get_by_text("Kamera toimii")).to_be_visible()
    await page.get_by_role("button", name="Sulje kamera").click()
    await expect(page.get_by_text("Kamera toimii")).to_be_hidden()
    await page.get_by_role("button", name="Kokeile mikrofonia").click()
    await expect(page.get_by_text("Mikrofoni toimii")).to_be_visible()
    await page.get_by_role("button", name="Soita kolme säveltä").click()
    await page.get_by_role("button", name="En", exact=True).click()
    await expect(page.get_by_text("Säädä ääntä kovemmalle")).to_be_visible()
    await page.get_by_role("button", name="Kokeile yhteyttä").click()
    await expect(page.get_by_text("Yhteys on riittävän nopea")).to_be_visible()

    assert sent
    assert set(sent) == {"GET "}
    await page.context.close()


BLOCKED = """
() => { navigator.mediaDevices.getUserMedia =
    async () => { throw new DOMException("no", "NotAllowedError"); }; }
"""
# A picture drawn and a tone made in the page stand for a camera and a voice.
DEVICES = """
() => { navigator.mediaDevices.getUserMedia = async (wish) => {
  if (wish.video) {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 10, 10);
    return canvas.captureStream(5);
  }
  const context = new AudioContext();
  const tone = context.createOscillator();
  const end = context.createMediaStreamDestination();
  tone.connect(end);
  tone.start();
  return end.stream;
}; }
"""

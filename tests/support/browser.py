"""A real browser, and what every page must be in it: within everybody's reach, in any width and light."""

import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from services.gateway.api.events import LOOK_AGAIN_SECONDS
from tests.support.eventually import PATIENCE

CHROMIUM = shutil.which("chromium") or ""
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NARROWEST = 320
_within_reach: list[str] = []

expect.set_options(timeout=1000 * PATIENCE)
BY_NEWS = 1000 * (LOOK_AGAIN_SECONDS - 3)
"""Milliseconds within which a page shows what it was told: later it would have found it by itself."""
needs_browser = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium is installed: apt-get install chromium"
)


@pytest.fixture(scope="session")
async def browser(record_testsuite_property: Callable[[str, object], None]) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield running
        await running.close()
    # Each folder that borrows this has one of its own: what is noted counts once.
    record_testsuite_property("states of pages held against axe", len(_within_reach))
    _within_reach.clear()


async def a_context(browser: Browser, address: str, **differs: Any) -> BrowserContext:
    """Somebody's browser on a phone, with Finnish as its language."""
    wanted: dict[str, Any] = {
        "base_url": address,
        "locale": "fi-FI",
        "viewport": {"width": 390, "height": 844},
    }
    context = await browser.new_context(**(wanted | differs))
    context.set_default_timeout(1000 * PATIENCE)
    return context


async def assert_within_reach(page: Page) -> None:
    """No fault that axe can see, in light and in dark, and nothing off the side of a narrow screen."""
    where = f"{page.url} {await page.title()!r}"
    faults = _listed((await Axe().run(page)).response)
    await page.emulate_media(color_scheme="dark")
    faults += _listed(await page.evaluate("axe.run({runOnly: ['color-contrast']})"))
    await page.emulate_media(color_scheme="light")
    assert not faults, f"{where}: {faults}"
    await page.set_viewport_size({"width": NARROWEST, "height": 700})
    beyond = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{where} is {beyond} px too wide for a narrow screen"
    small = await page.evaluate(SMALL_TARGETS)
    assert not small, f"{where}: too small to hit: {small}"
    await page.set_viewport_size({"width": 390, "height": 844})
    _within_reach.append(where)


def _listed(found: Any) -> list[str]:
    return [
        f"{fault['id']}: {node['html'][:120]}" for fault in found["violations"] for node in fault["nodes"]
    ]


# Links in running text may be as low as their line; everything else is to be hit with a thumb.
SMALL_TARGETS = """
() => [...document.querySelectorAll("button, .act, summary, nav a, select, label.pick, input")]
  .filter((it) => !["checkbox", "radio", "hidden"].includes(it.type))
  .filter((it) => it.checkVisibility() && !it.closest(".skip"))
  .filter((it) => it.getBoundingClientRect().height < 44)
  .map((it) => it.outerHTML.slice(0, 100))
"""

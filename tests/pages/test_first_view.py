"""What a resident's phone must fetch before it shows something: little, once, and no script."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, Response

from services.contracts.booking.catalogue import FindSlots, FreeSlot, FreeSlots
from services.contracts.rooms import Look, RoomState
from tests.pages import examples
from tests.pages.test_booking import PATH
from tests.support.browser import a_context, browser, needs_browser
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.neighbours import Neighbours
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser"]

MOST_BYTES = 50_000
LINK = examples.link()
BEFORE = examples.STARTS - timedelta(hours=2)
SOON = examples.STARTS - timedelta(minutes=5)
BEGUN = examples.STARTS + timedelta(minutes=5)
AFTER = examples.ENDS + timedelta(hours=1)
A_PAGE_OF_TIMES = 20


@pytest.fixture
async def page(browser: Browser, system: System, neighbours: Neighbours) -> AsyncIterator[Page]:
    """Without script: what is seen is what came in the page."""
    context = await a_context(browser, system.http("gateway"), java_script_enabled=False)
    neighbours.answers(FindSlots, FreeSlots(items=_times(A_PAGE_OF_TIMES), next="more"))
    yield await context.new_page()
    await context.close()


async def weighed(page: Page, path: str) -> tuple[int, list[str]]:
    """Every byte of content that the first view fetches, as it is before any packing on the way."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    await page.goto(path)
    return sum([len(await answer.body()) for answer in answers]), [answer.url for answer in answers]


@pytest.mark.parametrize(
    "path", ["/", "/times", PATH, "/links", "/t/abc", f"{LINK}/cancel", f"{LINK}/move"]
)
async def test_the_first_view_of_a_page_is_light_and_needs_no_script(page: Page, path: str) -> None:
    size, urls = await weighed(page, path)

    assert size <= MOST_BYTES, f"{path}: {size} bytes of {urls}"
    assert await page.locator("h1").is_visible()


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (BEFORE, RoomState.BEFORE),
        (SOON, RoomState.WAITING),
        (BEGUN, RoomState.OPEN),
        (AFTER, RoomState.OVER),
    ],
)
async def test_the_page_behind_the_link_is_light_at_every_hour(
    page: Page, neighbours: Neighbours, clock: SetClock, moment: datetime, state: RoomState
) -> None:
    clock.set(moment)
    neighbours.answers(Look, examples.view(state))

    size, urls = await weighed(page, LINK)

    assert size <= MOST_BYTES, f"{state}: {size} bytes of {urls}"
    assert await page.locator("h1").is_visible()


async def test_what_script_adds_stays_within_the_same_weight(
    browser: Browser, system: System, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(SOON)
    neighbours.answers(Look, examples.view(RoomState.WAITING))
    context = await a_context(browser, system.http("gateway"))
    answers: list[Response] = []

    def note(answer: Response) -> None:
        if "/static/" in answer.url or answer.url.endswith(LINK):
            answers.append(answer)

    waiting = await context.new_page()
    waiting.on("response", note)
    await waiting.goto(LINK)
    await eventually(lambda: len(answers) > 2)  # the page, its style and its script
    size = sum([len(await answer.body()) for answer in answers])
    await context.close()

    assert size <= MOST_BYTES


async def test_too_much_would_be_noticed(page: Page, neighbours: Neighbours) -> None:
    neighbours.answers(FindSlots, FreeSlots(items=_times(100)))

    size, _ = await weighed(page, "/times")

    assert size > MOST_BYTES


def _times(count: int) -> list[FreeSlot]:
    return [
        examples.free_slot(number, examples.STARTS + timedelta(hours=number)) for number in range(count)
    ]

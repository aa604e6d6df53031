"""What an open page does when its live news is refused, and how often it loads itself."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.slots import BookingStatus
from services.contracts.rooms import HostArrived, Look, RoomState
from tests.pages import examples
from tests.support.browser import BY_NEWS, a_context, browser, needs_browser
from tests.support.eventually import eventually
from tests.support.neighbours import Neighbours
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser"]

LINK = examples.link()
EVENTS = re.compile(r"/events$")
# Each wait as long as it can be, so that the clock of the page can be moved just short of it; and a count
# of what the page has been told.
WATCHED = """
Math.random = () => 1;
const Heard = EventSource;
window.counted = { refused: 0, told: 0 };
window.EventSource = function (at) {
  const news = new Heard(at);
  news.addEventListener("error", () => { counted.refused += 1; });
  const count = (event) => { if (event.data !== undefined) counted.told += 1; };
  for (const name of ["waiting", "open"]) news.addEventListener(name, count);
  return news;
};
"""
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Asked:
    """What the page has asked its server for, by the end of the address."""

    def __init__(self, page: Page) -> None:
        self.news: list[Request] = []
        self.itself: list[Request] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.url.endswith("/events"):
            self.news.append(request)
        elif request.url.endswith(LINK):
            self.itself.append(request)


@pytest.fixture
async def page(browser: Browser, system: System, neighbours: Neighbours) -> AsyncIterator[Page]:
    neighbours.answers(Look, examples.view(RoomState.WAITING))
    context = await a_context(browser, system.http("gateway"), timezone_id=examples.ZONE)
    page = await context.new_page()
    await page.add_init_script(WATCHED)
    await page.clock.install(time=LONG_AGO)
    await page.clock.pause_at(LONG_AGO + timedelta(minutes=1))
    yield page
    await context.close()


@pytest.fixture
def asked(page: Page) -> Asked:
    return Asked(page)


async def counted(page: Page, **wanted: int) -> None:
    """Until the page has been refused, or told, so many times."""

    async def so_many() -> bool:
        count = await page.evaluate("counted")
        return all(count[name] == number for name, number in wanted.items())

    await eventually(so_many)


@pytest.mark.parametrize("status", [429, 503])
async def test_refused_news_is_asked_for_again_each_time_after_a_longer_while(
    page: Page, asked: Asked, neighbours: Neighbours, status: int
) -> None:
    await page.route(EVENTS, lambda route: route.fulfill(status=status, body="Not now."))
    await page.goto(LINK)
    for tries, wait in enumerate((2, 4, 8), start=1):
        await counted(page, refused=tries)
        assert len(asked.news) == tries
        await page.clock.run_for(wait * 1000 - 10)
        assert len(asked.news) == tries, "too soon"
        await page.clock.run_for(10)
    await counted(page, refused=4)


async def test_a_page_that_gets_news_again_shows_what_has_become_true_meanwhile(
    page: Page, asked: Asked, neighbours: Neighbours
) -> None:
    await page.route(EVENTS, lambda route: route.fulfill(status=503, body="Not now."))
    await page.goto(LINK)
    await counted(page, refused=1)
    neighbours.answers(Look, examples.view(RoomState.OPEN, host_present=True))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Odotushuone")

    await page.unroute_all()
    await page.clock.run_for(2000)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Ovi on auki")


async def test_news_that_says_what_stands_here_already_loads_nothing(
    page: Page, asked: Asked, neighbours: Neighbours
) -> None:
    await page.goto(LINK)
    await counted(page, told=1)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Odotushuone")
    assert len(asked.itself) == 1, "the page was loaded, and not once more"

    neighbours.answers(Look, examples.view(RoomState.OPEN, host_present=True))
    await neighbours.tell(HostArrived(slot_id=examples.booked_slot().id))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ovi on auki", timeout=BY_NEWS)
    assert len(asked.itself) == 2


async def test_what_changed_between_the_page_and_its_news_is_shown(
    page: Page, asked: Asked, neighbours: Neighbours
) -> None:
    """The first news tells of another standing than the page's."""
    neighbours.answers(DescribeBooking, examples.booking(status=BookingStatus.HELD))

    async def change_first(route: Route) -> None:
        neighbours.answers(DescribeBooking, examples.booking())
        await route.continue_()

    await page.route(EVENTS, change_first)
    await page.goto(LINK)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Odotushuone")
    assert len(asked.itself) == 2

"""Asking for help, hearing it, and a device that does not work: within reach in every state."""

import pytest
from playwright.async_api import Page, expect

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.rooms import AskForHelp, Join, Look, LookAtSlots, RoomState, RoomViews
from tests.pages import examples
from tests.pages.test_accessible import expert, page
from tests.support.browser import assert_within_reach, browser, needs_browser
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours

pytestmark = needs_browser
__all__ = ["browser", "expert", "page"]

LINK = examples.link()
DOOR = f"/my/week/slots/{examples.host_slot().id}/door"


@pytest.fixture(autouse=True)
def open_door(neighbours: Neighbours, clock: SetClock) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    neighbours.answers(Join, examples.joined("meet.digiaula.example"))
    neighbours.answers(AskForHelp, examples.view(RoomState.OPEN))


@pytest.mark.parametrize("phone_on_file", [True, False])
async def test_what_one_hears_after_asking_for_help(
    page: Page, neighbours: Neighbours, phone_on_file: bool
) -> None:
    neighbours.answers(DescribeBooking, examples.booking(phone_on_file=phone_on_file))
    await page.goto(LINK)

    await page.locator("form[action$='/help'] button").click()

    await expect(page.get_by_text("et pääse sisään").first).to_be_visible()
    await assert_within_reach(page)


@pytest.mark.parametrize("outside", [[examples.BOOKING_ID], []])
async def test_the_host_at_the_door(expert: Page, neighbours: Neighbours, outside: list[object]) -> None:
    view = examples.view(RoomState.OPEN, waiting=len(outside), cannot_get_in=outside)
    neighbours.answers(Look, view)
    neighbours.answers(LookAtSlots, RoomViews([view]))

    await expert.goto(DOOR)

    await assert_within_reach(expert)
    await expert.goto("/my/week")
    await assert_within_reach(expert)


async def test_a_device_that_does_not_work_is_said_in_words(page: Page) -> None:
    """The browser of the tests has neither camera nor microphone."""
    await page.goto("/device-test")

    for part in ("camera", "microphone"):
        await page.locator(f"[data-test={part}] [data-start]").click()
        await expect(page.locator(f"[data-test={part}] [data-outcome]:visible")).to_have_count(1)

    await assert_within_reach(page)

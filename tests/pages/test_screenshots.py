"""The main states, on a phone and at a desk, as pictures in build/screenshots: to be looked at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.people import Identify
from services.contracts.booking.slots import BookingStatus, HostSlots, ListHostSlots, SlotState
from services.contracts.envelope import Role
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import Join, Look, LookAtSlots, RoomState, RoomViews
from tests.pages import examples
from tests.pages.conftest import NOW
from tests.pages.test_booking import PATH
from tests.pages.test_my_week import sign_in
from tests.pages.test_undelivered import TOLD, coordinates
from tests.support.browser import a_context, browser, needs_browser
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser"]

FOLDER = Path("build/screenshots")
WIDTHS = {"phone": 390, "desk": 1280}
LINK = examples.link()
SOON = examples.STARTS - timedelta(minutes=5)
BEGUN = examples.STARTS + timedelta(minutes=5)
AFTER = examples.ENDS + timedelta(hours=1)

Prepare = Callable[[Neighbours], None]
Act = Callable[[Page], Awaitable[None]]


def nothing(_: Neighbours) -> None:
    """As the neighbours are."""


async def no_act(_: Page) -> None:
    """The page as it comes."""


@dataclass(frozen=True)
class State:
    name: str
    path: str
    moment: datetime = NOW
    prepare: Prepare = nothing
    act: Act = no_act
    role: Role | None = None
    status: int = 200


def room(state: RoomState) -> Prepare:
    def prepare(tables: Neighbours) -> None:
        tables.answers(Look, examples.view(state))
        tables.answers(Join, examples.joined())

    return prepare


def cancelled(tables: Neighbours) -> None:
    gone = examples.booking(
        status=BookingStatus.CANCELLED, cancelled_by="host", cancel_reason="Olen valitettavasti sairaana."
    )
    tables.answers(DescribeBooking, gone)


def expired(tables: Neighbours) -> None:
    tables.refuses(DescribeBooking, Refusal(Code.LINK_EXPIRED, "Replaced."))


def a_week(tables: Neighbours) -> None:
    begins = examples.STARTS
    free = examples.host_slot(id=examples.FREE[1].id, starts_at=begins + timedelta(hours=1), bookings=[])
    off = examples.host_slot(
        id=examples.FREE[2].id,
        starts_at=begins + timedelta(days=2),
        ends_at=begins + timedelta(days=2, minutes=45),
        state=SlotState.CANCELLED,
        bookings=[],
    )
    free = msgspec.structs.replace(free, ends_at=free.starts_at + timedelta(minutes=45))
    tables.answers(ListHostSlots, HostSlots([examples.host_slot(), free, off]))
    tables.answers(ListOpenOutcomes, HostSlots([]))
    tables.answers(LookAtSlots, RoomViews([examples.view(RoomState.WAITING, waiting=1)]))


async def with_errors(page: Page) -> None:
    await page.fill("#display_name", "Kielo")
    await page.fill("#email", "kielo posti.example")
    await page.get_by_role("button", name="Varaa aika").click()
    await expect(page.locator("#errors")).to_be_visible()


async def come_in(page: Page) -> None:
    await page.get_by_role("button", name="Tule tapaamiseen").click()
    await expect(page.get_by_role("button", name="Poistu tapaamisesta")).to_be_visible()


STATES = (
    State("01-front", "/"),
    State("02-times", "/times"),
    State("03-book-with-errors", PATH, act=with_errors),
    State("04-before", LINK),
    State("05-waiting", LINK, SOON, room(RoomState.WAITING)),
    State("06-open", LINK, BEGUN, room(RoomState.OPEN)),
    State("06b-in-the-room", LINK, BEGUN, room(RoomState.OPEN), come_in),
    State("07-over-with-feedback", LINK, AFTER, room(RoomState.OVER)),
    State("08-cancelled", LINK, SOON, cancelled),
    State("09-expired", LINK, SOON, expired, status=410),
    State("10-experts-week", "/my/week", SOON, a_week, role=Role.EXPERT),
    State("11-coordinators-to-do", "/coordinator/to-do", NOW, coordinates, role=Role.COORDINATOR),
    State("12-what-they-were-sent", TOLD, NOW, coordinates, role=Role.COORDINATOR),
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
async def test_a_picture_can_be_taken_of(
    browser: Browser,
    visitor: Visitor,
    system: System,
    neighbours: Neighbours,
    clock: SetClock,
    state: State,
) -> None:
    context = await a_context(browser, system.http("gateway"), timezone_id=examples.ZONE)
    page = await context.new_page()
    if state.role is not None:
        coordinates(neighbours)
        neighbours.answers(Identify, msgspec.structs.replace(examples.EXPERT, role=state.role))
        await sign_in(visitor, system)
        await context.add_cookies(
            [
                {"name": cookie.key, "value": cookie.value, "url": system.http("gateway")}
                for cookie in visitor.session.cookie_jar
            ]
        )
    clock.set(state.moment)
    state.prepare(neighbours)
    answer = await page.goto(state.path)
    assert answer is not None
    assert answer.status == state.status
    await state.act(page)

    for name, width in WIDTHS.items():
        await page.set_viewport_size({"width": width, "height": 844})
        picture = await page.screenshot(path=FOLDER / f"{state.name}-{name}.png", full_page=True)

        assert picture.startswith(b"\x89PNG")
    await expect(page.locator("h1")).to_be_visible()
    await context.close()

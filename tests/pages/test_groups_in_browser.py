"""The pages of groups in a real browser: axe in light and dark, 320 px, by keyboard; and as pictures."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.enrolment import Enrol
from services.contracts.booking.events import BookingMoved, SeatOffered
from services.contracts.booking.groups import GetGroup, Groups, ListGroups
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.rooms import Look, RoomClosed, RoomState
from tests.pages import examples, group_examples
from tests.pages.conftest import NOW
from tests.pages.group_examples import CLOSED, EVENT, OPEN, own_session
from tests.pages.test_groups import COME_IN, ENROL_ALL
from tests.pages.test_my_group import ANSWER_UNTIL, stands
from tests.support.browser import BY_NEWS, a_context, assert_within_reach, browser, needs_browser
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser"]

FOLDER = Path("build/screenshots")
WIDTHS = {"phone": 390, "desk": 1280}
LINK = examples.link()
OPEN_PATH, CLOSED_PATH = f"/groups/{OPEN.id}", f"/groups/{CLOSED.id}"
SOON = examples.STARTS - timedelta(minutes=5)
AFTER = examples.ENDS + timedelta(hours=1)
Prepare = Callable[[Neighbours], None]
ABOUT: dict[str, Any] = {
    "booking_id": examples.BOOKING_ID,
    "slot_id": own_session().slot_id,
    "host_id": examples.HOST.id,
    "kind": SlotKind.GROUP,
    "starts_at": examples.STARTS,
    "ends_at": examples.ENDS,
    "time_zone": examples.ZONE,
    "version": 2,
    "link_version": 1,
    "sequence": 0,
    "enrolment_id": group_examples.ENROLMENT_ID,
}


def nothing(_: Neighbours) -> None:
    """As the neighbours are."""


def full(tables: Neighbours) -> None:
    tables.answers(GetGroup, group_examples.full(CLOSED, waiting=3))


def room(state: RoomState, **differs: bool) -> Prepare:
    return lambda tables: tables.answers(Look, examples.view(state, **differs))


def standing(status: BookingStatus, **differs: object) -> Prepare:
    return lambda tables: stands(tables, status, **differs)


def called_off(tables: Neighbours) -> None:
    sessions = [
        own_session(
            state=SlotState.CANCELLED, status=BookingStatus.CANCELLED, cancel_reason="Ohjaaja on sairaana."
        ),
        *(own_session(number) for number in range(1, 5)),
    ]
    stands(tables, BookingStatus.CONFIRMED, sessions=sessions)
    off = group_examples.booking(
        BookingStatus.CANCELLED, cancelled_by="host", cancel_reason="Ohjaaja on sairaana."
    )
    tables.answers(DescribeBooking, off)


def place_ended(tables: Neighbours) -> None:
    gone = own_session(status=BookingStatus.CANCELLED, cancelled_by="coordinator")
    stands(tables, BookingStatus.CANCELLED, sessions=[gone])
    tables.answers(
        DescribeBooking, group_examples.booking(BookingStatus.CANCELLED, cancelled_by="coordinator")
    )


def unstaffed(tables: Neighbours) -> None:
    stands(tables, sessions=[own_session(staffed=False)])


@dataclass(frozen=True)
class State:
    name: str
    path: str
    prepare: Prepare = nothing
    moment: datetime = NOW
    picture: bool = False


STATES = (
    State("20-groups", "/groups", picture=True),
    State("21-open-group-now", OPEN_PATH, moment=SOON, picture=True),
    State("22-closed-group", CLOSED_PATH),
    State("22b-full-group", CLOSED_PATH, full, picture=True),
    State("23-enrol", ENROL_ALL, picture=True),
    State("24-come-in", COME_IN, moment=SOON),
    State("25-mine-before", LINK, picture=True),
    State("25b-mine-unstaffed", LINK, unstaffed),
    State("26-mine-held", LINK, standing(BookingStatus.HELD)),
    State("26c-mine-listed", LINK, standing(BookingStatus.WAITING, before_you=2), picture=True),
    State(
        "26d-mine-offered",
        LINK,
        standing(BookingStatus.OFFERED, offered_until=ANSWER_UNTIL),
        picture=True,
    ),
    State("27b-mine-open", LINK, room(RoomState.OPEN), SOON),
    State("27c-mine-removed", LINK, room(RoomState.OPEN, removed=True), SOON),
    State("28-mine-over", LINK, room(RoomState.OVER), AFTER),
    State("29-mine-called-off", LINK, called_off, picture=True),
    State("29b-mine-place-ended", LINK, place_ended),
    State("29c-mine-expired", LINK, standing(BookingStatus.EXPIRED)),
    State("30b-leave", f"{LINK}/leave-group"),
)


@pytest.fixture
async def page(browser: Browser, system: System, neighbours: Neighbours) -> AsyncIterator[Page]:
    pages = {
        OPEN.id: group_examples.page(OPEN),
        CLOSED.id: group_examples.page(CLOSED, 8),
        EVENT.id: group_examples.page(EVENT, 1),
    }
    neighbours.answers(ListGroups, Groups([OPEN, CLOSED, EVENT]))
    neighbours.answers(GetGroup, lambda asked, _: pages[asked.group_id])
    neighbours.answers(Enrol, group_examples.enrolled())
    stands(neighbours, count=8)
    context = await a_context(browser, system.http("gateway"), timezone_id=examples.ZONE)
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
async def test_every_state_is_within_reach_and_can_be_looked_at(
    page: Page, neighbours: Neighbours, clock: SetClock, state: State
) -> None:
    clock.set(state.moment)
    state.prepare(neighbours)
    answer = await page.goto(state.path)
    assert answer is not None
    assert answer.status == 200

    for name, width in WIDTHS.items() if state.picture else ():
        await page.set_viewport_size({"width": width, "height": 844})
        await page.screenshot(path=FOLDER / f"{state.name}-{name}.png", full_page=True)

    await assert_within_reach(page)


async def test_enrolling_with_errors_is_within_reach(page: Page) -> None:
    await page.goto(ENROL_ALL)
    await page.get_by_role("button", name="Ilmoittaudu").click()

    await expect(page.locator("#errors")).to_be_visible()
    await assert_within_reach(page)


async def test_one_enrols_by_keyboard_alone(page: Page) -> None:
    await page.goto(CLOSED_PATH)
    await page.get_by_role("link", name="Ilmoittaudu ryhmään").focus()
    await page.keyboard.press("Enter")
    await page.locator("#display_name").focus()
    await page.keyboard.type("Kielo")
    await page.keyboard.press("Tab")
    await page.keyboard.type("kielo@posti.example")
    await page.locator("#consent").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("Olet ilmoittautunut")).to_be_visible()


async def test_an_offer_appears_on_the_open_page(page: Page, neighbours: Neighbours) -> None:
    stands(neighbours, BookingStatus.WAITING, before_you=0)
    await page.goto(LINK)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Olet jonotuslistalla")

    stands(neighbours, BookingStatus.OFFERED, offered_until=ANSWER_UNTIL)
    await neighbours.tell(SeatOffered(**ABOUT, offered_until=ANSWER_UNTIL))
    await expect(page.get_by_role("button", name="Otan paikan")).to_be_visible(timeout=BY_NEWS)


async def test_a_session_that_is_moved_shows_its_new_time_by_itself(
    page: Page, neighbours: Neighbours
) -> None:
    await page.goto(LINK)
    await expect(page.locator("#live")).to_contain_text("13.00")

    later = {
        "starts_at": examples.STARTS + timedelta(hours=2),
        "ends_at": examples.ENDS + timedelta(hours=2),
    }
    slot = msgspec.structs.replace(group_examples.booking().slot, **later)
    neighbours.answers(DescribeBooking, msgspec.structs.replace(group_examples.booking(), slot=slot))
    neighbours.answers(Look, msgspec.structs.replace(examples.view(), **later))
    moved = BookingMoved(**ABOUT, from_slot_id=own_session().slot_id)
    await neighbours.tell(moved)

    await expect(page.locator("#live .ticket")).to_contain_text("15.00", timeout=BY_NEWS)


async def test_a_busy_moment_leaves_the_page_standing_and_is_got_over(
    page: Page, neighbours: Neighbours
) -> None:
    stands(neighbours, BookingStatus.WAITING, before_you=0)
    await page.goto(LINK)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Olet jonotuslistalla")
    await page.route(f"**{LINK}", lambda route: route.fulfill(status=503, body="Busy."))

    stands(neighbours, BookingStatus.OFFERED, offered_until=ANSWER_UNTIL)
    async with page.expect_response(lambda response: response.status == 503):
        await neighbours.tell(SeatOffered(**ABOUT, offered_until=ANSWER_UNTIL))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Olet jonotuslistalla")
    await page.unroute_all()
    await expect(page.get_by_role("button", name="Otan paikan")).to_be_visible(timeout=BY_NEWS)


async def test_a_page_whose_meeting_is_over_asks_for_no_more_news(
    page: Page, neighbours: Neighbours
) -> None:
    """Left open on a phone, it would ask every few seconds until the battery is empty."""
    await page.add_init_script(
        "const Heard = EventSource;"
        "window.EventSource = function (at) { return (window.news = new Heard(at)); };"
    )
    neighbours.answers(Look, examples.view(RoomState.WAITING))
    await page.goto(LINK)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Odotushuone")
    assert await page.evaluate("news.readyState") < 2

    neighbours.answers(Look, examples.view(RoomState.OVER))
    await neighbours.tell(RoomClosed(slot_id=own_session().slot_id))

    await expect(page.get_by_role("heading", level=1)).to_have_text("Kiitos käynnistä", timeout=BY_NEWS)
    await page.wait_for_function("news.readyState === 2")

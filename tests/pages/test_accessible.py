"""Every page and state in a real browser: axe in light and dark, 320 px, targets for a thumb."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser, Page

from services.contracts.booking.appointments import Book, DescribeBooking
from services.contracts.booking.catalogue import FindSlots, FreeSlots
from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.people import FindPersonByEmail, Identify
from services.contracts.booking.receptions import GetReception, ListReceptions, PreviewReception, Receptions
from services.contracts.booking.slots import BookingStatus, GetSlot, HostSlots, ListHostSlots
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import Join, Look, LookAtSlots, RoomState, RoomViews
from tests.pages import examples
from tests.pages.test_booking import PATH
from tests.pages.test_my_week import PUBLISHED, RECEPTION, sign_in
from tests.support.browser import a_context, assert_within_reach, browser, needs_browser
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser"]

LINK = examples.link()
SOON = examples.STARTS - timedelta(minutes=5)
BEGUN = examples.STARTS + timedelta(minutes=5)
AFTER = examples.ENDS + timedelta(hours=1)
Prepare = Callable[[Neighbours], None]


@pytest.fixture
async def page(browser: Browser, system: System, neighbours: Neighbours) -> AsyncIterator[Page]:
    context = await a_context(browser, system.http("gateway"))
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize(
    "path", ["/", "/?lang=sv", "/about", "/easy", "/device-test", f"{LINK}/device-test", "/times",
             PATH, "/links", "/links/sent", "/sign-in", "/sign-in/sent",
             "/sign-in/abc", "/nowhere", "/t/abc", "/my/week", f"{LINK}/cancel", f"{LINK}/move", LINK],
)  # fmt: skip
async def test_every_page_is_within_reach(page: Page, path: str) -> None:
    await page.goto(path)

    await assert_within_reach(page)


def with_booking(**differs: object) -> Prepare:
    return lambda tables: tables.answers(DescribeBooking, examples.booking(**differs))


def with_room(state: RoomState) -> Prepare:
    return lambda tables: tables.answers(Look, examples.view(state))


def expired(tables: Neighbours) -> None:
    tables.refuses(DescribeBooking, Refusal(Code.LINK_EXPIRED, "Replaced."))


@pytest.mark.parametrize(
    ("moment", "prepare"),
    [
        (SOON, with_room(RoomState.WAITING)),
        (BEGUN, with_room(RoomState.WAITING)),
        (BEGUN, with_room(RoomState.OPEN)),
        (AFTER, with_room(RoomState.OVER)),
        (
            SOON,
            with_booking(status=BookingStatus.CANCELLED, cancelled_by="host", cancel_reason="Sairaana."),
        ),
        (SOON, with_booking(status=BookingStatus.HELD, held_until=examples.STARTS)),
        (SOON, expired),
    ],
    ids=["waiting", "late", "open", "over", "cancelled", "held", "expired"],
)
async def test_the_page_behind_the_link_is_within_reach_at_every_hour(
    page: Page, neighbours: Neighbours, clock: SetClock, moment: datetime, prepare: Prepare
) -> None:
    clock.set(moment)
    prepare(neighbours)

    await page.goto(LINK)

    await assert_within_reach(page)


async def test_the_room_is_within_reach(page: Page, neighbours: Neighbours, clock: SetClock) -> None:
    clock.set(BEGUN)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    neighbours.answers(Join, examples.joined())
    await page.goto(LINK)

    await page.get_by_role("button", name="Tule tapaamiseen").click()

    await assert_within_reach(page)


async def test_errors_and_unhappy_ends_are_within_reach(page: Page, neighbours: Neighbours) -> None:
    await page.goto(PATH)
    await page.get_by_text("Lisää, jos haluat").click()
    await page.get_by_role("button", name="Varaa aika").click()
    await assert_within_reach(page)

    neighbours.refuses(Book, Refusal(Code.SLOT_TAKEN, "Taken.", next=examples.FREE))
    await page.fill("#display_name", "Kielo")
    await page.fill("#email", "kielo@posti.example")
    await page.check("#consent")
    await page.get_by_role("button", name="Varaa aika").click()
    await assert_within_reach(page)

    neighbours.answers(FindSlots, FreeSlots(items=[]))
    await page.goto("/times")
    await assert_within_reach(page)

    await neighbours.away("booking")
    await page.goto("/times")
    await assert_within_reach(page)


@pytest.fixture
async def expert(page: Page, neighbours: Neighbours, system: System, visitor: Visitor) -> Page:
    neighbours.answers(FindPersonByEmail, examples.EXPERT)
    neighbours.answers(Identify, examples.EXPERT)
    neighbours.answers(ListHostSlots, HostSlots([examples.host_slot()]))
    neighbours.answers(LookAtSlots, RoomViews([examples.view(RoomState.WAITING, waiting=2)]))
    neighbours.answers(ListReceptions, Receptions([RECEPTION]))
    neighbours.answers(ListOpenOutcomes, HostSlots([]))
    neighbours.answers(GetReception, PUBLISHED)
    neighbours.answers(PreviewReception, PUBLISHED)
    neighbours.answers(GetSlot, examples.host_slot())
    await sign_in(visitor, system)
    cookies = [
        {"name": cookie.key, "value": cookie.value, "url": system.http("gateway")}
        for cookie in visitor.session.cookie_jar
    ]
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]  # plain dicts do
    return page


@pytest.mark.parametrize(
    "path",
    [
        "/my/week",
        f"/my/week/slots/{examples.host_slot().id}/cancel",
        "/my/receptions",
        "/my/receptions/new",
        f"/my/receptions/{RECEPTION.id}/remove",
        "/my/times/new",
    ],
)
async def test_the_experts_pages_are_within_reach(expert: Page, clock: SetClock, path: str) -> None:
    clock.set(SOON - timedelta(minutes=20))

    await expert.goto(path)

    assert await expert.get_by_role("button", name="Kirjaudu ulos").is_visible()
    await assert_within_reach(expert)


async def test_a_preview_and_its_errors_are_within_reach(expert: Page) -> None:
    await expert.goto("/my/receptions/new")
    await expert.get_by_role("button", name="Näytä ajat ensin").click()
    await assert_within_reach(expert)

    await expert.fill("#starts", "")
    await expert.get_by_role("button", name="Julkaise").click()
    await assert_within_reach(expert)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("document.querySelector('label[for=email]').remove()", "label"),
        ("document.querySelector('main p').style.color = '#888'", "color-contrast"),
        ("document.querySelector('main').style.width = '500px'", "too wide"),
        ("document.querySelector('main button').style = 'height: 20px; min-height: 0'", "too small"),
    ],
)
async def test_a_fault_is_seen(page: Page, fault: str, said: str) -> None:
    """So that silence above means something."""
    await page.goto("/links")
    await page.evaluate(fault)

    with pytest.raises(AssertionError, match=said):
        await assert_within_reach(page)

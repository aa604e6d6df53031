"""The pages of those who lead and coordinate groups in a real browser: within reach, and live."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import Attendees, DescribeEnrolment, ListAttendees
from services.contracts.booking.groups import (
    ChangeGroup,
    GetManagedGroup,
    PreviewSeries,
    SetSeries,
    Staffing,
)
from services.contracts.booking.people import FindPersonByEmail, Identify, ListPeople, People, Person
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.booking.staffing import AcceptDuty
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import ListPresence, RoomPresence
from tests.pages import coordination, examples, group_examples, leading_examples
from tests.pages.coordination import COORDINATOR
from tests.pages.group_examples import OPEN
from tests.pages.leading_examples import OTHER, SLOT, VOLUNTEER, attendee, here, managed, session
from tests.pages.test_groups_coordinator import FITTING, PREVIEW
from tests.pages.test_my_week import sign_in
from tests.support.browser import a_context, assert_within_reach, browser, needs_browser
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser"]

SOON = examples.STARTS - timedelta(minutes=5)
DESK, GROUP = f"/my/sessions/{SLOT}", f"/my/groups/{OPEN.id}"
COORDINATED = f"/coordinator/groups/{OPEN.id}"
SESSIONS = [
    session(0, applied=1, waiting=2),
    session(1, staffing=Staffing.NEEDS_HOST, co_hosts=[OTHER]),
    session(2, staffing=Staffing.ASKED, host=OTHER),
    session(3, staffing=Staffing.STAND_IN_WANTED),
    session(4, state=SlotState.CANCELLED),
    session(-1),
]
APPLIED = attendee(4, "Vanamo", status=BookingStatus.APPLIED, note="Mahtuisinko vielä mukaan?")

SignIn = Callable[[Person], Awaitable[Page]]


@pytest.fixture
async def as_person(
    browser: Browser, visitor: Visitor, neighbours: Neighbours, system: System, clock: SetClock
) -> AsyncIterator[SignIn]:
    context = await a_context(browser, system.http("gateway"), timezone_id=examples.ZONE)
    coordination.prepare(neighbours)
    leading_examples.prepare(neighbours)
    people = [COORDINATOR, examples.EXPERT, FITTING, VOLUNTEER]
    neighbours.answers(ListPeople, People(people))
    neighbours.answers(GetManagedGroup, managed(sessions=SESSIONS))
    neighbours.answers(ListAttendees, Attendees([*leading_examples.PEOPLE, APPLIED]))
    neighbours.answers(PreviewSeries, PREVIEW)

    async def signed_in(person: Person) -> Page:
        neighbours.answers(FindPersonByEmail, person)
        neighbours.answers(Identify, person)
        clock.set(SOON)
        await sign_in(visitor, system)
        kept = visitor.session.cookie_jar
        address = system.http("gateway")
        await context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": address} for cookie in kept]
        )
        return await context.new_page()

    yield signed_in
    await context.close()


@pytest.mark.parametrize(
    "path",
    ["/my/duties", f"/my/duties/{SLOT}/give-up", "/my/groups", GROUP, DESK, f"{DESK}/message",
     f"{DESK}/move", f"{DESK}/call-off", f"{DESK}/people/{examples.BOOKING_ID}/send-out"],
)  # fmt: skip
async def test_the_pages_of_those_who_lead_are_within_reach(as_person: SignIn, path: str) -> None:
    page = await as_person(VOLUNTEER)

    answer = await page.goto(path)

    assert answer is not None
    assert answer.ok
    await assert_within_reach(page)


@pytest.mark.parametrize(
    "path",
    [GROUP, "/coordinator/groups", "/coordinator/groups/new", COORDINATED, f"{COORDINATED}/end",
     f"{COORDINATED}/enrol", "/coordinator/staffing", f"/coordinator/staffing/{SLOT}"],
)  # fmt: skip
async def test_the_pages_of_coordinators_are_within_reach(as_person: SignIn, path: str) -> None:
    page = await as_person(COORDINATOR)

    answer = await page.goto(path)

    assert answer is not None
    assert answer.ok
    await assert_within_reach(page)


async def test_a_series_its_preview_and_its_errors_are_within_reach(as_person: SignIn) -> None:
    page = await as_person(COORDINATOR)
    await page.goto(f"{COORDINATED}/series")
    await page.get_by_text("Päivät, jotka jäävät väliin").click()
    await assert_within_reach(page)

    await page.get_by_label("Ensimmäinen päivä").fill("")
    await page.get_by_role("button", name="Näytä, mikä muuttuisi").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await assert_within_reach(page)

    await page.get_by_label("Ensimmäinen päivä").fill("2027-01-19")
    await page.get_by_label("Viimeinen päivä").fill("2027-05-25")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Mikä muuttuisi")).to_be_visible()
    await assert_within_reach(page)


async def test_a_series_that_somebody_else_changed_meanwhile_is_within_reach(
    as_person: SignIn, neighbours: Neighbours
) -> None:
    page = await as_person(COORDINATOR)
    await page.goto(f"{COORDINATED}/series")
    await page.get_by_label("Ensimmäinen päivä").fill("2027-01-19")
    await page.get_by_label("Viimeinen päivä").fill("2027-05-25")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Mikä muuttuisi")).to_be_visible()
    neighbours.refuses(SetSeries, Refusal(Code.CHANGED_MEANWHILE, "Changed.", version=2))

    await page.get_by_label("Syy").fill("Loma-aika.")
    await page.get_by_role("button", name="Aseta nämä kerrat").click()

    await expect(page.get_by_role("alert")).to_contain_text("Joku muu muutti tätä")
    await assert_within_reach(page)


async def test_ending_an_enrolment_is_within_reach_asked_and_too_late(
    as_person: SignIn, neighbours: Neighbours
) -> None:
    ending = f"{coordination.BOOKING}/leave-group"
    neighbours.answers(DescribeBooking, group_examples.booking())
    neighbours.answers(DescribeEnrolment, group_examples.my_group(places=2))
    page = await as_person(COORDINATOR)

    await page.goto(ending)
    await expect(page.get_by_role("button", name="Kyllä, päätä")).to_be_visible()
    await assert_within_reach(page)

    neighbours.answers(DescribeEnrolment, group_examples.my_group(BookingStatus.CANCELLED))
    await page.goto(ending)
    await expect(page.get_by_role("alert")).to_contain_text("Päätettävää ei ole")
    await assert_within_reach(page)


async def test_what_somebody_else_changed_meanwhile_is_within_reach(
    as_person: SignIn, neighbours: Neighbours
) -> None:
    page = await as_person(COORDINATOR)
    await page.goto(COORDINATED)
    theirs = msgspec.structs.replace(OPEN, capacity=30, name=Words("Uusi nimi", "Nytt namn", "New name"))
    neighbours.answers(GetManagedGroup, managed(theirs, version=2))
    neighbours.refuses(ChangeGroup, Refusal(Code.CHANGED_MEANWHILE, "Changed.", version=2))

    await page.get_by_label("Montako paikkaa?").fill("20")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("Joku muu muutti tätä")
    await expect(page.locator("dl")).to_contain_text("Uusi nimi")
    await assert_within_reach(page)


async def test_who_comes_is_shown_on_the_desk_without_reloading(
    as_person: SignIn, neighbours: Neighbours
) -> None:
    page = await as_person(VOLUNTEER)
    await page.clock.install()
    await page.goto(DESK)
    await expect(page.get_by_role("heading", name="Paikalla nyt (1)")).to_be_visible()

    neighbours.answers(ListPresence, RoomPresence([here(0), here(1), here(2)]))
    await page.clock.fast_forward(9000)

    await expect(page.get_by_role("heading", name="Paikalla nyt (3)")).to_be_visible()
    await expect(page.locator("#said")).to_contain_text("Paikalla nyt: 3")


async def test_a_duty_is_taken_by_keyboard_alone(as_person: SignIn, neighbours: Neighbours) -> None:
    page = await as_person(VOLUNTEER)
    neighbours.answers(AcceptDuty, leading_examples.duty(2))
    await page.goto("/my/duties")

    button = page.get_by_role("button", name="Voin ottaa tämän")
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await button.evaluate("it => it === document.activeElement"):
            break
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("Kiitos! Sinä ohjaat tämän kerran")).to_be_visible()

"""The pages of those who serve in a real browser: within reach in every state, and fit to be printed."""

from datetime import timedelta

import msgspec
import pytest
from playwright.async_api import Page, expect

from services.contracts.booking.appointments import Contact, ReadContact
from services.contracts.booking.own import CalendarAddress, FindCalendar, ListOpenOutcomes
from services.contracts.booking.people import Identify
from services.contracts.booking.slots import HostSlots, ListHostSlots, SlotState
from services.contracts.envelope import Role
from services.contracts.rooms import ListOwnRooms, LookAtSlots, RoomState, RoomViews
from tests.pages import examples
from tests.pages.test_accessible import AFTER, SOON, expert, page
from tests.pages.test_my_week import RECEPTION
from tests.support.browser import assert_within_reach, browser, needs_browser
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours

pytestmark = needs_browser
__all__ = ["browser", "expert", "page"]

BOOKING = f"/my/week/bookings/{examples.BOOKING_ID}"
CANCEL = f"/my/week/slots/{examples.host_slot().id}/cancel"


def a_week() -> HostSlots:
    """A time of every kind: past and free, booked today, free, cancelled."""
    kinds = ((1, -1, SlotState.OPEN), (2, 1, SlotState.OPEN), (3, 2, SlotState.CANCELLED))
    slots = [
        examples.host_slot(
            id=examples.free_slot(number, SOON).id,
            starts_at=examples.STARTS + timedelta(days=days),
            ends_at=examples.ENDS + timedelta(days=days),
            state=state,
            bookings=[],
        )
        for number, days, state in kinds
    ]
    return HostSlots([slots[0], examples.host_slot(), *slots[1:]])


@pytest.fixture
def tables(neighbours: Neighbours) -> Neighbours:
    neighbours.answers(ListOpenOutcomes, HostSlots([examples.host_slot()]))
    neighbours.answers(FindCalendar, CalendarAddress(version=1))
    contact = Contact(booking_id=examples.BOOKING_ID, display_name="Kielo", email="kielo@posti.example")
    neighbours.answers(ReadContact, contact)
    return neighbours


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/my/week",
        "/my/outcomes",
        "/my/profile",
        "/my/assigned",
        f"{BOOKING}/outcome",
        f"{BOOKING}/contact",
    ],
)
async def test_the_own_pages_are_within_reach(
    expert: Page, tables: Neighbours, clock: SetClock, path: str
) -> None:
    clock.set(SOON)

    await expert.goto(path)

    await expect(expert.get_by_text("Aino Asiantuntija, asiantuntija")).to_be_visible()
    await assert_within_reach(expert)


async def test_a_week_of_every_kind_is_within_reach(
    expert: Page, tables: Neighbours, clock: SetClock
) -> None:
    tables.answers(ListHostSlots, a_week())
    clock.set(AFTER)

    await expert.goto("/my/week")

    await assert_within_reach(expert)


async def test_what_comes_after_a_press_is_within_reach(
    expert: Page, tables: Neighbours, clock: SetClock
) -> None:
    clock.set(SOON)
    await expert.goto(f"{BOOKING}/contact")
    await expert.get_by_role("button", name="Näytä yhteystiedot").click()
    await expect(expert.get_by_role("link", name="kielo@posti.example")).to_be_visible()
    await assert_within_reach(expert)

    await expert.goto(CANCEL)
    await expert.get_by_label("Syy").fill("Olen sairaana. Olen pahoillani.")
    await expert.get_by_role("button", name="Näytä, mitä varaaja lukee").click()
    await assert_within_reach(expert)

    await expert.goto("/my/receptions/new")
    await expert.get_by_text("Poikkeavat päivät").click()
    await assert_within_reach(expert)
    await expert.goto(f"/my/receptions/{RECEPTION.id}/remove")
    await assert_within_reach(expert)


async def test_a_volunteers_page_and_a_week_without_booking_are_within_reach(
    expert: Page, tables: Neighbours, clock: SetClock
) -> None:
    clock.set(SOON)
    tables.answers(Identify, msgspec.structs.replace(examples.EXPERT, role=Role.VOLUNTEER))
    tables.answers(ListHostSlots, HostSlots([]))
    await expert.goto("/my")
    await assert_within_reach(expert)

    tables.answers(ListOwnRooms, RoomViews([examples.view(RoomState.WAITING, waiting=1)]))
    await tables.away("booking")
    await expert.goto("/my/week")
    await expect(expert.get_by_role("button", name="Avaa tapaaminen")).to_be_visible()
    await assert_within_reach(expert)


async def test_who_waits_is_shown_and_said_without_reloading(
    expert: Page, tables: Neighbours, clock: SetClock
) -> None:
    clock.set(SOON)
    tables.answers(LookAtSlots, RoomViews([examples.view(RoomState.WAITING)]))
    await expert.clock.install()
    await expert.goto("/my/week")
    await expect(expert.get_by_text("1 odottaa")).to_have_count(0)

    tables.answers(LookAtSlots, RoomViews([examples.view(RoomState.WAITING, waiting=1)]))
    await expert.clock.fast_forward(9000)

    await expect(expert.get_by_text("1 odottaa")).to_be_visible()
    await expect(expert.locator("#said")).to_have_text("Odottamassa nyt: 1")


async def test_a_printed_week_has_times_and_names_and_nothing_to_press(
    expert: Page, tables: Neighbours, clock: SetClock
) -> None:
    clock.set(SOON)
    await expert.goto("/my/week")
    await expert.emulate_media(media="print")

    await expect(expert.get_by_text("Kielo", exact=False).first).to_be_visible()
    await expect(expert.get_by_text("13.00–13.45").first).to_be_visible()
    for control in await expert.get_by_role("button").all():
        assert not await control.is_visible()
    await expect(expert.get_by_role("link", name="Viikkoni")).to_have_count(0)
    await expect(expert.get_by_role("link", name="Perum")).to_have_count(0)

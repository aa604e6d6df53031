"""What is known of me in a real browser: within reach from asking for it to its being erased."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from services.contracts.booking.own_data import (
    DescribeOwnData,
    Erased,
    EraseResident,
    OwnBooking,
    OwnChange,
    OwnData,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.gateway import PrepareOwnData
from services.contracts.notify import ListMessagesTo, MessageKind, MessageState, MessagesTo, MessageTo
from services.contracts.rooms import ListSightings, Seen, Sightings
from tests.pages import examples
from tests.pages.coordination import BOOKING
from tests.pages.test_coordinator_accessible import page as coordinator
from tests.support.browser import a_context, assert_within_reach, browser, needs_browser
from tests.support.neighbours import Neighbours
from tests.support.system import System

pytestmark = needs_browser
__all__ = ["browser", "coordinator"]

LINK = examples.link()
FOLDER = Path("build/screenshots")
MADE = examples.STARTS - timedelta(days=9)


def a_past(number: int, **differs: object) -> OwnBooking:
    """A booking of which there is something of everything to tell."""
    known: dict[str, object] = {
        "id": examples.BOOKING_ID,
        "status": BookingStatus.ATTENDED,
        "slot": examples.booked_slot(),
        "display_name": "Kielo",
        "language": "fi",
        "made_at": MADE,
        "changed_at": MADE + timedelta(hours=number),
        "link_version": 1,
        "email": "kielo.pitkanimisen-sukunimi@erittain-pitka-osoite.posti.example",
        "phone": "+358401234567",
        "municipality": "Kuopio",
        "age_group": "65-74",
        "note": "Puhelin ei avaudu, ja verkkopankki pyytää uutta tunnusta.",
        "joined_at": examples.STARTS,
        "guided_to": ["Kirjaston digineuvonta", "Muistiliitto"],
        "changes": [OwnChange(at=MADE, what="booked", by="resident")],
    }
    return OwnBooking(**{**known, **differs})  # type: ignore[arg-type]  # as they are named above


@pytest.fixture
def known(neighbours: Neighbours) -> Neighbours:
    """Booking, notify and rooms know something of whoever the link belongs to."""
    told = MessageTo(
        booking_id=examples.BOOKING_ID,
        kind=MessageKind.CONFIRMATION,
        state=MessageState.SENT,
        due_at=MADE,
        channel="email",
        sent_at=MADE,
    )
    came = Seen(booking_id=examples.BOOKING_ID, what="joined", source="page", at=examples.STARTS)
    neighbours.answers(DescribeOwnData, OwnData(bookings=[a_past(1), a_past(2, email=None)]))
    neighbours.answers(ListMessagesTo, MessagesTo([told]))
    neighbours.answers(ListSightings, Sightings([came]))
    neighbours.answers(EraseResident, Erased(2))
    return neighbours


@pytest.fixture
async def page(browser: Browser, system: System, known: Neighbours) -> AsyncIterator[Page]:
    context = await a_context(browser, system.http("gateway"))
    yield await context.new_page()
    await context.close()


async def looked_at(page: Page, name: str) -> None:
    await page.screenshot(path=FOLDER / f"own-data-{name}.png", full_page=True)
    await assert_within_reach(page)


async def fresh_link(system: System) -> str:
    """As the message would hold it, whose part is played by the test."""
    asked = "SELECT id FROM gateway.own_data_link ORDER BY requested_at DESC LIMIT 1"
    [row] = await system.sql(asked)
    return f"/own-data/{(await system.ask(PrepareOwnData(own_data_link_id=row['id']))).token}"


async def test_from_asking_to_erased_every_page_is_within_reach(page: Page, system: System) -> None:
    await page.goto(LINK)
    await page.get_by_role("link", name="Mitä minusta tiedetään").click()
    await looked_at(page, "1-ask")
    await page.get_by_role("button", name="Lähetä minulle viesti").click()
    await looked_at(page, "2-sent")

    await page.goto(await fresh_link(system))
    await looked_at(page, "3-offer")
    await page.get_by_role("button", name="Näytä, mitä minusta tiedetään").click()
    await expect(page.get_by_text("Puhelin ei avaudu")).to_have_count(2)
    assert "POT-Creation-Date" not in await page.content(), "what is not known is left out"
    await looked_at(page, "4-shown")

    await page.get_by_role("link", name="Poista tiedot").click()
    await looked_at(page, "5-erase")
    await page.get_by_role("button", name="Kyllä").click()
    await looked_at(page, "6-erased")


async def test_a_link_that_is_used_up_leads_on_and_is_within_reach(page: Page) -> None:
    await page.goto("/own-data/nothing-behind-it")
    await page.get_by_role("button", name="Näytä, mitä minusta tiedetään").click()

    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await looked_at(page, "7-old")


async def test_a_coordinators_pages_of_it_are_within_reach(coordinator: Page, known: Neighbours) -> None:
    await coordinator.goto(f"{BOOKING}/own-data")
    await looked_at(coordinator, "8-coordinator")
    await coordinator.get_by_role("button", name="Näytä").click()
    await expect(coordinator.locator("#errors")).to_be_visible()
    await assert_within_reach(coordinator)

    await coordinator.get_by_label("paikan päällä").check()
    await coordinator.get_by_role("button", name="Näytä").click()
    await looked_at(coordinator, "9-coordinator-shown")

    await coordinator.goto(f"{BOOKING}/erase")
    await looked_at(coordinator, "10-coordinator-erase")

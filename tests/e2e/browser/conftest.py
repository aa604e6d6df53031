"""All four services, a mail server that keeps what it gets, and browsers for the people."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from deploy.embedded.mailbox import Message
from services.contracts.booking.slots import HostSlot
from services.contracts.envelope import Staff
from tests.integration.notify.mailroom import Mailroom
from tests.support.browser import CHROMIUM, a_context, browser
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.system import System

__all__ = ["browser"]

HERE = Path(__file__).parent
EXPERT = "neuvoja@digiaula.example"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not CHROMIUM:
        reason = pytest.mark.skip(reason="no Chromium is installed: apt-get install chromium")
        for item in items:
            if item.path.is_relative_to(HERE):
                item.add_marker(reason)


@dataclass
class Hall:
    """The running house, its one expert and the time that can be booked."""

    system: System
    house: House
    mailroom: Mailroom
    browser: Browser
    expert: Staff
    slot: HostSlot

    @property
    def address(self) -> str:
        return self.system.http("gateway")

    async def somebody(self, **differs: object) -> BrowserContext:
        return await a_context(self.browser, self.address, **differs)

    async def mail_to(self, address: str, *, nth: int = 1) -> Message:
        """The n-th message to this address, once it has come."""

        def come() -> Message:
            found = [message for message in self.mailroom.taken if message.to == address]
            assert len(found) >= nth, f"{len(found)} messages to them"
            return found[nth - 1]

        return await eventually(come)

    async def link_to(self, address: str, way: str) -> str:
        """The path of the link in the first message to this address, `/t/…` or `/sign-in/…`."""
        message = await self.mail_to(address)
        return next(link for link in message.links if way in link).removeprefix(self.address)

    async def sign_in(self, page: Page) -> None:
        """As the expert: type the address, read the mail, press the button."""
        await page.goto("/sign-in")
        await page.get_by_label("Sähköposti").fill(EXPERT)
        await page.get_by_role("button", name="Lähetä kirjautumislinkki").click()
        await page.goto(await self.link_to(EXPERT, "/sign-in/"))
        await page.get_by_role("button", name="Kirjaa minut sisään").click()
        await page.wait_for_url("**/my/week")


@pytest.fixture
async def hall(
    system: System, clock: SetClock, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Hall]:
    """A Tuesday morning; the expert has one free time at one o'clock. Takes settings by parametrize."""
    clock.set(A_TUESDAY)
    mailroom = Mailroom()
    await mailroom.open()
    await system.start("booking", "rooms", "gateway", **getattr(request, "param", {}))
    await system.start("notify", SMTP_URL=mailroom.url)
    house = await House.build(system)
    expert = await house.expert(email=EXPERT, display_name="Neuvoja Aino")
    slot = await house.slot(expert, A_TUESDAY + timedelta(hours=4))
    yield Hall(system, house, mailroom, browser, expert, slot)
    await mailroom.close()

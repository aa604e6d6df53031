"""All four services, a mail server that keeps what it gets, and browsers for the people."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page

from deploy.embedded.mail import application
from deploy.embedded.mailbox import Mailbox, Message
from services.contracts.booking.slots import HostSlot
from services.contracts.envelope import Staff
from tests.integration.notify.mailroom import Mailroom
from tests.support.browser import CHROMIUM, a_context, browser
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.patience import patience
from tests.support.system import System

__all__ = ["browser", "patience"]

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
    phones: Mailbox
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

    def messages_to(self, where: str) -> Sequence[Message]:
        """All that came to an address or a number so far, the oldest first."""
        taken = [*self.mailroom.taken, *reversed(self.phones.all())]
        return [message for message in taken if message.to == where]

    async def told(self, where: str, words: str) -> Message:
        """The newest message to them in which these words stand, once there is one."""

        def come() -> Message:
            found = [each for each in self.messages_to(where) if words in each.subject + each.text]
            assert found, f"{words!r} in none of {[each.subject for each in self.messages_to(where)]}"
            return found[-1]

        return await eventually(come)

    async def newest_link(self, where: str, way: str, *, after: int = 0) -> str:
        """The path of the newest such link, once there are more messages with one than `after`."""

        def come() -> str:
            found = [link for message in self.messages_to(where) for link in message.links if way in link]
            assert len(found) > after, f"{len(found)} links to them"
            return found[-1].removeprefix(self.address)

        return await eventually(come)

    async def sign_in(self, page: Page, address: str = EXPERT) -> None:
        """Type the address, read the mail, press the button."""
        before = sum("/sign-in/" in message.text for message in self.messages_to(address))
        await page.goto("/sign-in")
        await page.get_by_label("Sähköposti").fill(address)
        await page.get_by_role("button", name="Lähetä kirjautumislinkki").click()
        await page.goto(await self.newest_link(address, "/sign-in/", after=before))
        await page.get_by_role("button", name="Kirjaa minut sisään").click()
        await page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.fixture
async def hall(
    system: System, clock: SetClock, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Hall]:
    """A Tuesday morning; the expert has one free time at one o'clock. Takes settings by parametrize."""
    clock.set(A_TUESDAY)
    mailroom = Mailroom()
    await mailroom.open()
    await system.start("booking", "rooms", "gateway", **getattr(request, "param", {}))
    phones = Mailbox()
    provider = TestServer(application(phones))
    await provider.start_server()
    await system.start("notify", SMTP_URL=mailroom.url, SMS_URL=str(provider.make_url("/sms")))
    house = await House.build(system)
    expert = await house.expert(email=EXPERT, display_name="Neuvoja Aino")
    slot = await house.slot(expert, A_TUESDAY + timedelta(hours=4))
    yield Hall(system, house, mailroom, phones, browser, expert, slot)
    await mailroom.close()
    await provider.close()

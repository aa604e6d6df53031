"""A resident who cannot get in, and one who closed the browser, as their host sees them."""

from datetime import timedelta

from playwright.async_api import Page, expect

from services.gateway.door import DOOR
from services.gateway.waiting import GRACE, WaitingPages
from tests.e2e.browser.conftest import Hall
from tests.e2e.browser.test_meeting import RESIDENT, book
from tests.support.clock import SetClock
from tests.support.eventually import eventually


async def booked(hall: Hall, clock: SetClock) -> Page:
    resident = await (await hall.somebody()).new_page()
    await book(resident)
    await resident.goto(await hall.link_to(RESIDENT, "/t/"))
    clock.set(hall.slot.starts_at - timedelta(minutes=5))
    await resident.reload()
    return resident


async def test_the_host_in_the_room_sees_at_once_who_cannot_get_in(hall: Hall, clock: SetClock) -> None:
    resident = await booked(hall, clock)
    expert = await (await hall.somebody()).new_page()
    await hall.sign_in(expert)
    await expert.get_by_role("button", name="Avaa tapaaminen").click()

    await resident.get_by_role("button", name="En pääse sisään").click()

    await expect(resident.get_by_text("et pääse sisään")).to_be_visible()
    await expect(expert.locator("#hall")).to_contain_text("Kielo ei pääse sisään")
    contact = await expert.locator("#hall").get_by_role("link").get_attribute("href")
    await expert.goto(contact or "")
    await expect(expert.get_by_role("button")).not_to_have_count(0)


async def test_who_closes_the_browser_is_counted_no_more_and_who_loads_again_keeps_the_place(
    hall: Hall, clock: SetClock
) -> None:
    resident = await booked(hall, clock)
    await resident.get_by_role("button", name="Kerro, että olen täällä").click()
    told = resident.get_by_text("tietää, että olet täällä")
    await expect(told).to_be_visible()
    expert = await (await hall.somebody()).new_page()
    await hall.sign_in(expert)

    clock.advance(GRACE * 0.7)
    await resident.reload()
    await expect(told).to_be_visible()
    clock.advance(GRACE * 0.7)
    await expert.reload()
    await expect(expert.get_by_text("1 odottaa")).to_be_visible()

    await resident.context.close()
    await eventually(lambda: not waiting_pages(hall)._streams)
    clock.advance(GRACE * 1.1)

    async def counted_no_more() -> bool:
        await expert.goto("/my/week")
        return not await expert.get_by_text("1 odottaa").count()

    await eventually(counted_no_more)


def waiting_pages(hall: Hall) -> WaitingPages:
    app = hall.system._living["gateway"]._service.web
    assert app is not None
    return app[DOOR].waiting

"""What changes in a group when people are already enrolled: another hour, another host, other times."""

from datetime import time, timedelta
from uuid import UUID, uuid4

from playwright.async_api import expect

from services.contracts.booking.enrolment import Enrol, Enrolled
from services.contracts.booking.groups import Series, SetSeries
from services.contracts.booking.staffing import AcceptDuty
from services.contracts.envelope import Staff
from services.contracts.notify import MessageKind
from tests.e2e.browser.conftest import Hall
from tests.e2e.browser.group_steps import FIRST, VOLUNTEER, WEEK, coordinator, gather, sessions
from tests.support.clock import SetClock
from tests.support.sessions import a_group, a_volunteer

KIELO, LINNEA = "kielo@posti.example", "linnea@post.example"
OTHER = "vilma@digiaula.example"


async def a_series(hall: Hall, leader: Staff, *, times: int = 2) -> str:
    """A closed group that meets on Wednesdays from five to six; its leader has promised every time."""
    group_id = await a_group(hall.house, leader, open=False, whole_series=True, capacity=3)
    series = Series(
        starts=time(17),
        ends=time(18),
        first_on=FIRST.date(),
        until=(FIRST + (times - 1) * WEEK).date(),
    )
    wish = SetSeries(group_id=group_id, series=series)
    await hall.system.ask(wish, hall.house.coordinator, key=str(uuid4()))
    for slot_id in await sessions(hall, str(group_id)):
        await hall.system.ask(AcceptDuty(slot_id=slot_id), leader)
    return str(group_id)


async def enrolled(hall: Hall, group_id: str, where: str, language: str = "fi") -> Enrolled:
    name = where.partition("@")[0].capitalize()
    wanted = Enrol(group_id=UUID(group_id), display_name=name, email=where, language=language)
    return await hall.system.ask(wanted, key=str(uuid4()))


async def test_a_moved_session_is_told_once_to_each_in_their_own_language(
    hall: Hall, clock: SetClock
) -> None:
    leader = await a_volunteer(hall.house, email=VOLUNTEER, display_name="Ville")
    group_id = await a_series(hall, leader)
    kielo = await enrolled(hall, group_id, KIELO)
    await enrolled(hall, group_id, LINNEA, "sv")
    desk = await (await hall.somebody()).new_page()
    await hall.sign_in(desk, VOLUNTEER)

    await desk.goto(f"/my/groups/{group_id}")
    await desk.get_by_role("link", name="Siirrä").first.click()
    await expect(desk.get_by_text("2 ihmistä pitää paikkansa")).to_be_visible()
    await desk.get_by_label("Päivä").fill((FIRST + timedelta(days=1)).date().isoformat())
    await desk.get_by_role("button", name="Siirrä ja kerro heille").click()
    await expect(desk.get_by_text("Kerta on siirretty")).to_be_visible()
    await gather(hall, clock, MessageKind.GROUP_CHANGE, 2)

    finnish = await hall.told(KIELO, "Ryhmän tapaaminen on siirretty")
    swedish = await hall.told(LINNEA, "En av gruppens träffar har flyttats")
    assert "torstaina 11. helmikuuta" in finnish.text
    assert "torsdag 11 februari" in swedish.text
    for where in (KIELO, LINNEA):
        assert len(hall.messages_to(where)) == 2, "that they have a place, and that it has moved"
    resident = await (await hall.somebody()).new_page()
    await resident.goto(next(link for link in finnish.links if "/t/" in link))
    await expect(resident.get_by_text("torstaina 11. helmikuuta").first).to_be_visible()
    assert kielo.starts_at == FIRST


async def test_when_its_leader_may_no_longer_come_another_takes_the_session_and_opens_it(
    hall: Hall, clock: SetClock
) -> None:
    leader = await a_volunteer(hall.house, email=VOLUNTEER, display_name="Ville")
    vilma = await a_volunteer(hall.house, email=OTHER, display_name="Vilma")
    group_id = await a_series(hall, leader, times=1)
    await enrolled(hall, group_id, KIELO)
    resident = await (await hall.somebody()).new_page()
    desk = await coordinator(hall)

    await desk.goto(f"/coordinator/people/{leader.person_id}")
    await desk.get_by_role("link", name="Sulje pääsy").click()
    await expect(desk.get_by_text("1 ryhmän kerta tarvitsee toisen ohjaajan")).to_be_visible()
    await expect(desk.get_by_text("poistuu")).to_have_count(0)
    await desk.get_by_role("button", name="Kyllä, sulje pääsy").click()
    await desk.get_by_role("link", name="Kuka ohjaa").first.click()
    await expect(desk.get_by_text("Tarvitsee ohjaajan")).to_be_visible()
    await resident.goto(await hall.newest_link(KIELO, "/t/"))
    await expect(resident.get_by_text("Etsimme vielä ohjaajaa")).to_be_visible()
    await expect(resident.get_by_text("Ville")).to_have_count(0)

    await gather(hall, clock, MessageKind.HOST_ASKED, about=vilma.person_id)
    await hall.told(OTHER, "Voisitko ohjata ryhmää")
    helper = await (await hall.somebody()).new_page()
    await hall.sign_in(helper, OTHER)
    await helper.goto("/my/duties")
    await helper.get_by_role("button", name="Voin ottaa tämän").click()
    await expect(helper.get_by_text("Kiitos! Sinä ohjaat tämän kerran.")).to_be_visible()

    clock.set(FIRST - timedelta(minutes=5))
    await resident.reload()
    await expect(resident.get_by_text("Vilma ei ole vielä paikalla")).to_be_visible()
    await hall.sign_in(helper, OTHER)
    await helper.goto("/my/duties")
    await helper.get_by_role("link", name="Osallistujat ja huone").click()
    await helper.get_by_role("button", name="Avaa huone").click()
    await expect(resident.get_by_role("button", name="Tule tapaamiseen")).to_be_visible()


async def test_other_times_are_looked_at_before_anybody_hears_of_them(hall: Hall, clock: SetClock) -> None:
    leader = await a_volunteer(hall.house, email=VOLUNTEER, display_name="Ville")
    group_id = await a_series(hall, leader, times=3)
    await enrolled(hall, group_id, KIELO)
    await enrolled(hall, group_id, LINNEA, "sv")
    desk = await coordinator(hall)

    await desk.goto(f"/coordinator/groups/{group_id}/series")
    await desk.get_by_label("Alkaen").fill("18:00")
    await desk.get_by_label("Päättyen").fill("19:00")
    await desk.get_by_label("Viimeinen päivä").fill((FIRST + WEEK).date().isoformat())
    await desk.get_by_role("button", name="Näytä, mikä muuttuisi").last.click()
    await expect(desk.get_by_text("2 kerran kellonaika muuttuu")).to_be_visible()
    await expect(desk.get_by_text("1 kerta jää pois")).to_be_visible()
    await expect(desk.get_by_text("2 ilmoittautunutta")).to_have_count(3)
    assert len(await sessions(hall, group_id)) == 3, "nothing has changed yet"
    await desk.get_by_role("button", name="Aseta nämä kerrat").click()
    await expect(desk.get_by_role("alert")).to_contain_text("Kerro syy")
    assert len(await sessions(hall, group_id)) == 3, "and not without a reason"

    await desk.get_by_label("Syy").fill("Sali on silloin varattu.")
    await desk.get_by_role("button", name="Aseta nämä kerrat").click()
    await expect(desk.get_by_text("Kerrat on asetettu")).to_be_visible()
    assert len(await sessions(hall, group_id)) == 2
    await gather(hall, clock, MessageKind.GROUP_CHANGE, 2)

    finnish = await hall.told(KIELO, "Ryhmässäsi on muutoksia")
    assert "Sali on silloin varattu." in finnish.text
    assert "Ryhmän tapaamisia on siirretty" in finnish.text
    assert finnish.text.count("klo 18.00–19.00") == 2, "both new times, and each once"
    await hall.told(LINNEA, "Något har ändrats i din grupp")
    for where in (KIELO, LINNEA):
        assert len(hall.messages_to(where)) == 2, "one message for all that has changed"

"""What people do about groups, one step each, by the words that stand on their pages."""

from datetime import timedelta
from uuid import UUID

from playwright.async_api import Page, expect

from services.contracts.booking.groups import GetManagedGroup
from services.contracts.booking.slots import SlotState
from services.contracts.notify import MessageKind
from tests.e2e.browser.conftest import Hall
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY
from tests.support.system import FIRST_COORDINATOR

NAME = "Syöpään sairastuneiden ryhmä"
IN_SWEDISH = "Grupp för cancersjuka"
THEME = "vertaistuki"
VOLUNTEER = "ville.valtonen@digiaula.example"
FIRST = A_TUESDAY + timedelta(days=8, hours=8)
"""Five on Wednesday afternoon, a week from now."""
WEEK = timedelta(weeks=1)
GATHERED = timedelta(minutes=6)
"""What changes within so long is told in one message."""
PLANNED = """
    SELECT count(*) AS n FROM notify.message
    WHERE kind = $1 AND state = 'planned' AND ($2::uuid IS NULL OR about = $2)
"""


async def coordinator(hall: Hall) -> Page:
    desk = await (await hall.somebody()).new_page()
    await hall.sign_in(desk, FIRST_COORDINATOR)
    return desk


async def set_up(desk: Page, *, leader: str, places: int = 3, evening: bool = False) -> str:
    """A group by the coordinator's pages; closed and for the whole series, or a large evening."""
    await desk.goto("/coordinator/groups")
    await desk.get_by_role("link", name="Perusta ryhmä").click()
    await desk.get_by_label("Nimi suomeksi").fill(NAME)
    await desk.get_by_label("Mikä ryhmä on, suomeksi").fill("Jaamme, mitä sairaus tuo. Kuunnellakin saa.")
    await desk.get_by_text("Ruotsiksi ja englanniksi").click()
    await desk.get_by_label("Nimi ruotsiksi").fill(IN_SWEDISH)
    await desk.get_by_label("Teema").select_option(THEME)
    await desk.get_by_label("Järjestö").select_option(label="Savon Arkiapu ry")
    if evening:
        await desk.get_by_label("Suuri ilta").check()
    else:
        await desk.get_by_label("Suljettu").check()
        await desk.get_by_label("Kaikkiin kertoihin yhdellä kertaa").check()
    await desk.get_by_label("Montako paikkaa?").fill(str(places))
    await desk.get_by_label("Ohjaa ryhmää").select_option(label=leader)
    await desk.get_by_role("button", name="Perusta ryhmä").click()
    await expect(desk.get_by_text("Ryhmä on perustettu")).to_be_visible()
    return desk.url.partition("/my/groups/")[2].partition("?")[0]


async def set_weekly(desk: Page, *, times: int) -> None:
    """From the group's page: Wednesdays from five to half past six, looked at first, then set."""
    await desk.get_by_role("link", name="Aseta kerrat").click()
    await desk.get_by_label("Alkaen").fill("17:00")
    await desk.get_by_label("Päättyen").fill("18:30")
    await desk.get_by_label("Joka viikko").check()
    await desk.get_by_label("Ensimmäinen päivä").fill(FIRST.date().isoformat())
    await desk.get_by_label("Viimeinen päivä").fill((FIRST + (times - 1) * WEEK).date().isoformat())
    await desk.get_by_role("button", name="Näytä, mikä muuttuisi").last.click()
    await expect(desk.get_by_text("Mikään ei ole vielä muuttunut")).to_be_visible()
    await desk.get_by_role("button", name="Aseta nämä kerrat").click()
    await expect(desk.get_by_text("Kerrat on asetettu")).to_be_visible()


async def sessions(hall: Hall, group_id: str) -> list[UUID]:
    """Those ahead, in order."""
    asked = GetManagedGroup(group_id=UUID(group_id))
    found = await hall.system.ask(asked, hall.house.coordinator)
    return [session.slot_id for session in found.sessions if session.state is SlotState.OPEN]


async def gather(
    hall: Hall, clock: SetClock, kind: MessageKind, count: int = 1, *, about: UUID | None = None
) -> None:
    """Let the minutes pass for which notify waits for more to tell in so many messages of a kind."""

    async def heard_of() -> bool:
        return bool((await hall.system.sql(PLANNED, kind, about))[0]["n"] >= count)

    await eventually(heard_of)
    clock.advance(GATHERED)


async def promise_all(page: Page, times: int) -> None:
    """Say yes to every session that one is asked for: one by itself, the others together."""
    await page.goto("/my/duties")
    yes = page.get_by_role("button", name="Kyllä, tulen Syöpään")
    await expect(yes).to_have_count(times)
    await yes.first.click()
    await expect(page.get_by_text("Kiitos! Sinä ohjaat tämän kerran.")).to_be_visible()
    await page.get_by_role("button", name="Kyllä, tulen kaikkiin").click()
    await expect(page.get_by_text("Kiitos! Sinä ohjaat nämä kerrat.")).to_be_visible()
    await expect(yes).to_have_count(0)


async def find(page: Page, name: str = NAME) -> None:
    """From the front page to the group's own."""
    await page.goto("/")
    await page.get_by_role("link", name="Ryhmät").last.click()
    await page.get_by_role("link", name=name).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


async def fill_in(page: Page, name: str, where: str) -> None:
    await page.get_by_label("Nimi tai nimimerkki", exact=True).fill(name)
    label = "Sähköposti" if "@" in where else "Puhelinnumero"
    await page.get_by_label(label, exact=True).fill(where)
    await page.get_by_label("Tähän kirjoittamiani tietoja saa käyttää").check()


async def enrol(page: Page, name: str, where: str, *, note: str = "") -> None:
    """By the group's page, which is open."""
    await page.get_by_role("link", name="Ilmoittaudu ryhmään").click()
    await fill_in(page, name, where)
    if note:
        await page.get_by_text("Lisää, jos haluat").click()
        await page.get_by_label("Viesti ryhmän ohjaajalle").fill(note)
    await page.get_by_role("button", name="Ilmoittaudu", exact=True).click()
    await expect(page.get_by_text("Olet ilmoittautunut")).to_be_visible()


async def wait_for_a_place(page: Page, name: str, where: str) -> None:
    """By the group's page, which says that it is full."""
    await page.get_by_role("link", name="Tule jonotuslistalle").first.click()
    await fill_in(page, name, where)
    await page.get_by_role("button", name="Laita minut listalle").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Olet jonotuslistalla")

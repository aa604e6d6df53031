"""A coordinator's morning: somebody is invited, and somebody without mail gets a time and a card."""

from playwright.async_api import Page, expect

from tests.e2e.browser.conftest import Hall
from tests.support.system import FIRST_COORDINATOR

INVITED = "uusi.neuvoja@digiaula.example"


async def sign_in(hall: Hall, page: Page) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("Sähköposti").fill(FIRST_COORDINATOR)
    await page.get_by_role("button", name="Lähetä kirjautumislinkki").click()
    await page.goto(await hall.link_to(FIRST_COORDINATOR, "/sign-in/"))
    await page.get_by_role("button", name="Kirjaa minut sisään").click()
    await page.wait_for_url("**/coordinator")


async def test_the_invited_come_in_and_a_card_opens_a_page_on_any_computer(hall: Hall) -> None:
    desk = await (await hall.somebody()).new_page()
    await sign_in(hall, desk)

    await desk.get_by_role("link", name="Kutsu uusi tekijä").click()
    await desk.get_by_label("Nimi, jonka asukkaat näkevät").fill("Uusi Neuvoja")
    await desk.get_by_label("Sähköposti").fill(INVITED)
    await desk.get_by_label("asiantuntija", exact=True).check()
    await desk.get_by_label("Järjestö").select_option(label="Savon Arkiapu ry")
    await desk.get_by_role("button", name="Kutsu").click()
    await expect(desk.get_by_text("Kutsu on tehty")).to_be_visible()

    invited = await (await hall.somebody()).new_page()
    await invited.goto(await hall.link_to(INVITED, "/sign-in/"))
    await invited.get_by_role("button", name="Kirjaa minut sisään").click()
    await invited.wait_for_url("**/my/week")
    await expect(invited.get_by_text("Uusi Neuvoja, asiantuntija")).to_be_visible()

    await desk.get_by_role("link", name="Varaa jonkun puolesta").click()
    await desk.get_by_role("link", name="Varaa tiistaina").click()
    await desk.get_by_label("Nimi tai nimimerkki", exact=True).fill("Kielo")
    await desk.get_by_label("Puhelinnumero", exact=True).fill("040 123 4567")
    await desk.get_by_label("Asukkaalle on kerrottu").check()
    await desk.get_by_role("button", name="Varaa aika").click()
    await expect(desk.get_by_text("Aika on varattu")).to_be_visible()
    await desk.get_by_role("button", name="Tee tulostettava kortti").click()
    code = await desk.locator(".card__code").inner_text()

    library = await (await hall.somebody(java_script_enabled=False)).new_page()
    await library.goto("/")
    await library.get_by_role("link", name="Minulla on kortti ja koodi").click()
    await library.get_by_label("Koodi").fill("ABCD-6789")
    await library.get_by_role("button", name="Avaa sivuni").click()
    await expect(library.get_by_role("link", name="Tämä koodi ei toimi")).to_be_visible()
    await library.get_by_label("Koodi").fill(code.lower().replace("-", ""))
    await library.get_by_role("button", name="Avaa sivuni").click()

    await expect(library.get_by_role("heading", name="Oma aikasi")).to_be_visible()
    await expect(library.get_by_text("Neuvoja Aino").first).to_be_visible()

    # Who did all this stands in the trail, in words.
    await desk.goto("/coordinator/audit")
    await expect(desk.get_by_text("teki kortin ja koodin")).to_be_visible()
    await expect(desk.get_by_text("kutsui uuden tekijän")).to_be_visible()

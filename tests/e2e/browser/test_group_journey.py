"""A small group from setting it up to its last session, by pages and messages alone."""

import email
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.async_api import Page, expect

from deploy.embedded.mailbox import Message
from services.contracts.envelope import Role
from services.contracts.notify import MessageKind
from tests.e2e.browser.conftest import Hall
from tests.e2e.browser.group_steps import (
    FIRST,
    THEME,
    VOLUNTEER,
    WEEK,
    coordinator,
    enrol,
    find,
    gather,
    promise_all,
    set_up,
    set_weekly,
    wait_for_a_place,
)
from tests.e2e.browser.overheard import Wire, told, wire
from tests.e2e.browser.test_meeting import name_and_rank, pass_of
from tests.support.clock import SetClock
from tests.support.sessions import run_job

PHONE = "+358457654321"
OPENS = FIRST - timedelta(minutes=15)


@dataclass
class Resident:
    """Somebody with a browser of their own, and everything that it was sent."""

    name: str
    where: str
    page: Page
    wire: Wire
    link: str = ""


# The surname stands in the address, as surnames do, and nowhere else.
NOTE = "Minua jännittää puhua muiden kuullen"
PEOPLE = (
    ("Aino", "aino.virtanen@posti.example"),
    ("Aino", PHONE),
    ("Kielo", "kielo.korhonen@posti.example"),
    ("Ruusu", "ruusu.nieminen@posti.example"),
)
TOLD_TO_US_ALONE = {
    "aino.virtanen@posti.example": ("virtanen", NOTE),
    PHONE: (PHONE.removeprefix("+358"), "045 765 4321", "0457654321"),
    "kielo.korhonen@posti.example": ("korhonen",),
    "ruusu.nieminen@posti.example": ("nieminen",),
}


async def test_three_people_and_a_volunteer_meet(
    hall: Hall, clock: SetClock, record_property: Callable[[str, object], None]
) -> None:
    async with (
        wire(hall.system.ports["gateway"]) as first,
        wire(hall.system.ports["gateway"]) as second,
        wire(hall.system.ports["gateway"]) as third,
        wire(hall.system.ports["gateway"]) as fourth,
    ):
        wires = (first, second, third, fourth)
        people = [await somebody(hall, *who, laid) for who, laid in zip(PEOPLE, wires, strict=True)]
        aino, namesake, _, ruusu = people
        leader = await (await hall.somebody()).new_page()

        await it_is_set_up_and_somebody_promises(hall, clock, leader)
        await it_fills_and_a_place_goes_round(hall, people)
        clock.set(OPENS - timedelta(minutes=5))
        await they_wait_and_are_let_in(hall, clock, leader, [aino, namesake])
        await who_is_late_comes_straight_in(hall, ruusu)
        desk = await the_desk_tells_who_is_here(leader)
        await one_is_sent_out(desk, ruusu)
        await it_ends_for_all(hall, clock, leader, desk, [aino, namesake])
        await feedback_is_asked_after_the_last_session(hall, clock, leader, aino)
        searched = await nobody_learnt_how_to_reach_another(hall, people)
        record_property("bytes sent to four people, searched for the other three", searched)
        slipped = await what_slips_out_is_found(hall, people)
        assert slipped, "a search that finds nothing at all"
        record_property("control: hands in which a planted address was found", slipped)


async def somebody(hall: Hall, name: str, where: str, laid: Wire) -> Resident:
    plain = {"Accept-Encoding": "identity"}
    context = await hall.somebody(proxy={"server": laid.address}, extra_http_headers=plain)
    return Resident(name, where, await context.new_page(), laid)


async def it_is_set_up_and_somebody_promises(hall: Hall, clock: SetClock, leader: Page) -> None:
    await hall.house.expert(
        email=VOLUNTEER,
        display_name="Ville",
        role=Role.VOLUNTEER,
        trained=True,
        themes=[THEME],
    )
    desk = await coordinator(hall)
    await set_up(desk, leader="Ville, aulalähettiläs")
    await set_weekly(desk, times=3)
    await expect(desk.get_by_text("Ville ei ole vielä vastannut")).to_have_count(3)

    await gather(hall, clock, MessageKind.HOST_ASKED)
    asked = await hall.told(VOLUNTEER, "Voisitko ohjata ryhmää?")
    assert asked.text.count("klo 17.00") == 3, "one mail for the whole series"
    await hall.sign_in(leader, VOLUNTEER)
    await leader.get_by_role("link", name="Ohjausvuorot").first.click()
    await promise_all(leader, 3)
    await desk.reload()
    await expect(desk.get_by_text("Ville tulee")).to_have_count(3)


async def it_fills_and_a_place_goes_round(hall: Hall, people: list[Resident]) -> None:
    *three, fourth = people
    for one in three:
        await find(one.page)
        await enrol(one.page, one.name, one.where, note=NOTE if one is three[0] else "")
        one.link = await hall.newest_link(one.where, "/t/")
    await find(fourth.page)
    await expect(fourth.page.get_by_text("Ryhmä on täynnä")).to_be_visible()
    await wait_for_a_place(fourth.page, fourth.name, fourth.where)
    await expect(fourth.page.get_by_text("Olet seuraava")).to_be_visible()
    fourth.link = await hall.newest_link(fourth.where, "/t/")

    leaving = three[-1].page
    await leaving.goto(three[-1].link)
    await leaving.get_by_role("link", name="Jätä ryhmä").click()
    await leaving.get_by_role("button", name="Kyllä, jätän ryhmän").click()
    await expect(leaving.get_by_text("Olet jättänyt ryhmän")).to_be_visible()

    # The page of the one who waits changes by itself, and a mail comes too.
    await expect(fourth.page.get_by_role("heading", level=1)).to_have_text("Sinulle on paikka")
    offer = await hall.told(fourth.where, "Sinulle on paikka")
    await fourth.page.goto(next(link for link in offer.links if "/t/" in link))
    await fourth.page.get_by_role("button", name="Otan paikan").click()
    await expect(fourth.page.get_by_text("Paikka on sinun. Tervetuloa!")).to_be_visible()


async def they_wait_and_are_let_in(
    hall: Hall, clock: SetClock, leader: Page, early: list[Resident]
) -> None:
    """Nobody loads a page again once the hour is near."""
    for one in early:
        await one.page.goto(one.link)
        await expect(one.page.get_by_text("Ovi avautuu tänään klo 16.45")).to_be_visible()
    clock.set(OPENS - timedelta(seconds=2))
    for one in early:
        await one.page.reload()
    for one in early:
        here = one.page.get_by_role("button", name="Kerro, että olen täällä")
        await here.click()
        await expect(one.page.get_by_text("Ville tietää, että olet täällä")).to_be_visible()

    await hall.sign_in(leader, VOLUNTEER)
    await leader.goto("/my/duties")
    soon = leader.get_by_role("region", name="Pian ohjaat")
    await soon.get_by_role("link", name="Osallistujat ja huone").click()
    await expect(leader.get_by_text("2 oven takana")).to_be_visible()
    await leader.get_by_role("button", name="Avaa huone").click()
    await expect(leader.get_by_role("heading", name="Tapaaminen on auki")).to_be_visible()
    for one in early:
        await expect(one.page.get_by_role("button", name="Tule tapaamiseen")).to_be_visible()
    names = []
    for one in early:
        await one.page.get_by_role("button", name="Tule tapaamiseen").click()
        names.append(name_and_rank(await pass_of(one.page)))
    assert names == [("Aino", False), ("Aino 2", False)]


async def who_is_late_comes_straight_in(hall: Hall, late: Resident) -> None:
    await late.page.goto(late.link)
    await late.page.get_by_role("button", name="Tule tapaamiseen").click()
    assert name_and_rank(await pass_of(late.page)) == ("Ruusu", False)


async def the_desk_tells_who_is_here(leader: Page) -> Page:
    """In a tab of its own, beside the meeting."""
    async with leader.context.expect_page() as opening:
        await leader.get_by_role("link", name="Ketkä ovat paikalla").click()
    desk = await opening.value
    await expect(desk.get_by_role("heading", name="Paikalla nyt (3)")).to_be_visible()
    here = desk.locator(".lines--people strong")
    assert sorted(await here.all_inner_texts()) == ["Aino", "Aino 2", "Ruusu"]
    return desk


async def one_is_sent_out(desk: Page, guest: Resident) -> None:
    await desk.get_by_role("link", name=f"Poista huoneesta {guest.name}").click()
    await desk.get_by_role("button", name="Kyllä, poista").click()
    await expect(desk.get_by_text("Hän ei enää pääse tälle kerralle")).to_be_visible()
    await expect(desk.get_by_role("heading", name="Poistettu (1)")).to_be_visible()

    await guest.page.goto(guest.link)
    await expect(guest.page.get_by_text("Et pääse enää mukaan tälle kerralle")).to_be_visible()
    await expect(guest.page.get_by_text("Se koskee vain tätä kertaa")).to_be_visible()
    await expect(guest.page.get_by_role("button", name="Tule tapaamiseen")).to_have_count(0)
    status, problem = await ask(guest.page, "POST", f"{guest.link}/join")
    assert status == 403, problem
    assert '"removed"' in problem


async def ask(page: Page, method: str, path: str) -> tuple[int, str]:
    """The JSON API, as a script in their browser would."""
    asked = """async ([method, path]) => {
        const answer = await fetch("/api/v1" + path, {method});
        return [answer.status, await answer.text()];
    }"""
    status, body = await page.evaluate(asked, [method, path])
    return status, body


async def it_ends_for_all(
    hall: Hall, clock: SetClock, leader: Page, desk: Page, early: list[Resident]
) -> None:
    clock.set(FIRST + timedelta(minutes=80))
    await leader.get_by_text("Päätä tapaaminen kaikilta").click()
    await leader.get_by_role("button", name="Kyllä, päätä").click()
    await expect(leader.get_by_text("Tapaaminen on päättynyt")).to_be_visible()
    for one in early:
        await one.page.goto(one.link)
        await expect(one.page.get_by_role("heading", name="Kiitos käynnistä")).to_be_visible()
        await expect(one.page.get_by_role("heading", name="Seuraava kertasi")).to_be_visible()
        await expect(one.page.get_by_role("heading", name="Miten meni?")).to_have_count(0)

    clock.set(FIRST + timedelta(hours=2))
    await run_job(hall.house, "note-attendance")
    await desk.reload()
    await attendance(desk, {"Aino": True, "Aino 2": True, "Ruusu": True})
    await desk.get_by_role("group", name="Aino 2").get_by_label("ei saapunut").check()
    await desk.get_by_role("button", name="Tallenna").click()
    await expect(desk.get_by_text("Tieto on kirjattu")).to_be_visible()
    await attendance(desk, {"Aino": True, "Aino 2": False, "Ruusu": True})


async def attendance(desk: Page, came: dict[str, bool]) -> None:
    await desk.get_by_role("link", name="Ketkä tulivat").click()
    for name, there in came.items():
        choice = desk.get_by_role("group", name=name, exact=True)
        chosen = choice.get_by_label("saapui" if there else "ei saapunut", exact=True)
        await expect(chosen).to_be_checked()


async def feedback_is_asked_after_the_last_session(
    hall: Hall, clock: SetClock, leader: Page, guest: Resident
) -> None:
    clock.set(FIRST + 2 * WEEK)
    await guest.page.goto(guest.link)
    await guest.page.get_by_role("link", name="Avaa sen sivu").click()
    await hall.sign_in(leader, VOLUNTEER)
    await leader.goto("/my/duties")
    await leader.get_by_role("link", name="Osallistujat ja huone").first.click()
    await leader.get_by_role("button", name="Avaa huone").click()
    await guest.page.get_by_role("button", name="Tule tapaamiseen").click()
    await pass_of(guest.page)
    clock.set(FIRST + 2 * WEEK + timedelta(minutes=80))
    await leader.get_by_text("Päätä tapaaminen kaikilta").click()
    await leader.get_by_role("button", name="Kyllä, päätä").click()

    await guest.page.get_by_role("button", name="Poistu tapaamisesta").click()
    await guest.page.get_by_role("group", name="Oliko tapaamisesta").get_by_label("5").check()
    await guest.page.get_by_role("button", name="Lähetä", exact=True).click()
    await expect(guest.page.get_by_text("Kiitos, että kerroit")).to_be_visible()
    clock.set(FIRST + 2 * WEEK + timedelta(hours=3))
    await hall.told(guest.where, "Miten meni?")
    assert sum("Miten meni?" in each.subject for each in hall.messages_to(guest.where)) == 1


def decoded(message: Message) -> bytes:
    """Every part of a mail as it is read, and a calendar entry without its folds."""
    if message.kind == "sms":
        return message.raw
    parts = email.message_from_bytes(message.raw).walk()
    bodies = [part.get_payload(decode=True) for part in parts if not part.is_multipart()]
    return message.raw + b"".join(bytes(body).replace(b"\r\n ", b"") for body in bodies)


async def bookings_of(hall: Hall, one: Resident) -> list[str]:
    rows = await hall.system.sql(
        "SELECT id::text FROM booking.booking WHERE email = $1 OR phone = $1", one.where
    )
    assert len(rows) == 3, "one for each session"
    return [row["id"] for row in rows]


async def sent_to(hall: Hall, one: Resident) -> bytes:
    """All that came to their browser, their mailbox or their phone; JSON and calendar are asked for now."""
    for path in ("", "/group", "/calendar.ics"):
        status, body = await ask(one.page, "GET", f"{one.link}{path}")
        assert status in (200, 404, 409, 410), f"{path}: {status} {body}"
    letters = b"".join(decoded(message) for message in hall.messages_to(one.where))
    return bytes(one.wire.heard) + letters


async def nobody_learnt_how_to_reach_another(hall: Hall, people: list[Resident]) -> int:
    """In pages, JSON, streams, room tokens, mails and calendar entries alike. How many bytes those were."""
    ids = {one.where: await bookings_of(hall, one) for one in people}
    searched = 0
    for one in people:
        seen = await sent_to(hall, one)
        searched += len(seen)
        assert told(seen, [one.name]), "everything was really heard"
        assert told(seen, ids[one.where][:1]), "everything was really heard"
        secrets = [
            secret
            for other in people
            if other is not one
            for secret in (other.where, *TOLD_TO_US_ALONE[other.where], other.link, *ids[other.where])
        ]
        assert told(seen, secrets) == [], f"{one.where} was sent it"
    return searched


async def what_slips_out_is_found(hall: Hall, people: list[Resident]) -> int:
    """The same search when somebody's address stands where everybody in the group reads. In how many
    people's hands it was found."""
    slipped = people[-1].where
    await hall.system.sql("UPDATE booking.peer_group SET name_fi = $1", f"Soita: {slipped}")
    found = 0
    for one in people[:-1]:
        await one.page.goto(one.link)
        found += bool(told(await sent_to(hall, one), [slipped]))
    return found

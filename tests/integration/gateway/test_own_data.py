"""What is known of me: behind a link fresh from my contact, once and for minutes; or by a coordinator."""

import asyncio
import re
from datetime import timedelta

import pytest

from services.contracts.gateway import PrepareOwnData
from services.contracts.refusals import Code, Refusal
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.eventually import eventually
from tests.support.page import Page
from tests.support.visitor import Reply, Visitor

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
MINUTE = timedelta(minutes=1)


async def a_resident(doorstep: Doorstep, *, minutes: int = 30 * 60) -> tuple[Visitor, str, str]:
    """A visitor, their booking and the token of its link."""
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + minutes * MINUTE)
    visitor = await doorstep.visitor()
    made = (await visitor.post("/bookings", a_booking(slot.id, note="Salainen"))).json
    return visitor, made["id"], made["manage_url"].rpartition("/")[2]


async def token_by_mail(doorstep: Doorstep) -> str:
    """The mail's part is played by the test, once notify, if it runs, has tried its own in vain."""
    if "notify" in doorstep.system.ports:
        await eventually(lambda: tried(doorstep))
    [row] = await doorstep.system.sql(
        "SELECT id FROM gateway.own_data_link ORDER BY requested_at DESC LIMIT 1"
    )
    return (await doorstep.system.ask(PrepareOwnData(own_data_link_id=row["id"]))).token


async def press(visitor: Visitor, page: str, action: str, **fields: str) -> Reply:
    """Send the form of `page` that posts to `action`."""
    html = checked(page, await visitor.get(f"/{page}")).body.decode()
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    [token] = CSRF.findall(form)
    return await send(visitor, action, csrf=token, **fields)


async def send(visitor: Visitor, action: str, **fields: str) -> Reply:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    data = "&".join(f"{name}={value}" for name, value in fields.items())
    return checked(action, await visitor.ask("POST", f"/{action}", data=data, headers=headers))


def checked(url: str, reply: Reply) -> Reply:
    """What every page promises to everybody, these do too."""
    if reply.headers.get("Content-Type", "").startswith("text/html"):
        Page(url=url, status=reply.status, html=reply.body.decode())
    return reply


async def test_by_program_from_asking_to_erased(doorstep: Doorstep) -> None:
    await doorstep.system.start("notify")
    visitor, booking_id, link = await a_resident(doorstep)
    assert (await visitor.post(f"/t/{link}/own-data")).status == 202
    token = await token_by_mail(doorstep)

    read = await visitor.post("/own-data", {"token": token})
    again = await visitor.post("/own-data", {"token": token})
    erased = await visitor.post("/own-data/erase", {"token": read.json["key"]})
    after = await visitor.post("/own-data/erase", {"token": read.json["key"]})

    [booking] = read.json["bookings"]
    assert (booking["id"], booking["note"], booking["email"]) == (
        booking_id,
        "Salainen",
        "kielo@posti.example",
    )
    assert (again.status, again.code) == (410, "link_used")
    assert erased.json == {"bookings": 1}
    assert (after.status, after.code) == (404, "not_found")
    assert (await visitor.get(f"/t/{link}")).code == "link_expired"


async def test_by_pages_from_the_meeting_to_erased(doorstep: Doorstep) -> None:
    await doorstep.system.start("notify")
    visitor, _, link = await a_resident(doorstep)
    home = f"/t/{link}"
    assert f'href="{home}/own-data"' in (await visitor.get(f"/{home}")).body.decode()
    sent = await press(visitor, f"{home}/own-data", f"{home}/own-data")
    token = await token_by_mail(doorstep)

    shown = await press(visitor, f"/own-data/{token}", f"/own-data/{token}")
    html = shown.body.decode()
    [save_at] = re.findall(r'action="(/own-data/[^"]+/file)"', html)
    saved = await send(visitor, save_at, csrf=CSRF.findall(html.partition(save_at)[2])[0])
    erase_at = save_at.replace("/file", "/erase")
    erased = await press(visitor, erase_at, erase_at)
    old = await press(visitor, f"/own-data/{token}", f"/own-data/{token}")

    assert (sent.status, shown.status, saved.status, erased.status) == (303, 200, 200, 303)
    assert "Salainen" in html
    assert saved.json["bookings"][0]["display_name"] == "Kielo"
    assert erased.headers["Location"] == "/erased"
    assert checked("/erased", await visitor.get("//erased")).status == 200
    assert old.status == 404
    assert "kielo" not in await contacts(doorstep)


async def test_looking_behind_the_link_uses_nothing_up_and_tells_nothing(doorstep: Doorstep) -> None:
    visitor, _, link = await a_resident(doorstep)
    await visitor.post(f"/t/{link}/own-data")
    token = await token_by_mail(doorstep)

    for path in (f"//own-data/{token}", f"//own-data/{token}/erase", f"//own-data/{'x' * 43}"):
        for method in ("GET", "HEAD"):
            looked = await visitor.ask(method, path)
            assert looked.status == 200
            assert b"Salainen" not in looked.body

    assert (await visitor.post("/own-data/erase", {"token": token})).json == {"bookings": 1}


async def test_a_link_ends_after_ten_minutes_and_is_not_written_after_an_hour(doorstep: Doorstep) -> None:
    visitor, _, link = await a_resident(doorstep)
    await visitor.post(f"/t/{link}/own-data")
    token = await token_by_mail(doorstep)

    doorstep.system.clock.advance(11 * MINUTE)
    late = await visitor.post("/own-data/erase", {"token": token})
    doorstep.system.clock.advance(60 * MINUTE)
    with pytest.raises(Refusal) as refused:
        await token_by_mail(doorstep)

    assert (late.status, late.code) == (410, "link_expired")
    assert refused.value.code == Code.NOT_FOUND


async def test_of_two_presses_at_once_one_opens_it(doorstep: Doorstep) -> None:
    await doorstep.system.start("notify")
    visitor, _, link = await a_resident(doorstep)
    await visitor.post(f"/t/{link}/own-data")
    token = await token_by_mail(doorstep)

    replies = await asyncio.gather(*(visitor.post("/own-data", {"token": token}) for _ in range(6)))

    assert sorted(reply.status for reply in replies) == [200] + 5 * [410]


async def test_the_long_lived_link_itself_opens_nothing_of_this(doorstep: Doorstep) -> None:
    visitor, _, link = await a_resident(doorstep)

    for path in ("/own-data", "/own-data/erase"):
        assert (await visitor.post(path, {"token": link})).status == 404


async def test_a_coordinator_says_why_and_it_is_written_down(doorstep: Doorstep) -> None:
    _, booking_id, _ = await a_resident(doorstep)
    coordinator = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    await doorstep.system.start("notify")  # before, it would make the sign-in link anew
    await coordinator.post(f"/bookings/{booking_id}/card")
    path = f"/bookings/{booking_id}"

    silent = await coordinator.post(f"{path}/erase", {})
    read = await coordinator.post(f"{path}/own-data", {"reason": "asked_in_person"})
    erased = await coordinator.post(f"{path}/erase", {"reason": "asked_by_phone"})

    assert (silent.status, silent.code) == (400, "reason_required")
    assert len(read.json["cards"]) == 1
    assert erased.json == {"bookings": 1}
    trail = await doorstep.system.sql(
        "SELECT action, reason FROM gateway.audit WHERE reason IS NOT NULL ORDER BY id"
    )
    assert [tuple(row) for row in trail] == [
        ("data.read", "asked_in_person"),
        ("resident.erased", "asked_by_phone"),
    ]
    assert not await doorstep.system.sql("SELECT FROM gateway.card")
    assert "kielo" not in await contacts(doorstep)


async def test_by_a_coordinators_pages(doorstep: Doorstep) -> None:
    _, booking_id, _ = await a_resident(doorstep)
    coordinator = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    await doorstep.system.start("notify")  # before, it would make the sign-in link anew
    own, erase = f"/bookings/{booking_id}/own-data", f"/bookings/{booking_id}/erase"

    silent = await press(coordinator, own, own)
    shown = await press(coordinator, own, own, why="asked_by_phone")
    saved = await press(coordinator, own, own, why="asked_by_phone", **{"as": "file"})
    gone = await press(coordinator, erase, erase, why="asked_by_phone")
    page = checked(f"/bookings/{booking_id}", await coordinator.get(f"//bookings/{booking_id}?done=erased"))

    assert (silent.status, shown.status, saved.status, gone.status) == (400, 200, 200, 303)
    assert b"Salainen" in shown.body
    assert saved.json["bookings"][0]["note"] == "Salainen"
    assert page.status == 200
    assert b"Kielo" not in page.body


async def test_rooms_and_notify_forget_too(doorstep: Doorstep) -> None:
    """And what comes to them late lets nobody in again."""
    await doorstep.system.start("notify")
    visitor, _, link = await a_resident(doorstep, minutes=10)
    await eventually(lambda: kept_elsewhere(doorstep, live=1, people=0))
    assert (await visitor.post(f"/t/{link}/join", {})).status == 202
    await visitor.post(f"/t/{link}/own-data")

    await visitor.post("/own-data/erase", {"token": await token_by_mail(doorstep)})

    await eventually(lambda: kept_elsewhere(doorstep, live=0, people=0), within=60)
    [place] = await doorstep.system.sql("SELECT live, ended FROM rooms.place")
    assert tuple(place) == (False, True)
    assert (await visitor.post(f"/t/{link}/join", {})).status in (403, 409, 410)


async def tried(doorstep: Doorstep) -> bool:
    """Whether notify has tried every link that was asked for."""
    untried = await doorstep.system.sql(
        "SELECT FROM gateway.own_data_link l WHERE NOT EXISTS ("
        "SELECT FROM notify.receipt r JOIN notify.message m ON m.id = r.message_id "
        "WHERE m.kind = 'own_data' AND m.about = l.id)"
    )
    return not untried


async def kept_elsewhere(doorstep: Doorstep, *, live: int, people: int) -> bool:
    [row] = await doorstep.system.sql(
        """SELECT (SELECT count(*) FROM notify.meeting WHERE live) AS live,
                  (SELECT count(*) FROM rooms.participant) AS people"""
    )
    assert tuple(row) == (live, people)
    return True


async def contacts(doorstep: Doorstep) -> str:
    rows = await doorstep.system.sql("SELECT b::text FROM booking.booking b")
    return " ".join(row[0] for row in rows).casefold()

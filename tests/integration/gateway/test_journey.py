"""From publishing hours to the end of the meeting, over the JSON API alone."""

from datetime import datetime, timedelta

from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.integration.notify.mailroom import Mailroom
from tests.support.eventually import eventually
from tests.support.system import FIRST_COORDINATOR
from tests.support.visitor import Visitor

WEEKLY = {
    "theme": "digineuvonta",
    "weekday": 2,
    "starts": "13:00",
    "ends": "16:00",
    "slot_minutes": 45,
    "gap_minutes": 15,
    "valid_from": "2027-01-01",
    "languages": ["fi"],
    "notice_hours": 2,
    "horizon_days": 30,
    "skip_holidays": True,
    "exceptions": [{"on": "2027-02-09", "closed": True}],
}


def link_of(url: str) -> str:
    return "/t/" + url.rpartition("/")[2]


async def book_first(visitor: Visitor, **differs: object) -> dict[str, object]:
    free = (await visitor.get("/slots")).json["items"]
    made = await visitor.post("/bookings", a_booking(free[0]["id"], **differs))
    assert made.status == 201, made.body
    booked: dict[str, object] = made.json
    return booked


async def test_a_resident_books_waits_meets_and_is_asked_how_it_was(doorstep: Doorstep) -> None:
    expert = await doorstep.signed_in((await doorstep.house.expert()).person_id)
    published = await expert.post("/receptions", WEEKLY)
    assert published.status == 201, published.body
    assert published.json["starts"] == "13:00"
    assert all(slot["starts_at"].endswith("Z") for slot in published.json["slots"])
    assert not any(slot["starts_at"].startswith("2027-02-09") for slot in published.json["slots"])

    resident = await doorstep.visitor()
    booked = await book_first(resident)
    link = link_of(str(booked["manage_url"]))
    seen = (await resident.get(link)).json
    assert seen["state"] == "before"
    assert {"cancel", "move", "calendar"} <= set(seen["actions"])
    early = await resident.post(f"{link}/join")
    assert (early.status, early.code) == (403, "room_not_open")
    assert moment(early.json["opens_at"]) == moment(seen["opens_at"])

    starts_at = moment(seen["slot"]["starts_at"])
    doorstep.system.clock.set(starts_at - timedelta(minutes=10))
    waiting = await resident.post(f"{link}/join", {"display_name": "Kielo K."})
    assert (waiting.status, waiting.json["state"]) == (202, "waiting")

    expert = await doorstep.signed_in((await doorstep.house.expert()).person_id)
    stranger = await expert.post(f"/slots/{seen['slot']['id']}/join")
    assert (stranger.status, stranger.code) == (404, "not_found")


async def test_the_host_opens_the_room_and_the_resident_follows(doorstep: Doorstep) -> None:
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=3))
    resident, expert = await doorstep.visitor(), await doorstep.signed_in(host.person_id)
    made = await resident.post("/bookings", a_booking(slot.id))
    link = link_of(made.json["manage_url"])
    week = (await expert.get("/me/slots")).json["items"]
    assert [attendee["display_name"] for item in week for attendee in item["bookings"]] == ["Kielo"]

    doorstep.system.clock.set(slot.starts_at)
    expert = await doorstep.signed_in(host.person_id)
    opened = await expert.post(f"/slots/{slot.id}/join")
    assert opened.status == 200
    joined = await resident.post(f"{link}/join")
    assert (joined.status, joined.json["state"]) == (200, "open")
    assert joined.json["video"]["room"] == opened.json["video"]["room"]
    assert joined.json["video"]["jwt"] != opened.json["video"]["jwt"]

    outcome = await expert.put(
        f"/bookings/{made.json['id']}/outcome", {"status": "attended", "guided_to": ["Talousneuvonta"]}
    )
    assert outcome.status == 204, outcome.body
    assert (await expert.post(f"/slots/{slot.id}/close")).json["state"] == "over"
    after = (await resident.get(link)).json
    assert (after["state"], after["actions"]) == ("over", ["feedback"])
    given = await resident.post(f"{link}/feedback", {"useful": 5, "inclusion": {"8": 4, "10": 5}})
    assert given.status == 204, given.body
    assert (await resident.get(link)).json["actions"] == []


async def test_the_links_in_the_mail_are_all_that_anybody_needs(doorstep: Doorstep) -> None:
    """All four services and a real mail server: nothing here is taken from an answer or a table."""
    mailroom = Mailroom()
    await mailroom.open()
    await doorstep.system.start("notify", SMTP_URL=mailroom.url)
    slot = await doorstep.house.slot(
        doorstep.house.coordinator, doorstep.system.clock.now() + timedelta(hours=1)
    )
    resident, host = await doorstep.visitor(), await doorstep.visitor()

    assert (await resident.post("/bookings", a_booking(slot.id))).status == 201
    assert (await host.post("/sign-in", {"email": FIRST_COORDINATOR})).status == 202
    mails = {mail.to: mail for mail in await mailroom.mails(2)}
    link = link_of(in_mail(mails["kielo@posti.example"].text, "/t/"))
    await host.sign_in(in_mail(mails[FIRST_COORDINATOR].text, "/sign-in/").rpartition("/")[2])
    doorstep.system.clock.set(slot.starts_at)
    assert (await host.post(f"/slots/{slot.id}/join")).status == 200
    joined = await resident.post(f"{link}/join")

    assert (joined.status, joined.json["state"]) == (200, "open")
    await mailroom.close()


def in_mail(text: str, path: str) -> str:
    """The address in a mail that leads to `path`."""
    return next(word for word in text.split() if path in word)


async def test_a_cancelled_booking_says_so_and_its_time_is_free_again(doorstep: Doorstep) -> None:
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=30))
    resident = await doorstep.visitor()
    link = link_of((await resident.post("/bookings", a_booking(slot.id))).json["manage_url"])
    assert (await resident.get("/slots")).json["items"] == []

    cancelled = await resident.post(f"{link}/cancel")

    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    again = await resident.post(f"{link}/cancel")
    assert (again.status, again.json["state"]) == (200, "cancelled")
    assert (await resident.get(link)).json["state"] == "cancelled"
    assert [item["id"] for item in (await resident.get("/slots")).json["items"]] == [str(slot.id)]


async def test_a_moved_booking_keeps_its_link_and_its_place_in_the_calendar(doorstep: Doorstep) -> None:
    host = await doorstep.house.expert()
    soon, later = [
        await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=hours))
        for hours in (30, 54)
    ]
    resident = await doorstep.visitor()
    link = link_of((await resident.post("/bookings", a_booking(soon.id))).json["manage_url"])
    before = (await resident.get(f"{link}/calendar.ics")).body.decode()

    moved = await resident.post(f"{link}/move", {"slot_id": str(later.id)})

    assert moved.status == 200, moved.body
    assert moved.json["slot"]["id"] == str(later.id)
    after = (await resident.get(f"{link}/calendar.ics")).body.decode()
    assert line_of(before, "UID") == line_of(after, "UID")
    assert int(line_of(after, "SEQUENCE")) > int(line_of(before, "SEQUENCE"))
    assert "Kielo" not in after
    assert "igineuvonta" not in after


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def line_of(calendar: str, name: str) -> str:
    return next(line for line in calendar.splitlines() if line.startswith(f"{name}:")).partition(":")[2]


async def test_a_meeting_ended_before_its_hour_is_over_for_both(doorstep: Doorstep) -> None:
    """The host is not offered to cancel what has been held, and the resident may say how it was."""
    system, host = doorstep.system, await doorstep.house.expert()
    slot = await doorstep.house.slot(host, system.clock.now() + timedelta(minutes=10))
    resident, expert = await doorstep.visitor(), await doorstep.signed_in(host.person_id)
    link = link_of((await resident.post("/bookings", a_booking(slot.id))).json["manage_url"])
    cancelling = f"/my/week/slots/{slot.id}/cancel"
    assert cancelling in (await expert.get("//my/week")).body.decode()
    assert (await expert.post(f"/slots/{slot.id}/join")).status == 200

    assert (await expert.post(f"/slots/{slot.id}/close")).json["state"] == "over"

    after = (await resident.get(link)).json
    assert (after["state"], after["actions"]) == ("over", ["feedback"])
    assert cancelling not in (await expert.get("//my/week")).body.decode()

    async def given() -> bool:  # once the news has reached booking
        return (await resident.post(f"{link}/feedback", {"useful": 5})).status == 204

    assert await eventually(given)
    assert (await expert.post(f"/slots/{slot.id}/cancel", {"reason": "Myöhässä."})).code == (
        "already_started"
    )

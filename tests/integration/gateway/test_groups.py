"""Groups through the JSON API: enrolling, waiting, being offered a place; and what nobody is told."""

from datetime import timedelta
from typing import Any

import icalendar

from tests.integration.gateway.conftest import Doorstep, a_key
from tests.integration.gateway.test_live import opened
from tests.support.enrolling import Circle
from tests.support.house import A_TUESDAY
from tests.support.visitor import Reply, Visitor

WEEK = timedelta(days=7)
TOMORROW = A_TUESDAY + timedelta(days=1)


def an_enrolment(name: str = "Kielo", slot_id: object = None, **differs: object) -> dict[str, object]:
    wanted: dict[str, object] = {
        "slot_id": slot_id and str(slot_id),
        "display_name": name,
        "email": f"{name.lower()}@posti.example",
        "consent": True,
    }
    return {field: value for field, value in (wanted | differs).items() if value is not None}


async def enrol(visitor: Visitor, circle: Circle, name: str = "Kielo", **differs: object) -> Reply:
    slot_id = differs.pop("slot_id", circle.sessions[0])
    return await visitor.post(f"/groups/{circle.id}/enrolments", an_enrolment(name, slot_id, **differs))


def link_of(reply: Reply) -> str:
    """The path of the link below /api/v1."""
    assert reply.status == 201, reply.json
    token: str = reply.json["manage_url"].rpartition("/")[2]
    return f"/t/{token}"


async def test_a_group_is_found_read_and_enrolled_in(shared: Doorstep) -> None:
    circle, visitor = await Circle.build(shared.house), await shared.visitor()

    found = await visitor.get("/groups", params={"theme": "omaishoito", "language": "fi"})
    assert str(circle.id) in [group["id"] for group in found.json["items"]]
    none = await visitor.get("/groups", params={"theme": "omaishoito", "language": "uk"})
    assert str(circle.id) not in [group["id"] for group in none.json["items"]]

    page = (await visitor.get(f"/groups/{circle.id}")).json
    assert (page["enrolling"], page["sessions"][0]["seats_left"]) == (True, 2)

    made = await enrol(visitor, circle)
    assert (made.json["status"], made.json["before_you"]) == ("confirmed", None)
    mine = (await visitor.get(f"{link_of(made)}/group")).json
    assert (mine["name"]["fi"], mine["actions"]) == ("Omaiset", ["leave_group"])
    assert mine["sessions"][0]["manage_url"] == made.json["manage_url"]


async def test_a_repeated_enrolment_is_one_and_answers_the_same(shared: Doorstep) -> None:
    circle, visitor = await Circle.build(shared.house), await shared.visitor()
    path, key = f"/groups/{circle.id}/enrolments", a_key()

    replies = [
        await visitor.post(path, an_enrolment(slot_id=circle.sessions[0]), key=key) for _ in range(3)
    ]

    assert len({reply.body for reply in replies}) == 1
    assert await circle.taken() == 1
    assert (await visitor.post(path, an_enrolment("Ruusu"), key=key)).code == "key_reused"
    assert (await visitor.post(path, an_enrolment(), key=None)).code == "key_missing"


async def test_the_whole_way_of_a_seat_from_one_to_the_next(shared: Doorstep) -> None:
    """Full: a list; a place given back: an offer, which the open page hears of; taken, it is a place."""
    circle, visitor = await Circle.build(shared.house, capacity=1 + 1), await shared.visitor()
    await enrol(visitor, circle, "Eka")
    second = link_of(await enrol(visitor, circle, "Toka"))
    third, fourth = [await enrol(visitor, circle, name) for name in ("Kolmas", "Neljas")]
    assert [reply.json["status"] for reply in (third, fourth)] == ["waiting", "waiting"]
    assert [reply.json["before_you"] for reply in (third, fourth)] == [0, 1]

    async with opened(visitor, link_of(third)) as stream:
        assert (await stream.next())[0] == "before"
        left = await visitor.post(f"{second}/leave-group")
        assert (left.json["status"], left.json["actions"]) == ("cancelled", [])
        assert (await stream.next())[0] == "changed"

    offered = (await visitor.get(f"{link_of(third)}/group")).json
    assert (offered["status"], offered["actions"]) == ("offered", ["accept", "decline", "leave_group"])
    assert (await visitor.get(link_of(third))).json["actions"][:2] == ["accept", "decline"]
    declined = await visitor.post(f"{link_of(third)}/offer", {"accept": False})
    assert declined.json["status"] == "cancelled"
    taken = await visitor.post(f"{link_of(fourth)}/offer", {"accept": True})
    assert taken.json["status"] == "confirmed"
    assert (await visitor.post(f"{link_of(fourth)}/offer", {"accept": True})).status == 200
    late = await visitor.post(f"{link_of(third)}/offer", {"accept": True})
    assert (late.status, late.code) == (409, "offer_over")


async def test_a_full_group_refuses_who_will_not_wait(shared: Doorstep) -> None:
    circle, visitor = await Circle.build(shared.house), await shared.visitor()
    for name in ("Eka", "Toka"):
        await enrol(visitor, circle, name)

    refused = await enrol(visitor, circle, "Kolmas", or_wait=False)

    assert (refused.status, refused.code) == (409, "group_full")


async def test_a_nickname_alone_opens_an_open_group_that_is_about_to_begin(shared: Doorstep) -> None:
    now = shared.system.clock.now()
    circle, visitor = await Circle.build(shared.house, now + timedelta(minutes=10)), await shared.visitor()
    wish = {"display_name": "Kielo", "walk_in": True, "slot_id": str(circle.sessions[0])}

    made = await visitor.post(f"/groups/{circle.id}/enrolments", wish)

    assert made.json["status"] == "confirmed"
    assert (await visitor.get(link_of(made))).json["booking"]["display_name"] == "Kielo"
    later = await Circle.build(shared.house, now + timedelta(hours=10))
    wish["slot_id"] = str(later.sessions[0])
    assert (await visitor.post(f"/groups/{later.id}/enrolments", wish)).code == "room_not_open"


async def test_each_of_a_party_has_a_link_and_sees_nobody_else(shared: Doorstep) -> None:
    circle, visitor = await Circle.build(shared.house, capacity=3), await shared.visitor()
    along = {"display_name": "Orvokki", "email": "orvokki@posti.example", "as": "close_person"}

    made = await enrol(visitor, circle, "Kielo", companions=[along])
    other = await enrol(visitor, circle, "Ruusu")

    for reply in (made, other):
        for path in (link_of(reply), f"{link_of(reply)}/group", f"/groups/{circle.id}"):
            said = (await visitor.get(path)).body
            assert b"posti.example" not in said
            assert b"Orvokki" not in said
    assert (await visitor.get(f"{link_of(made)}/group")).json["places"] == 2
    assert b"Kielo" not in (await visitor.get(link_of(other))).body


async def test_what_is_wrong_is_said_field_by_field(shared: Doorstep) -> None:
    circle, visitor = await Circle.build(shared.house), await shared.visitor()

    assert (await enrol(visitor, circle, consent=False)).wrong == {"consent": "consent_required"}
    assert (await enrol(visitor, circle, email=None)).code == "contact_required"
    assert (await enrol(visitor, circle, email="x")).wrong == {"email": "email_invalid"}
    three = [{"display_name": "A", "email": "a@posti.example", "as": "close_person"}] * 3
    assert "companions" in (await enrol(visitor, circle, companions=three)).wrong
    assert (await enrol(visitor, circle, surprise=1)).wrong == {"surprise": "field_unknown"}
    assert (await visitor.post(f"/groups/{a_key()}/enrolments", an_enrolment())).code == "not_found"
    assert (await visitor.get("/groups", params={"organisation": "x"})).status == 400


async def test_a_series_is_one_recurring_object_for_a_calendar(shared: Doorstep) -> None:
    starts = [TOMORROW + number * WEEK for number in range(1, 5)]
    circle = await Circle.build(shared.house, *starts, whole_series=True, open=False)
    visitor = await shared.visitor()
    made = await enrol(visitor, circle, slot_id=None)
    mine = (await visitor.get(f"{link_of(made)}/group")).json
    assert len(mine["sessions"]) == 4
    third = "/t/" + mine["sessions"][2]["manage_url"].rpartition("/")[2]

    assert _written(await visitor.get(f"{third}/calendar.ics"))[0]["RRULE"]["COUNT"] == [4]
    assert (await visitor.post(f"{third}/cancel")).status == 200

    (event,) = _written(await visitor.get(f"{link_of(made)}/calendar.ics"))
    assert event["UID"].startswith(mine["enrolment_id"])
    assert event["EXDATE"].dts[0].dt == starts[2]
    after = (await visitor.get(f"{link_of(made)}/group")).json
    assert [session["status"] for session in after["sessions"]].count("confirmed") == 3


def _written(reply: Reply) -> list[Any]:
    return list(icalendar.Calendar.from_ical(reply.body).walk("VEVENT"))


async def test_a_coordinator_enrols_on_somebodys_behalf_and_it_is_written_down(shared: Doorstep) -> None:
    circle = await Circle.build(shared.house)
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)

    assert (await enrol(coordinator, circle)).status == 201

    trail = (await coordinator.get("/audit")).json["items"]
    assert "booking.made" in [row["action"] for row in trail]


async def test_another_appointments_link_is_no_groups(shared: Doorstep) -> None:
    host, visitor = await shared.house.expert(), await shared.visitor()
    slot = await shared.house.slot(host, shared.system.clock.now() + timedelta(hours=40))
    made = await visitor.post("/bookings", an_enrolment(slot_id=slot.id))

    assert (await visitor.get(f"{link_of(made)}/group")).code == "not_found"
    assert (await visitor.post(f"{link_of(made)}/offer", {"accept": True})).code == "not_found"


async def test_a_group_that_has_begun_takes_nobody_new(doorstep: Doorstep) -> None:
    circle = await Circle.build(doorstep.house, whole_series=True, open=False)
    visitor = await doorstep.visitor()
    doorstep.system.clock.set(TOMORROW + timedelta(minutes=1))

    assert not (await visitor.get(f"/groups/{circle.id}")).json["enrolling"]
    assert (await enrol(visitor, circle, slot_id=None)).code == "already_started"

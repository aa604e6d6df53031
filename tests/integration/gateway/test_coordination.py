"""Coordinators at the API: cards for those without mail, invitations, and what the trail tells of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.gateway import cards
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.page import Page
from tests.support.page import Visitor as PageVisitor
from tests.support.system import System
from tests.support.visitor import Visitor

SOON = timedelta(hours=30)


async def a_card(doorstep: Doorstep, coordinator: Visitor, **facts: Any) -> tuple[str, Any]:
    """A booking of its own, and what the API told of its new card."""
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + SOON)
    made = await coordinator.post("/bookings", a_booking(slot.id, email=None, phone="0401234567"))
    booking: str = made.json["id"]
    return booking, (await coordinator.post(f"/bookings/{booking}/card", **facts)).json


async def the_coordinator(doorstep: Doorstep) -> Visitor:
    return await doorstep.signed_in(doorstep.house.coordinator.person_id)


async def test_a_card_made_twice_by_one_press_is_one_card(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    booking, card = await a_card(shared, coordinator, key="the-same-press")

    again = (await coordinator.post(f"/bookings/{booking}/card", key="the-same-press")).json
    other = (await coordinator.post(f"/bookings/{booking}/card")).json

    assert again == card
    assert other["code"] != card["code"]
    rows = await shared.system.sql("SELECT count(*) FROM gateway.card WHERE booking_id = $1", UUID(booking))
    assert rows[0]["count"] == 1


async def test_nothing_in_the_database_tells_the_code(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    _, card = await a_card(shared, coordinator)
    plain = cards.read(card["code"])

    rows = await shared.system.sql("SELECT c::text AS told FROM gateway.card c")
    rows += await shared.system.sql("SELECT c::text AS told FROM gateway.audit c")

    assert len(plain) == cards.LENGTH
    assert rows
    for row in rows:
        assert plain not in row["told"]
        assert plain.encode().hex() not in row["told"]


async def test_a_cancelled_booking_gets_no_card(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    booking, _ = await a_card(shared, coordinator)
    assert (await coordinator.post(f"/bookings/{booking}/cancel")).status == 200

    refused = await coordinator.post(f"/bookings/{booking}/card")

    assert (refused.status, refused.code) == (409, "already_cancelled")


async def test_who_is_invited_gets_one_mail_however_often_it_is_pressed(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    person = {
        "email": f"uusi-{uuid4().hex[:8]}@digiaula.example",
        "display_name": "Uusi",
        "role": "volunteer",
        "languages": ["fi"],
    }
    key = uuid4().hex

    for _ in range(3):
        assert (await coordinator.post("/people", person, key=key)).status == 201

    rows = await shared.system.sql("SELECT id FROM gateway.sign_in WHERE email = $1", person["email"])
    told = await shared.system.sql(
        "SELECT 1 FROM gateway.outbox WHERE convert_from(body, 'UTF8') LIKE '%' || $1 || '%'",
        str(rows[0]["id"]),
    )
    assert (len(rows), len(told)) == (1, 1)


async def test_whether_somebody_is_trained_stays_where_nothing_is_said_of_it(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    person = {
        "email": f"koulutettu-{uuid4().hex[:8]}@digiaula.example",
        "display_name": "Koulutettu",
        "role": "volunteer",
        "languages": ["fi"],
    }
    training = {"trained": True, "themes": ["vertaistuki"]}
    added = (await coordinator.post("/people", person | training)).json
    at, seen = f"/people/{added['id']}", {"version": added["version"]}

    kept = (await coordinator.put(at, person | {"display_name": "Toinen"} | seen)).json
    seen = {"version": kept["version"]}
    taken_back = (await coordinator.put(at, person | {"trained": False} | seen)).json

    assert (kept["display_name"], kept["trained"], kept["themes"]) == ("Toinen", True, ["vertaistuki"])
    assert (taken_back["trained"], taken_back["themes"]) == (False, ["vertaistuki"])


async def test_whoever_has_not_seen_a_change_of_somebody_does_not_undo_it(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    person = {
        "email": f"muutettu-{uuid4().hex[:8]}@digiaula.example",
        "display_name": "Muutettu",
        "role": "volunteer",
        "languages": ["fi"],
    }
    at = f"/people/{(await coordinator.post('/people', person | {'trained': True})).json['id']}"
    seen = {"version": (await coordinator.get(at)).json["version"]}

    taken_away = await coordinator.put(at, person | {"trained": False} | seen)
    stale = await coordinator.put(at, person | {"trained": True} | seen)

    assert (taken_away.status, taken_away.json["trained"]) == (200, False)
    assert (stale.status, stale.code) == (409, "changed_meanwhile")
    assert (await coordinator.get(at)).json == taken_away.json
    blind = await coordinator.put(at, person | {"trained": True})
    assert (blind.status, blind.json["trained"]) == (200, True), "programs of before tell no version"


async def test_the_trail_is_found_by_person_and_by_booking(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    booking, _ = await a_card(shared, coordinator)
    person = await shared.house.expert()
    await coordinator.post(f"/people/{person.person_id}/disable")
    await coordinator.post(f"/people/{person.person_id}/enable")

    about_booking = (await coordinator.get(f"/audit?booking={booking}")).json["items"]
    about_person = (await coordinator.get(f"/audit?person={person.person_id}")).json["items"]
    of_coordinator = (await coordinator.get(f"/audit?person={shared.house.coordinator.person_id}")).json

    assert [item["action"] for item in about_booking] == ["card.made"]
    assert [item["action"] for item in about_person] == ["person.enabled", "person.disabled"]
    assert {item["actor"] for item in of_coordinator["items"]} == {str(shared.house.coordinator.person_id)}


async def test_a_coordinator_moves_and_renews_for_somebody(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    host = await shared.house.expert()
    first, second = [
        await shared.house.slot(host, shared.system.clock.now() + SOON + number * timedelta(hours=2))
        for number in range(2)
    ]
    resident = await shared.visitor()
    made = (await resident.post("/bookings", a_booking(first.id))).json
    token = made["manage_url"].rpartition("/")[2]

    moved = await coordinator.post(f"/bookings/{made['id']}/move", {"slot_id": str(second.id)})
    assert (await resident.get(f"/t/{token}")).json["slot"]["id"] == str(second.id)
    renewed = await coordinator.post(f"/bookings/{made['id']}/renew")

    assert (moved.status, renewed.status) == (200, 200)
    assert (await resident.get(f"/t/{token}")).code == "link_expired"
    history = (await coordinator.get(f"/bookings/{made['id']}/history")).json["items"]
    assert [item["what"] for item in history] == ["booked", "moved", "link_renewed"]


async def test_bad_filters_are_refused_with_a_code(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)

    backwards = "/coordination/slots?from=2027-02-02T00:00:00Z&to=2027-02-01T00:00:00Z"
    assert (await coordinator.get(backwards)).code == "time_invalid"
    assert (await coordinator.get("/coordination/bookings?status=happy")).code == "field_invalid"
    assert (await coordinator.get("/coordination/bookings?host=me")).code == "field_invalid"
    assert (await coordinator.get("/coordination/bookings?name=Kielo")).code == "field_unknown"
    assert (await coordinator.post("/themes", {"name": {"fi": "Uni", "sv": "", "en": "x"}})).wrong == {
        "name_sv": "name_invalid"
    }
    assert (await coordinator.put("/themes/ei-ole", {"name": {"fi": "a", "sv": "b", "en": "c"}})).code == (
        "not_found"
    )


async def typed(doorstep: Doorstep, code: str) -> Page:
    async with PageVisitor(doorstep.system.http("gateway")) as somebody:
        page = await somebody.open("/code")
        return await somebody.send(page.form("/code"), code=code)


async def test_a_card_lives_as_long_as_the_link_behind_it(doorstep: Doorstep) -> None:
    """Also when the meeting is moved after the card was printed, and no longer."""
    system = doorstep.system
    coordinator = await the_coordinator(doorstep)
    booking, card = await a_card(doorstep, coordinator)
    host = await doorstep.house.expert()
    later = await doorstep.house.slot(host, system.clock.now() + timedelta(days=20))
    assert (await coordinator.post(f"/bookings/{booking}/move", {"slot_id": str(later.id)})).status == 200

    system.clock.advance(timedelta(days=12))  # past the day that stands on the card, and the week after
    assert (await typed(doorstep, card["code"])).path.startswith("/t/")

    system.clock.advance(timedelta(days=20))
    over = await typed(doorstep, card["code"])
    assert (over.status, set(over.errors)) == (400, {"code"})


async def test_a_renewed_link_makes_the_card_useless(shared: Doorstep) -> None:
    coordinator = await the_coordinator(shared)
    booking, card = await a_card(shared, coordinator)
    assert (await typed(shared, card["code"])).status == 200

    await coordinator.post(f"/bookings/{booking}/renew")

    assert (await typed(shared, card["code"])).status == 410


async def test_few_codes_may_be_tried_from_one_place(system: System) -> None:
    await system.start("gateway", LIMITS="on")

    async with PageVisitor(system.http("gateway")) as somebody:
        page = await somebody.open("/code")
        answers = [(await somebody.send(page.form("/code"), code=str(tried))).status for tried in range(11)]

    assert answers == [400] * 10 + [429]

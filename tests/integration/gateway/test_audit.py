"""Every look at contact data is one row that nobody can take back."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from services.contracts.booking.staffing import AcceptDuty
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.enrolling import Circle
from tests.support.visitor import Visitor


async def test_a_look_at_contact_data_is_one_row(shared: Doorstep) -> None:
    host = await shared.house.expert()
    slot = await shared.house.slot(host, shared.system.clock.now() + timedelta(hours=30))
    booking = (await (await shared.visitor()).post("/bookings", a_booking(slot.id))).json["id"]
    expert = await shared.signed_in(host.person_id)

    for _ in range(3):
        seen = await expert.get(f"/bookings/{booking}/contact")
        assert seen.json["email"] == "kielo@posti.example"

    rows = await trail(shared, booking)
    assert rows == [("contact.read", str(host.person_id), booking)] * 3


async def test_a_refused_look_is_written_down_as_such(shared: Doorstep) -> None:
    host, stranger = await shared.house.expert(), await shared.house.expert()
    slot = await shared.house.slot(host, shared.system.clock.now() + timedelta(hours=30))
    booking = (await (await shared.visitor()).post("/bookings", a_booking(slot.id))).json["id"]

    refused = await (await shared.signed_in(stranger.person_id)).get(f"/bookings/{booking}/contact")

    assert (refused.status, refused.code) == (404, "not_found")
    who = str(stranger.person_id)
    assert await trail(shared, booking) == [
        ("contact.read", who, booking),
        ("booking.refused", who, booking),
    ]


async def test_a_look_that_cannot_be_written_down_does_not_happen(doorstep: Doorstep) -> None:
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=30))
    booking = (await (await doorstep.visitor()).post("/bookings", a_booking(slot.id))).json["id"]
    expert = await doorstep.signed_in(host.person_id)
    await doorstep.system.sql("REVOKE INSERT ON gateway.audit FROM gateway")

    seen = await expert.get(f"/bookings/{booking}/contact")

    assert seen.status == 500
    assert b"kielo" not in seen.body


async def test_a_coordinators_look_at_who_comes_is_one_row_an_hour(doorstep: Doorstep) -> None:
    """The page looks again by itself; those who lead the session see their own, and leave none."""
    led = await Circle.build(doorstep.house)
    (slot_id,) = led.sessions
    await doorstep.system.ask(AcceptDuty(slot_id=slot_id), led.host)
    await led.enrol()
    coordinator_id = doorstep.house.coordinator.person_id
    host, coordinator = [await doorstep.signed_in(who) for who in (led.host.person_id, coordinator_id)]
    pages = (f"//my/sessions/{slot_id}", f"//my/sessions/{slot_id}/attendance")

    async def look(visitor: Visitor) -> list[tuple[str, UUID]]:
        for path in (*pages, f"/slots/{slot_id}/attendees"):
            assert b"Kielo" in (await visitor.get(path)).body or "attendance" in path
        rows = await doorstep.system.sql(
            "SELECT action, actor_id FROM gateway.audit WHERE slot_id = $1 ORDER BY id", slot_id
        )
        return [(row["action"], row["actor_id"]) for row in rows]

    one = ("bookings.listed", coordinator_id)
    assert await look(host) == []
    assert await look(coordinator) == [one]
    assert await look(coordinator) == [one]
    doorstep.system.clock.set(doorstep.system.clock.now() + timedelta(minutes=61))
    assert await look(coordinator) == [one, one]


async def test_a_coordinator_who_comes_into_a_meeting_leaves_a_row_and_so_does_its_end(
    doorstep: Doorstep,
) -> None:
    """A coordinator may come into any meeting. Its host is expected there."""
    host_of_it, coordinator_of_all = await doorstep.house.expert(), doorstep.house.coordinator
    slot = await doorstep.house.slot(host_of_it, doorstep.system.clock.now() + timedelta(hours=3))
    await (await doorstep.visitor()).post("/bookings", a_booking(slot.id))
    doorstep.system.clock.set(slot.starts_at)
    host = await doorstep.signed_in(host_of_it.person_id)
    coordinator = await doorstep.signed_in(coordinator_of_all.person_id)

    for visitor in (host, coordinator):
        assert (await visitor.post(f"/slots/{slot.id}/join")).status == 200
    assert (await host.post(f"/slots/{slot.id}/close")).status == 200

    rows = await doorstep.system.sql(
        "SELECT action, actor_id FROM gateway.audit WHERE slot_id = $1 ORDER BY id", slot.id
    )
    assert [tuple(row) for row in rows] == [
        ("room.entered", coordinator_of_all.person_id),
        ("room.closed", host_of_it.person_id),
    ]


async def test_a_coordinators_look_at_anothers_times_is_written_down(doorstep: Doorstep) -> None:
    """Names of those who come stand in them. One's own times are one's own."""
    host, coordinator_of_all = await doorstep.house.expert(), doorstep.house.coordinator
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=30))
    await (await doorstep.visitor()).post("/bookings", a_booking(slot.id))
    expert = await doorstep.signed_in(host.person_id)
    coordinator = await doorstep.signed_in(coordinator_of_all.person_id)
    theirs = {"host": str(host.person_id)}

    async def rows() -> list[tuple[object, ...]]:
        asked = "SELECT action, person_id, slot_id FROM gateway.audit WHERE action = $1 ORDER BY id"
        return [tuple(row) for row in await doorstep.system.sql(asked, "bookings.listed")]

    for path, query in (("/me/slots", theirs), ("/me/slots", {}), (f"/slots/{slot.id}", {})):
        assert b"Kielo" in (await expert.get(path, params=query)).body
    assert (await coordinator.get("/me/slots")).status == 200
    assert await rows() == []

    assert b"Kielo" in (await coordinator.get("/me/slots", params=theirs)).body
    assert b"Kielo" in (await coordinator.get(f"/slots/{slot.id}")).body
    assert await rows() == [
        ("bookings.listed", host.person_id, None),
        ("bookings.listed", None, slot.id),
    ]


@pytest.mark.parametrize("question", ["", "/cancel", "/move", "/own-data", "/erase"])
async def test_every_page_about_a_booking_is_a_look_at_it(shared: Doorstep, question: str) -> None:
    host = await shared.house.expert()
    slot = await shared.house.slot(host, shared.system.clock.now() + timedelta(hours=30))
    booking = (await (await shared.visitor()).post("/bookings", a_booking(slot.id))).json["id"]
    coordinator_id = shared.house.coordinator.person_id
    coordinator = await shared.signed_in(coordinator_id)

    assert b"Kielo" in (await coordinator.get(f"//bookings/{booking}{question}")).body

    assert ("booking.read", str(coordinator_id), booking) in await trail(shared, booking)


async def test_the_trail_tells_why(doorstep: Doorstep) -> None:
    """Where one had to say why: in words on the page, as a code for programs."""
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(hours=30))
    booking = (await (await doorstep.visitor()).post("/bookings", a_booking(slot.id))).json["id"]
    coordinator = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    await doorstep.system.start("notify")  # before, it would make the sign-in link anew
    await coordinator.get(f"/bookings/{booking}/contact")

    seen = await coordinator.post(f"/bookings/{booking}/own-data", {"reason": "asked_in_person"})
    assert seen.status == 200

    items = (await coordinator.get("/audit", params={"booking": booking})).json["items"]
    assert [(item["action"], item.get("reason")) for item in items] == [
        ("data.read", "asked_in_person"),
        ("contact.read", None),
    ]
    page = (await coordinator.get(f"//coordinator/audit?booking={booking}")).body.decode()
    assert page.count("Hän pyysi paikan päällä") == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE gateway.audit SET action = 'nothing'", "DELETE FROM gateway.audit", "TRUNCATE gateway.audit"],
)
async def test_the_gateway_itself_cannot_mend_the_trail(shared: Doorstep, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await shared.system.sql(statement, role="gateway")


async def test_the_trail_is_read_in_pages_newest_first(doorstep: Doorstep) -> None:
    coordinator = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    for number in range(5):
        made = await coordinator.post("/organisations", {"name": f"Yhdistys {number}"})
        assert made.status == 201

    pages, cursor = [], None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await coordinator.get("/audit", params=query)).json
        pages.append(page["items"])
        cursor = page["next"]
        if cursor is None:
            break

    assert [len(page) for page in pages] == [2, 2, 1]
    times = [item["at"] for page in pages for item in page]
    assert times == sorted(times, reverse=True)
    for forged in ("x", "WzBd", "WyJhIl0", "Wy05XQ"):
        assert (await coordinator.get("/audit", params={"cursor": forged})).code == "page_invalid"


async def trail(doorstep: Doorstep, booking: str) -> list[tuple[str, str, str]]:
    rows = await doorstep.system.sql(
        "SELECT action, actor_id, booking_id FROM gateway.audit WHERE booking_id = $1 ORDER BY id",
        UUID(booking),
    )
    return [(row["action"], str(row["actor_id"]), str(row["booking_id"])) for row in rows]

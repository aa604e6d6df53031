"""One's own profile, calendar and outcomes, over the JSON API and as calendar programs fetch them."""

from datetime import timedelta
from typing import Any

from icalendar import Calendar

from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.visitor import Reply, Visitor


async def fetched(visitor: Visitor, url: str, **headers: str) -> Reply:
    return await visitor.get("/" + url.removeprefix(visitor.address), headers=headers)


async def test_a_calendar_program_sees_times_and_nothing_else(shared: Doorstep) -> None:
    house, now = shared.house, shared.system.clock.now()
    host = await house.expert(languages=["sv"])
    booked = await house.slot(host, now + timedelta(hours=30))
    free = await house.slot(host, now + timedelta(hours=32))
    program, expert = await shared.visitor(), await shared.signed_in(host.person_id)
    note = "hyvin salainen asia"
    made = await program.post("/bookings", a_booking(booked.id, note=note))
    assert made.status == 201, made.body
    url = (await expert.get("/me/calendar")).json["url"]
    assert url.startswith(f"{program.address}/calendar/")
    assert url.endswith(".ics")

    found = await fetched(program, url)

    assert found.status == 200
    assert found.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert found.headers["Cache-Control"] == "private, max-age=300"
    assert found.headers["X-Robots-Tag"] == "noindex, nofollow"
    events: dict[str, Any] = {
        str(event["UID"]).partition("@")[0]: event for event in Calendar.from_ical(found.body).events
    }
    assert {uid: str(event["SUMMARY"]) for uid, event in events.items()} == {
        str(booked.id): "Bokad tid",
        str(free.id): "Ledig tid",
    }
    assert events[str(booked.id)]["DTSTART"].dt == booked.starts_at.replace(microsecond=0)
    assert events[str(free.id)]["TRANSP"] == "TRANSPARENT"
    for secret in ("Kielo", "kielo", note, "igineuvonta", made.json["id"]):
        assert secret not in found.body.decode()


async def test_a_calendar_that_has_not_changed_is_not_sent_again(shared: Doorstep) -> None:
    host = await shared.house.expert()
    slot = await shared.house.slot(host, shared.system.clock.now() + timedelta(hours=30))
    program, expert = await shared.visitor(), await shared.signed_in(host.person_id)
    url = (await expert.get("/me/calendar")).json["url"]
    first = await fetched(program, url)

    again = await fetched(program, url, **{"If-None-Match": first.headers["ETag"]})
    await program.post("/bookings", a_booking(slot.id))
    changed = await fetched(program, url, **{"If-None-Match": first.headers["ETag"]})

    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert changed.status == 200
    assert b"Varattu aika" in changed.body


async def test_an_address_works_until_it_is_renewed_or_its_person_disabled(shared: Doorstep) -> None:
    host = await shared.house.expert()
    program, expert = await shared.visitor(), await shared.signed_in(host.person_id)
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    old = (await expert.get("/me/calendar")).json["url"]

    new = (await expert.post("/me/calendar/renew")).json["url"]

    assert (await fetched(program, old)).status == 410
    assert (await fetched(program, new)).status == 200
    assert (await expert.get("/me/calendar")).json["url"] == new
    altered = new[:-6] + ("A" if new[-6] != "A" else "B") + ".ics"
    assert (await fetched(program, altered)).status == 404
    assert (await coordinator.post(f"/people/{host.person_id}/disable")).status == 204
    assert (await fetched(program, new)).status == 410


async def test_a_residents_link_is_no_calendar_and_a_calendars_address_no_meeting(shared: Doorstep) -> None:
    host = await shared.house.expert()
    slot = await shared.house.slot(host, shared.system.clock.now() + timedelta(hours=30))
    program, expert = await shared.visitor(), await shared.signed_in(host.person_id)
    made = await program.post("/bookings", a_booking(slot.id))
    link = made.json["manage_url"].rpartition("/")[2]
    calendar = (await expert.get("/me/calendar")).json["url"].rpartition("/")[2].removesuffix(".ics")

    assert (await program.get(f"//calendar/{link}.ics")).status == 404
    assert (await program.get(f"/t/{calendar}")).code == "wrong_purpose"


async def test_a_profile_is_changed_by_its_owner_and_written_down(shared: Doorstep) -> None:
    host = await shared.house.expert()
    expert = await shared.signed_in(host.person_id)

    changed = await expert.put("/me", {"display_name": "Aino A.", "languages": ["sv", "fi"]})

    assert (changed.status, changed.json["display_name"]) == (200, "Aino A.")
    assert (await expert.get("/me")).json == changed.json
    for body in ({"display_name": " ", "languages": ["fi"]}, {"display_name": "A", "languages": []}):
        assert (await expert.put("/me", body)).status == 400
    role = {"display_name": "A", "languages": ["fi"], "role": "coordinator"}
    assert (await expert.put("/me", role)).code == "field_unknown"
    noted = await shared.system.sql(
        "SELECT action FROM gateway.audit WHERE actor_id = $1 AND person_id = $1", host.person_id
    )
    assert "profile.changed" in {row["action"] for row in noted}


async def test_what_is_owed_is_listed_until_it_is_said(doorstep: Doorstep) -> None:
    host = await doorstep.house.expert()
    slot = await doorstep.house.slot(host, doorstep.system.clock.now() + timedelta(minutes=10))
    visitor, expert = await doorstep.visitor(), await doorstep.signed_in(host.person_id)
    made = await visitor.post("/bookings", a_booking(slot.id))
    assert (await expert.get("/me/outcomes")).json == {"items": []}

    doorstep.system.clock.set(slot.ends_at)
    owed = (await expert.get("/me/outcomes")).json["items"]
    assert [item["id"] for item in owed] == [str(slot.id)]
    outcome = {"status": "attended", "guided_to": ["Kela"]}
    assert (await expert.put(f"/bookings/{made.json['id']}/outcome", outcome)).status == 204

    assert (await expert.get("/me/outcomes")).json == {"items": []}
    seen = (await expert.get(f"/slots/{slot.id}")).json["bookings"][0]
    assert (seen["status"], seen["guided_to"]) == ("attended", ["Kela"])

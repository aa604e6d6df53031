"""Those who lead groups, against the services as they are: setting up, staffing, the desk, sending out."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from yarl import URL

from services.contracts.envelope import Role, Staff
from tests.integration.gateway.conftest import Doorstep
from tests.integration.gateway.test_groups import an_enrolment, link_of
from tests.support import page as pages
from tests.support.house import A_TUESDAY
from tests.support.visitor import Visitor

WORDS = {"fi": "Omaisten ilta", "sv": "Anhörigkväll", "en": "Carers' evening"}
HELSINKI = ZoneInfo("Europe/Helsinki")


def a_group(house: Any, *facilitators: Staff, **differs: object) -> dict[str, object]:
    return {
        "name": WORDS,
        "description": WORDS,
        "open": True,
        "theme": "omaishoito",
        "organisation_id": str(house.organisation_id),
        "languages": ["fi"],
        "capacity": 3,
        "facilitators": [str(one.person_id) for one in facilitators],
    } | differs


async def set_up(shared: Doorstep, *leaders: Staff, hour: int = 18, **differs: object) -> tuple[str, str]:
    """A group with two sessions, and the first of them."""
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    made = await coordinator.post("/managed-groups", a_group(shared.house, *leaders, **differs))
    assert made.status == 201, made.json
    at = f"/managed-groups/{made.json['id']}"
    days = {"starts": f"{hour}:00", "ends": f"{hour + 1}:30", "dates": ["2027-02-02", "2027-02-09"]}
    seen = {"version": (await coordinator.get(at)).json["version"]}
    shown = await coordinator.post(f"{at}/series/preview", days)
    assert len(shown.json["added"]) == 2
    assert (await coordinator.put(f"{at}/series", days | seen)).json["added"] == shown.json["added"]
    sessions = (await coordinator.get(at)).json["sessions"]
    return made.json["id"], sessions[0]["slot_id"]


async def browser(visitor: Visitor) -> pages.Visitor:
    """The same person's browser without script."""
    opened = pages.Visitor(visitor.address)
    cookies = visitor.session.cookie_jar.filter_cookies(URL(visitor.address))
    opened.session.cookie_jar.update_cookies({name: morsel.value for name, morsel in cookies.items()})
    return opened


async def test_a_session_finds_its_host_and_the_trail_tells_how(shared: Doorstep) -> None:
    expert = await shared.house.expert()
    volunteer = await shared.house.expert(role=Role.VOLUNTEER, trained=True, themes=["omaishoito"])
    group_id, slot_id = await set_up(shared, expert)
    leads, stands_in = [await shared.signed_in(one.person_id) for one in (expert, volunteer)]

    asked = (await leads.get("/duties")).json["items"]
    assert [duty["staffing"] for duty in asked] == ["asked", "asked"]
    assert (await leads.post(f"/slots/{slot_id}/accept")).json["accepted"] is True
    assert (await leads.post(f"/slots/{slot_id}/stand-in", {})).json["staffing"] == "stand_in_wanted"
    wanted = (await stands_in.get("/duties", params={"scope": "wanted"})).json["items"]
    assert slot_id in [duty["slot_id"] for duty in wanted]
    assert (await stands_in.post(f"/slots/{slot_id}/accept")).json["hosting"] is True
    assert (await leads.post(f"/slots/{slot_id}/accept")).code == "duty_taken"
    assert (await stands_in.get("/duties", params={"scope": "all"})).code == "forbidden"

    rows = await shared.system.sql(
        "SELECT action FROM gateway.audit WHERE group_id = $1 OR slot_id = $2 ORDER BY id",
        UUID(group_id),
        UUID(slot_id),
    )
    assert [row["action"] for row in rows] == [
        *("series.set", "duty.accepted", "stand_in.asked", "duty.accepted", "duty.accepted")
    ]


async def test_every_page_of_a_leader_stands_against_the_services_as_they_are(doorstep: Doorstep) -> None:
    """In order: before, at the door, with somebody inside, sent out and back, and who came."""
    expert = await doorstep.house.expert()
    group_id, slot_id = await set_up(doorstep, expert)
    visitor, leads = await doorstep.visitor(), await doorstep.signed_in(expert.person_id)
    assert (await leads.post(f"/slots/{slot_id}/accept")).status == 200
    made = await visitor.post(f"/groups/{group_id}/enrolments", an_enrolment("Kielo", slot_id))
    link, booking_id = link_of(made), made.json["booking_id"]
    desk, group = f"/my/sessions/{slot_id}", f"/my/groups/{group_id}"
    person = f"{desk}/people/{booking_id}"

    for path in ("/my/duties", "/my/groups", group, f"{group}/more", f"{group}/message", desk,
                 f"{desk}/message", f"{desk}/move", f"{desk}/call-off", f"{desk}/attendance",
                 f"{person}/send-out", "/my/assigned", "/my/week"):  # fmt: skip
        async with await browser(leads) as somebody:
            page = await somebody.open(path)
        assert page.status == 200, path
        assert "posti.example" not in page.html

    doorstep.system.clock.set(datetime(2027, 2, 2, 17, 55, tzinfo=HELSINKI))
    leads = await doorstep.signed_in(expert.person_id)
    async with await browser(leads) as host:
        assert (await visitor.post(f"{link}/join")).status == 202
        page = await host.open(desk)
        assert "Oven takana (1)" in page.text
        room = await host.send(page.form("/join"))
        assert desk in room.links
        assert (await visitor.post(f"{link}/join")).status == 200
        page = await host.open(f"{person}/send-out")
        page = await host.send(page.form("/send-out"))
        assert "Poistettu (1)" in page.text
        assert (await visitor.post(f"{link}/join")).code == "removed"
        page = await host.send(page.form("/let-back"))
        assert (await visitor.post(f"{link}/join")).status == 200
        page = await host.open(f"{desk}/close")
        page = await host.send(page.form("/close"))
        assert page.path == desk

    doorstep.system.clock.set(datetime(2027, 2, 2, 19, 40, tzinfo=HELSINKI))
    leads = await doorstep.signed_in(expert.person_id)
    async with await browser(leads) as host:
        page = await host.open(f"{desk}/attendance")
        page = await host.send(page.form("/attendance"), {f"came-{booking_id}": "no_show"})
        assert "ei saapunut" in page.text
        again = await host.open(f"{desk}/attendance")
        page = await host.send(again.form("/attendance"), {f"came-{booking_id}": "attended"})
        assert page.status == 200
    (who,) = (await leads.get(f"/slots/{slot_id}/attendees")).json["items"]
    assert (who["status"], sorted(who)) == ("attended", sorted(ATTENDEE))


ATTENDEE = (
    *("booking_id", "display_name", "language", "status", "note", "accompanies", "comes_as"),
    *("joined", "guided_to"),
)


async def test_every_page_of_a_coordinator_stands_against_the_services_as_they_are(
    shared: Doorstep,
) -> None:
    expert, other = await shared.house.expert(), await shared.house.expert()
    group_id, slot_id = await set_up(shared, expert, hour=10)
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    at, staffing = f"/coordinator/groups/{group_id}", f"/coordinator/staffing/{slot_id}"

    async with await browser(coordinator) as somebody:
        for path in ("/coordinator", "/coordinator/groups", "/coordinator/groups/new", at, f"{at}/series",
                     f"{at}/end", f"{at}/enrol", "/coordinator/staffing", staffing,
                     "/coordinator/staffing?status=unstaffed", f"/my/groups/{group_id}"):  # fmt: skip
            assert (await somebody.open(path)).status == 200, path

        page = await somebody.open(staffing)
        page = await somebody.send(page.form(staffing), person=str(other.person_id))
        assert "Neuvoja" in page.text
        second = (await coordinator.get(f"/managed-groups/{group_id}")).json["sessions"][1]["slot_id"]
        page = await somebody.open(f"{at}/enrol/{second}")
        page = await somebody.send(
            page.form(f"/{second}"), display_name="Kielo", email="kielo@posti.example", consent="yes"
        )
        assert page.path.startswith("/bookings/")
        page = await somebody.open(f"{at}/series")
        form = page.form("/series")
        page = await somebody.send(form, {"date-2": ""}, press=("do", "preview"))
        assert "1 ilmoittautunut" in page.text
        page = await somebody.send(page.form("/series"), press=("do", "set"), reason="Tila on varattu.")
        assert page.path == f"/my/groups/{group_id}"
        page = await somebody.open(f"{at}/end")
        page = await somebody.send(page.form("/end"), reason="Ryhmä päättyy.")
        assert "päättynyt" in page.text


async def test_groups_of_others_are_not_there(shared: Doorstep) -> None:
    expert = await shared.house.expert()
    group_id, slot_id = await set_up(shared, expert, hour=12)
    stranger = await shared.signed_in((await shared.house.expert(languages=["en"])).person_id)

    async with await browser(stranger) as somebody:
        for path in (
            f"/my/groups/{group_id}",
            f"/my/sessions/{slot_id}",
            f"/my/sessions/{slot_id}/message",
        ):
            assert (await somebody.open(path)).status == 404, path
        assert (await somebody.open("/coordinator/groups")).status == 403
    assert (await stranger.get(f"/managed-groups/{group_id}")).code == "not_found"


async def test_a_group_is_set_up_once_however_often_it_is_sent(shared: Doorstep) -> None:
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    key, body = str(uuid4()), a_group(shared.house)

    made = [await coordinator.post("/managed-groups", body, key=key) for _ in range(2)]

    assert made[0].body == made[1].body
    assert (await coordinator.post("/managed-groups", body, key=None)).code == "key_missing"
    at = f"/managed-groups/{made[0].json['id']}"
    days = {"starts": "18:00", "ends": "19:00", "dates": ["2027-02-23"], "version": 1}
    assert (await coordinator.put(f"{at}/series", days)).code == "host_required"


async def test_a_change_of_what_somebody_else_has_changed_is_refused(shared: Doorstep) -> None:
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    made = await coordinator.post("/managed-groups", a_group(shared.house))
    at, body = f"/managed-groups/{made.json['id']}", a_group(shared.house)
    version = (await coordinator.get(at)).json["version"]
    change = {name: value for name, value in body.items() if name != "open"} | {"version": version}

    assert (await coordinator.put(at, change | {"capacity": 20})).status == 200
    refused = await coordinator.put(at, change | {"capacity": 30})

    assert (refused.status, refused.code) == (409, "changed_meanwhile")
    assert (await coordinator.get(at)).json["group"]["capacity"] == 20


async def test_a_series_is_not_set_by_one_who_has_not_seen_how_the_group_stands(shared: Doorstep) -> None:
    host = await shared.house.expert()
    group_id, _ = await set_up(shared, host)
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    at = f"/managed-groups/{group_id}"
    stood = (await coordinator.get(at)).json
    first = {"starts": "18:00", "ends": "19:30", "dates": ["2027-02-02", "2027-02-09", "2027-02-16"]}
    second = first | {"dates": ["2027-02-09", "2027-02-23"]}
    seen = {"version": stood["version"]}

    done = await coordinator.put(f"{at}/series", first | seen)
    stale = await coordinator.put(f"{at}/series", second | seen)
    again = await coordinator.put(f"{at}/series", first | seen)
    blind = await coordinator.put(f"{at}/series", second)

    assert len(done.json["added"]) == 1
    assert (stale.status, stale.code) == (409, "changed_meanwhile")
    assert (again.status, again.json["kept"]) == (200, 3)
    assert (blind.status, blind.wrong["version"]) == (400, "field_required")
    stands = (await coordinator.get(at)).json
    assert stands["series"]["dates"] == first["dates"]
    assert stands["version"] == stood["version"] + 1


async def test_a_change_that_names_no_version_is_told_to_send_it_and_changes_nothing(
    shared: Doorstep,
) -> None:
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    made = await coordinator.post("/managed-groups", a_group(shared.house))
    at, body = f"/managed-groups/{made.json['id']}", a_group(shared.house, capacity=20)
    blind = {name: value for name, value in body.items() if name != "open"}

    refused = [await coordinator.put(at, blind), await coordinator.put(at, blind | {"version": None})]

    assert [(reply.status, reply.wrong["version"]) for reply in refused] == [
        (400, "field_required"),
        (400, "number_invalid"),
    ]
    assert (await coordinator.get(at)).json["group"]["capacity"] == made.json["capacity"]


async def test_what_is_wrong_is_said_field_by_field(shared: Doorstep) -> None:
    coordinator = await shared.signed_in(shared.house.coordinator.person_id)
    wrong = a_group(shared.house, capacity=1, theme="ei-ole", surprise=1) | {"name": {"fi": "x"}}

    reply = await coordinator.post("/managed-groups", wrong)

    assert set(reply.wrong) == {"capacity", "surprise", "name.sv", "name.en"}
    later = (A_TUESDAY + timedelta(days=3)).isoformat()
    moved = await coordinator.post(f"/slots/{uuid4()}/move", {"starts_at": later, "ends_at": later})
    assert moved.wrong == {"ends_at": "time_invalid"}
    assert (await coordinator.get("/duties", params={"scope": "theirs"})).status == 400


async def test_a_message_repeated_with_its_key_goes_once_and_a_fourth_does_not(shared: Doorstep) -> None:
    expert = await shared.house.expert()
    _, slot_id = await set_up(shared, expert, hour=15)
    leads = await shared.signed_in(expert.person_id)
    await leads.post(f"/slots/{slot_id}/accept")
    path, key = f"/slots/{slot_id}/announcements", str(uuid4())

    for _ in range(2):
        assert (await leads.post(path, {"words": "Nähdään!"}, key=key)).status == 201
    for _ in range(2):
        assert (await leads.post(path, {"words": "Vielä tämä."})).status == 201
    assert (await leads.post(path, {"words": "Ja tämä."})).code == "too_many"
    assert (await leads.post(path, {"words": ""})).wrong == {"words": "field_invalid"}

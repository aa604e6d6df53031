"""Everyone sees only their own: every route of the table, tried by everybody who might come.

A row says what each of them is answered: a number is the status of success, a
word the code of the refusal. A route without a row fails the test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.contracts.envelope import Role
from services.gateway.entrance import ROUTES as IN_ROUTER
from services.gateway.pages.table import PAGES
from services.gateway.routes import API
from services.gateway.routing import ANYONE, LINK, Route
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.enrolling import Circle
from tests.support.visitor import Reply, Visitor

CALLERS = (
    *("anonymous", "link A", "link B", "volunteer", "expert", "other expert"),
    *("coordinator", "disabled", "expired session"),
)
LAST = ("expert", "coordinator")  # those who may, after those who may not
Row = dict[str, int | str]

# A session that is over is told so once, and its cookie is taken; from then on it is nobody's.
NOBODY: Row = dict.fromkeys(
    ("anonymous", "link A", "link B", "disabled", "expired session"), "not_signed_in"
)


def everybody(answer: int | str) -> Row:
    return dict.fromkeys(CALLERS, answer)


def bearers(answer: int | str) -> Row:
    return everybody("not_found") | {"link A": answer, "link B": answer}


def serving(answer: int | str) -> Row:
    staff = ("volunteer", "expert", "other expert", "coordinator")
    return NOBODY | dict.fromkeys(staff, answer)


def owner(answer: int | str, coordinator: int | str | None = None) -> Row:
    """What belongs to one expert is not there for another."""
    return serving("not_found") | {"expert": answer, "coordinator": coordinator or answer}


def fitting(answer: int | str, others: int | str) -> Row:
    """The other expert leads a group of the same theme, so that they may be asked to stand in."""
    return owner(answer, others) | {"other expert": others}


def coordinators(answer: int | str) -> Row:
    return serving("forbidden") | {"coordinator": answer}


# These are tried on the session of a group that the expert leads, the others on a time of theirs.
LEADING = frozenset(
    route.handler for route in API if route.handler.__module__.endswith((".leading", ".managed_groups"))
)
A, B = "a@posti.example", "b@posti.example"
HOURS = {
    "theme": "digineuvonta",
    "weekday": 4,
    "starts": "09:00",
    "ends": "11:00",
    "slot_minutes": 30,
    "valid_from": "2027-02-01",
    "languages": ["fi"],
}
THEME = {"fi": "Uni", "sv": "Sömn", "en": "Sleep"}
PERSON = {
    "email": "uusi@digiaula.example",
    "display_name": "Uusi",
    "role": "volunteer",
    "languages": ["fi"],
}

# In this order: what ends something comes after what needs it.
MATRIX: dict[str, Row] = {
    "GET /api/v1/openapi.json": everybody(200),
    "GET /api/v1/themes": everybody(200),
    "GET /api/v1/organisations": everybody(200),
    "GET /api/v1/hosts": everybody(200),
    "GET /api/v1/groups": everybody(200),
    "GET /api/v1/groups/{group_id}": everybody(200),
    "POST /api/v1/groups/{group_id}/enrolments": everybody(201),
    "GET /api/v1/t/{token}/group": bearers("not_found"),
    "POST /api/v1/t/{token}/offer": bearers("not_found"),
    "POST /api/v1/t/{token}/leave-group": bearers("not_found"),
    "GET /api/v1/slots": everybody(200),
    "POST /api/v1/bookings": everybody(201),
    "POST /api/v1/links": everybody(202),
    "POST /api/v1/sign-in": everybody(202),
    "POST /api/v1/sign-in/confirm": everybody("not_found"),
    "GET /api/v1/t/{token}": bearers(200),
    "GET /api/v1/t/{token}/events": bearers(200),
    "GET /api/v1/t/{token}/calendar.ics": bearers(200),
    "POST /api/v1/t/{token}/join": bearers("room_not_open"),
    "POST /api/v1/t/{token}/help": bearers("room_not_open"),
    "POST /api/v1/t/{token}/leave": bearers(204),
    "POST /api/v1/t/{token}/confirm": bearers(200),
    "POST /api/v1/t/{token}/move": bearers("slot_closed"),
    "POST /api/v1/t/{token}/feedback": bearers("not_started"),
    "GET /api/v1/me": serving(200),
    "GET /api/v1/me/slots": serving(200),
    "PUT /api/v1/me": serving(200),
    "GET /api/v1/me/calendar": serving(200),
    "POST /api/v1/me/calendar/renew": serving(200),
    "GET /api/v1/me/outcomes": serving(200),
    "POST /api/v1/slots": serving(201),
    "GET /api/v1/slots/{slot_id}": owner(200),
    "GET /api/v1/slots/{slot_id}/room": owner(200),
    "POST /api/v1/slots/{slot_id}/join": owner("room_not_open"),
    "POST /api/v1/slots/{slot_id}/leave": owner(204),
    "POST /api/v1/slots/{slot_id}/close": owner("room_not_open"),
    "GET /api/v1/duties": serving(200),
    "GET /api/v1/managed-groups": serving(200),
    "GET /api/v1/managed-groups/{group_id}": owner(200),
    "GET /api/v1/slots/{slot_id}/duty": fitting(200, 200),
    "GET /api/v1/slots/{slot_id}/attendees": owner(200),
    "GET /api/v1/slots/{slot_id}/presence": owner(200),
    "POST /api/v1/slots/{slot_id}/accept": fitting(200, "duty_taken"),
    "POST /api/v1/slots/{slot_id}/stand-in": fitting(200, "forbidden"),
    "POST /api/v1/slots/{slot_id}/remove": owner(204),
    "POST /api/v1/slots/{slot_id}/announcements": owner(201),
    "POST /api/v1/managed-groups/{group_id}/announcements": owner(201, coordinator="too_many"),
    "POST /api/v1/bookings/{booking_id}/application": owner(200),
    "POST /api/v1/bookings/{booking_id}/leave-group": coordinators(200),
    "POST /api/v1/managed-groups": coordinators(201),
    "PUT /api/v1/managed-groups/{group_id}": coordinators(200),
    "POST /api/v1/managed-groups/{group_id}/series/preview": coordinators(200),
    "POST /api/v1/slots/{slot_id}/hosts": coordinators(200),
    "DELETE /api/v1/slots/{slot_id}/co-hosts/{person_id}": coordinators(204),
    "POST /api/v1/slots/{slot_id}/move": owner(200),
    "POST /api/v1/slots/{slot_id}/give-up": fitting(200, 200),
    "PUT /api/v1/managed-groups/{group_id}/series": coordinators(200),
    "POST /api/v1/managed-groups/{group_id}/end": coordinators(200),
    "GET /api/v1/receptions": serving(200),
    "POST /api/v1/receptions/preview": serving(200),
    "POST /api/v1/receptions": serving(201),
    "GET /api/v1/receptions/{reception_id}": owner(200),
    "PUT /api/v1/receptions/{reception_id}": owner(200),
    "DELETE /api/v1/receptions/{reception_id}": owner(204, coordinator="not_found"),
    "GET /api/v1/bookings/{booking_id}": owner(200),
    "PUT /api/v1/bookings/{booking_id}/outcome": owner("not_started"),
    "GET /api/v1/bookings/{booking_id}/contact": owner(200),
    "GET /api/v1/bookings/{booking_id}/messages": coordinators(200),
    "POST /api/v1/bookings/{booking_id}/resend": coordinators(202),
    "GET /api/v1/bookings/{booking_id}/history": coordinators(200),
    "POST /api/v1/bookings/{booking_id}/move": coordinators("slot_closed"),
    "POST /api/v1/bookings/{booking_id}/card": coordinators(201),
    "GET /api/v1/coordination/slots": coordinators(200),
    "GET /api/v1/coordination/bookings": coordinators(200),
    "PUT /api/v1/organisations/{organisation_id}": coordinators(200),
    "POST /api/v1/themes": coordinators(201),
    "PUT /api/v1/themes/{theme}": coordinators(200),
    "GET /api/v1/people/{person_id}": coordinators(200),
    "POST /api/v1/people/{person_id}/enable": coordinators(204),
    "GET /api/v1/coordination/failed-messages": coordinators(200),
    "POST /api/v1/coordination/failed-messages/{message_id}/settle": coordinators("not_found"),
    "POST /api/v1/coordination/failed-messages/{message_id}/retry": coordinators("not_found"),
    "GET /api/v1/coordination/dead-letters": coordinators(200),
    "POST /api/v1/coordination/dead-letters/redrive": coordinators(202),
    "POST /api/v1/organisations": coordinators(201),
    "GET /api/v1/people": coordinators(200),
    "POST /api/v1/people": coordinators(201),
    "PUT /api/v1/people/{person_id}": coordinators(200),
    "GET /api/v1/audit": coordinators(200),
    "POST /api/v1/t/{token}/cancel": bearers(200),
    "POST /api/v1/t/{token}/renew": bearers("already_cancelled"),
    "POST /api/v1/t/{token}/send-again": bearers(202),
    "POST /api/v1/bookings/{booking_id}/renew": coordinators("already_cancelled"),
    "POST /api/v1/bookings/{booking_id}/cancel": coordinators(200),
    "POST /api/v1/slots/{slot_id}/cancel": owner(200),
    "POST /api/v1/t/{token}/own-data": bearers(202),
    "POST /api/v1/own-data": everybody("not_found"),
    "POST /api/v1/own-data/erase": everybody("not_found"),
    "POST /api/v1/bookings/{booking_id}/own-data": coordinators(200),
    "POST /api/v1/bookings/{booking_id}/erase": coordinators(200),
    "POST /api/v1/people/{person_id}/disable": coordinators(204),
    "POST /api/v1/sign-out": serving(204),
}


@dataclass(frozen=True)
class Scene:
    """Everybody at the door, and the things of one expert that they may or may not see."""

    visitors: Mapping[str, Visitor]
    tokens: Mapping[str, str]
    ids: dict[str, UUID | str]
    slot_id: UUID
    group_id: UUID
    session_id: UUID
    extra_at: datetime
    led: dict[str, UUID | str]

    def path(self, route: Route, caller: str) -> str:
        path = route.path.replace("{token}", self.tokens.get(caller, self.tokens["altered"]))
        for name, value in (self.ids | (self.led if route.handler in LEADING else {})).items():
            path = path.replace(f"{{{name}}}", str(value))
        return path

    def body(self, route: Route) -> Any:
        """Something that the one who may do it could send."""
        bodies: dict[str, Any] = {
            "POST /api/v1/bookings": a_booking(self.group_id),
            "POST /api/v1/groups/{group_id}/enrolments": a_booking(self.session_id),
            "POST /api/v1/t/{token}/offer": {"accept": True},
            **self._led_bodies(),
            "PUT /api/v1/me": {"display_name": "Aino", "languages": ["fi"]},
            "POST /api/v1/links": {"email": A},
            "POST /api/v1/sign-in": {"email": A},
            "POST /api/v1/sign-in/confirm": {"token": "x" * 43},
            "POST /api/v1/t/{token}/move": {"slot_id": str(self.group_id)},
            "POST /api/v1/t/{token}/feedback": {"useful": 5},
            "POST /api/v1/slots": {
                "theme": "digineuvonta",
                "starts_at": self.extra_at.isoformat(),
                "ends_at": (self.extra_at + timedelta(minutes=30)).isoformat(),
                "languages": ["fi"],
            },
            "POST /api/v1/slots/{slot_id}/cancel": {"reason": "Sairastuin."},
            "POST /api/v1/receptions": HOURS,
            "POST /api/v1/receptions/preview": HOURS,
            "PUT /api/v1/receptions/{reception_id}": HOURS | {"weekday": 5},
            "PUT /api/v1/bookings/{booking_id}/outcome": {"status": "attended"},
            "POST /api/v1/coordination/dead-letters/redrive": {"service": "notify"},
            "POST /api/v1/bookings/{booking_id}/move": {"slot_id": str(self.group_id)},
            "POST /api/v1/own-data": {"token": "x" * 43},
            "POST /api/v1/own-data/erase": {"token": "x" * 43},
            "POST /api/v1/bookings/{booking_id}/own-data": {"reason": "asked_by_phone"},
            "POST /api/v1/bookings/{booking_id}/erase": {"reason": "asked_by_phone"},
            "POST /api/v1/organisations": {"name": "Toinen ry"},
            "PUT /api/v1/organisations/{organisation_id}": {"name": "Toisenlainen ry"},
            "POST /api/v1/themes": {"name": THEME},
            "PUT /api/v1/themes/{theme}": {"name": THEME, "position": 1},
            "POST /api/v1/people": PERSON,
            "PUT /api/v1/people/{person_id}": PERSON | {"email": "vapaa@digiaula.example", "version": 1},
        }
        return bodies.get(route.named)

    def _led_bodies(self) -> dict[str, Any]:
        """What those who lead a group and its session, and coordinators, send about them."""
        later = self.extra_at + timedelta(days=5)
        days = {"starts": "13:00", "ends": "14:00", "dates": ["2027-06-01", "2027-06-08"]}
        slot, group = "/api/v1/slots/{slot_id}", "/api/v1/managed-groups/{group_id}"
        return {
            f"POST {slot}/stand-in": {},
            f"POST {slot}/remove": {"booking_id": str(self.led["booking_id"])},
            f"POST {slot}/announcements": {"words": "Nähdään!"},
            f"POST {slot}/hosts": {"person_id": str(self.ids["person_id"]), "co_host": True},
            f"POST {slot}/move": {
                "starts_at": later.isoformat(),
                "ends_at": (later + timedelta(hours=1)).isoformat(),
            },
            f"POST {group}/announcements": {"words": "Nähdään!"},
            "POST /api/v1/bookings/{booking_id}/application": {"accept": True},
            "POST /api/v1/managed-groups": self._group() | {"open": True},
            f"PUT {group}": self._group() | {"version": 1},
            f"POST {group}/series/preview": days,
            f"PUT {group}/series": days | {"reason": "Uudet ajat.", "version": 2},
            f"POST {group}/end": {"reason": "Ryhmä päättyy."},
        }

    def _group(self) -> dict[str, Any]:
        return {
            "name": THEME,
            "description": THEME,
            "theme": "omaishoito",
            "organisation_id": str(self.ids["organisation_id"]),
            "languages": ["fi"],
            "capacity": 12,
            "facilitators": [str(self.led["host_id"])],
        }


async def set_scene(doorstep: Doorstep) -> Scene:
    house, system = doorstep.house, doorstep.system
    now = system.clock.now()
    expert, other = await house.expert(), await house.expert()
    volunteer = await house.expert(role=Role.VOLUNTEER)
    gone, late, spare = [await house.expert() for _ in range(3)]
    slot = await house.slot(expert, now + timedelta(hours=30))
    slot_of_b = await house.slot(other, now + timedelta(hours=30))
    group = await house.group(other, now + timedelta(hours=50), capacity=50)
    peers = await Circle.build(house, now + timedelta(hours=60), capacity=50, host=other)
    led = await Circle.build(house, now + timedelta(hours=80), capacity=10, host=expert)
    enrolled = await led.enrol()
    reception = await house.hours(expert)
    visitors = {name: await doorstep.visitor() for name in ("anonymous", "link A", "link B")}
    links = {}
    for name, where, address in (("link A", slot, A), ("link B", slot_of_b, B)):
        made = await visitors[name].post("/bookings", a_booking(where.id, email=address))
        links[name] = (made.json["id"], made.json["manage_url"].rpartition("/")[2])
    people = {"volunteer": volunteer, "expert": expert, "other expert": other, "disabled": gone}
    people |= {"coordinator": house.coordinator, "expired session": late}
    for name, person in people.items():
        visitors[name] = await doorstep.signed_in(person.person_id)
    assert (await visitors["coordinator"].post(f"/people/{gone.person_id}/disable")).status == 204
    longer = "UPDATE gateway.session SET created_at = created_at - interval '11 hours' WHERE person_id = $1"
    await system.sql(longer, late.person_id)
    token = links["link A"][1]
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    return Scene(
        visitors=visitors,
        tokens={name: its_token for name, (_, its_token) in links.items()} | {"altered": altered},
        ids={
            "slot_id": slot.id,
            "booking_id": UUID(links["link A"][0]),
            "reception_id": reception.reception.id,
            "person_id": spare.person_id,
            "organisation_id": house.organisation_id,
            "theme": "vapaaehtoistoiminta",
            "message_id": uuid4(),
            "group_id": peers.id,
        },
        slot_id=slot.id,
        group_id=group.id,
        session_id=peers.sessions[0],
        extra_at=now + timedelta(days=5),
        led={
            "slot_id": led.sessions[0],
            "group_id": led.id,
            "booking_id": enrolled.booking_id,
            "host_id": expert.person_id,
        },
    )


def test_every_route_of_the_api_has_a_row() -> None:
    assert sorted(MATRIX) == sorted(route.named for route in API)
    assert all(set(row) == set(CALLERS) for row in MATRIX.values())


async def test_everybody_is_answered_as_the_matrix_says(doorstep: Doorstep) -> None:
    scene = await set_scene(doorstep)
    await doorstep.system.start("notify")
    routes = {route.named: route for route in API}
    differing = []
    for named, row in MATRIX.items():
        for caller in sorted(CALLERS, key=LAST.__contains__):
            reply = await _tried(scene, routes[named], caller)
            answer = {"session_ended": "not_signed_in"}.get(reply.code or "", reply.code or reply.status)
            if answer != row[caller]:
                differing.append(f"{named} by {caller}: {answer} and not {row[caller]}")
            if caller == "link B" and "{token}" in named:
                assert A.encode() not in reply.body
                assert str(scene.ids["booking_id"]).encode() not in reply.body
    assert not differing, "\n".join(differing)


async def _tried(scene: Scene, route: Route, caller: str) -> Reply:
    visitor = scene.visitors[caller]
    path = scene.path(route, caller).removeprefix("/api/v1")
    if route.stream:
        return await _first_of_stream(visitor, path)
    key = str(uuid4()) if route.method == "POST" else None
    return await visitor.ask(route.method, path, scene.body(route), key=key)


async def _first_of_stream(visitor: Visitor, path: str) -> Reply:
    """A stream goes on; its beginning tells whether one was let in."""
    async with visitor.session.get(f"{visitor.address}/api/v1{path}") as response:
        if response.status == 200:
            return Reply(200, response.headers, await response.content.readline())
        return Reply(response.status, response.headers, await response.read())


async def test_no_page_lets_in_whom_its_row_does_not_name(shared: Doorstep) -> None:
    """A form without its token changes nothing either, whoever sends it."""
    scene = await set_scene(shared)
    let_in = []
    for route in PAGES:
        if "{name}" in route.path:
            continue  # style and scripts
        for caller in CALLERS:
            admitted = _admits(route, caller)
            if route.method == "GET" and admitted:
                continue
            reply = await scene.visitors[caller].ask(route.method, "/" + scene.path(route, caller))
            if reply.status < 400:
                let_in.append(f"{route.named} by {caller}: {reply.status}")
    assert not let_in, "\n".join(let_in)


def _admits(route: Route, caller: str) -> bool:
    if route.roles == ANYONE:
        return True
    if route.roles == LINK:
        return caller.startswith("link")
    return {"other expert": "expert"}.get(caller, caller) in route.roles


async def test_nothing_is_served_that_has_no_row(shared: Doorstep) -> None:
    """What the runtime adds for machines is all that stands beside the table."""
    living = shared.system._living["gateway"]
    app = living._service.web
    assert app is not None
    unlisted = {
        resource.canonical
        for resource in app.router.resources()
        for route in resource
        if route.handler not in app[IN_ROUTER]
    }
    assert unlisted == {"/health/live", "/health/ready", "/version"}

"""Everyone who serves sees and changes only their own by the pages, too: each is tried by others.

A page that one's role may open shows another's things to nobody, and its form, sent with one's own token
and filled in well, changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from services.contracts.booking.slots import BookingStatus
from services.contracts.booking.staffing import AcceptDuty, AssignHost, GiveUpDuty
from services.contracts.envelope import Role
from services.gateway.pages.table import PAGES
from services.gateway.routing import STAFF, Route
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.enrolling import Circle
from tests.support.visitor import Visitor

THEIRS = [route for route in PAGES if route.roles == STAFF and "_id}" in route.path]
# They may be asked to stand in again, and so may know that there is a session and when.
WHO_GAVE_IT_UP = {
    "accept": (409,),
    "give-up": (303,),
    "stand-in": (409,),
    **dict.fromkeys(("close", "message", "move", "call-off"), (200, 400, 404)),
}
# On a session of a group; the others on a time of one's own.
OF_GROUPS = ("/my/duties/", "/my/groups/", "/my/sessions/")


@dataclass(frozen=True)
class Scene:
    """One who leads a session and has times, and those who have no part in either."""

    host: Visitor
    strangers: Mapping[str, Visitor]
    led: Mapping[str, UUID]
    own: Mapping[str, UUID]

    def path(self, route: Route) -> str:
        path = route.path
        for name, value in (self.led if path.startswith(OF_GROUPS) else self.own).items():
            path = path.replace(f"{{{name}}}", str(value))
        return path


async def set_scene(doorstep: Doorstep) -> Scene:
    house, system, now = doorstep.house, doorstep.system, doorstep.system.clock.now()
    host, leads_another = await house.expert(), await house.expert(languages=["en"])
    volunteer = await house.expert(role=Role.VOLUNTEER)
    gave_up, no_more = [await house.expert(languages=["en"]) for _ in range(2)]
    led = await Circle.build(
        house, now + timedelta(hours=80), host=host, facilitators=[host.person_id, no_more.person_id]
    )
    await Circle.build(house, now + timedelta(hours=60), host=leads_another, languages=["en"])
    (slot_id,) = led.sessions
    await system.ask(AcceptDuty(slot_id=slot_id), host)
    await system.ask(AcceptDuty(slot_id=slot_id), no_more)
    asked = AssignHost(slot_id=slot_id, person_id=gave_up.person_id, co_host=True)
    await system.ask(asked, house.coordinator)
    await system.ask(AcceptDuty(slot_id=slot_id), gave_up)
    await system.ask(GiveUpDuty(slot_id=slot_id), gave_up)
    await led.set_capacity(5)  # and leads it alone
    enrolled = await led.enrol()
    slot = await house.slot(host, now + timedelta(hours=30))
    made = await (await doorstep.visitor()).post("/bookings", a_booking(slot.id))
    hours = await house.hours(host)
    people = {
        "a volunteer who leads nothing": volunteer,
        "one who leads another group": leads_another,
        "one who gave the session up": gave_up,
        "one who led the group before": no_more,
    }
    return Scene(
        host=await doorstep.signed_in(host.person_id),
        strangers={who: await doorstep.signed_in(one.person_id) for who, one in people.items()},
        led={"slot_id": slot_id, "group_id": led.id, "booking_id": enrolled.booking_id},
        own={
            "slot_id": slot.id,
            "booking_id": UUID(made.json["id"]),
            "reception_id": hours.reception.id,
        },
    )


def filled_in(visitor: Visitor, route: Route) -> dict[str, str]:
    """Every field of every form, so that no page stops at one that is missing."""
    calls_off = route.path.endswith(("/cancel", "/call-off"))
    return {
        "csrf": visitor.csrf or "",
        "key": str(uuid4()),
        "do": "cancel" if calls_off else "send",
        "answer": "yes",
        "wanted": "yes",
        "words": "Nähdään!",
        "reason": "Sairastuin.",
        "status": str(BookingStatus.ATTENDED),
        "on": "2027-02-20",
        "starts": "13:00",
        "ends": "14:00",
    }


async def answered(visitor: Visitor, route: Route, path: str) -> tuple[int, str]:
    sent = filled_in(visitor, route) if route.method == "POST" else None
    async with visitor.session.request(
        route.method, visitor.address + path, data=sent, allow_redirects=False
    ) as response:
        return response.status, await response.text()


HELD = """
    SELECT 'slot', id::text, state::text, starts_at::text, taken::text FROM booking.slot
    UNION ALL SELECT 'booking', id::text, status::text, sequence::text, slot_id::text FROM booking.booking
    UNION ALL SELECT 'hours', id::text, weekday::text, starts::text, removed_at::text FROM booking.reception
    UNION ALL SELECT 'news', count(*)::text, '', '', '' FROM booking.outbox
    UNION ALL SELECT 'news of rooms', count(*)::text, '', '', '' FROM rooms.outbox
    ORDER BY 1, 2
"""


async def held(doorstep: Doorstep) -> list[tuple[object, ...]]:
    """All that a press could have changed for somebody."""
    return [tuple(row) for row in await doorstep.system.sql(HELD)]


async def test_nobody_sees_or_changes_anothers_by_a_page(doorstep: Doorstep) -> None:
    scene = await set_scene(doorstep)
    before = await held(doorstep)
    wrong = []
    for route in THEIRS:
        for who, visitor in scene.strangers.items():
            status, html = await answered(visitor, route, scene.path(route))
            if status not in expected(route, who) or "Kielo" in html:
                wrong.append(f"{route.named} by {who}: {status}")
    assert not wrong, "\n".join(wrong)
    assert await held(doorstep) == before


async def test_whose_they_are_sees_and_changes_them(doorstep: Doorstep) -> None:
    """The control: were everything closed, the test above would say nothing."""
    scene = await set_scene(doorstep)
    before = await held(doorstep)
    seen = {
        route.named: (await answered(scene.host, route, scene.path(route)))[0]
        for route in THEIRS
        if route.method == "GET"
    }
    assert set(seen.values()) == {200}, seen
    for path in ("/my/sessions/{slot_id}/message", "/my/sessions/{slot_id}/call-off"):
        (route,) = [route for route in THEIRS if route.named == f"POST {path}"]
        assert (await answered(scene.host, route, scene.path(route)))[0] == 303, path
    assert await held(doorstep) != before


def expected(route: Route, who: str) -> tuple[int, ...]:
    """Nothing is there. A form may be found wanting before anybody is asked whose the thing is."""
    if who == "one who gave the session up" and "/{slot_id}" in route.path:
        return WHO_GAVE_IT_UP.get(route.path.partition("/{slot_id}")[2].rpartition("/")[2], (404,))
    return (404,) if route.method == "GET" else (400, 404)

"""A group's pages beside booking and rooms as they are, by somebody without script."""

from datetime import timedelta

from services.contracts.booking.slots import CancelSlot
from services.contracts.rooms import Join
from tests.integration.gateway.conftest import Doorstep
from tests.support.enrolling import Circle
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY
from tests.support.page import Page, Visitor

WEEK = timedelta(days=7)
TOMORROW = A_TUESDAY + timedelta(days=1)


async def enrol(visitor: Visitor, circle: Circle, name: str) -> Page:
    """Each after the other by one browser, which holds the place of the one before."""
    path = f"/groups/{circle.id}/enrol"
    page = await visitor.open(path)
    if not page.has_form(path):
        page = await visitor.open(next(link for link in page.links if "another=" in link))
    form = page.form(path)
    typed = {"display_name": name, "email": f"{name.lower()}@posti.example", "consent": "yes"}
    page = await visitor.send(form, typed)
    again = await visitor.send(form, typed)
    assert (page.path, page.heading) == (again.path, again.heading), "a second press changes nothing"
    return page


async def test_a_series_from_finding_it_to_its_next_session(doorstep: Doorstep) -> None:
    starts = [TOMORROW + number * WEEK for number in range(3)]
    circle = await Circle.build(doorstep.house, *starts, capacity=2, whole_series=True, open=False)
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        found = await visitor.open("/groups")
        assert f"/groups/{circle.id}" in found.links
        first = await enrol(visitor, circle, "Eka")
        assert "Olet ilmoittautunut" in first.text
        second = await enrol(visitor, circle, "Toka")
        assert "Ryhmä on täynnä" in (await visitor.open(f"/groups/{circle.id}")).text
        third = await enrol(visitor, circle, "Kolmas")
        assert "Olet seuraava" in third.text

        leaving = await visitor.open(f"{second.path}/leave-group")
        left = await visitor.send(leaving.form("/leave-group"))
        assert "Olet jättänyt ryhmän" in left.text

        offered = await visitor.open(third.path)
        assert offered.heading == "Sinulle on paikka"
        taken = await visitor.send(offered.form("/offer"), press=("answer", "yes"))
        assert "Paikka on sinun. Tervetuloa!" in taken.text

        skipped = await visitor.open(f"{first.path}/cancel")
        off = await visitor.send(skipped.form("/cancel"))
        assert off.heading == "Et tule tällä kertaa"
        assert "Seuraava kertasi" in off.text

        cancel = CancelSlot(slot_id=circle.sessions[0], reason="Ohjaaja on sairaana.")
        await doorstep.system.ask(cancel, circle.host)
        called_off = await visitor.open(third.path)
        assert called_off.heading == "Tämä kerta on peruttu"
        assert "Ohjaaja on sairaana." in called_off.text


async def test_one_walks_into_an_open_group_and_into_its_room(doorstep: Doorstep) -> None:
    circle = await Circle.build(doorstep.house, A_TUESDAY + timedelta(minutes=10), capacity=5)
    come_in = f"/groups/{circle.id}/come-in/{circle.sessions[0]}"
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        assert come_in in (await visitor.open(f"/groups/{circle.id}")).links
        page = await visitor.open(come_in)
        page = await visitor.send(page.form(come_in), display_name="Kielo")
        assert "Pidä tämä sivu auki" in page.text

        await doorstep.system.ask(Join(slot_id=circle.sessions[0], display_name="Ohjaaja"), circle.host)

        async def open_door() -> Page:
            now = await visitor.open(page.path)
            assert now.heading == "Ovi on auki"
            return now

        door = await eventually(open_door)
        room = await visitor.send(door.form("/join"))
        assert room.has_form("/leave")
        assert "Ruusu" not in room.html

"""What one browser, one network and one address may take of a group's places."""

from datetime import timedelta

from tests.integration.gateway.conftest import Doorstep
from tests.support.enrolling import Circle
from tests.support.house import A_TUESDAY
from tests.support.page import Page, Visitor
from tests.support.visitor import Reply
from tests.support.visitor import Visitor as Program

SOON = A_TUESDAY + timedelta(minutes=10)
LIBRARY, HOME = "198.51.100.7", "203.0.113.9"


async def with_limits(doorstep: Doorstep) -> None:
    """As in earnest, behind a proxy that says where people sit."""
    await doorstep.system.stop("gateway")
    await doorstep.system.start("gateway", LIMITS="on", TRUSTED_PROXIES="127.0.0.0/8")


def door_of(circle: Circle) -> str:
    return f"/groups/{circle.id}/come-in/{circle.sessions[0]}"


async def come_in(visitor: Visitor, circle: Circle, name: str = "Kielo") -> Page:
    page = await visitor.open(door_of(circle))
    return await visitor.send(page.form(door_of(circle)), display_name=name)


async def enrol(program: Program, circle: Circle, network: str, **said: object) -> Reply:
    body = {"slot_id": str(circle.sessions[0]), "display_name": "Kielo", "consent": True} | said
    return await program.post(f"/groups/{circle.id}/enrolments", body, headers={"X-Forwarded-For": network})


async def test_a_browser_that_comes_in_again_finds_the_place_it_has(doorstep: Doorstep) -> None:
    circle = await Circle.build(doorstep.house, SOON, capacity=12)
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        form = (await visitor.open(door_of(circle))).form(door_of(circle))
        another = (await visitor.open(door_of(circle))).form(door_of(circle))

        first = await visitor.send(form, display_name="Kielo")
        again = await visitor.send(another, display_name="Orvokki")
        found = await visitor.open(door_of(circle))

        assert first.path.startswith("/t/")
        assert (again.path, found.path) == (first.path, first.path)
        assert "Tässä on paikkasi" in again.text
        assert await circle.taken() == 1
        async with Visitor(doorstep.system.http("gateway")) as somebody_else:
            other = await come_in(somebody_else, circle)
            assert other.path not in (first.path, door_of(circle))
        assert await circle.taken() == 2


async def test_a_place_given_back_keeps_nobody_from_coming_in_after_all(doorstep: Doorstep) -> None:
    circle = await Circle.build(doorstep.house, SOON, capacity=12)
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        first = await come_in(visitor, circle)
        asked = await visitor.open(f"{first.path}/cancel")
        await visitor.send(asked.form("/cancel"))
        assert await circle.taken() == 0

        again = await come_in(visitor, circle)

    assert again.path.startswith("/t/")
    assert again.path != first.path
    assert await circle.taken() == 1


async def test_who_is_done_on_a_computer_keeps_the_place_and_leaves_the_next_one_no_way_to_it(
    doorstep: Doorstep,
) -> None:
    circle = await Circle.build(doorstep.house, SOON, capacity=12)
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        first = await come_in(visitor, circle)
        assert (await visitor.open(door_of(circle))).path == first.path

        await visitor.send(first.form("/forget"))

        assert await circle.taken() == 1
        assert (await visitor.open(first.path)).heading == first.heading
        other = await come_in(visitor, circle, "Ruusu")
        assert other.path != first.path
        assert await circle.taken() == 2


async def test_a_library_full_of_people_comes_in_and_leaves_half_of_the_places(doorstep: Doorstep) -> None:
    await with_limits(doorstep)
    circle = await Circle.build(doorstep.house, SOON, capacity=12)
    program = await doorstep.visitor()

    replies = [await enrol(program, circle, LIBRARY, walk_in=True) for _ in range(8)]

    assert [reply.status for reply in replies] == [201] * 6 + [429] * 2
    assert (replies[-1].code, await circle.taken()) == ("too_many", 6)
    assert (await enrol(program, circle, HOME, walk_in=True)).status == 201


async def test_somebody_whose_network_has_had_its_places_is_told_so_on_the_groups_page(
    doorstep: Doorstep,
) -> None:
    await with_limits(doorstep)
    circle = await Circle.build(doorstep.house, SOON, capacity=3)
    program = await doorstep.visitor()
    big = await Circle.build(doorstep.house, SOON, capacity=12)
    for _ in range(6):
        assert (await enrol(program, big, LIBRARY, walk_in=True)).status == 201

    async with Visitor(doorstep.system.http("gateway")) as visitor:
        visitor.session.headers["X-Forwarded-For"] = LIBRARY
        refused = await come_in(visitor, big)
        elsewhere = await come_in(visitor, circle)

    assert (refused.status, refused.heading) == (429, "Omaiset")
    assert "Voit päästä mukaan puhelimen omalla yhteydellä" in refused.text
    assert elsewhere.path.startswith("/t/")


async def test_a_class_enrols_from_one_library_and_one_address_not_without_end(doorstep: Doorstep) -> None:
    await with_limits(doorstep)
    circle = await Circle.build(doorstep.house, capacity=50)
    program = await doorstep.visitor()

    pupils = [await enrol(program, circle, LIBRARY, email=f"oppilas{n}@posti.example") for n in range(20)]
    one = [await enrol(program, circle, LIBRARY, email="kielo@posti.example") for _ in range(6)]

    assert {reply.status for reply in pupils} == {201}
    assert [reply.status for reply in one] == [201] * 5 + [429]
    assert 0 < int(one[-1].headers["Retry-After"]) <= 3600
    along = {"display_name": "Ruusu", "email": "kielo@posti.example", "as": "close_person"}
    others = await enrol(program, circle, HOME, email="ruusu@posti.example", companions=[along])
    assert others.status == 429, "from wherever, and as whoever"


async def test_a_form_refused_for_its_address_keeps_what_was_typed(doorstep: Doorstep) -> None:
    await with_limits(doorstep)
    circle = await Circle.build(doorstep.house, capacity=50)
    path = f"/groups/{circle.id}/enrol/{circle.sessions[0]}"
    typed = {"display_name": "Kielo", "email": "kielo@posti.example", "consent": "yes"}
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        for _ in range(5):
            page = await visitor.send((await visitor.open(path)).form(path), typed)
            assert page.path.startswith("/t/")
            visitor.session.cookie_jar.clear()

        refused = await visitor.send((await visitor.open(path)).form(path), typed)

    assert refused.status == 429
    assert "Odota tunti" in refused.text
    assert refused.form(path).fields["email"] == "kielo@posti.example"


async def test_one_walks_in_from_when_rooms_open_here(doorstep: Doorstep) -> None:
    """Where that is decided to be another time than usual, the page and booking know it too."""
    circle = await Circle.build(doorstep.house, A_TUESDAY + timedelta(minutes=25), capacity=12)
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        assert door_of(circle) not in (await visitor.open(f"/groups/{circle.id}")).links
    await doorstep.system.stop("gateway", "booking")
    for name in ("booking", "gateway"):
        await doorstep.system.start(name, ROOM_OPENS_MINUTES="30")

    async with Visitor(doorstep.system.http("gateway")) as visitor:
        assert door_of(circle) in (await visitor.open(f"/groups/{circle.id}")).links
        assert (await come_in(visitor, circle)).path.startswith("/t/")


async def test_where_pages_are_encrypted_the_way_back_travels_no_other_way(doorstep: Doorstep) -> None:
    circle = await Circle.build(doorstep.house, SOON, capacity=12)
    await doorstep.system.stop("gateway")
    await doorstep.system.start("gateway", PUBLIC_URL="https://aula.example")
    door = door_of(circle)
    async with Visitor(doorstep.system.http("gateway")) as visitor:
        visitor.session.headers["Host"] = "aula.example"
        form = (await visitor.open(door)).form(door)
        async with visitor.session.post(
            visitor.address + door, data=form.filled({"display_name": "Kielo"}), allow_redirects=False
        ) as answer:
            cookies = answer.headers.getall("Set-Cookie")

    assert len(cookies) == 2
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))

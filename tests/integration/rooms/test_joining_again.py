"""Those who are in press again together: a new way in for each, and for nobody else."""

from uuid import uuid4

import jwt
import pytest

from services.contracts.booking.catalogue import SlotKind
from services.contracts.envelope import Actor, Resident, Service
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import CloseRoom, JoinAgain, Joined, Leave, Press
from tests.integration.rooms.conftest import Rooms
from tests.integration.rooms.neighbour import ABooking

GATEWAY = Service(name="gateway")


def press(who: ABooking | Resident, name: str) -> Press:
    return Press(link=who.resident if isinstance(who, ABooking) else who, display_name=name)


async def press_again(rooms: Rooms, *presses: Press) -> list[Joined | None]:
    return (await rooms.system.ask(JoinAgain(presses=list(presses)), GATEWAY)).items


async def a_group(rooms: Rooms, *names: str) -> list[ABooking]:
    """All of them in, with their host, each under their name."""
    first = await rooms.a_meeting(SlotKind.GROUP)
    people = [first, *[await rooms.another_in(first) for _ in names[1:]]]
    await rooms.host_joins(first)
    for who, name in zip(people, names, strict=True):
        await rooms.resident_joins(who, name)
    return people


async def test_each_gets_what_they_alone_would_get(rooms: Rooms) -> None:
    names = ["Kielo", "Kielo", "Vuokko"]
    people = await a_group(rooms, *names)
    before = (await rooms.attendance(people[0]), await rooms.news(people[0]))

    together = await press_again(rooms, *map(press, people, names))

    assert together == [
        await rooms.resident_joins(who, name) for who, name in zip(people, names, strict=True)
    ]
    assert [joined and joined.display_name for joined in together] == ["Kielo", "Kielo 2", "Vuokko"]
    assert (await rooms.attendance(people[0]), await rooms.news(people[0])) == before
    tokens = [
        jwt.decode(joined.video.jwt, options={"verify_signature": False})
        for joined in together
        if joined and joined.video
    ]
    assert len({token["context"]["user"]["id"] for token in tokens}) == len(people)


async def test_who_is_not_simply_in_asks_alone_and_keeps_nobody_else_out(rooms: Rooms) -> None:
    stays, left, sent_out, off = await a_group(rooms, "Kielo", "Vuokko", "Lilja", "Orvokki")
    never_came = await rooms.another_in(stays)
    await rooms.booking.answer()
    await rooms.leaves(left)
    await rooms.removes(sent_out)
    await rooms.booking.tell(off.later().cancelled())
    unknown = Resident(booking_id=uuid4(), link_version=1)
    others = [
        press(left, "Vuokko"),
        press(sent_out, "Lilja"),
        press(off, "Orvokki"),
        press(never_came, "Esikko"),
        press(unknown, "Esikko"),
        press(stays, "another name"),
        press(stays, "kielo@posti.example"),
    ]

    *nothing, again = await press_again(rooms, *others, press(stays, "Kielo"))

    assert nothing == [None] * len(others)
    assert again is not None
    assert again.video is not None
    assert rooms.booking.asked == []
    assert await press_again(rooms, press(never_came, "Esikko")) == [None]


async def test_a_link_that_was_replaced_gets_nothing(rooms: Rooms) -> None:
    [booked] = await a_group(rooms, "Kielo")
    renewed = booked.later(link_version=2)
    await rooms.booking.tell(renewed.renewed())

    old, new = await press_again(rooms, press(booked, "Kielo"), press(renewed, "Kielo"))

    assert old is None
    assert new is not None


async def test_without_a_host_nobody_gets_in(rooms: Rooms) -> None:
    [booked] = await a_group(rooms, "Kielo")

    await rooms.system.ask(Leave(slot_id=booked.slot.id), booked.slot.host)
    without = await press_again(rooms, press(booked, "Kielo"))
    await rooms.host_joins(booked)
    with_host = await press_again(rooms, press(booked, "Kielo"))
    await rooms.system.ask(CloseRoom(slot_id=booked.slot.id), booked.slot.host)
    closed = await press_again(rooms, press(booked, "Kielo"))

    assert (without, closed) == ([None], [None])
    assert with_host != [None]


@pytest.mark.parametrize("actor", [Service(name="notify"), "its own bearer", "the host"])
async def test_nobody_asks_this_but_who_has_read_the_links(rooms: Rooms, actor: Actor | str) -> None:
    [booked] = await a_group(rooms, "Kielo")
    known: dict[str, Actor] = {"its own bearer": booked.resident, "the host": booked.slot.host}
    asks = known[actor] if isinstance(actor, str) else actor

    with pytest.raises(Refusal) as refused:
        await rooms.system.ask(JoinAgain(presses=[press(booked, "Kielo")]), asks)

    assert refused.value.code is Code.FORBIDDEN


async def test_more_than_one_batch_is_too_many(rooms: Rooms) -> None:
    [booked] = await a_group(rooms, "Kielo")

    with pytest.raises(Refusal) as refused:
        await press_again(rooms, *[press(booked, "Kielo")] * 65)

    assert refused.value.code is Code.FIELD_INVALID

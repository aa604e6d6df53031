"""Names told of many who press join at one moment: to each what they alone would hear."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.contracts.booking.appointments import Booked, CancelBooking, DescribeBooking, RenewLink
from services.contracts.booking.names import DescribeNames, KnownAs
from services.contracts.booking.own_data import EraseResident
from services.contracts.envelope import Actor, Anyone, Resident, Service
from services.contracts.refusals import Code, Refusal
from tests.support.house import A_TUESDAY, House, resident

GATEWAY = Service(name="gateway")
HOUR = timedelta(hours=1)


async def told(house: House, *links: Resident) -> list[KnownAs | None]:
    return (await house.system.ask(DescribeNames(links=list(links)), GATEWAY)).items


async def told_alone(house: House, link: Resident) -> KnownAs | None:
    try:
        booking = await house.system.ask(DescribeBooking(booking_id=link.booking_id), link)
    except Refusal:
        return None
    return KnownAs(
        display_name=booking.display_name,
        language=booking.language,
        host_name=booking.slot.host.display_name,
    )


async def booked_by(house: House, *names: str) -> list[Booked]:
    """Each with a host of their own."""
    slots = [
        await house.slot(await house.expert(), A_TUESDAY + number * HOUR)
        for number in range(1, len(names) + 1)
    ]
    return [
        await house.book(slot.id, display_name=name, language="sv")
        for slot, name in zip(slots, names, strict=True)
    ]


async def test_each_is_told_what_they_alone_would_be_told_in_the_order_asked(house: House) -> None:
    kielo, vuokko, lilja = [
        resident(booked) for booked in await booked_by(house, "Kielo", "Vuokko", "Lilja")
    ]
    await house.system.ask(CancelBooking(booking_id=lilja.booking_id), lilja)
    nobody = Resident(booking_id=uuid4(), link_version=1)
    asked = [lilja, nobody, kielo, vuokko, kielo]

    together = await told(house, *asked)

    assert together == [await told_alone(house, link) for link in asked]
    assert [known and known.display_name for known in together] == [
        "Lilja",
        None,
        "Kielo",
        "Vuokko",
        "Kielo",
    ]


async def test_a_link_no_longer_in_use_is_told_nothing_and_the_new_one_all(house: House) -> None:
    [booked] = await booked_by(house, "Kielo")
    old = resident(booked)
    await house.system.ask(RenewLink(booking_id=booked.id), old)
    new = Resident(booking_id=booked.id, link_version=2)

    assert await told(house, old, new) == [None, await told_alone(house, new)]
    house.system.clock.set(booked.slot.ends_at + timedelta(days=8))
    assert await told(house, new) == [None] == [await told_alone(house, new)]


async def test_of_who_is_forgotten_nothing_is_told(house: House) -> None:
    [booked] = await booked_by(house, "Kielo")

    await house.system.ask(EraseResident(booking_id=booked.id), GATEWAY)

    assert await told(house, resident(booked)) == [None]


@pytest.mark.parametrize("actor", [Anyone(), Service(name="notify"), "its own bearer"])
async def test_nobody_asks_this_but_who_has_read_the_links(house: House, actor: Actor | str) -> None:
    [booked] = await booked_by(house, "Kielo")
    asks = resident(booked) if isinstance(actor, str) else actor

    with pytest.raises(Refusal) as refused:
        await house.system.ask(DescribeNames(links=[resident(booked)]), asks)

    assert refused.value.code is Code.FORBIDDEN


async def test_more_than_one_batch_is_too_many(house: House) -> None:
    with pytest.raises(Refusal) as refused:
        await told(house, *[Resident(booking_id=uuid4(), link_version=1)] * 65)

    assert refused.value.code is Code.FIELD_INVALID

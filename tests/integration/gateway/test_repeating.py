"""Pressing twice does once: one key, one deed, one answer."""

import asyncio
from datetime import timedelta

from tests.integration.gateway.conftest import Doorstep, a_booking, a_key


async def test_twenty_presses_of_one_button_make_one_booking_and_twenty_equal_answers(
    shared: Doorstep,
) -> None:
    host = await shared.house.expert()
    slot = await shared.house.group(host, shared.system.clock.now() + timedelta(hours=30), 50)
    visitor, key = await shared.visitor(), a_key()

    replies = await asyncio.gather(
        *(visitor.post("/bookings", a_booking(slot.id), key=key) for _ in range(20))
    )

    assert {reply.status for reply in replies} == {201}
    assert len({reply.body for reply in replies}) == 1
    assert len(await shared.system.sql("SELECT 1 FROM booking.booking WHERE slot_id = $1", slot.id)) == 1


async def test_without_a_key_in_common_each_press_is_a_booking_of_its_own(shared: Doorstep) -> None:
    """The control: it is the key that keeps them one."""
    host = await shared.house.expert()
    slot = await shared.house.group(host, shared.system.clock.now() + timedelta(hours=30), 50)
    visitor = await shared.visitor()
    await asyncio.gather(*(visitor.post("/bookings", a_booking(slot.id)) for _ in range(3)))
    assert len(await shared.system.sql("SELECT 1 FROM booking.booking WHERE slot_id = $1", slot.id)) == 3


async def test_a_key_for_another_request_is_refused(shared: Doorstep) -> None:
    host = await shared.house.expert()
    slot = await shared.house.group(host, shared.system.clock.now() + timedelta(hours=30), 50)
    visitor, key = await shared.visitor(), a_key()
    first = await visitor.post("/bookings", a_booking(slot.id), key=key)

    other = await visitor.post("/bookings", a_booking(slot.id, display_name="Toinen"), key=key)
    same = await visitor.post("/bookings", a_booking(slot.id), key=key)

    assert (other.status, other.code) == (422, "key_reused")
    assert (same.status, same.body) == (201, first.body)


async def test_a_day_later_the_answer_is_still_the_first_one(doorstep: Doorstep) -> None:
    host = await doorstep.house.expert()
    slot = await doorstep.house.group(host, doorstep.system.clock.now() + timedelta(hours=30), 50)
    visitor, key = await doorstep.visitor(), a_key()
    first = await visitor.post("/bookings", a_booking(slot.id), key=key)
    assert (
        await visitor.post("/t/" + first.json["manage_url"].rpartition("/")[2] + "/cancel")
    ).status == 200

    doorstep.system.clock.advance(timedelta(hours=23))
    again = await visitor.post("/bookings", a_booking(slot.id), key=key)

    assert (again.status, again.body) == (201, first.body)


async def test_a_taken_time_comes_with_the_next_free_ones(shared: Doorstep) -> None:
    host = await shared.house.expert()
    at = shared.system.clock.now() + timedelta(hours=30)
    slot, later = (
        await shared.house.slot(host, at),
        await shared.house.slot(host, at + timedelta(days=1)),
    )
    first, second = await shared.visitor(), await shared.visitor()
    assert (await first.post("/bookings", a_booking(slot.id))).status == 201

    lost = await second.post("/bookings", a_booking(slot.id))

    assert (lost.status, lost.code) == (409, "slot_taken")
    assert lost.json["type"] == "/problems/slot-taken"
    assert [item["id"] for item in lost.json["next"]] == [str(later.id)]

"""Through the API: sending again once per key, failed messages off the list, dead letters tried again."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.eventually import eventually
from tests.support.visitor import Visitor

FAILED = """
    INSERT INTO notify.message
        (id, kind, about, occasion, booking_id, due_at, not_after, give_up_at, next_try_at,
         state, last_error)
    VALUES ($1, 'confirmation', $2, 9, $2, $3, $4, $4, $3, 'failed', 'smtp_550')
"""
BURIED = """
    INSERT INTO notify.dead_letter (consumer, event_id, subject, body, reason)
    VALUES ('notify-booking', $1, 'booking.v1.event.booking_moved', 'unreadable', 'too_many_tries')
    RETURNING id
"""

BOOKING = UUID(int=5)


@pytest.fixture
async def coordinator(doorstep: Doorstep) -> Visitor:
    """Signed in before notify runs: it would make a token of its own, and the test's would be void."""
    visitor = await doorstep.signed_in(doorstep.house.coordinator.person_id)
    await doorstep.system.start("notify")
    return visitor


async def test_sending_again_is_written_down_and_done_once_per_key(
    doorstep: Doorstep, coordinator: Visitor
) -> None:
    booking_id = await booked(doorstep)
    key = str(uuid4())

    replies = [await coordinator.post(f"/bookings/{booking_id}/resend", key=key) for _ in range(2)]

    assert [reply.status for reply in replies] == [202, 202]
    found = (await coordinator.get(f"/bookings/{booking_id}/messages")).json["items"]
    assert len([each for each in found if each["kind"] == "confirmation"]) <= 2
    trail = (await coordinator.get("/audit")).json["items"]
    about = [row["action"] for row in trail if row.get("booking_id") == booking_id]
    assert about == ["messages.read", "message.resent", "message.resent"]


async def test_a_booking_nobody_made_has_nothing_to_send_again(coordinator: Visitor) -> None:
    assert (await coordinator.post(f"/bookings/{uuid4()}/resend")).code == "not_found"


async def test_a_failed_message_is_listed_without_an_address_and_taken_off(
    doorstep: Doorstep, coordinator: Visitor
) -> None:
    message_id = await failed(doorstep)

    (item,) = (await coordinator.get("/coordination/failed-messages")).json["items"]
    assert (item["id"], item["booking_id"], item["code"]) == (str(message_id), str(BOOKING), "smtp_550")
    assert "email" not in item
    assert (await coordinator.post(f"/coordination/failed-messages/{message_id}/settle")).status == 204

    assert (await coordinator.get("/coordination/failed-messages")).json["items"] == []


async def test_a_failed_message_is_tried_again_unless_it_is_of_no_use(
    doorstep: Doorstep, coordinator: Visitor
) -> None:
    useful, late = await failed(doorstep), await failed(doorstep, hours=-1, about=UUID(int=6))

    codes = [
        (await coordinator.post(f"/coordination/failed-messages/{each}/retry")) for each in (useful, late)
    ]

    assert [reply.code or reply.status for reply in codes] == [202, "too_late"]


async def test_dead_letters_are_listed_without_what_they_say_and_tried_again(
    doorstep: Doorstep, coordinator: Visitor
) -> None:
    (row,) = await doorstep.system.sql(BURIED, str(uuid4()))

    listed = (await coordinator.get("/coordination/dead-letters")).json
    assert listed["count"] == 1
    assert listed["away"] == []
    (item,) = listed["items"]
    assert (item["service"], item["id"], item["reason"]) == ("notify", row["id"], "too_many_tries")
    assert "body" not in item
    asked = {"service": "notify", "ids": [row["id"]]}
    assert (await coordinator.post("/coordination/dead-letters/redrive", asked)).json == {"count": 1}

    async def failed_again() -> Any:
        (again,) = (await coordinator.get("/coordination/dead-letters")).json["items"]
        return again["reason"] != "too_many_tries"

    await eventually(failed_again)


@pytest.mark.parametrize(
    "body",
    [{}, {"service": "gateway"}, {"service": "notify", "ids": [0]}, {"service": "notify", "ids": "7"}],
)
async def test_what_cannot_be_meant_is_refused(shared: Doorstep, body: dict[str, Any]) -> None:
    visitor = await shared.signed_in(shared.house.coordinator.person_id)

    assert (await visitor.post("/coordination/dead-letters/redrive", body)).status == 400


async def test_a_service_that_is_away_is_named(shared: Doorstep) -> None:
    """Notify does not run here."""
    visitor = await shared.signed_in(shared.house.coordinator.person_id)

    assert (await visitor.get("/coordination/dead-letters")).json["away"] == ["notify"]


async def booked(doorstep: Doorstep) -> str:
    """A booking that notify has heard of."""
    now = doorstep.system.clock.now()
    slot = await doorstep.house.slot(await doorstep.house.expert(), now + timedelta(hours=30))
    made = await (await doorstep.visitor()).post("/bookings", a_booking(slot.id))
    booking_id: str = made.json["id"]

    async def heard() -> Any:
        return await doorstep.system.sql(
            "SELECT 1 FROM notify.meeting WHERE booking_id = $1", UUID(booking_id)
        )

    await eventually(heard)
    return booking_id


async def failed(doorstep: Doorstep, *, hours: int = 5, about: UUID = BOOKING) -> UUID:
    message_id, now = uuid4(), doorstep.system.clock.now()
    until = now + timedelta(hours=hours)
    await doorstep.system.sql(FAILED, message_id, about, now - timedelta(hours=3), until)
    return message_id

"""Dead letters, asked for by a coordinator: seen without what they say, tried again, forgotten in time."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.booking.events import BookingCancelled
from services.contracts.envelope import Request, Role, Staff, Told, encode, raw
from services.contracts.letters import (
    LISTS,
    ListNotifyDeadLetters,
    RedriveNotifyDeadLetters,
)
from services.contracts.refusals import Code, Refusal
from services.runtime import dead_letters, letters
from services.runtime.forgetting import forget_all
from tests.integration.runtime.conftest import Pieces
from tests.support.eventually import eventually
from tests.support.facts import NOW, some_facts
from tests.support.system import System

COORDINATOR = Staff(person_id=uuid4(), role=Role.COORDINATOR)
BURY = """
    INSERT INTO notify.dead_letter (consumer, event_id, subject, body, reason, settled_at)
    VALUES ('notify-booking', $1, $2, $3, 'too_many_tries', now() - $4 * interval '1 day')
"""


@pytest.fixture
async def notify(system: System) -> System:
    await system.start("booking", "notify")
    return system


async def test_a_coordinator_sees_what_was_given_up_but_not_what_it_says(notify: System) -> None:
    event_id = await buried(notify)

    found = await notify.ask(ListNotifyDeadLetters(), COORDINATOR)

    (letter,) = found.items
    assert (letter.event_id, letter.subject) == (str(event_id), BookingCancelled.subject)
    assert (letter.consumer, letter.reason, letter.trying) == ("notify-booking", "too_many_tries", False)
    assert found.count == 1
    assert "body" not in letter.__struct_fields__


async def test_tried_again_it_takes_effect_and_leaves_the_list(notify: System) -> None:
    booking_id = uuid4()
    await buried(notify, booking_id)
    (letter,) = (await notify.ask(ListNotifyDeadLetters(), COORDINATOR)).items

    redriven = await notify.ask(RedriveNotifyDeadLetters(letter_ids=[letter.id]), COORDINATOR)

    assert redriven.count == 1
    await eventually(lambda: nothing_left(notify))
    rows = await notify.sql("SELECT 1 FROM notify.message WHERE booking_id = $1", booking_id)
    assert len(rows) == 1


async def test_with_none_named_all_are_tried_and_what_still_fails_stays(notify: System) -> None:
    await buried(notify, body=b"not a message")
    await buried(notify, body=b"nor is this")

    redriven = await notify.ask(RedriveNotifyDeadLetters(), COORDINATOR)
    assert redriven.count == 2

    async def failed_again() -> bool:
        found = (await notify.ask(ListNotifyDeadLetters(), COORDINATOR)).items
        return [each.reason for each in found] == ["DecodeError"] * 2

    await eventually(failed_again)


async def test_one_that_was_named_is_tried_and_another_is_not(notify: System) -> None:
    await buried(notify, body=b"1")
    await buried(notify, body=b"2")
    first, second = (await notify.ask(ListNotifyDeadLetters(), COORDINATOR)).items

    await notify.ask(RedriveNotifyDeadLetters(letter_ids=[second.id]), COORDINATOR)

    after = {each.id: each for each in (await notify.ask(ListNotifyDeadLetters(), COORDINATOR)).items}
    assert not after[first.id].trying
    assert after[first.id].reason == "too_many_tries"


async def test_nobody_but_a_coordinator_sees_or_tries_them(notify: System) -> None:
    expert = Staff(person_id=uuid4(), role=Role.EXPERT)
    for actor in (None, expert):
        requests: list[Request[Any]] = [ListNotifyDeadLetters(), RedriveNotifyDeadLetters()]
        for request in requests:
            with pytest.raises(Refusal) as refusal:
                await notify.ask(request, actor)
            assert refusal.value.code == Code.FORBIDDEN


@pytest.mark.parametrize("numbers", [[0], [2**63], list(range(1, 102))], ids=["zero", "huge", "many"])
async def test_numbers_that_none_can_have_are_refused(notify: System, numbers: list[int]) -> None:
    with pytest.raises(Refusal) as refusal:
        await notify.ask(RedriveNotifyDeadLetters(letter_ids=numbers), COORDINATOR)

    assert refusal.value.code == Code.FIELD_INVALID


async def test_settled_ones_are_forgotten_after_a_month_and_no_others(pieces: Pieces) -> None:
    db = await pieces.db("notify")
    old, recent, open_ = [await buried(pieces.system, settled_days_ago=days) for days in (31, 29, None)]

    await forget_all(db, dead_letters.forget_settled)

    rows = await pieces.system.sql("SELECT event_id FROM notify.dead_letter")
    assert {row["event_id"] for row in rows} == {str(recent), str(open_)}
    assert str(old) not in {row["event_id"] for row in rows}


async def test_whoever_hears_news_answers_for_its_dead_letters(pieces: Pieces) -> None:
    """A service that begins to hear news needs its words in the contracts."""
    hearing = {"booking", "rooms", "notify"}

    assert set(LISTS) == hearing
    assert not letters.handlers("gateway", await pieces.db("gateway"))


async def buried(
    system: System,
    booking_id: UUID | None = None,
    *,
    body: bytes | None = None,
    settled_days_ago: int | None = None,
) -> UUID:
    facts = some_facts(**({"booking_id": booking_id} if booking_id else {}))
    event = BookingCancelled(
        booking_id=facts.booking_id,
        slot_id=facts.slot.id,
        host_id=facts.slot.host.id,
        kind=facts.slot.kind,
        starts_at=facts.slot.starts_at,
        ends_at=facts.slot.ends_at,
        time_zone=facts.slot.time_zone,
        version=1,
        link_version=1,
        sequence=0,
        by="host",
    )
    event_id = uuid4()
    told = encode(Told(event_id=event_id, at=NOW, body=raw(event)))
    await system.sql(BURY, str(event_id), event.subject, body or told, settled_days_ago)
    return event_id


async def nothing_left(notify: System) -> bool:
    return (await notify.ask(ListNotifyDeadLetters(), COORDINATOR)).count == 0

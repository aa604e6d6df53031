"""How it was is said once by each person of each session, however often and however fast they press."""

import asyncio
from datetime import timedelta

import pytest

from services.booking.store import bookings
from services.contracts.booking.appointments import CancelBooking, GiveFeedback
from services.contracts.envelope import Resident
from services.contracts.refusals import Code, Refusal
from tests.support.enrolling import Circle, look
from tests.support.house import A_TUESDAY, House, resident
from tests.support.meeting import HERE, meeting

DAY = timedelta(days=1)
PRESSES = 20
# What looks first and writes afterwards, as two statements would.
UNGUARDED = bookings.GIVE_FEEDBACK.replace(
    "WHERE id = $1 AND feedback_given_at IS NULL AND forgotten_at IS NULL RETURNING id",
    f"FROM (SELECT {HERE}, feedback_given_at AS seen FROM booking WHERE id = $1) s"  # noqa: S608
    " WHERE id = $1 AND s.seen IS NULL RETURNING id",
)


async def press_all_at_once(house: House) -> int:
    """How many answers are kept of one resident's many."""
    slot = await house.slot(await house.expert(), A_TUESDAY + DAY)
    booking = await house.book(slot.id)
    house.system.clock.set(slot.ends_at)
    given = GiveFeedback(booking_id=booking.id, useful=5)
    await asyncio.gather(*(house.system.ask(given, resident(booking)) for _ in range(PRESSES)))
    return len(await house.system.sql("SELECT FROM booking.feedback"))


async def test_many_presses_at_once_are_one_answer(house: House) -> None:
    assert await press_all_at_once(house) == 1


async def test_without_the_mark_in_the_same_statement_they_would_be_several(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the presses do meet."""
    monkeypatch.setattr(bookings, "GIVE_FEEDBACK", UNGUARDED)

    async with meeting(house.system):
        kept = await press_all_at_once(house)

    assert kept > 1


async def test_each_session_of_a_series_is_answered_once_by_whoever_came(house: House) -> None:
    group = await Circle.build(house, A_TUESDAY + DAY, A_TUESDAY + 2 * DAY, whole_series=True)
    mine, theirs = await group.enrol(None), await group.enrol(None)
    house.system.clock.set(A_TUESDAY + 3 * DAY)

    for enrolled in (mine, theirs):
        for session in (await look(house, enrolled)).sessions:
            link = Resident(booking_id=session.booking_id, link_version=session.link_version)
            for useful in (5, 1):
                await house.system.ask(GiveFeedback(booking_id=session.booking_id, useful=useful), link)

    kept = await house.system.sql("SELECT useful FROM booking.feedback")
    assert [row["useful"] for row in kept] == [5] * 4


async def test_whoever_gave_the_seat_back_is_not_asked_how_it_was(house: House) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + DAY)
    booking = await house.book(slot.id)
    await house.system.ask(CancelBooking(booking_id=booking.id), resident(booking))
    house.system.clock.set(slot.ends_at)

    with pytest.raises(Refusal) as refused:
        await house.system.ask(GiveFeedback(booking_id=booking.id, useful=5), resident(booking))

    assert refused.value.code is Code.ALREADY_CANCELLED

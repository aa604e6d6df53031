"""Whoever is forgotten is so whatever others do about them at that moment, or do not know of it yet."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.booking.store.forgetting import own_data
from services.booking.store.groups import session_changes
from services.contracts.booking.appointments import RecordOutcome
from services.contracts.booking.own_data import EraseResident
from services.contracts.booking.slots import AddSlot, BookingStatus
from services.contracts.envelope import Service
from tests.support.enrolling import DAY, Circle
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House
from tests.support.meeting import HERE, meeting, waiting

HOUR = timedelta(hours=1)
STARTS = A_TUESDAY + DAY
LATER = A_TUESDAY + 8 * DAY


@pytest.mark.parametrize("what_there_was", ["ahead", "behind"])
async def test_nothing_is_kept_of_who_is_forgotten_while_a_session_is_added(
    house: House, monkeypatch: pytest.MonkeyPatch, what_there_was: str
) -> None:
    """Each has seen how things were before the other."""
    here = f"AND {HERE} IS NOT NULL"
    asks = own_data.OF_RESIDENT.replace("WHERE id = $1)", f"WHERE id = $1 {here})")
    brings = session_changes.MEMBERS.replace("e.left_at IS NULL", f"e.left_at IS NULL {here}")
    monkeypatch.setattr(own_data, "OF_RESIDENT", asks)
    monkeypatch.setattr(session_changes, "MEMBERS", brings)
    circle = await Circle.build(house, STARTS, whole_series=True)
    mine = await circle.enrol(None, display_name="Kanarialintu", email="kanaria@posti.example")
    if what_there_was == "behind":
        house.system.clock.set(STARTS + HOUR)
    more = AddSlot(
        theme="omaishoito",
        starts_at=LATER,
        ends_at=LATER + HOUR,
        languages=["fi"],
        group_id=circle.id,
    )

    async with meeting(house.system):
        await asyncio.gather(
            house.system.ask(more, circle.host, key=str(uuid4())),
            house.system.ask(EraseResident(booking_id=mine.booking_id), Service(name="gateway")),
        )

    rows = await house.system.sql("SELECT display_name, email FROM booking.booking")
    assert not [row for row in rows if row["email"] or row["display_name"] == "Kanarialintu"]
    await house.system.check_invariants()


@pytest.mark.parametrize("noted", ["afterwards", "at that moment"])
async def test_no_guidance_is_kept_of_who_is_forgotten(house: House, noted: str) -> None:
    """A host's page from before may still say to whom they were guided, in words of the host's own."""
    host = await house.expert()
    slot = await house.slot(host, STARTS)
    booked = await house.book(slot.id)
    house.system.clock.set(STARTS + HOUR)
    erasing = EraseResident(booking_id=booked.id)

    async def is_waiting() -> bool:
        return await waiting(house.system) > 0

    if noted == "afterwards":
        await house.system.ask(erasing, Service(name="gateway"))
        outcome = RecordOutcome(booking_id=booked.id, status=BookingStatus.ATTENDED, guided_to=["Kela"])
        await house.system.ask(outcome, host)
    else:
        other = await asyncpg.connect(house.system.database_url("booking"))
        async with other.transaction():
            await other.execute("SELECT FROM booking.booking WHERE id = $1 FOR UPDATE", booked.id)
            erased = asyncio.create_task(house.system.ask(erasing, Service(name="gateway")))
            await eventually(is_waiting)
            await other.execute("INSERT INTO booking.guidance VALUES ($1, 'Kela')", booked.id)
        await erased
        await other.close()

    assert await house.system.sql("SELECT FROM booking.guidance") == []
    [row] = await house.system.sql("SELECT status, forgotten_at FROM booking.booking")
    assert row["forgotten_at"] is not None
    assert row["status"] == (BookingStatus.ATTENDED if noted == "afterwards" else BookingStatus.CONFIRMED)

"""Whoever is forgotten while a group they are in gets a session more is not brought along to it."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from services.booking.store.forgetting import own_data
from services.booking.store.groups import session_changes
from services.contracts.booking.own_data import EraseResident
from services.contracts.booking.slots import AddSlot
from services.contracts.envelope import Service
from tests.support.enrolling import DAY, Circle
from tests.support.house import A_TUESDAY, House
from tests.support.meeting import HERE, meeting

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

"""A resident is told all that is known of them, or is forgotten: what lies ahead is given back first."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from services.contracts.booking.appointments import (
    CancelBooking,
    DescribeBooking,
    RecordOutcome,
    RequestLinks,
)
from services.contracts.booking.events import ResidentErased
from services.contracts.booking.own_data import DescribeOwnData, EraseResident
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Actor, Anyone, Service, Told
from services.contracts.refusals import Code, Refusal
from tests.support.enrolling import FRIEND, Circle
from tests.support.house import A_TUESDAY, House, resident

DAY = timedelta(days=1)
GATEWAY = Service(name="gateway")
CANARY = {"display_name": "Kanarialintu", "email": "Kanaria@posti.example", "note": "Salainen huoli"}


async def erase(house: House, booking_id: UUID, actor: Actor = GATEWAY) -> int:
    return (await house.system.ask(EraseResident(booking_id=booking_id), actor)).bookings


async def everything_in(house: House) -> str:
    """Every row of every table of booking's, as text, and what its news and kept answers say."""
    tables = await house.system.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'booking'")
    texts = []
    for table in tables:
        rows = await house.system.sql(f"SELECT t::text FROM booking.{table['tablename']} t")  # noqa: S608
        texts += [row[0] for row in rows]
    for kept in ("SELECT body FROM booking.outbox", "SELECT reply FROM booking.command WHERE reply <> ''"):
        texts += [bytes(row[0]).decode() for row in await house.system.sql(kept)]
    return "\n".join(texts).casefold()


async def test_everything_of_one_person_is_told_and_nothing_of_anybody_else(house: House) -> None:
    host = await house.expert()
    slots = [await house.slot(host, A_TUESDAY + n * DAY) for n in range(1, 5)]
    first = await house.book(slots[0].id, **CANARY, municipality="Kuopio")
    second = await house.book(slots[1].id, **CANARY | {"email": "kanaria@posti.example"})
    await house.book(slots[2].id, email="joku.muu@posti.example")
    await house.book(slots[3].id, email="b@posti.example", phone="+358401234567")
    house.system.clock.set(slots[0].ends_at)
    outcome = RecordOutcome(booking_id=first.id, status=BookingStatus.ATTENDED, guided_to=["Kela"])
    await house.system.ask(outcome, host)

    told = (await house.system.ask(DescribeOwnData(booking_id=first.id), GATEWAY)).bookings

    assert [each.id for each in told] == [first.id, second.id]
    assert (told[0].display_name, told[0].note) == ("Kanarialintu", "Salainen huoli")
    assert (told[0].municipality, told[0].guided_to) == ("Kuopio", ["Kela"])
    assert [change.what for change in told[0].changes] == ["booked", "attended"]


async def test_times_ahead_are_given_back_and_everything_is_blank(house: House) -> None:
    host = await house.expert()
    held, ahead, others = [await house.slot(host, A_TUESDAY + n * DAY) for n in (1, 5, 6)]
    past = await house.book(held.id, **CANARY)
    coming = await house.book(ahead.id, **CANARY)
    other = await house.book(others.id, display_name="Kielo")
    await house.system.ask(RequestLinks(email="kanaria@posti.example"))
    await house.system.ask(DescribeBooking(booking_id=past.id), resident(past), key=str(uuid4()))
    await house.system.ask(DescribeBooking(booking_id=coming.id), house.coordinator, key=str(uuid4()))
    house.system.clock.set(held.ends_at)
    outcome = RecordOutcome(
        booking_id=past.id, status=BookingStatus.ATTENDED, guided_to=["Kanarialintu tuntee"]
    )
    await house.system.ask(outcome, host)
    assert "kanaria" in await everything_in(house)

    erased = await erase(house, coming.id)

    left = await everything_in(house)
    assert erased == 2
    for canary in ("kanaria", "salainen huoli"):
        assert canary not in left
    statuses = {each.id: each for each in await rows(house)}
    assert statuses[past.id].status == "attended"
    assert statuses[coming.id].status == "cancelled"
    assert statuses[other.id].display_name == "Kielo"
    assert [slot.id for slot in await house.free()] == [ahead.id]
    await house.system.check_invariants()


async def test_the_links_are_dead_and_a_second_time_changes_nothing(house: House) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + DAY)
    booked = await house.book(slot.id, **CANARY)
    await erase(house, booked.id)
    news = await told_of(house)

    again = await erase(house, booked.id)

    assert again == 0
    assert await told_of(house) == news == [[booked.id]]
    with pytest.raises(Refusal) as refused:
        await house.system.ask(DescribeBooking(booking_id=booked.id), resident(booked))
    assert refused.value.code == Code.LINK_EXPIRED


async def test_a_place_in_a_group_goes_to_whoever_waits(house: House) -> None:
    circle = await Circle.build(house, A_TUESDAY + DAY, A_TUESDAY + 2 * DAY, capacity=2)
    mine = [await circle.enrol(n, **CANARY, companions=[FRIEND] if n == 0 else []) for n in (0, 1)]
    waits = await circle.enrol(0, email="odottaja@posti.example")
    assert waits.status is BookingStatus.WAITING

    await erase(house, mine[1].booking_id)

    found = {each.email or each.id: each for each in await rows(house)}
    assert found["odottaja@posti.example"].status == "offered"
    assert found[str(FRIEND.email)].status == "cancelled"
    assert "kanaria" not in await everything_in(house)
    assert await circle.taken(1) == 0
    await house.system.check_invariants()


async def test_a_coordinator_may_and_nobody_else(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + DAY)
    booked = await house.book(slot.id, **CANARY)

    for stranger in (Anyone(), resident(booked), host, Service(name="notify")):
        with pytest.raises(Refusal) as refused:
            await erase(house, booked.id, stranger)
        assert refused.value.code == Code.FORBIDDEN
        with pytest.raises(Refusal) as refused:
            await house.system.ask(DescribeOwnData(booking_id=booked.id), stranger)
        assert refused.value.code == Code.FORBIDDEN
    assert await erase(house, booked.id, house.coordinator) == 1
    [change] = await house.system.sql("SELECT by_kind FROM booking.booking_change WHERE what = 'erased'")
    assert change["by_kind"] == "coordinator"


async def test_one_reached_by_phone_is_found_by_it(house: House) -> None:
    host = await house.expert()
    slots = [await house.slot(host, A_TUESDAY + n * DAY) for n in (1, 2, 3)]
    phone: dict[str, Any] = {"email": None, "phone": "+358401234567"}
    first, second = [await house.book(slot.id, **phone) for slot in slots[:2]]
    await house.system.ask(CancelBooking(booking_id=second.id), resident(second))
    await house.book(slots[2].id, phone="+358401234567")  # reached by mail: whose mailbox is not known here

    told = (await house.system.ask(DescribeOwnData(booking_id=first.id), GATEWAY)).bookings

    assert {each.id for each in told} == {first.id, second.id}


class Row(msgspec.Struct):
    id: UUID
    status: str
    display_name: str
    email: str | None


async def rows(house: House) -> list[Row]:
    found = await house.system.sql("SELECT id, status, display_name, email FROM booking.booking")
    return [Row(**row) for row in map(dict, found)]


async def told_of(house: House) -> list[list[UUID]]:
    found = await house.system.sql(
        "SELECT body FROM booking.outbox WHERE subject = $1", ResidentErased.subject
    )
    told = [msgspec.json.decode(row["body"], type=Told) for row in found]
    return [msgspec.json.decode(each.body, type=ResidentErased).booking_ids for each in told]

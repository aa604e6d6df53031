"""What a message to somebody in a group is told of them, at the moment of sending."""

from datetime import timedelta
from uuid import UUID, uuid4

from services.contracts.booking.appointments import ConfirmBooking
from services.contracts.booking.enrolment import DescribeGroupMessage, LeaveGroup, MyGroup
from services.contracts.booking.staffing import AcceptDuty, GiveUpDuty
from services.contracts.envelope import Resident
from tests.support.enrolling import FRIEND, Circle, bearer
from tests.support.house import A_TUESDAY, House
from tests.support.sessions import run_job
from tests.support.system import System

STARTS = A_TUESDAY + timedelta(days=1, hours=8)


async def told_of(house: House, enrolment_id: UUID) -> MyGroup:
    return (await house.system.ask(DescribeGroupMessage(enrolment_id=enrolment_id))).group


async def test_everybody_of_a_party_is_told_how_many_they_are(house: House) -> None:
    circle = await Circle.build(house, STARTS, capacity=5)
    await circle.enrol(email="muu@posti.example")
    main = await circle.enrol(companions=[FRIEND, FRIEND])
    rows = await house.system.sql(
        "SELECT id FROM booking.enrolment WHERE id = $1 OR accompanies = $1", main.enrolment_id
    )
    party = [await told_of(house, row["id"]) for row in rows]

    assert sorted((each.accompanies, each.places) for each in party) == [(False, 3), (True, 3), (True, 3)]
    friend = next(each for each in party if each.accompanies).sessions[0]
    bearer_of_one = Resident(booking_id=friend.booking_id, link_version=friend.link_version)
    await house.system.ask(LeaveGroup(booking_id=friend.booking_id), bearer_of_one)
    assert (await told_of(house, main.enrolment_id)).places == 2


async def test_who_has_yet_to_confirm_is_told_until_when(system: System) -> None:
    system.clock.set(A_TUESDAY)
    await system.start("booking", BOOKING_MODE="confirm", HOLD_MINUTES="30")
    house = await House.build(system)
    circle = await Circle.build(house, STARTS)
    held = await circle.enrol()

    told = await told_of(house, held.enrolment_id)
    assert told.held_until == held.held_until is not None
    await system.ask(ConfirmBooking(booking_id=held.booking_id), bearer(held))
    assert (await told_of(house, held.enrolment_id)).held_until is None


async def test_who_comes_later_learns_what_the_others_were_told_of_a_missing_host(house: House) -> None:
    circle = await Circle.build(house, STARTS, capacity=3)
    (slot_id,) = circle.sessions

    async def who_comes_now() -> tuple[bool, bool]:
        enrolled = await circle.enrol(email=f"{uuid4()}@posti.example")
        facts = await house.system.ask(DescribeGroupMessage(enrolment_id=enrolled.enrolment_id))
        (session,) = facts.group.sessions
        return session.staffed, session.told_missing

    await house.system.ask(GiveUpDuty(slot_id=slot_id), circle.host)
    assert await who_comes_now() == (False, False)
    for hours in (6, 3, 2):
        house.system.clock.set(STARTS - timedelta(hours=hours))
        await run_job(house, "ask-hosts")
    assert await who_comes_now() == (False, True)

    await house.system.ask(AcceptDuty(slot_id=slot_id), circle.host)
    assert await who_comes_now() == (True, False)

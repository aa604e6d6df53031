"""Of groups, who among those who serve hears what they would otherwise have to look for."""

from datetime import timedelta
from uuid import UUID

from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import (
    AnswerApplication,
    DescribeApplications,
    UnansweredApplications,
)
from services.contracts.booking.events import ApplicationWaiting
from services.contracts.booking.groups import ChangeGroup
from services.contracts.envelope import Staff
from tests.support.enrolling import FRIEND, Circle
from tests.support.house import House
from tests.support.sessions import news

HOUR = timedelta(hours=1)


async def unanswered(house: House, person: Staff) -> UnansweredApplications:
    return await house.system.ask(DescribeApplications(person_id=person.person_id))


async def who_is_to_answer(house: House) -> list[UUID]:
    return [event.person_id for event in await news(house, ApplicationWaiting)]


async def test_all_who_lead_a_group_are_told_that_somebody_waits_for_their_answer(house: House) -> None:
    other = await house.expert()
    first = await house.expert()
    circle = await Circle.build(
        house, host=first, by_acceptance=True, facilitators=[first.person_id, other.person_id]
    )
    applied = await circle.enrol(companions=[FRIEND])

    assert set(await who_is_to_answer(house)) == {first.person_id, other.person_id}
    (waits,) = (await unanswered(house, other)).items
    assert (waits.group_id, waits.parties, waits.name.fi) == (circle.id, 1, "Omaiset")
    await house.system.ask(AnswerApplication(booking_id=applied.booking_id, accept=True), first)
    assert (await unanswered(house, other)).items == []


async def test_nobody_is_to_answer_where_everybody_may_come(house: House) -> None:
    circle = await Circle.build(house)
    await circle.enrol()

    assert await who_is_to_answer(house) == []
    assert (await unanswered(house, circle.host)).items == []


async def test_who_begins_to_lead_a_group_is_told_of_those_who_wait_for_an_answer(house: House) -> None:
    circle = await Circle.build(house, by_acceptance=True)
    await circle.enrol()
    follower = await house.expert()
    change = ChangeGroup(
        group_id=circle.id,
        name=Words("Omaiset", "Anhöriga", "Carers"),
        description=Words("Vertaistukea.", "Stöd.", "Support."),
        theme="omaishoito",
        organisation_id=house.organisation_id,
        languages=["fi"],
        capacity=2,
        by_acceptance=True,
        facilitators=[follower.person_id],
    )
    await house.system.ask(change, house.coordinator)

    assert await who_is_to_answer(house) == [circle.host.person_id, follower.person_id]
    assert (await unanswered(house, circle.host)).items == []
    assert len((await unanswered(house, follower)).items) == 1

"""Of groups, who among those who serve hears what they would otherwise have to look for."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import (
    AnswerApplication,
    DescribeApplications,
    UnansweredApplications,
)
from services.contracts.booking.events import ApplicationWaiting, HostFoundAfterAll, HostReplaced
from services.contracts.booking.groups import ChangeGroup, Staffing
from services.contracts.booking.staffing import (
    AcceptDuty,
    AskForStandIn,
    AssignHost,
    DescribeHandover,
    GiveUpDuty,
    Handover,
)
from services.contracts.envelope import Staff
from services.contracts.refusals import Code, Refusal
from tests.support.enrolling import FRIEND, Circle
from tests.support.house import A_TUESDAY, House
from tests.support.sessions import a_group, a_session, a_volunteer, news, run_job

STARTS = A_TUESDAY + timedelta(days=1, hours=8)


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


async def handover(house: House, slot_id: UUID, person: Staff) -> Handover:
    return await house.system.ask(DescribeHandover(slot_id=slot_id, person_id=person.person_id))


async def replaced(house: House) -> list[tuple[UUID, UUID]]:
    return [(event.slot_id, event.person_id) for event in await news(house, HostReplaced)]


async def test_who_wished_for_a_stand_in_is_told_that_somebody_took_over(house: House) -> None:
    host, stand_in = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    await house.system.ask(AskForStandIn(slot_id=slot_id), host)
    assert await replaced(house) == []

    await house.system.ask(AcceptDuty(slot_id=slot_id), stand_in)
    await house.system.ask(AcceptDuty(slot_id=slot_id), stand_in)

    assert await replaced(house) == [(slot_id, host.person_id)]
    assert (await handover(house, slot_id, host)).starts_at == STARTS
    await house.system.ask(GiveUpDuty(slot_id=slot_id), stand_in)
    with pytest.raises(Refusal) as no:  # it is not so any more: nobody is told
        await handover(house, slot_id, host)
    assert no.value.code is Code.NOT_FOUND


async def test_who_is_relieved_by_a_coordinator_is_told_and_who_gave_up_is_not(house: House) -> None:
    host, other = await house.expert(), await a_volunteer(house)
    group_id = await a_group(house, host)
    kept = await a_session(house, group_id, host, STARTS)
    given_up = await a_session(house, group_id, host, STARTS + timedelta(days=1))
    await house.system.ask(GiveUpDuty(slot_id=given_up), host)

    for slot_id in (kept, given_up):
        naming = AssignHost(slot_id=slot_id, person_id=other.person_id)
        await house.system.ask(naming, house.coordinator)

    assert await replaced(house) == [(kept, host.person_id)]


@pytest.mark.parametrize("alerted", [True, False])
async def test_coordinators_hear_that_somebody_was_found_if_they_had_heard_that_nobody_was(
    house: House, alerted: bool
) -> None:
    host, stand_in = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(
        house,
        await a_group(house, host),
        host,
        A_TUESDAY + timedelta(hours=20),
        Staffing.NEEDS_HOST,
    )
    await run_job(house, "ask-hosts")
    if alerted:  # the one who was asked has not answered
        house.system.clock.advance(timedelta(hours=3))
        await run_job(house, "ask-hosts")

    await house.system.ask(AcceptDuty(slot_id=slot_id), stand_in)

    found = [event.slot_id for event in await news(house, HostFoundAfterAll)]
    assert found == ([slot_id] if alerted else [])

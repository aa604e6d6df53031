"""Of groups, what was wrong once: who may still look, who is told, and what comes back after a pause."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.booking.service.forgetting.forgetting import Keep, forget
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking.appointments import MoveBooking, ReadContact
from services.contracts.booking.enrolment import AnswerApplication, ListAttendees, SendAnnouncement
from services.contracts.booking.groups import MoveSession, Staffing
from services.contracts.booking.people import DisablePerson
from services.contracts.booking.slots import AddSlot, BookingStatus, CancelSlot
from services.contracts.booking.staffing import AcceptDuty, AssignHost, GiveUpDuty
from services.contracts.envelope import Staff
from services.contracts.refusals import Code, Refusal
from services.runtime.db import Database, Tx
from tests.support.enrolling import DAY, FRIEND, Circle, bearer, look
from tests.support.house import A_TUESDAY, House
from tests.support.sessions import a_group, a_session, a_volunteer, duty_of, with_database

HOUR = timedelta(hours=1)
IN_A_WEEK = A_TUESDAY + 7 * DAY + 8 * HOUR


async def code_of(awaitable: Any) -> Code | None:
    """How it was refused; None when it was not."""
    try:
        await awaitable
    except Refusal as refusal:
        return refusal.code
    return None


async def test_who_is_forgotten_is_not_brought_along_when_a_group_goes_on_after_a_pause(
    house: House,
) -> None:
    circle = await Circle.build(house, open=False, whole_series=True)
    enrolled = await circle.enrol(None)
    house.system.clock.set(A_TUESDAY + 60 * DAY)
    await with_database(house, _forget(house))

    starts_at = A_TUESDAY + 90 * DAY
    wish = AddSlot(
        theme="omaishoito",
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        languages=["fi"],
        group_id=circle.id,
    )
    added = await house.system.ask(wish, circle.host)

    rows = await house.system.sql("SELECT slot_id FROM booking.booking")
    assert [row["slot_id"] for row in rows] == [circle.sessions[0]]
    assert (added.seats_left, enrolled.status) == (2, BookingStatus.CONFIRMED)


def _forget(house: House) -> Any:
    async def work(database: Database) -> None:
        await forget(database, Keep(), now=house.system.clock.now())

    return work


async def test_who_goes_to_another_session_is_told_of_it_as_of_a_change(house: House) -> None:
    """The change that notify is to tell lies in the enrolment; without it nothing would be said."""
    circle = await Circle.build(house, A_TUESDAY + DAY, A_TUESDAY + 2 * DAY)
    enrolled = await circle.enrol(0)
    (before,) = (await look(house, enrolled)).sessions
    house.system.clock.set(A_TUESDAY + HOUR)

    wish = MoveBooking(booking_id=enrolled.booking_id, slot_id=circle.sessions[1])
    await house.system.ask(wish, bearer(enrolled))

    (after,) = (await look(house, enrolled)).sessions
    assert before.changed_at is None
    assert after.changed_at is not None
    assert after.changed_at >= A_TUESDAY + HOUR


async def test_who_enrols_in_a_moved_session_finds_no_change_in_it(house: House) -> None:
    circle = await Circle.build(house)
    was_there = await circle.enrol(0)
    to = A_TUESDAY + 3 * DAY
    move = MoveSession(slot_id=circle.sessions[0], starts_at=to, ends_at=to + HOUR)
    await house.system.ask(move, circle.host)
    comes_later = await circle.enrol(0)

    changed = [(await look(house, each)).sessions[0].changed_at for each in (was_there, comes_later)]

    assert [each is not None for each in changed] == [True, False]


async def test_who_gave_a_session_up_sees_nobody_in_it_and_changes_nothing_any_more(house: House) -> None:
    leads, stood_in = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, leads), stood_in, IN_A_WEEK)
    booking = await house.book(slot_id)
    to = IN_A_WEEK + HOUR

    async def refusals(actor: Staff) -> list[Code | None]:
        asking: list[Any] = [
            ListAttendees(slot_id=slot_id),
            ReadContact(booking_id=booking.id),
            SendAnnouncement(slot_id=slot_id, words="Tervetuloa."),
            MoveSession(slot_id=slot_id, starts_at=to, ends_at=to + HOUR),
        ]
        return [await code_of(house.system.ask(each, actor)) for each in asking]

    while_hosting = await refusals(stood_in)
    await house.system.ask(AcceptDuty(slot_id=slot_id), stood_in)
    await house.system.ask(GiveUpDuty(slot_id=slot_id), stood_in)
    afterwards = await refusals(stood_in)
    calling_off = await code_of(house.system.ask(CancelSlot(slot_id=slot_id, reason="En pääse."), stood_in))

    assert while_hosting == [None] * 4
    assert [*afterwards, calling_off] == [Code.NOT_FOUND] * 5


async def test_a_promise_made_while_somebody_is_shut_out_does_not_outlive_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They press "I come" between the look at their sessions and their being shut out."""
    host = await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK)
    look_at_them = staffing_store.sessions_of_person
    looks = []

    async def one_look_too_early(tx: Tx, person_id: UUID, **differs: Any) -> list[UUID]:
        looks.append(person_id)
        return [] if len(looks) == 1 else await look_at_them(tx, person_id, **differs)

    monkeypatch.setattr(staffing_store, "sessions_of_person", one_look_too_early)
    await house.system.ask(DisablePerson(person_id=host.person_id), house.coordinator)

    assert (await duty_of(house, slot_id, house.coordinator)).staffing is Staffing.NEEDS_HOST


async def test_a_co_host_who_moves_a_session_onto_a_time_of_their_own_has_not_promised_to_come(
    house: House,
) -> None:
    host, helper = await house.expert(), await house.expert()
    slot_id = await a_session(house, await a_group(house, host, helper), host, IN_A_WEEK)
    naming = AssignHost(slot_id=slot_id, person_id=helper.person_id, co_host=True)
    await house.system.ask(naming, house.coordinator)
    await house.system.ask(AcceptDuty(slot_id=slot_id), helper)
    to = IN_A_WEEK + 3 * HOUR
    await house.slot(helper, to)

    move = MoveSession(slot_id=slot_id, starts_at=to, ends_at=to + HOUR)
    await house.system.ask(move, helper)

    assert (await duty_of(house, slot_id, helper)).accepted is False
    await house.system.check_invariants()


@pytest.mark.parametrize("by_acceptance", [True, False])
async def test_more_people_than_a_group_has_places_neither_wait_nor_apply_for_ever(
    house: House, by_acceptance: bool
) -> None:
    circle = await Circle.build(house, capacity=2, by_acceptance=by_acceptance)

    assert await code_of(circle.enrol(companions=[FRIEND, FRIEND])) is Code.PARTY_TOO_LARGE
    assert await code_of(circle.enrol(companions=[FRIEND])) is None


async def test_who_stands_in_for_one_evening_does_not_choose_who_is_in_the_group(house: House) -> None:
    circle = await Circle.build(house, by_acceptance=True)
    applied = await circle.enrol(0)
    stands_in = await a_volunteer(house)
    naming = AssignHost(slot_id=circle.sessions[0], person_id=stands_in.person_id)
    await house.system.ask(naming, house.coordinator)
    await house.system.ask(AcceptDuty(slot_id=circle.sessions[0]), stands_in)
    answer = AnswerApplication(booking_id=applied.booking_id, accept=False)

    assert await code_of(house.system.ask(answer, stands_in)) is Code.NOT_FOUND
    assert await code_of(house.system.ask(answer, circle.host)) is None

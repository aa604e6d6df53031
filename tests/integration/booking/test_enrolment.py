"""Coming to a group: enrolling, waiting, being offered a place, and leaving again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.booking.appointments import (
    CancelBooking,
    ConfirmBooking,
    DescribeBooking,
    DescribeLinks,
    MoveBooking,
    RenewLink,
    RequestLinks,
)
from services.contracts.booking.enrolment import (
    AnswerApplication,
    AnswerOffer,
    DescribeEnrolment,
    DescribeGroupMessage,
    Enrolled,
    LeaveGroup,
    ListAttendees,
    MyGroup,
)
from services.contracts.booking.groups import EndGroup
from services.contracts.booking.slots import AddSlot, CancelSlot, SlotState
from services.contracts.booking.slots import BookingStatus as Status
from services.contracts.envelope import Resident
from services.contracts.refusals import Code, Refusal
from tests.support.enrolling import DAY, FRIEND, Circle, bearer, let_time_pass, look
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House, resident
from tests.support.system import System

MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
WEEK = 7 * DAY


async def news_of(house: House, enrolled: Enrolled) -> list[str]:
    rows = await house.system.sql(
        """
        SELECT subject FROM booking.outbox
        WHERE convert_from(body, 'UTF8') LIKE '%' || $1 || '%' ORDER BY id
        """,
        str(enrolled.enrolment_id),
    )
    return [row["subject"].rpartition(".")[2] for row in rows]


async def code_of(awaitable: Any) -> Code:
    with pytest.raises(Refusal) as refused:
        await awaitable
    return refused.value.code


async def leave(house: House, enrolled: Enrolled) -> MyGroup:
    return await house.system.ask(LeaveGroup(booking_id=enrolled.booking_id), bearer(enrolled))


async def answer(house: House, enrolled: Enrolled, *, accept: bool) -> MyGroup:
    request = AnswerOffer(booking_id=enrolled.booking_id, accept=accept)
    return await house.system.ask(request, bearer(enrolled))


async def test_the_last_seat_goes_to_one_and_the_next_is_told_who_is_before_them(house: House) -> None:
    group = await Circle.build(house, capacity=2)

    answers = [await group.enrol(email=f"asukas{number}@posti.example") for number in range(4)]

    assert [each.status for each in answers] == [Status.CONFIRMED] * 2 + [Status.WAITING] * 2
    assert [each.before_you for each in answers] == [None, None, 0, 1]
    assert await group.taken() == 2
    assert await news_of(house, answers[2]) == ["put_on_waiting_list"]
    assert await code_of(group.enrol(or_wait=False)) is Code.GROUP_FULL
    await house.system.check_invariants()


async def test_a_seat_given_back_is_offered_to_the_first_and_to_nobody_who_left(house: House) -> None:
    group = await Circle.build(house, capacity=2)
    first, _, waits, later = [await group.enrol() for _ in range(4)]

    left = await leave(house, first)
    again = await leave(house, first)

    assert left == again
    assert left.status is Status.CANCELLED
    offered = await look(house, waits)
    assert (offered.status, offered.before_you) == (Status.OFFERED, None)
    assert offered.offered_until is not None
    assert (await look(house, later)).before_you == 0
    assert await group.taken() == 2
    assert await news_of(house, first) == ["booking_confirmed", "booking_cancelled"]
    assert await news_of(house, waits) == ["put_on_waiting_list", "seat_offered"]
    await house.system.check_invariants()


async def test_an_offer_is_accepted_once_and_declining_ends_the_wait(house: House) -> None:
    group = await Circle.build(house, capacity=2)
    first, second, third, fourth, fifth = [await group.enrol() for _ in range(5)]
    await leave(house, first)
    await leave(house, second)

    accepted = [await answer(house, third, accept=True) for _ in range(2)]
    declined = [await answer(house, fourth, accept=False) for _ in range(2)]

    assert [each.status for each in accepted] == [Status.CONFIRMED] * 2
    assert [each.status for each in declined] == [Status.CANCELLED] * 2
    assert (await look(house, fifth)).status is Status.OFFERED
    assert await code_of(answer(house, third, accept=False)) is Code.OFFER_OVER
    assert await code_of(answer(house, fourth, accept=True)) is Code.OFFER_OVER
    assert await news_of(house, third) == ["put_on_waiting_list", "seat_offered", "booking_confirmed"]
    assert await news_of(house, fourth) == ["put_on_waiting_list", "seat_offered", "offer_ended"]
    await house.system.check_invariants()


async def test_an_offer_that_nobody_answers_goes_to_the_next(house: House) -> None:
    group = await Circle.build(house, A_TUESDAY + 5 * DAY, capacity=2)
    first, _, third, fourth = [await group.enrol() for _ in range(4)]
    await leave(house, first)

    house.system.clock.advance(DAY + MINUTE)

    async def offered_on() -> bool:
        return (await look(house, fourth)).status is Status.OFFERED

    assert await code_of(answer(house, third, accept=True)) is Code.OFFER_OVER
    await eventually(offered_on)
    assert (await look(house, third)).status is Status.EXPIRED
    assert await news_of(house, third) == ["put_on_waiting_list", "seat_offered", "offer_ended"]
    assert await group.taken() == 2
    await house.system.check_invariants()


async def test_a_party_of_two_waits_for_two_seats_while_one_alone_may_pass(house: House) -> None:
    group = await Circle.build(house, capacity=2)
    first, second = await group.enrol(), await group.enrol()
    couple = await group.enrol(companions=[FRIEND])
    alone = await group.enrol()

    await leave(house, first)
    assert (await look(house, couple)).status is Status.WAITING
    assert (await look(house, alone)).status is Status.OFFERED

    await leave(house, second)
    await answer(house, alone, accept=False)
    assert (await look(house, couple)).status is Status.OFFERED
    assert (await look(house, couple)).places == 2
    assert await group.taken() == 2
    await answer(house, couple, accept=True)

    rows = await house.system.sql(
        "SELECT status FROM booking.booking WHERE display_name = 'Bea' AND accompanies IS NOT NULL"
    )
    assert [row["status"] for row in rows] == ["confirmed"]
    await house.system.check_invariants()


async def test_when_a_companion_steps_back_the_smaller_party_may_fit(house: House) -> None:
    group = await Circle.build(house, capacity=2)
    first, _ = await group.enrol(), await group.enrol()
    couple = await group.enrol(companions=[FRIEND])
    await leave(house, first)
    rows = await house.system.sql("SELECT id FROM booking.booking WHERE display_name = 'Bea'")
    friend = Resident(booking_id=rows[0]["id"], link_version=1)
    assert (await look(house, couple)).status is Status.WAITING

    await house.system.ask(CancelBooking(booking_id=friend.booking_id), friend)

    assert (await look(house, couple)).status is Status.OFFERED
    assert (await look(house, couple)).places == 1
    await house.system.check_invariants()


async def test_those_who_come_along_go_with_whom_they_accompany(house: House) -> None:
    group = await Circle.build(house, capacity=3)
    couple = await group.enrol(companions=[FRIEND])
    assert await group.taken() == 2

    await house.system.ask(CancelBooking(booking_id=couple.booking_id), bearer(couple))

    assert await group.taken() == 0
    rows = await house.system.sql("SELECT DISTINCT status FROM booking.booking")
    assert [row["status"] for row in rows] == ["cancelled"]


async def test_more_seats_are_offered_at_once_in_the_order_of_coming(house: House) -> None:
    group = await Circle.build(house, capacity=2)
    people = [await group.enrol() for _ in range(6)]

    await group.set_capacity(4)

    statuses = [(await look(house, each)).status for each in people]
    assert statuses == [Status.CONFIRMED] * 2 + [Status.OFFERED] * 2 + [Status.WAITING] * 2
    assert await group.taken() == 4
    await house.system.check_invariants()


async def test_a_whole_series_has_a_place_in_each_session_and_one_of_them_can_be_left(house: House) -> None:
    starts = [A_TUESDAY + DAY + number * WEEK for number in range(3)]
    group = await Circle.build(house, *starts, capacity=2, open=False, whole_series=True)
    mine, other = await group.enrol(None), await group.enrol(None)
    waits = await group.enrol(None)
    sessions = (await look(house, mine)).sessions

    link = Resident(booking_id=sessions[1].booking_id, link_version=1)
    await house.system.ask(CancelBooking(booking_id=link.booking_id), link)

    assert [each.status for each in (await look(house, mine)).sessions] == [
        Status.CONFIRMED,
        Status.CANCELLED,
        Status.CONFIRMED,
    ]
    assert [await group.taken(number) for number in range(3)] == [2, 1, 2]
    assert (await look(house, waits)).status is Status.WAITING  # one evening alone is not offered

    await leave(house, other)

    assert [each.status for each in (await look(house, waits)).sessions] == [Status.OFFERED] * 3
    assert await code_of(group.enrol(0)) is Code.FORBIDDEN
    assert await code_of(house.book(group.sessions[0])) is Code.FORBIDDEN
    await house.system.check_invariants()


async def test_a_closed_group_takes_nobody_after_its_first_session_has_begun(house: House) -> None:
    starts = [A_TUESDAY + HOUR, A_TUESDAY + WEEK]
    group = await Circle.build(house, *starts, open=False, whole_series=True)
    _, _, waits = [await group.enrol(None) for _ in range(3)]

    house.system.clock.set(A_TUESDAY + HOUR + MINUTE)

    assert await code_of(group.enrol(None)) is Code.ALREADY_STARTED
    await let_time_pass(house)

    assert (await look(house, waits)).status is Status.EXPIRED
    assert await news_of(house, waits) == ["put_on_waiting_list"] * 2 + ["offer_ended"] * 2
    await house.system.check_invariants()


async def test_the_list_closes_when_nobody_could_answer_in_time(house: House) -> None:
    group = await Circle.build(house, A_TUESDAY + HOUR, capacity=2)
    first, _, waits = [await group.enrol() for _ in range(3)]

    house.system.clock.set(A_TUESDAY + HOUR - 25 * MINUTE)
    await let_time_pass(house)

    assert (await look(house, waits)).status is Status.EXPIRED
    assert await code_of(group.enrol()) is Code.GROUP_FULL
    await leave(house, first)
    assert await group.taken() == 1
    assert (await group.enrol()).status is Status.CONFIRMED


async def test_one_walks_in_with_a_nickname_alone_while_there_is_room(house: House) -> None:
    group = await Circle.build(house, A_TUESDAY + HOUR, capacity=2)
    await group.enrol()
    walk_in: dict[str, Any] = {"walk_in": True, "email": None, "display_name": "Ohikulkija"}

    assert await code_of(group.enrol(**walk_in)) is Code.ROOM_NOT_OPEN
    house.system.clock.set(A_TUESDAY + HOUR + 10 * MINUTE)
    came = await group.enrol(**walk_in)

    assert came.status is Status.CONFIRMED
    assert await code_of(group.enrol(**walk_in)) is Code.GROUP_FULL
    assert await code_of(group.enrol(email=None)) is Code.CONTACT_REQUIRED


async def test_who_applies_is_answered_by_those_who_lead(house: House) -> None:
    group = await Circle.build(house, capacity=2, by_acceptance=True)
    people = [await group.enrol() for _ in range(4)]
    stranger = await house.expert()
    assert {each.status for each in people} == {Status.APPLIED}
    assert await group.taken() == 0

    async def answer(number: int, accept: bool = True, by: Any = group.host) -> MyGroup:
        request = AnswerApplication(booking_id=people[number].booking_id, accept=accept)
        return await house.system.ask(request, by)

    assert await code_of(answer(0, by=stranger)) is Code.NOT_FOUND
    assert await code_of(answer(0, by=bearer(people[0]))) is Code.NOT_FOUND
    assert [(await answer(number)).status for number in (0, 3, 2)] == [
        Status.CONFIRMED,
        Status.CONFIRMED,
        Status.WAITING,
    ]
    refused = await answer(1, accept=False)
    assert (refused.status, refused.not_accepted) == (Status.CANCELLED, True)
    assert await code_of(answer(1)) is Code.ALREADY_CANCELLED
    assert (await answer(0)).status is Status.CONFIRMED
    assert await news_of(house, people[1]) == ["application_received", "booking_cancelled"]
    await house.system.check_invariants()


async def test_a_held_enrolment_is_confirmed_with_its_party_and_all_its_sessions(system: System) -> None:
    system.clock.set(A_TUESDAY)
    await system.start("booking", BOOKING_MODE="confirm")
    house = await House.build(system)
    starts = [A_TUESDAY + DAY, A_TUESDAY + 2 * DAY]
    group = await Circle.build(house, *starts, capacity=2, whole_series=True)
    couple = await group.enrol(None, companions=[FRIEND])
    waits = await group.enrol(None)
    assert (couple.status, waits.status) == (Status.HELD, Status.WAITING)

    await system.ask(ConfirmBooking(booking_id=couple.booking_id), bearer(couple))
    rows = await system.sql("SELECT DISTINCT status FROM booking.booking WHERE display_name = 'Bea'")
    assert [row["status"] for row in rows] == ["confirmed"]

    await leave(house, couple)
    held = await group.enrol(None)
    assert (await look(house, waits)).status is Status.OFFERED
    assert held.status is Status.HELD
    later = await group.enrol(None)
    system.clock.advance(61 * MINUTE)
    await let_time_pass(house)

    assert (await look(house, later)).status is Status.OFFERED
    assert (await look(house, held)).status is Status.EXPIRED
    await system.check_invariants()


async def test_booking_a_session_is_enrolling_without_waiting(house: House) -> None:
    group = await Circle.build(house, capacity=2)

    booked = [await house.book(group.sessions[0]) for _ in range(2)]

    assert await code_of(house.book(group.sessions[0])) is Code.GROUP_FULL
    described = await house.system.ask(DescribeBooking(booking_id=booked[0].id), resident(booked[0]))
    assert described.enrolment_id is not None
    assert described.slot.group_id == group.id


async def test_one_session_is_exchanged_for_another_and_its_seat_is_offered(house: House) -> None:
    group = await Circle.build(house, A_TUESDAY + DAY, A_TUESDAY + 2 * DAY, capacity=2)
    couple = await group.enrol(0, companions=[FRIEND])
    waits = await group.enrol(0)
    third = await group.enrol(1)

    def move(enrolled: Enrolled, session: int) -> Any:
        wish = MoveBooking(booking_id=enrolled.booking_id, slot_id=group.sessions[session])
        return house.system.ask(wish, bearer(enrolled))

    assert await code_of(move(couple, 1)) is Code.GROUP_FULL
    await leave(house, third)
    await move(couple, 1)
    await move(couple, 1)

    assert [await group.taken(number) for number in (0, 1)] == [1, 2]
    assert (await look(house, waits)).status is Status.OFFERED
    assert await code_of(move(waits, 1)) is Code.FORBIDDEN
    await house.system.check_invariants()


async def test_a_called_off_session_takes_those_who_wait_with_it(house: House) -> None:
    starts = [A_TUESDAY + DAY, A_TUESDAY + 2 * DAY]
    group = await Circle.build(house, *starts, capacity=2, whole_series=True)
    first, _, waits = [await group.enrol(None) for _ in range(3)]
    await leave(house, first)
    assert (await look(house, waits)).status is Status.OFFERED

    await house.system.ask(CancelSlot(slot_id=group.sessions[0], reason="Sairastuin."), group.host)
    assert [each.status for each in (await look(house, waits)).sessions] == [
        Status.CANCELLED,
        Status.OFFERED,
    ]
    await house.system.ask(CancelSlot(slot_id=group.sessions[1], reason="Sairastuin."), group.host)

    mine = await look(house, waits)
    assert (mine.status, mine.offered_until) == (Status.CANCELLED, None)
    await house.system.check_invariants()


async def one_more(house: House, group: Circle, starts_at: datetime) -> None:
    session = AddSlot(
        theme="omaishoito",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        languages=["fi"],
        group_id=group.id,
    )
    await house.system.ask(session, group.host, key=str(uuid4()))


async def test_a_series_is_left_between_two_seasons_and_who_left_comes_to_no_new_session(
    house: House,
) -> None:
    group = await Circle.build(house, capacity=4, whole_series=True)
    leaves, stays = await group.enrol(None, companions=[FRIEND]), await group.enrol(None)
    house.system.clock.set(A_TUESDAY + 2 * DAY)
    assert (await look(house, leaves)).member

    left = await leave(house, leaves)
    again = await leave(house, leaves)
    await one_more(house, group, A_TUESDAY + 5 * DAY)

    assert (left.member, again.member) == (False, False)
    assert len((await look(house, leaves)).sessions) == 1
    assert len((await look(house, stays)).sessions) == 2
    rows = await house.system.sql("SELECT taken FROM booking.slot ORDER BY starts_at")
    assert [row["taken"] for row in rows] == [3, 1], "who came keeps the place of then"
    assert "booking_cancelled" not in await news_of(house, leaves)
    await house.system.check_invariants()


async def test_what_has_ended_is_left_by_nobody(house: House) -> None:
    group = await Circle.build(house, whole_series=True)
    mine = await group.enrol(None)
    house.system.clock.set(A_TUESDAY + 2 * DAY)
    await house.system.ask(EndGroup(group_id=group.id, reason="Kiitos."), house.coordinator)

    assert not (await look(house, mine)).member
    assert await code_of(leave(house, mine)) is Code.ALREADY_STARTED


async def test_a_coordinator_ends_a_whole_enrolment_for_somebody_in_one_act(house: House) -> None:
    starts = [A_TUESDAY + DAY, A_TUESDAY + 2 * DAY]
    group = await Circle.build(house, *starts, capacity=2, whole_series=True)
    mine, _, waits = [await group.enrol(None) for _ in range(3)]
    asked = LeaveGroup(booking_id=mine.booking_id)
    assert await code_of(house.system.ask(asked, await house.expert())) is Code.NOT_FOUND

    ended = [await house.system.ask(asked, house.coordinator) for _ in range(2)]

    assert ended[0] == ended[1]
    assert ended[0].status is Status.CANCELLED
    assert {(each.state, each.cancelled_by) for each in ended[0].sessions} == {
        (SlotState.OPEN, "coordinator")
    }, "their places have ended, and the sessions go on"
    assert (await look(house, waits)).status is Status.OFFERED
    rows = await house.system.sql(
        "SELECT cancelled_by FROM booking.booking WHERE enrolment_id = $1", mine.enrolment_id
    )
    assert [row["cancelled_by"] for row in rows] == ["coordinator"] * 2
    await house.system.check_invariants()


async def test_a_link_lives_as_long_as_the_series_and_a_new_one_replaces_all(house: House) -> None:
    group = await Circle.build(house, A_TUESDAY + DAY, A_TUESDAY + 6 * WEEK, whole_series=True)
    mine = await group.enrol(None)
    house.system.clock.set(A_TUESDAY + 5 * WEEK)
    sessions = (await look(house, mine)).sessions

    await house.system.ask(RenewLink(booking_id=mine.booking_id), bearer(mine))

    bodies = await house.system.sql(
        "SELECT convert_from(body, 'UTF8') AS body FROM booking.outbox WHERE subject LIKE '%link_renewed'"
    )
    assert ['"along":true' in row["body"] for row in bodies] == [False, True]
    for session in sessions:
        old = Resident(booking_id=session.booking_id, link_version=session.link_version)
        assert await code_of(house.system.ask(DescribeEnrolment(booking_id=old.booking_id), old)) is (
            Code.LINK_EXPIRED
        )


async def test_whoever_asks_for_their_links_gets_one_for_each_group_waiting_or_not(house: House) -> None:
    series = await Circle.build(house, A_TUESDAY + DAY, A_TUESDAY + 2 * DAY, whole_series=True)
    full = await Circle.build(house, A_TUESDAY + 3 * DAY)
    mine = await series.enrol(None)
    waits = [await full.enrol(email=f"{number}@posti.example") for number in range(2)]
    waits.append(await full.enrol())

    await house.system.ask(RequestLinks(email="KIELO@posti.example"))

    rows = await house.system.sql("SELECT id FROM booking.link_request")
    facts = await house.system.ask(DescribeLinks(link_request_id=rows[0]["id"]))
    assert [(each.booking_id, each.status) for each in facts.bookings] == [
        (mine.booking_id, Status.CONFIRMED),
        (waits[-1].booking_id, Status.WAITING),
    ]


async def test_those_who_lead_see_who_comes_in_pages_and_strangers_nothing(house: House) -> None:
    group = await Circle.build(house, capacity=3)
    await group.enrol(display_name="Eka", companions=[FRIEND])
    await group.enrol(display_name="Toka")
    await group.enrol(display_name="Kolmas")

    names: list[tuple[str, Status]] = []
    cursor = None
    for _ in range(2):
        request = ListAttendees(slot_id=group.sessions[0], limit=2, cursor=cursor)
        page = await house.system.ask(request, group.host)
        names += [(each.display_name, each.status) for each in page.items]
        cursor = page.next

    assert cursor is None
    assert names == [
        ("Eka", Status.CONFIRMED),
        ("Bea", Status.CONFIRMED),
        ("Toka", Status.CONFIRMED),
        ("Kolmas", Status.WAITING),
    ]
    stranger = await house.expert()
    request = ListAttendees(slot_id=group.sessions[0])
    assert await code_of(house.system.ask(request, stranger)) is Code.NOT_FOUND


async def test_a_message_is_told_how_the_enrolment_stands(house: House) -> None:
    group = await Circle.build(house)
    mine = await group.enrol(language="sv")

    facts = await house.system.ask(DescribeGroupMessage(enrolment_id=mine.enrolment_id))

    assert (facts.language, facts.email, facts.phone) == ("sv", "kielo@posti.example", None)
    assert facts.group == await look(house, mine)
    unknown = DescribeGroupMessage(enrolment_id=UUID(int=1))
    assert await code_of(house.system.ask(unknown)) is Code.NOT_FOUND


async def test_a_pressed_button_enrols_once(house: House) -> None:
    group = await Circle.build(house, capacity=5)

    answers = [await group.enrol(key="avain") for _ in range(3)]

    assert len({each.enrolment_id for each in answers}) == 1
    assert await group.taken() == 1

"""A resident's seat from taking it to what was said about it afterwards."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.contracts.booking.appointments import (
    CancelBooking,
    Companion,
    CompanionKind,
    ConfirmBooking,
    DescribeBooking,
    DescribeLinks,
    DescribeMessage,
    DescribeMessages,
    GiveFeedback,
    MoveBooking,
    ReadContact,
    RecordOutcome,
    RenewLink,
    RequestLinks,
)
from services.contracts.booking.slots import BookingStatus, CancelSlot, GetSlot
from services.contracts.envelope import Actor, Anyone, Resident, Staff
from services.contracts.refusals import Code, Refusal
from tests.support.enrolling import Circle, bearer, look
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House, a_booking, resident
from tests.support.system import System

TWO_HOURS = timedelta(hours=2)


async def events_of(house: House, booking_id: object) -> list[str]:
    rows = await house.system.sql(
        """
        SELECT subject FROM booking.outbox
        WHERE convert_from(body, 'UTF8') LIKE '%' || $1 || '%' ORDER BY id
        """,
        str(booking_id),
    )
    return [row["subject"].rpartition(".")[2] for row in rows]


async def refusal_of(awaitable: object) -> Code:
    with pytest.raises(Refusal) as refused:
        await awaitable  # type: ignore[misc]  # any coroutine
    return refused.value.code


async def test_a_taken_time_comes_with_the_next_free_ones(house: House) -> None:
    host = await house.expert()
    first = await house.slot(host, A_TUESDAY + TWO_HOURS)
    second = await house.slot(host, A_TUESDAY + 2 * TWO_HOURS)
    await house.book(first.id)

    with pytest.raises(Refusal) as refused:
        await house.book(first.id)

    assert refused.value.code is Code.SLOT_TAKEN
    assert [item["id"] for item in refused.value.facts["next"]] == [str(second.id)]


async def test_a_time_that_begins_too_soon_is_closed(house: House) -> None:
    host = await house.expert()
    published = await house.hours(host, notice_hours=24)
    today = published.slots[0]

    assert today.starts_at - A_TUESDAY < timedelta(hours=24)
    assert await refusal_of(house.book(today.id)) is Code.SLOT_CLOSED
    assert today.id not in {slot.id for slot in await house.free()}


async def test_an_unknown_time_is_not_found(house: House) -> None:
    assert await refusal_of(house.book(uuid4())) is Code.NOT_FOUND


async def test_without_any_way_to_be_reached_nothing_is_booked(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)

    assert await refusal_of(house.book(slot.id, email=None)) is Code.CONTACT_REQUIRED
    assert (await house.book(slot.id, email=None, phone="+358401234567")).status is BookingStatus.CONFIRMED


async def test_moving_keeps_the_booking_and_its_link_and_raises_the_sequence(house: House) -> None:
    host = await house.expert()
    before = await house.slot(host, A_TUESDAY + TWO_HOURS)
    after = await house.slot(host, A_TUESDAY + 2 * TWO_HOURS)
    booking = await house.book(before.id)

    moved = await house.system.ask(MoveBooking(booking_id=booking.id, slot_id=after.id), resident(booking))
    again = await house.system.ask(MoveBooking(booking_id=booking.id, slot_id=after.id), resident(booking))

    assert (moved.id, moved.slot.id, moved.link_version, moved.sequence) == (booking.id, after.id, 1, 1)
    assert again == moved
    assert {slot.id for slot in await house.free()} == {before.id}
    assert await events_of(house, booking.id) == ["booking_confirmed", "booking_moved"]


async def test_moving_to_a_taken_time_changes_nothing(house: House) -> None:
    host = await house.expert()
    mine = await house.slot(host, A_TUESDAY + TWO_HOURS)
    theirs = await house.slot(host, A_TUESDAY + 2 * TWO_HOURS)
    booking = await house.book(mine.id)
    await house.book(theirs.id)

    code = await refusal_of(
        house.system.ask(MoveBooking(booking_id=booking.id, slot_id=theirs.id), resident(booking))
    )

    assert code is Code.SLOT_TAKEN
    now = await house.system.ask(DescribeBooking(booking_id=booking.id), resident(booking))
    assert (now.slot.id, now.sequence) == (mine.id, 0)


async def test_cancelling_twice_is_cancelling_once(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)
    booking = await house.book(slot.id)

    first = await house.system.ask(CancelBooking(booking_id=booking.id), resident(booking))
    second = await house.system.ask(CancelBooking(booking_id=booking.id), resident(booking))

    assert first == second
    assert (first.status, first.cancelled_by) == (BookingStatus.CANCELLED, "resident")
    assert [item.id for item in await house.free()] == [slot.id]
    assert await events_of(house, booking.id) == ["booking_confirmed", "booking_cancelled"]


async def test_after_the_start_nothing_is_cancelled_or_moved(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)
    other = await house.slot(host, A_TUESDAY + 3 * TWO_HOURS)
    booking = await house.book(slot.id)
    house.system.clock.set(slot.starts_at)

    cancel = CancelBooking(booking_id=booking.id)
    move = MoveBooking(booking_id=booking.id, slot_id=other.id)
    assert await refusal_of(house.system.ask(cancel, resident(booking))) is Code.ALREADY_STARTED
    assert await refusal_of(house.system.ask(move, resident(booking))) is Code.ALREADY_STARTED


async def test_a_host_calls_a_time_off_and_everybody_in_it_is_told_why(house: House) -> None:
    host = await house.expert()
    slot = await house.group(host, A_TUESDAY + TWO_HOURS, capacity=5)
    bookings = [await house.book(slot.id), await house.book(slot.id)]

    cancelled = await house.system.ask(CancelSlot(slot_id=slot.id, reason="Sairastuin."), host)
    again = await house.system.ask(CancelSlot(slot_id=slot.id, reason="Sairastuin."), host)

    assert cancelled.state == again.state == "cancelled"
    for booking in bookings:
        seen = await house.system.ask(DescribeBooking(booking_id=booking.id), resident(booking))
        assert (seen.cancelled_by, seen.cancel_reason) == ("host", "Sairastuin.")
        assert await events_of(house, booking.id) == ["booking_confirmed", "booking_cancelled"]
    assert await refusal_of(house.book(slot.id)) is Code.SLOT_CLOSED


async def test_calling_off_needs_a_reason(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)

    code = await refusal_of(house.system.ask(CancelSlot(slot_id=slot.id, reason=" "), host))

    assert code is Code.REASON_REQUIRED


async def test_one_who_comes_along_has_a_booking_of_their_own_and_takes_no_seat(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)
    helper = Companion(
        display_name="Tulkki", email="tulkki@posti.example", comes_as=CompanionKind.INTERPRETER
    )

    booking = await house.book(slot.id, companions=[helper])

    seen = await house.system.ask(GetSlot(slot_id=slot.id), host)
    assert [(item.display_name, item.comes_as) for item in seen.bookings] == [
        ("Kielo", None),
        ("Tulkki", "interpreter"),
    ]
    companion = Resident(booking_id=seen.bookings[1].booking_id, link_version=1)
    await house.system.ask(CancelBooking(booking_id=booking.id), resident(booking))
    theirs = await house.system.ask(DescribeBooking(booking_id=companion.booking_id), companion)
    assert theirs.status is BookingStatus.CANCELLED


async def test_in_a_group_everybody_who_comes_along_needs_a_place(house: House) -> None:
    host = await house.expert()
    slot = await house.group(host, A_TUESDAY + TWO_HOURS, capacity=3)
    friend = Companion(display_name="Ystävä", phone="+358401234567", comes_as=CompanionKind.CLOSE_PERSON)

    await house.book(slot.id, companions=[friend])

    assert await refusal_of(house.book(slot.id, companions=[friend])) is Code.GROUP_FULL
    await house.book(slot.id)


async def test_a_link_of_another_booking_or_an_old_one_opens_nothing(house: House) -> None:
    host = await house.expert()
    mine = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    theirs = await house.book((await house.slot(host, A_TUESDAY + 2 * TWO_HOURS)).id)

    attempts: list[tuple[Actor, Code]] = [
        (resident(theirs), Code.NOT_FOUND),
        (Anyone(), Code.NOT_FOUND),
        (await house.expert(), Code.NOT_FOUND),
        (Resident(booking_id=mine.id, link_version=0), Code.LINK_EXPIRED),
    ]
    for actor, code in attempts:
        assert await refusal_of(house.system.ask(CancelBooking(booking_id=mine.id), actor)) is code
    assert (await house.system.ask(DescribeBooking(booking_id=mine.id), resident(mine))).sequence == 0


async def test_renewing_a_link_makes_the_old_one_useless(house: House) -> None:
    host = await house.expert()
    booking = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)

    renewed = await house.system.ask(RenewLink(booking_id=booking.id), resident(booking))

    describe = DescribeBooking(booking_id=booking.id)
    assert await refusal_of(house.system.ask(describe, resident(booking))) is Code.LINK_EXPIRED
    fresh = Resident(booking_id=booking.id, link_version=renewed.link_version)
    assert (await house.system.ask(describe, fresh)).id == booking.id


async def test_a_link_outlives_the_meeting_by_a_week(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)
    booking = await house.book(slot.id)
    describe = DescribeBooking(booking_id=booking.id)

    house.system.clock.set(slot.ends_at + timedelta(days=6))
    assert (await house.system.ask(describe, resident(booking))).id == booking.id
    house.system.clock.set(slot.ends_at + timedelta(days=7, seconds=1))
    assert await refusal_of(house.system.ask(describe, resident(booking))) is Code.LINK_EXPIRED


async def test_asking_for_links_is_answered_alike_and_finds_only_live_bookings(house: House) -> None:
    host = await house.expert()
    live = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    gone = await house.book((await house.slot(host, A_TUESDAY + 2 * TWO_HOURS)).id)
    await house.system.ask(CancelBooking(booking_id=gone.id), resident(gone))

    found = {}
    for email in ("KIELO@posti.example", "tuntematon@posti.example"):
        await house.system.ask(RequestLinks(email=email))
        rows = await house.system.sql("SELECT id FROM booking.link_request WHERE email = $1", email)
        facts = await house.system.ask(DescribeLinks(link_request_id=rows[0]["id"]))
        found[email] = [item.booking_id for item in facts.bookings]

    assert found == {"KIELO@posti.example": [live.id], "tuntematon@posti.example": []}


async def test_the_outcome_is_for_the_host_after_the_start_and_can_be_corrected(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)
    booking = await house.book(slot.id)
    attended = RecordOutcome(
        booking_id=booking.id, status=BookingStatus.ATTENDED, guided_to=["Velkaneuvonta"]
    )

    assert await refusal_of(house.system.ask(attended, host)) is Code.NOT_STARTED
    house.system.clock.set(slot.starts_at)
    assert await refusal_of(house.system.ask(attended, await house.expert())) is Code.NOT_FOUND
    assert await refusal_of(house.system.ask(attended, resident(booking))) is Code.NOT_FOUND
    await house.system.ask(RecordOutcome(booking_id=booking.id, status=BookingStatus.NO_SHOW), host)
    await house.system.ask(attended, host)

    seen = await house.system.ask(GetSlot(slot_id=slot.id), host)
    assert seen.bookings[0].status is BookingStatus.ATTENDED
    guided = await house.system.sql("SELECT service FROM booking.guidance")
    assert [row["service"] for row in guided] == ["Velkaneuvonta"]


async def test_feedback_is_kept_once_and_leads_to_nobody(house: House) -> None:
    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS)
    booking = await house.book(slot.id)
    feedback = GiveFeedback(booking_id=booking.id, useful=5, inclusion={"8": 4, "10": 3}, words="Kiitos")

    assert await refusal_of(house.system.ask(feedback, resident(booking))) is Code.NOT_STARTED
    house.system.clock.set(slot.ends_at)
    await house.system.ask(feedback, resident(booking))
    await house.system.ask(feedback, resident(booking))

    rows = [dict(row) for row in await house.system.sql("SELECT * FROM booking.feedback")]
    assert len(rows) == 1
    assert (rows[0]["useful"], rows[0]["words"]) == (5, "Kiitos")
    assert str(booking.id) not in str(rows)
    assert str(slot.id) not in str(rows)


async def test_how_a_group_was_is_asked_when_the_last_of_its_sessions_is_over(house: House) -> None:
    """One that they have left, or that was called off, is not waited for."""
    days = [A_TUESDAY + timedelta(days=number) for number in (1, 2, 3, 4)]
    group = await Circle.build(house, *days, whole_series=True)
    mine = await group.enrol(None)
    left, off = (await look(house, mine)).sessions[2:]
    leaving = CancelBooking(booking_id=left.booking_id)
    await house.system.ask(leaving, Resident(booking_id=left.booking_id, link_version=left.link_version))
    await house.system.ask(CancelSlot(slot_id=off.slot_id, reason="Sairastuin."), group.host)
    feedback = GiveFeedback(booking_id=mine.booking_id, useful=4)

    house.system.clock.set(days[0] + TWO_HOURS)
    described = await house.system.ask(DescribeBooking(booking_id=mine.booking_id), bearer(mine))
    assert described.others_until == days[1] + timedelta(hours=1)
    assert await refusal_of(house.system.ask(feedback, bearer(mine))) is Code.NOT_STARTED
    house.system.clock.set(days[1] + TWO_HOURS)
    await house.system.ask(feedback, bearer(mine))

    assert len(await house.system.sql("SELECT useful FROM booking.feedback")) == 1


@pytest.mark.parametrize("answer", [0, 6])
async def test_answers_are_from_one_to_five(house: House, answer: int) -> None:
    host = await house.expert()
    booking = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    house.system.clock.advance(timedelta(hours=4))

    for given in (
        GiveFeedback(booking_id=booking.id, useful=answer),
        GiveFeedback(booking_id=booking.id, inclusion={"1": answer}),
        GiveFeedback(booking_id=booking.id, inclusion={"11": 3}),
    ):
        assert await refusal_of(house.system.ask(given, resident(booking))) is Code.FIELD_INVALID


async def test_contact_data_is_for_the_host_and_coordinators(house: House) -> None:
    host = await house.expert()
    booking = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    read = ReadContact(booking_id=booking.id)

    assert (await house.system.ask(read, host)).email == "kielo@posti.example"
    assert (await house.system.ask(read, house.coordinator)).email == "kielo@posti.example"
    actors: list[Staff | Resident] = [await house.expert(), resident(booking)]
    for actor in actors:
        assert await refusal_of(house.system.ask(read, actor)) is Code.NOT_FOUND


@pytest.fixture
async def asking_house(system: System) -> House:
    """A house where a booking must be confirmed from the mail first."""
    system.clock.set(A_TUESDAY)
    await system.start("booking", BOOKING_MODE="confirm", HOLD_MINUTES="30")
    return await House.build(system)


async def test_a_held_time_is_confirmed_by_its_resident_once(asking_house: House) -> None:
    host = await asking_house.expert()
    held = await asking_house.book((await asking_house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    confirm = ConfirmBooking(booking_id=held.id)

    first = await asking_house.system.ask(confirm, resident(held))
    second = await asking_house.system.ask(confirm, resident(held))

    assert held.status is BookingStatus.HELD
    assert first.status is second.status is BookingStatus.CONFIRMED
    assert await events_of(asking_house, held.id) == ["booking_held", "booking_confirmed"]


async def test_a_hold_that_nobody_confirms_gives_the_time_back(asking_house: House) -> None:
    host = await asking_house.expert()
    slot = await asking_house.slot(host, A_TUESDAY + TWO_HOURS)
    held = await asking_house.book(slot.id)
    asking_house.system.clock.advance(timedelta(minutes=30))

    await eventually(lambda: _is_free(asking_house, slot.id))

    code = await refusal_of(asking_house.system.ask(ConfirmBooking(booking_id=held.id), resident(held)))
    assert code is Code.HOLD_EXPIRED
    facts = await asking_house.system.ask(DescribeMessage(booking_id=held.id))
    assert facts.status is BookingStatus.EXPIRED


async def test_several_bookings_are_described_as_each_alone_and_unknown_ones_left_out(house: House) -> None:
    host = await house.expert()
    slots = [await house.slot(host, A_TUESDAY + hours * TWO_HOURS) for hours in range(1, 4)]
    booked = [await house.book(slot.id) for slot in slots]
    ids = [each.id for each in booked]
    alone = [await house.system.ask(DescribeMessage(booking_id=booking_id)) for booking_id in ids]

    together = await house.system.ask(DescribeMessages(booking_ids=[uuid4(), *ids]))

    assert sorted(together.items, key=lambda facts: ids.index(facts.booking_id)) == alone
    many = DescribeMessages(booking_ids=[uuid4() for _ in range(65)])
    assert await refusal_of(house.system.ask(many)) is Code.FIELD_INVALID


async def test_a_coordinator_books_on_somebodys_behalf_without_a_hold(asking_house: House) -> None:
    host = await asking_house.expert()
    slot = await asking_house.slot(host, A_TUESDAY + TWO_HOURS)

    booked = await asking_house.system.ask(a_booking(slot.id), asking_house.coordinator, key=str(uuid4()))

    assert booked.status is BookingStatus.CONFIRMED


async def _is_free(house: House, slot_id: object) -> bool:
    return slot_id in {slot.id for slot in await house.free()}

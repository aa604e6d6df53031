"""The page behind a group's link: before one has a place, at each hour of a session, and after it."""

from datetime import timedelta
from typing import Any

import pytest

from services.contracts.booking.appointments import CancelBooking, DescribeBooking, MoveBooking
from services.contracts.booking.enrolment import AnswerOffer, DescribeEnrolment, LeaveGroup
from services.contracts.booking.groups import GetGroup, Groups, GroupSession, ListGroups
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import Join, Look, RoomState
from tests.pages import examples, group_examples
from tests.pages.group_examples import CLOSED, OPEN, WEEK
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor

LINK = examples.link()
CHANGES = (AnswerOffer, CancelBooking, Join, LeaveGroup, MoveBooking)
ANSWER_UNTIL = examples.STARTS - timedelta(hours=1)


@pytest.fixture(autouse=True)
def in_a_group(neighbours: Neighbours) -> None:
    stands(neighbours)
    neighbours.answers(GetGroup, group_examples.page(CLOSED))
    neighbours.answers(ListGroups, Groups([OPEN, CLOSED]))


def stands(neighbours: Neighbours, status: BookingStatus = BookingStatus.CONFIRMED, **differs: Any) -> None:
    """How the person of the link stands, with what differs in the enrolment."""
    neighbours.answers(DescribeBooking, group_examples.booking(status))
    neighbours.answers(DescribeEnrolment, group_examples.my_group(status, **differs))
    if status in (BookingStatus.APPLIED, BookingStatus.WAITING, BookingStatus.OFFERED):
        neighbours.refuses(Look, Refusal(Code.NOT_FOUND, "No place."))


async def test_before_a_session_it_tells_when_and_of_all_ones_times(visitor: Visitor) -> None:
    page = await visitor.open(LINK)

    assert CLOSED.name.fi in page.text
    assert "Ovi avautuu tänään klo 12.45" in page.text
    assert "Muut näkevät sinut nimellä Kielo" in page.text
    theirs = {link for link in page.links if link.startswith("/t/") and "/" not in link[3:]}
    assert len(theirs) == 2, "the way to each other session, by a link of its own"
    assert {f"{LINK}/cancel", f"{LINK}/leave-group"} <= set(page.links)
    assert f"{LINK}/move" not in page.links, "a series is not changed for one of its times"


async def test_a_sessions_own_page_opens_by_the_link_in_the_list(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await visitor.open(LINK)
    other = next(link for link in page.links if link.startswith("/t/") and "/" not in link[3:])

    await visitor.open(other)

    asked = neighbours.heard(DescribeBooking)[-1]
    assert asked.booking_id == group_examples.own_session(1).booking_id


async def test_of_the_others_only_their_number_is_told(visitor: Visitor, neighbours: Neighbours) -> None:
    assert "Tulossa on noin" not in (await visitor.open(LINK)).text, "two would tell of each other"
    crowd = [group_examples.session(capacity=12, seats_left=4)]
    neighbours.answers(GetGroup, group_examples.page(CLOSED, sessions=crowd))

    assert "Tulossa on noin 8 ihmistä" in (await visitor.open(LINK)).text


async def test_one_who_waits_reads_how_many_are_before_them(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    stands(neighbours, BookingStatus.WAITING, before_you=2, places=2)

    page = await visitor.open(LINK)

    assert page.heading == "Olet jonotuslistalla"
    assert "Edelläsi on kaksi." in page.text
    assert "Teitä on 2" in page.text
    assert f"{LINK}/leave-group" in page.links
    assert not page.has_form("/join")


async def test_one_who_asked_to_join_waits_for_the_answer(visitor: Visitor, neighbours: Neighbours) -> None:
    stands(neighbours, BookingStatus.APPLIED)

    page = await visitor.open(LINK)

    assert page.heading == "Pyyntösi on lähetetty"
    assert "saat viestin" in page.text


@pytest.mark.parametrize(("answer", "accept"), [("yes", True), ("no", False)])
async def test_an_offer_is_answered_with_one_button(
    visitor: Visitor, neighbours: Neighbours, answer: str, accept: bool
) -> None:
    stands(neighbours, BookingStatus.OFFERED, offered_until=ANSWER_UNTIL)
    neighbours.answers(AnswerOffer, group_examples.my_group())

    page = await visitor.open(LINK)
    assert "Vastaa viimeistään tänään klo 12.00" in page.text
    page = await visitor.send(page.form("/offer"), press=("answer", answer))

    asked = neighbours.heard(AnswerOffer)[0]
    assert (asked.booking_id, asked.accept) == (examples.BOOKING_ID, accept)
    assert page.path == LINK


async def test_an_answer_that_comes_too_late_is_met_kindly(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    stands(neighbours, BookingStatus.OFFERED, offered_until=ANSWER_UNTIL)
    page = await visitor.open(LINK)
    neighbours.refuses(AnswerOffer, Refusal(Code.OFFER_OVER, "Over."))
    stands(neighbours, BookingStatus.EXPIRED)

    page = await visitor.send(page.form("/offer"), press=("answer", "yes"))

    assert page.status == 200
    assert "siirtynyt seuraavalle" in page.text
    assert {"/groups", f"/groups/{OPEN.id}"} <= set(page.links)


async def test_who_comes_along_does_not_answer_for_the_party(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    stands(neighbours, BookingStatus.OFFERED, offered_until=ANSWER_UNTIL, accompanies=True, places=2)

    page = await visitor.open(LINK)

    assert not page.has_form("/offer")
    assert "vastaa puolestanne" in page.text


async def test_a_session_without_a_host_says_so_and_names_nobody(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    stands(neighbours, sessions=[group_examples.own_session(staffed=False)])

    page = await visitor.open(LINK)

    assert "Etsimme vielä ohjaajaa tälle kerralle" in page.text
    assert "Aino" not in page.text


@pytest.mark.parametrize("state", [RoomState.WAITING, RoomState.OPEN])
async def test_the_door_is_that_of_any_meeting(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock, state: RoomState
) -> None:
    clock.set(examples.STARTS - timedelta(minutes=5))
    neighbours.answers(Look, examples.view(state))
    neighbours.answers(Join, examples.joined())

    page = await visitor.open(LINK)
    page = await visitor.send(page.form("/join"))

    assert page.has_form("/leave")


async def test_who_was_sent_out_is_told_kindly_and_led_on(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    page = await visitor.open(LINK)
    neighbours.answers(Look, examples.view(RoomState.OPEN, removed=True))
    neighbours.refuses(Join, Refusal(Code.REMOVED, "Sent out."))

    page = await visitor.send(page.form("/join"))

    assert page.heading == "Et pääse enää mukaan tälle kerralle"
    assert not page.has_form("/join")
    assert "Seuraava kertasi" in page.text


async def test_after_a_session_the_next_one_is_pointed_to(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.ENDS + timedelta(hours=1))
    neighbours.answers(Look, examples.view(RoomState.OVER))
    until = group_examples.own_session(2).ends_at
    neighbours.answers(DescribeBooking, group_examples.booking(others_until=until))

    page = await visitor.open(LINK)

    assert not page.has_form("/feedback"), "how it was is asked once, when the group is over"
    assert "Seuraava kertasi" in page.text
    assert "tiistaina 19. tammikuuta" in page.text


async def test_after_the_last_session_other_groups_are_shown(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.ENDS + timedelta(hours=1))
    neighbours.answers(Look, examples.view(RoomState.OVER))
    stands(neighbours, count=1)

    page = await visitor.open(LINK)

    assert page.has_form("/feedback")
    assert f"/groups/{OPEN.id}" in page.links
    assert f"/groups/{CLOSED.id}" not in page.links


async def test_a_session_called_off_tells_why_and_keeps_the_others(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    off = group_examples.booking(
        BookingStatus.CANCELLED, cancelled_by="host", cancel_reason="Ohjaaja on sairaana."
    )
    sessions = [
        group_examples.own_session(state=SlotState.CANCELLED, status=BookingStatus.CANCELLED),
        group_examples.own_session(1),
    ]
    stands(neighbours, sessions=sessions)
    neighbours.answers(DescribeBooking, off)

    page = await visitor.open(LINK)

    assert page.heading == "Tämä kerta on peruttu"
    assert "Ohjaaja on sairaana." in page.text
    assert "Seuraava kertasi" in page.text


@pytest.mark.parametrize(
    ("by", "not_accepted", "heading"),
    [
        ("resident", False, "Et tule tällä kertaa"),
        ("host", True, "Ryhmään ei tällä kertaa ollut paikkaa sinulle"),
        ("coordinator", False, "Paikkasi ryhmässä on päättynyt"),
    ],
)
async def test_who_ended_it_is_told_apart(
    visitor: Visitor, neighbours: Neighbours, by: str, not_accepted: bool, heading: str
) -> None:
    stands(neighbours, BookingStatus.CANCELLED, count=1, not_accepted=not_accepted)
    neighbours.answers(DescribeBooking, group_examples.booking(BookingStatus.CANCELLED, cancelled_by=by))

    page = await visitor.open(LINK)

    assert page.heading == heading
    assert "/groups" in page.links


async def test_a_moved_session_is_marked_in_the_list(visitor: Visitor, neighbours: Neighbours) -> None:
    moved = group_examples.own_session(1, series_start=examples.STARTS + WEEK - timedelta(hours=1))
    stands(neighbours, sessions=[group_examples.own_session(), moved])

    assert "Siirretty" in (await visitor.open(LINK)).text


async def test_one_time_is_left_after_a_question(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(CancelBooking, group_examples.booking(BookingStatus.CANCELLED))

    page = await visitor.open(f"{LINK}/cancel")
    assert page.heading == "Haluatko luopua paikastasi tällä kertaa?"
    assert LINK in page.links
    page = await visitor.send(page.form("/cancel"))

    assert len(neighbours.heard(CancelBooking)) == 1
    assert not neighbours.heard(LeaveGroup)


async def test_the_group_is_left_after_a_question_that_lists_the_times(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(LeaveGroup, group_examples.my_group(BookingStatus.CANCELLED))

    page = await visitor.open(f"{LINK}/leave-group")
    assert len(page.one("main").all("time")) == 3
    assert not neighbours.heard(LeaveGroup)
    form = page.form("/leave-group")
    page = await visitor.send(form)

    assert "Olet jättänyt ryhmän" in page.text
    stands(neighbours, BookingStatus.CANCELLED)
    assert (await visitor.send(form)).path == LINK, "a second press is harmless"
    assert (await visitor.open(f"{LINK}/leave-group")).path == LINK, "nothing is left to leave"


async def test_a_series_is_left_also_while_no_time_of_it_is_ahead(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    stands(neighbours, BookingStatus.ATTENDED, count=1, member=True)
    neighbours.answers(Look, examples.view(RoomState.OVER))
    neighbours.answers(LeaveGroup, group_examples.my_group(BookingStatus.CANCELLED, count=1))
    clock.set(examples.ENDS + timedelta(days=2))

    page = await visitor.open(LINK)
    assert f"{LINK}/leave-group" in page.links
    page = await visitor.open(f"{LINK}/leave-group")
    assert "ei ole nyt sovittu kertoja" in page.text
    stands(neighbours, BookingStatus.ATTENDED, count=1)
    page = await visitor.send(page.form("/leave-group"))

    assert "Olet jättänyt ryhmän" in page.text
    assert f"{LINK}/leave-group" not in page.links


async def test_one_time_may_be_changed_for_another_of_the_group(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    stands(neighbours, whole_series=False, count=1)
    neighbours.answers(GetGroup, group_examples.page(OPEN))
    neighbours.answers(MoveBooking, group_examples.booking())

    page = await visitor.open(LINK)
    assert f"{LINK}/move" in page.links
    page = await visitor.open(f"{LINK}/move")
    await visitor.send(page.form("/move"))

    assert neighbours.heard(MoveBooking)[0].slot_id == group_examples.session(1).slot_id


@pytest.mark.parametrize(
    "sessions",
    [
        [group_examples.session()],
        [group_examples.session(), group_examples.session(1, seats_left=0)],
    ],
    ids=["no other", "the other full"],
)
async def test_nobody_is_led_to_other_times_that_there_are_not(
    visitor: Visitor, neighbours: Neighbours, sessions: list[GroupSession]
) -> None:
    stands(neighbours, whole_series=False, count=1)
    neighbours.answers(GetGroup, group_examples.page(OPEN, sessions=sessions))

    page = await visitor.open(LINK)

    assert f"{LINK}/move" not in page.links
    assert f"{LINK}/cancel" in page.links


async def test_looking_changes_nothing(visitor: Visitor, neighbours: Neighbours) -> None:
    stands(neighbours, BookingStatus.OFFERED, offered_until=ANSWER_UNTIL)
    for path in (LINK, f"{LINK}/cancel", f"{LINK}/leave-group", f"{LINK}/move", f"{LINK}?done=accepted"):
        await visitor.open(path)

    assert not [kind for kind in CHANGES if neighbours.heard(kind)]


@pytest.mark.parametrize("act", ["offer", "leave-group"])
async def test_acting_needs_the_form_of_our_own_page(
    visitor: Visitor, neighbours: Neighbours, act: str
) -> None:
    stands(neighbours, BookingStatus.OFFERED, offered_until=ANSWER_UNTIL)
    page = await visitor.open(LINK if act == "offer" else f"{LINK}/leave-group")

    refused = await visitor.send(page.form(f"/{act}"), csrf="x" * 24)

    assert refused.status == 403
    assert LINK in refused.links
    assert not neighbours.heard(AnswerOffer)
    assert not neighbours.heard(LeaveGroup)


async def test_with_booking_away_the_way_in_is_still_there(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    await neighbours.away("booking")

    assert (await visitor.open(LINK)).has_form("/join")


async def test_an_enrolment_that_cannot_be_told_of_hides_no_way_in(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    neighbours.refuses(DescribeEnrolment, Refusal(Code.OVERLOADED, "Too busy."))

    assert (await visitor.open(LINK)).has_form("/join")


async def test_a_card_of_a_group_in_another_language(visitor: Visitor) -> None:
    page = await visitor.open(f"{LINK}?lang=sv")

    assert page.language == "sv"
    assert CLOSED.name.sv in page.text
    assert "Dina träffar i gruppen" in page.text

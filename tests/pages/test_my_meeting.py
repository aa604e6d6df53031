"""The page behind the resident's link, at every hour of its meeting."""

from datetime import timedelta

import pytest

from services.contracts.booking.appointments import (
    CancelBooking,
    ConfirmBooking,
    DescribeBooking,
    GiveFeedback,
    MoveBooking,
    RequestLinks,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import Join, Leave, Look, RoomState
from tests.pages import examples
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor

LINK = examples.link()
CHANGES = (CancelBooking, ConfirmBooking, MoveBooking, GiveFeedback, Join, Leave, RequestLinks)


async def test_before_its_time_it_says_when_the_door_opens(visitor: Visitor) -> None:
    page = await visitor.open(LINK)

    assert page.heading == "Oma aikasi"
    assert "tiistaina 12. tammikuuta klo 13.00–13.45" in page.text
    assert "Ovi avautuu tänään klo 12.45" in page.text
    assert {f"{LINK}/cancel", f"{LINK}/move", f"/api/v1{LINK}/calendar.ics"} <= set(page.links)
    assert not page.has_form("/join")


async def test_waiting_is_honest_and_works_without_script(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS - timedelta(minutes=5))
    neighbours.answers(Look, examples.view(RoomState.WAITING))
    neighbours.answers(Join, examples.joined(state=RoomState.WAITING, video=None))

    page = await visitor.open(LINK)
    assert "Aino Asiantuntija ei ole vielä paikalla" in page.text
    refresh = [node for node in page.all("meta") if node["http-equiv"] == "refresh"]
    assert [node["content"] for node in refresh] == ["20"]

    neighbours.answers(Look, examples.view(RoomState.WAITING, here=True))
    page = await visitor.send(page.form("/join"))

    assert neighbours.heard(Join)[0].display_name == "Kielo"
    assert "Aino Asiantuntija tietää, että olet täällä" in page.text
    assert not page.has_form("/join")


async def test_a_host_who_is_late_is_not_the_residents_fault(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS + timedelta(minutes=5))
    neighbours.answers(Look, examples.view(RoomState.WAITING))

    page = await visitor.open(LINK)

    assert page.heading == "Odota hetki"
    assert "Tämä ei johdu sinusta" in page.text
    assert "/times" in page.links


async def test_an_open_door_leads_to_the_room(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    neighbours.answers(Join, examples.joined())

    page = await visitor.open(LINK)
    page = await visitor.send(page.form("/join"))

    assert "DIGIAULA_JITSI_DOMAIN" in page.text, "with no Jitsi it says how to connect one"
    assert page.by_id("pass").text == "a.pass.here"
    assert page.has_form("/leave")


async def test_a_name_that_cannot_be_shown_opens_the_door_as_a_guest(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    neighbours.answers(
        Join,
        lambda asked, _: (
            examples.joined()
            if asked.display_name == "Vieras"
            else Refusal(Code.NICKNAME_INVALID, "An address is no name.")
        ),
    )

    page = await visitor.send((await visitor.open(LINK)).form("/join"))

    assert page.status == 200
    assert page.has_form("/leave")


async def test_with_booking_away_the_meeting_can_still_be_joined(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    neighbours.answers(Look, examples.view(RoomState.OPEN))
    neighbours.answers(Join, examples.joined())
    await neighbours.away("booking")

    page = await visitor.open(LINK)
    page = await visitor.send(page.form("/join"))

    assert page.has_form("/leave")


async def test_with_rooms_away_at_its_time_it_says_to_try_again(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    await neighbours.away("rooms")

    page = await visitor.open(LINK)

    assert page.status == 503
    assert LINK in page.links


async def test_a_meeting_that_is_over_thanks_asks_and_leads_on(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.ENDS + timedelta(hours=1))
    neighbours.answers(Look, examples.view(RoomState.OVER))
    neighbours.answers(GiveFeedback, Nothing())

    page = await visitor.open(LINK)
    assert page.heading == "Kiitos käynnistä"
    assert f"/book/{examples.FREE[0].id}" in page.links

    page = await visitor.send(page.form("/feedback"), useful="5", words="Hyvä että sain puhua.")

    told = neighbours.heard(GiveFeedback)[0]
    assert (told.useful, told.easier_to_find, told.words) == (5, None, "Hyvä että sain puhua.")
    assert "Kiitos, että kerroit" in page.text


async def test_feedback_is_asked_for_once(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.ENDS + timedelta(hours=1))
    neighbours.answers(Look, examples.view(RoomState.OVER))
    neighbours.answers(DescribeBooking, examples.booking(feedback_given=True))

    assert not (await visitor.open(LINK)).has_form("/feedback")


@pytest.mark.parametrize(
    ("by", "words"),
    [("resident", "Olet perunut tämän ajan"), ("host", "joutui perumaan ajan"), ("coordinator", "Palvelu")],
)
async def test_a_cancelled_time_says_by_whom_and_why(
    visitor: Visitor, neighbours: Neighbours, by: str, words: str
) -> None:
    gone = examples.booking(status=BookingStatus.CANCELLED, cancelled_by=by, cancel_reason="Olen sairaana.")
    neighbours.answers(DescribeBooking, gone)

    page = await visitor.open(LINK)

    assert words in page.text
    assert "Olen sairaana." in page.text
    assert not page.has_form("/join")
    assert f"/book/{examples.FREE[0].id}" in page.links


async def test_a_held_time_is_confirmed_by_a_button(visitor: Visitor, neighbours: Neighbours) -> None:
    held = examples.booking(status=BookingStatus.HELD, held_until=examples.STARTS - timedelta(minutes=30))
    neighbours.answers(DescribeBooking, held)
    neighbours.refuses(Look, Refusal(Code.NOT_FOUND, "No room yet."))
    neighbours.answers(ConfirmBooking, examples.booking())

    page = await visitor.open(LINK)
    assert page.heading == "Vahvista aikasi"
    await visitor.send(page.form("/confirm"))

    assert neighbours.heard(ConfirmBooking)[0].booking_id == examples.BOOKING_ID


async def test_cancelling_asks_first(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(CancelBooking, examples.booking(status=BookingStatus.CANCELLED))

    page = await visitor.open(f"{LINK}/cancel")
    assert LINK in page.links, "the way back"
    assert not neighbours.heard(CancelBooking)
    page = await visitor.send(page.form("/cancel"))

    assert len(neighbours.heard(CancelBooking)) == 1
    assert page.path == LINK


async def test_moving_offers_other_times_and_takes_one(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(MoveBooking, examples.booking())

    page = await visitor.open(f"{LINK}/move")
    assert str(examples.FREE[0].id) not in page.html, "its own time is not another"
    page = await visitor.send(page.form("/move"))

    assert neighbours.heard(MoveBooking)[0].slot_id == examples.FREE[1].id
    assert "Aikasi on siirretty" in page.text


async def test_a_time_taken_while_moving_leaves_the_old_one(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    neighbours.refuses(MoveBooking, Refusal(Code.SLOT_TAKEN, "Taken."))

    page = await visitor.open(f"{LINK}/move")
    page = await visitor.send(page.form("/move"))

    assert page.status == 409
    assert "Se pysyy sinulla" in page.text
    assert page.has_form("/move")


async def test_an_old_link_offers_a_new_one_and_tells_nothing(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    neighbours.refuses(DescribeBooking, Refusal(Code.LINK_EXPIRED, "Replaced."))
    neighbours.refuses(Look, Refusal(Code.LINK_EXPIRED, "Replaced."))
    neighbours.answers(RequestLinks, Nothing())

    page = await visitor.open(LINK)
    assert page.status == 410
    assert "Aino" not in page.html
    page = await visitor.send(page.form("/send-again"))

    assert neighbours.heard(RequestLinks)[0].booking_id == examples.BOOKING_ID
    assert page.heading == "Katso viestisi"


@pytest.mark.parametrize(
    "spoilt", [LINK[:-1], LINK.upper(), LINK + "A", "/t/x", LINK.replace("/t/", "/t/A")]
)
async def test_an_unknown_link_meets_one_neutral_page(visitor: Visitor, spoilt: str) -> None:
    page = await visitor.open(spoilt.replace("/T/", "/t/"))

    assert page.status == 404
    assert page.heading == "Emme tunne tätä linkkiä"
    assert page.has_form("/links")


async def test_looking_changes_nothing(visitor: Visitor, neighbours: Neighbours) -> None:
    for path in (LINK, f"{LINK}/cancel", f"{LINK}/move", f"{LINK}?done=booked"):
        await visitor.open(path)
        async with visitor.session.head(visitor.address + path) as response:
            assert response.status == 200

    assert not [kind for kind in CHANGES if neighbours.heard(kind)]


async def test_acting_needs_the_form_of_our_own_page(visitor: Visitor, neighbours: Neighbours) -> None:
    page = await visitor.open(f"{LINK}/cancel")

    refused = await visitor.send(page.form("/cancel"), csrf="x" * 24)

    assert refused.status == 403
    assert LINK in refused.links, "the way back to one's time"
    assert not neighbours.heard(CancelBooking)


async def test_lost_links_are_asked_for_with_the_same_answer_for_everybody(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(RequestLinks, Nothing())

    page = await visitor.open("/links")
    page = await visitor.send(page.form("/links"), email="kielo@posti.example")
    assert page.heading == "Katso viestisi"

    page = await visitor.open("/links")
    page = await visitor.send(page.form("/links"))
    assert page.status == 400
    assert "email" in page.errors
    assert len(neighbours.heard(RequestLinks)) == 1

"""A place in a group that is no more: each way in which it ends is told as what it is."""

from typing import Any

import pytest

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.enrolment import DescribeEnrolment
from services.contracts.booking.groups import GetGroup, Groups, ListGroups
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.refusals import Code, Refusal
from services.runtime.texts import LANGUAGES
from tests.pages import examples, group_examples
from tests.pages.group_examples import CLOSED, OPEN
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Visitor

LINK = examples.link()
CALLED_OFF = "Tämä kerta on peruttu. Olemme pahoillamme."
GOES_ON = "Ryhmä itse jatkuu."
LEFT = "Olet luopunut paikastasi."
NO_PLACE = "Et ole tehnyt mitään väärää."


@pytest.fixture(autouse=True)
def groups(neighbours: Neighbours) -> None:
    neighbours.answers(GetGroup, group_examples.page(CLOSED))
    neighbours.answers(ListGroups, Groups([OPEN, CLOSED]))


def ended(neighbours: Neighbours, by: str, *, off: bool = False, count: int = 2, **differs: Any) -> None:
    """Every place of the person's is cancelled; `off`: and so are the sessions themselves."""
    state = SlotState.CANCELLED if off else SlotState.OPEN
    sessions = [
        group_examples.own_session(number, status=BookingStatus.CANCELLED, state=state, cancelled_by=by)
        for number in range(count)
    ]
    neighbours.answers(DescribeBooking, group_examples.booking(BookingStatus.CANCELLED, cancelled_by=by))
    neighbours.answers(
        DescribeEnrolment, group_examples.my_group(BookingStatus.CANCELLED, sessions=sessions, **differs)
    )


@pytest.mark.parametrize(
    ("by", "differs", "heading", "said"),
    [
        ("coordinator", {}, "Paikkasi ryhmässä on päättynyt", GOES_ON),
        ("host", {}, "Paikkasi ryhmässä on päättynyt", GOES_ON),
        ("resident", {}, "Olet jättänyt ryhmän", LEFT),
        ("resident", {"accompanies": True}, "Et tule tällä kertaa", "sinä tai se, jonka mukana"),
        ("host", {"not_accepted": True}, "Ryhmään ei tällä kertaa ollut paikkaa sinulle", NO_PLACE),
        ("host", {"off": True}, "Tämä kerta on peruttu", CALLED_OFF),
        ("coordinator", {"off": True}, "Tämä kerta on peruttu", CALLED_OFF),
    ],
    ids=["coordinator", "leader", "oneself", "companion", "not accepted", "called off", "group closed"],
)
async def test_each_way_a_place_ends_has_its_own_words(
    visitor: Visitor, neighbours: Neighbours, by: str, differs: dict[str, Any], heading: str, said: str
) -> None:
    ended(neighbours, by, **differs)

    page = await visitor.open(LINK)

    assert page.heading == heading
    assert said in page.text
    others = {CALLED_OFF, GOES_ON, LEFT, NO_PLACE} - {said}
    assert not [words for words in others if words in page.text]
    assert "Palvelu joutui perumaan" not in page.text


async def test_whose_place_was_ended_is_shown_a_way_to_ask(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    ended(neighbours, "coordinator")

    page = await visitor.open(LINK)

    assert "ota mielellään yhteyttä" in page.text
    assert "/times" in page.links


async def test_one_place_of_several_that_was_ended_leaves_the_others(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    ended(neighbours, "host")
    mine = group_examples.my_group()
    gone = group_examples.own_session(status=BookingStatus.CANCELLED, cancelled_by="host")
    neighbours.answers(DescribeEnrolment, group_examples.my_group(sessions=[gone, *mine.sessions[1:]]))

    page = await visitor.open(LINK)

    assert page.heading == "Paikkasi tällä kerralla on päättynyt"
    assert "Muut kertasi pysyvät sinulla." in page.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_said_in_every_language(
    visitor: Visitor, neighbours: Neighbours, language: str
) -> None:
    ended(neighbours, "coordinator")

    page: Page = await visitor.open(f"{LINK}?lang={language}")

    goes_on = {"fi": GOES_ON, "sv": "Själva gruppen fortsätter.", "en": "The group itself goes on."}
    assert goes_on[language] in page.text


async def test_with_the_group_not_to_be_asked_nobody_says_that_it_is_off(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    ended(neighbours, "coordinator")
    neighbours.refuses(DescribeEnrolment, Refusal(Code.OVERLOADED, "Busy."))

    page = await visitor.open(LINK)

    assert page.heading == "Et tule tällä kertaa"
    assert "peru" not in page.text.replace("Peruuta", "")

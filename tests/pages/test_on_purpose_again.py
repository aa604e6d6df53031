"""When a form takes a place after all: for somebody else on purpose, or because the first has gone."""

import pytest

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.catalogue import FindSlots, FreeSlots
from services.contracts.booking.enrolment import DescribeEnrolment
from services.contracts.booking.groups import GetGroup
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal
from tests.pages import examples, group_examples
from tests.pages.group_examples import CLOSED, OPEN
from tests.pages.taking import (
    ANOTHER,
    FORMS,
    SERIES,
    SESSION,
    Ledger,
    ledger,
    press,
    press_for_another,
    way_to_another,
)
from tests.pages.test_groups import FILLED
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor

__all__ = ["ledger"]


@pytest.mark.parametrize("path", [SERIES, SESSION])
async def test_somebody_else_is_signed_up_on_purpose_and_not_twice_either(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    first = await press(visitor, path)
    asked_for = way_to_another(await visitor.open(path))
    kept = (await visitor.open(asked_for)).form(path)
    second = await press_for_another(visitor, path)
    assert ledger.taken == 2

    again = await visitor.send(kept, FILLED)
    back = await visitor.open(asked_for)

    assert second.path != first.path
    assert again.path == second.path
    assert not back.has_form(path)
    assert second.path in back.links
    assert ledger.taken == 2


async def test_what_is_wrong_with_another_persons_form_keeps_it_another_persons(
    visitor: Visitor, ledger: Ledger
) -> None:
    await press(visitor, SERIES)
    asked_for = way_to_another(await visitor.open(SERIES))
    page = await visitor.open(asked_for)
    assert "Ilmoitat nyt toista ihmistä" in page.text
    assert any("another=" in link and "lang=sv" in link for link in page.links), "in Swedish as well"

    wrong = await visitor.send(page.form(SERIES), FILLED, email="ruusu@")
    mended = await visitor.send(wrong.form(SERIES), FILLED)

    assert wrong.status == 400
    assert "Olet ilmoittautunut" in mended.text
    assert ledger.taken == 2


@pytest.mark.parametrize("path", FORMS)
async def test_once_the_place_has_been_given_back_the_form_is_as_new_also_where_the_browser_kept_it(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    kept = (await visitor.open(path)).form(path)
    first = await visitor.send(kept, FILLED)
    ledger.status = BookingStatus.CANCELLED

    assert (await visitor.open(path)).has_form(path)
    again = await visitor.send(kept, FILLED)
    assert again.path != first.path
    assert ledger.taken == 2
    await visitor.send(kept, FILLED)
    assert ledger.taken == 3, "given back once more"
    ledger.status = BookingStatus.CONFIRMED
    await visitor.send(kept, FILLED)
    assert ledger.taken == 3


@pytest.mark.parametrize("path", FORMS)
async def test_a_link_that_leads_nowhere_any_more_keeps_nobody_away(
    visitor: Visitor, neighbours: Neighbours, path: str
) -> None:
    await press(visitor, path)
    for asked in (DescribeBooking, DescribeEnrolment):
        neighbours.refuses(asked, Refusal(Code.LINK_EXPIRED, "Replaced."))
    neighbours.answers(FindSlots, FreeSlots([examples.FREE[0]]))

    assert (await visitor.open(path)).has_form(path)


async def test_one_session_that_was_left_is_not_the_series(
    visitor: Visitor, neighbours: Neighbours, ledger: Ledger
) -> None:
    first = await press(visitor, SERIES)
    sessions = [group_examples.own_session(status=BookingStatus.CANCELLED), group_examples.own_session(1)]
    neighbours.answers(DescribeBooking, group_examples.booking(BookingStatus.CANCELLED))
    neighbours.answers(DescribeEnrolment, group_examples.my_group(sessions=sessions))

    assert first.path in (await visitor.open(SERIES)).links

    neighbours.answers(DescribeEnrolment, group_examples.my_group(sessions=sessions[:1]))
    assert (await visitor.open(SERIES)).has_form(SERIES)


@pytest.mark.parametrize("path", [SERIES, SESSION])
async def test_a_place_on_the_list_is_not_taken_twice_either(
    visitor: Visitor, neighbours: Neighbours, ledger: Ledger, path: str
) -> None:
    ledger.status = BookingStatus.WAITING
    neighbours.answers(GetGroup, group_examples.full(CLOSED if path == SERIES else OPEN, waiting=3))
    form = (await visitor.open(path)).form(path)
    first = await press(visitor, path)

    assert (await visitor.send(form, FILLED)).path == first.path
    assert ledger.taken == 1
    await press_for_another(visitor, path)
    assert ledger.taken == 2


async def test_a_group_that_takes_nobody_any_more_still_leads_to_the_place(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    first = await press(visitor, SERIES)
    neighbours.answers(GetGroup, group_examples.page(CLOSED, enrolling=False))

    page = await visitor.open(SERIES)

    assert first.path in page.links
    assert ANOTHER not in page.text

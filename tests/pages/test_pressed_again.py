"""Forms that are pressed again: one place, unless somebody else is signed up on purpose."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import msgspec
import pytest

from services.contracts import links
from services.contracts.booking.appointments import Book, Booked, Booking, DescribeBooking
from services.contracts.booking.catalogue import FindSlots, FreeSlots
from services.contracts.booking.enrolment import DescribeEnrolment, Enrol
from services.contracts.booking.groups import GetGroup, Groups, ListGroups
from services.contracts.booking.slots import BookingStatus
from services.contracts.links import Link, Purpose
from services.contracts.refusals import Code, Refusal, Unavailable
from services.runtime.call import Call
from tests.pages import examples, group_examples
from tests.pages.group_examples import CLOSED, OPEN
from tests.pages.test_groups import ENROL_ALL, ENROL_ONE, FILLED
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Visitor
from tests.support.system import LINK_KEYS, System

SERIES, SESSION, TIME = ENROL_ALL, ENROL_ONE, f"/book/{examples.FREE[0].id}"
FORMS = (SERIES, SESSION, TIME)
ALREADY = "Tämä oli jo tehty tältä selaimelta."
ANOTHER = "Ilmoita toinen ihminen"


@dataclass
class Ledger:
    """What booking would hold: every place taken gets an id of its own, and stands until given back.
    What is asked under a key that is known is answered as before."""

    numbers: Iterator[int]
    answers: dict[str, UUID]
    status: BookingStatus = BookingStatus.CONFIRMED

    def take(self, call: Call) -> UUID:
        assert call.key is not None
        if call.key not in self.answers:
            self.answers[call.key] = UUID(int=examples.BOOKING_ID.int + 1000 * next(self.numbers))
        return self.answers[call.key]

    @property
    def taken(self) -> int:
        return len(self.answers)

    @property
    def is_full(self) -> bool:
        """For the one time that there is."""
        return bool(self.answers) and self.status is BookingStatus.CONFIRMED


@pytest.fixture(autouse=True)
def ledger(neighbours: Neighbours) -> Ledger:
    book = Ledger(count(1), {})
    pages = {OPEN.id: group_examples.page(OPEN), CLOSED.id: group_examples.page(CLOSED, 8)}

    def described(asked: DescribeBooking, _: Call) -> Booking:
        booking = group_examples.booking() if neighbours.heard(Enrol) else examples.booking()
        return msgspec.structs.replace(booking, id=asked.booking_id, status=book.status)

    neighbours.answers(Book, lambda _, call: booked(book.take(call)))
    neighbours.answers(Enrol, lambda _, call: group_examples.enrolled(booking_id=book.take(call)))
    neighbours.answers(DescribeBooking, described)
    neighbours.answers(DescribeEnrolment, lambda _, __: group_examples.my_group(book.status))
    neighbours.answers(GetGroup, lambda asked, _: pages[asked.group_id])
    neighbours.answers(ListGroups, Groups([OPEN, CLOSED]))
    neighbours.answers(FindSlots, lambda _, __: FreeSlots([] if book.is_full else [examples.FREE[0]]))
    return book


def booked(booking_id: UUID) -> Booked:
    return Booked(
        id=booking_id, status=BookingStatus.CONFIRMED, slot=examples.booked_slot(), link_version=1
    )


async def press(visitor: Visitor, path: str) -> Page:
    page = await visitor.open(path)
    return await visitor.send(page.form(path), FILLED)


async def press_for_another(visitor: Visitor, path: str) -> Page:
    notice = await visitor.open(path)
    asked = await visitor.open(way_to_another(notice))
    return await visitor.send(asked.form(path), FILLED, display_name="Ruusu")


def way_to_another(notice: Page) -> str:
    return next(link["href"] for link in notice.all("a") if link.text == ANOTHER)


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_from_another_tab_or_one_that_the_browser_kept_leads_to_the_place_that_was_taken(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    kept = (await visitor.open(path)).form(path)
    fresh = (await visitor.open(path)).form(path)
    first = await visitor.send(kept, FILLED)

    again = await visitor.send(fresh, FILLED, email="muu@posti.example")
    once_more = await visitor.send(kept, FILLED)

    assert first.path.startswith("/t/")
    assert (again.path, once_more.path) == (first.path, first.path)
    assert ALREADY not in first.text
    assert ALREADY in again.text
    assert ledger.taken == 1


@pytest.mark.parametrize("path", FORMS)
async def test_who_opens_the_form_again_is_shown_the_way_to_the_place(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    first = await press(visitor, path)

    page = await visitor.open(path)

    assert page.status == 200
    assert "tältä selaimelta" in page.heading.lower()
    assert first.path in page.links
    assert not page.has_form(path)


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


async def test_another_browser_learns_nothing_from_an_address_that_is_known(
    visitor: Visitor, ledger: Ledger, system: System
) -> None:
    first = await press(visitor, SERIES)

    async with Visitor(system.http("gateway")) as stranger:
        theirs = await press(stranger, SERIES)

    assert theirs.path != first.path
    assert ALREADY not in theirs.text
    assert ledger.taken == 2


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("why", [Unavailable("no answer"), Refusal(Code.OVERLOADED, "Busy.")])
async def test_nothing_is_taken_twice_while_it_is_not_known_whether_the_place_stands(
    visitor: Visitor, neighbours: Neighbours, ledger: Ledger, path: str, why: Refusal | Unavailable
) -> None:
    form = (await visitor.open(path)).form(path)
    first = await press(visitor, path)
    for asked in (DescribeBooking, DescribeEnrolment):
        neighbours.refuses(asked, why)

    assert (await visitor.send(form, FILLED)).path == first.path
    assert ledger.taken == 1


@pytest.mark.parametrize("path", FORMS)
async def test_an_answer_that_was_lost_is_had_by_pressing_again(
    visitor: Visitor, ledger: Ledger, path: str
) -> None:
    form = (await visitor.open(path)).form(path)
    first = await visitor.send(form, FILLED)
    visitor.session.cookie_jar.clear()  # as if the answer had never come

    again = await visitor.send(form, FILLED)

    assert again.path == first.path
    assert ledger.taken == 1


@pytest.mark.parametrize(
    "kept",
    [
        "x",
        "%00",
        "a" * 56,
        "\u00e4",
        links.make(links.parse_keys(LINK_KEYS), Link(Purpose.CALENDAR, examples.BOOKING_ID, 1)),
    ],
)
async def test_a_cookie_that_is_no_way_to_a_place_is_none(visitor: Visitor, kept: str) -> None:
    visitor.session.cookie_jar.update_cookies({"form.": "x", "form.book.x": "x"})

    for path in FORMS:
        visitor.session.cookie_jar.update_cookies({f"place{path.replace('/', '.')}": kept})
        assert (await visitor.open(path)).has_form(path)
    assert not (await visitor.open(examples.link())).has_form("/forget")


async def test_a_group_that_takes_nobody_any_more_still_leads_to_the_place(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    first = await press(visitor, SERIES)
    neighbours.answers(GetGroup, group_examples.page(CLOSED, enrolling=False))

    page = await visitor.open(SERIES)

    assert first.path in page.links
    assert ANOTHER not in page.text


@pytest.mark.parametrize("path", FORMS)
async def test_the_way_back_is_for_this_form_alone_and_no_script(visitor: Visitor, path: str) -> None:
    form = (await visitor.open(path)).form(path)
    async with visitor.session.post(
        visitor.address + path, data=form.filled(FILLED), allow_redirects=False
    ) as answer:
        cookies = {line.partition("=")[0]: line for line in answer.headers.getall("Set-Cookie")}

    way, known = (f"{what}{path.replace('/', '.')}" for what in ("place", "form"))
    assert set(cookies) == {way, known}
    assert f"Path={path};" in cookies[way] + ";"
    assert "Path=/t;" in cookies[known] + ";"
    token = answer.headers["Location"].removeprefix("/t/").partition("?")[0]
    assert token in cookies[way]
    assert token not in cookies[known]
    for line in cookies.values():
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line
        assert "expires" not in line.lower()
        assert "max-age" not in line.lower()

"""Forms by which places are taken, and what booking would hold of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import msgspec
import pytest

from services.contracts.booking.appointments import Book, Booked, Booking, DescribeBooking
from services.contracts.booking.catalogue import FindSlots, FreeSlots
from services.contracts.booking.enrolment import DescribeEnrolment, Enrol
from services.contracts.booking.groups import GetGroup, Groups, ListGroups
from services.contracts.booking.slots import BookingStatus
from services.runtime.call import Call
from tests.pages import examples, group_examples
from tests.pages.group_examples import CLOSED, OPEN
from tests.pages.test_groups import ENROL_ALL, ENROL_ONE, FILLED
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Visitor

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

"""Booking a time on its page."""

import pytest

from services.contracts import links
from services.contracts.booking.appointments import Book, Booked
from services.contracts.booking.catalogue import FindSlots, FreeSlots
from services.contracts.booking.slots import BookingStatus
from services.contracts.links import Link, Purpose
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway.fields import LONGEST_NOTE
from tests.pages import examples
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Typed, Visitor
from tests.support.system import LINK_KEYS

PATH = f"/book/{examples.FREE[0].id}"
FILLED: dict[str, Typed] = {
    "display_name": "Åsa Öhman-D'Arc",
    "email": "asa@posti.example",
    "consent": "yes",
}


@pytest.fixture(autouse=True)
def one_free_time(neighbours: Neighbours) -> None:
    """Booking finds the asked time alone, and takes what is asked of it."""
    neighbours.answers(
        FindSlots,
        lambda asked, _: FreeSlots([slot for slot in examples.FREE if asked.slot in (None, slot.id)]),
    )
    booked = Booked(
        id=examples.BOOKING_ID,
        status=BookingStatus.CONFIRMED,
        slot=examples.booked_slot(),
        link_version=1,
    )
    neighbours.answers(Book, booked)


async def filled_in(visitor: Visitor, changes: dict[str, Typed] | None = None, **more: Typed) -> Page:
    page = await visitor.open(PATH)
    return await visitor.send(page.form(PATH), FILLED | (changes or {}) | more)


async def test_a_booking_leads_to_the_page_behind_its_link(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await filled_in(visitor, phone="040 123 4567", note="Verkkopankki", municipality="Kuopio")

    assert links.read(links.parse_keys(LINK_KEYS), page.path.rpartition("/")[2]) == Link(
        Purpose.BOOKING, examples.BOOKING_ID, 1
    )
    assert "Aika on sinun" in page.text
    asked = neighbours.heard(Book)[0]
    assert (asked.display_name, asked.email, asked.phone) == (
        "Åsa Öhman-D'Arc",
        "asa@posti.example",
        "+358401234567",
    )
    assert (asked.municipality, asked.note, asked.language) == ("Kuopio", "Verkkopankki", "fi")


async def test_a_second_press_carries_the_same_key(visitor: Visitor, neighbours: Neighbours) -> None:
    """By a browser that the first answer did not reach."""
    page, other = await visitor.open(PATH), await visitor.open(PATH)

    for pressed in (page, page, other):
        await visitor.send(pressed.form(PATH), FILLED)
        visitor.session.cookie_jar.clear()

    first, second, third = (call.key for call in neighbours.calls(Book))
    assert first == second
    assert third != first


async def test_what_was_typed_is_kept_beside_what_is_wrong(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await filled_in(visitor, display_name="Kielo", email="kielo@", note="Hei", consent=None)

    assert page.status == 400
    assert page.title.startswith("Virhe: ")
    assert set(page.errors) == {"email", "consent"}
    assert page.form(PATH).fields["email"] == "kielo@"
    assert page.form(PATH).fields["note"] == "Hei"
    assert page.by_id("email")["aria-invalid"] == "true"
    assert not neighbours.heard(Book)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"display_name": "a\u202eb"}, "display_name"),
        ({"display_name": "x" * 81}, "display_name"),
        ({"email": ""}, "email"),
        ({"email": "a@b.fi, c@d.fi"}, "email"),
        ({"email": "a@b.fi\r\nBcc: x@y.fi"}, "email"),
        ({"phone": "112"}, "phone"),
        ({"phone": "0700 123 123"}, "phone"),
        ({"note": "x" * 401}, "note"),
        ({"companion_as": "interpreter"}, "companion_name"),
        ({"companion_name": "Tulkki"}, "companion_email"),
        ({"consent": None}, "consent"),
    ],
)
async def test_each_field_says_what_is_wrong_with_it(
    visitor: Visitor, neighbours: Neighbours, changes: dict[str, Typed], field: str
) -> None:
    page = await filled_in(visitor, changes)

    assert page.status == 400
    assert field in page.errors
    assert not neighbours.heard(Book)


async def test_markup_in_a_name_is_shown_as_text(visitor: Visitor) -> None:
    name = "<img src=x onerror=alert(1)>"

    page = await filled_in(visitor, display_name=name, consent=None)

    assert page.form(PATH).fields["display_name"] == name
    assert "<img" not in page.html


async def test_a_time_taken_meanwhile_is_told_with_the_next_ones(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    taken = Refusal(Code.SLOT_TAKEN, "Taken.", next=[examples.FREE[1]])
    neighbours.refuses(Book, taken)

    page = await filled_in(visitor)

    assert page.status == 409
    assert page.heading == "Aika ehdittiin juuri varata."
    assert [link for link in page.links if link.startswith("/book/")] == [f"/book/{examples.FREE[1].id}"]


async def test_a_time_that_is_gone_before_the_form_was_opened_leads_on(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await visitor.open("/book/00000000-0000-0000-0000-000000000fff")

    assert page.heading == "Aika ehdittiin juuri varata."
    assert f"/book/{examples.FREE[0].id}" in page.links


async def test_a_form_whose_fate_is_unknown_may_be_sent_again_under_its_key(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await visitor.open(PATH)
    key = page.form(PATH).fields["key"]
    neighbours.refuses(Book, Unavailable("no answer"))

    page = await visitor.send(page.form(PATH), FILLED)

    assert page.status == 503
    assert page.form(PATH).fields["key"] == key
    assert page.form(PATH).fields["display_name"] == FILLED["display_name"]


async def test_a_form_from_elsewhere_is_refused(visitor: Visitor, neighbours: Neighbours) -> None:
    form = (await visitor.open(PATH)).form(PATH)

    forged = await visitor.send(form, FILLED, csrf="forged-" + "x" * 20)
    other_path = await visitor.send(
        form, FILLED, csrf=(await visitor.open("/links")).form("/links").fields["csrf"]
    )

    assert forged.status == other_path.status == 403
    assert not neighbours.heard(Book)


async def test_nothing_is_at_an_address_that_holds_no_id(visitor: Visitor) -> None:
    for path in ("/book/abc", "/book/%00", "/book/%0d%0a", "/nowhere", "/static/x/none.css"):
        page = await visitor.open(path)
        assert page.status == 404
        assert "/times" in page.links


async def test_a_wish_for_an_interpreter_is_the_first_thing_the_host_reads(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    for spoken, note in (("uk", "Verkkopankki"), ("fsl", ""), ("klingon", "")):
        await filled_in(visitor, interpreter=spoken, note=note)
        visitor.session.cookie_jar.clear()  # another one's browser

    notes = [asked.note for asked in neighbours.heard(Book)]
    assert notes == [
        "Toivon tulkkia: ukraina.\nVerkkopankki",
        "Toivon tulkkia: suomalainen viittomakieli.",
        None,
    ]


async def test_the_longest_note_leaves_room_for_the_wish(visitor: Visitor, neighbours: Neighbours) -> None:
    await filled_in(visitor, interpreter="fsl", note="x" * 400)

    assert len(neighbours.heard(Book)[0].note) <= LONGEST_NOTE


async def test_the_lists_are_the_official_ones(visitor: Visitor) -> None:
    page = await visitor.open(PATH)

    municipalities = [option["value"] for option in page.by_id("municipality").all("option")]
    ages = [option["value"] for option in page.by_id("age_group").all("option")]
    assert len(municipalities) == 1 + 19 + 1
    assert {"Kuopio", "Vieremä", "other"} < set(municipalities)
    assert ages == ["", "0-1", "2-6", "7-12", "13-17", "18-29", "30-64", "65-99"]

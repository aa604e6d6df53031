"""Looking through groups, and enrolling in one."""

from datetime import timedelta

import msgspec
import pytest

from services.contracts import links
from services.contracts.booking.appointments import CompanionKind, DescribeBooking
from services.contracts.booking.catalogue import FindSlots, FreeSlots
from services.contracts.booking.enrolment import DescribeEnrolment, Enrol
from services.contracts.booking.groups import GetGroup, Groups, ListGroups
from services.contracts.booking.slots import BookingStatus
from services.contracts.links import Link, Purpose
from services.contracts.refusals import Code, Refusal, Unavailable, field_refusal
from tests.pages import examples, group_examples
from tests.pages.group_examples import CLOSED, EVENT, OPEN
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Typed, Visitor
from tests.support.system import LINK_KEYS

OPEN_PATH, CLOSED_PATH = f"/groups/{OPEN.id}", f"/groups/{CLOSED.id}"
SLOT = group_examples.session().slot_id
ENROL_ONE, ENROL_ALL = f"{OPEN_PATH}/enrol/{SLOT}", f"{CLOSED_PATH}/enrol"
COME_IN = f"{OPEN_PATH}/come-in/{SLOT}"
FILLED: dict[str, Typed] = {"display_name": "Kielo", "email": "kielo@posti.example", "consent": "yes"}


@pytest.fixture(autouse=True)
def groups(neighbours: Neighbours) -> None:
    pages = {OPEN.id: group_examples.page(OPEN), CLOSED.id: group_examples.page(CLOSED, 8)}
    neighbours.answers(ListGroups, Groups([OPEN, CLOSED]))
    neighbours.answers(GetGroup, lambda asked, _: pages[asked.group_id])
    neighbours.answers(Enrol, group_examples.enrolled())
    neighbours.answers(DescribeBooking, group_examples.booking())
    neighbours.answers(DescribeEnrolment, group_examples.my_group())


async def filled_in(visitor: Visitor, changes: dict[str, Typed] | None = None, **more: Typed) -> Page:
    page = await visitor.open(ENROL_ALL)
    return await visitor.send(page.form(ENROL_ALL), FILLED | (changes or {}) | more)


async def test_groups_are_found_from_the_front_page(visitor: Visitor) -> None:
    for path in ("/", "/times"):
        assert "/groups" in (await visitor.open(path)).links

    page = await visitor.open("/groups")

    assert {OPEN_PATH, CLOSED_PATH} <= set(page.links)
    assert "Avoin ryhmä: tule, kun pääset" in page.text
    assert "Suljettu ryhmä: samat ihmiset joka kerta" in page.text
    assert "Seuraava kerta: tiistaina 12. tammikuuta klo 13.00" in page.text
    assert "Voit vain kuunnella" not in page.text, "a card has the first sentence"


async def test_what_group_one_looks_for_stands_in_no_address(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await visitor.open("/groups")

    page = await visitor.send(page.form("/groups"), theme=examples.THEME, spoken="sv")

    asked = neighbours.heard(ListGroups)[-1]
    assert (asked.theme, asked.language) == (examples.THEME, "sv")
    assert page.url.endswith("/groups")

    await visitor.send(page.form("/groups"), press=("all", "yes"))
    assert neighbours.heard(ListGroups)[-1].theme is None


@pytest.mark.parametrize(
    "kept",
    [
        "not hex",
        "[]",
        "7",
        '{"theme": 7, "spoken": null}',
        '{"theme": "\\ud800", "spoken": ""}',
        '{"theme": "\\u0000"}',
        "[" * 100,
    ],
)
@pytest.mark.parametrize(("path", "cookie"), [("/groups", "group-wish"), ("/times", "wish")])
async def test_a_wish_that_cannot_be_read_is_none(
    visitor: Visitor, path: str, cookie: str, kept: str
) -> None:
    """The cookie is the visitor's own, and may hold anything."""
    text = kept if kept == "not hex" else kept.encode().hex()
    visitor.session.cookie_jar.update_cookies({cookie: text})
    assert (await visitor.open(path)).status == 200


async def test_no_groups_leads_on(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(ListGroups, Groups([]))

    page = await visitor.open("/groups")

    assert "Juuri nyt ei ole ryhmiä" in page.text
    assert "/times" in page.links


async def test_an_open_groups_page_offers_each_time(visitor: Visitor) -> None:
    page = await visitor.open(OPEN_PATH)

    assert page.heading == OPEN.name.fi
    assert {"Aino Asiantuntija", "Savon Arkiapu ry"} <= {node.text for node in page.all("dd")}
    assert ENROL_ONE in page.links
    assert "4 paikkaa vapaana" in page.text
    assert f"{OPEN_PATH}/enrol" not in page.links


async def test_a_series_is_enrolled_in_as_a_whole(visitor: Visitor) -> None:
    page = await visitor.open(CLOSED_PATH)

    assert ENROL_ALL in page.links
    assert not [link for link in page.links if link.startswith(f"{ENROL_ALL}/")]
    assert "8 tulevaa kertaa" in page.text


async def test_a_full_group_says_how_many_wait(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(GetGroup, group_examples.full(CLOSED, waiting=3))
    neighbours.answers(Enrol, group_examples.enrolled(BookingStatus.WAITING, before_you=3))
    neighbours.answers(DescribeBooking, group_examples.booking(BookingStatus.WAITING))
    neighbours.answers(DescribeEnrolment, group_examples.my_group(BookingStatus.WAITING, before_you=3))

    page = await visitor.open(CLOSED_PATH)
    assert "Jonossa on kolme ennen sinua" in page.text

    page = await filled_in(visitor)
    assert page.heading == "Olet jonotuslistalla"
    assert "Edelläsi on kolme" in page.text


async def test_the_list_of_a_series_closes_shortly_before_it_begins(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    neighbours.answers(GetGroup, group_examples.full(CLOSED, waiting=3))
    clock.set(examples.STARTS - timedelta(minutes=25))

    page = await visitor.open(CLOSED_PATH)

    assert "Ryhmä on täynnä." in page.text
    assert ENROL_ALL not in page.links
    assert OPEN_PATH in page.links


async def test_who_comes_shortly_before_a_session_that_nobody_leads_yet_can_still_enrol(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS - timedelta(minutes=10))
    neighbours.answers(GetGroup, group_examples.page(sessions=[group_examples.session(staffed=False)]))

    page = await visitor.open(OPEN_PATH)

    assert ENROL_ONE in page.links
    assert "Etsimme vielä ohjaajaa tälle kerralle" in page.text


async def test_a_group_that_takes_nobody_any_more_leads_to_others(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    for gone in (
        group_examples.page(CLOSED, enrolling=False),
        group_examples.page(msgspec.structs.replace(CLOSED, ended=True), 0, enrolling=False),
    ):
        neighbours.answers(GetGroup, gone)

        page = await visitor.open(CLOSED_PATH)

        assert OPEN_PATH in page.links
        assert ENROL_ALL not in page.links
        assert (await visitor.open(ENROL_ALL)).status == 409


async def test_one_may_walk_into_an_open_group_when_its_door_opens(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    assert COME_IN not in (await visitor.open(OPEN_PATH)).links
    clock.set(examples.STARTS - timedelta(minutes=10))

    page = await visitor.open(OPEN_PATH)
    assert COME_IN in page.links
    page = await visitor.open(COME_IN)
    page = await visitor.send(page.form(COME_IN), display_name="Kielo")

    asked = neighbours.heard(Enrol)[0]
    assert (asked.walk_in, asked.display_name, asked.email) == (True, "Kielo", None)
    assert "Pidä tämä sivu auki" in page.text


async def test_nobody_walks_in_where_nobody_leads_or_all_is_full(
    visitor: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS)
    for differs in ({"staffed": False}, {"seats_left": 0}):
        neighbours.answers(GetGroup, group_examples.page(sessions=[group_examples.session(**differs)]))
        assert COME_IN not in (await visitor.open(OPEN_PATH)).links


async def test_enrolling_leads_to_the_page_behind_the_link(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await filled_in(
        visitor,
        note="Hei",
        companion_as="close_person",
        companion_name="Ruusu",
        companion_email="ruusu@posti.example",
        companion2_name="Orvokki",
        companion2_phone="040 123 4567",
    )

    assert links.read(links.parse_keys(LINK_KEYS), page.path.rpartition("/")[2]) == Link(
        Purpose.BOOKING, examples.BOOKING_ID, 1
    )
    assert "Olet ilmoittautunut" in page.text
    asked = neighbours.heard(Enrol)[0]
    assert (asked.group_id, asked.slot_id, asked.display_name) == (CLOSED.id, None, "Kielo")
    assert (asked.or_wait, asked.walk_in, asked.note) == (True, False, "Hei")
    assert [(one.display_name, one.comes_as) for one in asked.companions] == [
        ("Ruusu", CompanionKind.CLOSE_PERSON),
        ("Orvokki", CompanionKind.CLOSE_PERSON),
    ]


@pytest.mark.parametrize(
    ("status", "done"),
    [("held", "Paikkaa pidetään sinulle"), ("applied", "Lähetimme sinulle viestin")],
)
async def test_what_came_of_it_is_said(
    visitor: Visitor, neighbours: Neighbours, status: str, done: str
) -> None:
    state = BookingStatus(status)
    neighbours.answers(Enrol, group_examples.enrolled(state))
    neighbours.answers(DescribeBooking, group_examples.booking(state))
    neighbours.answers(DescribeEnrolment, group_examples.my_group(state))

    assert done in (await filled_in(visitor)).text


async def test_one_session_is_enrolled_in_by_its_own_address(
    visitor: Visitor, neighbours: Neighbours
) -> None:
    page = await visitor.open(ENROL_ONE)
    await visitor.send(page.form(ENROL_ONE), FILLED)

    assert neighbours.heard(Enrol)[0].slot_id == SLOT


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"email": ""}, "email"),
        ({"email": "kielo@"}, "email"),
        ({"consent": None}, "consent"),
        ({"companion_name": "Ruusu"}, "companion_email"),
        ({"companion2_as": "interpreter"}, "companion2_name"),
    ],
)
async def test_each_field_says_what_is_wrong_and_keeps_what_was_typed(
    visitor: Visitor, neighbours: Neighbours, changes: dict[str, Typed], field: str
) -> None:
    page = await filled_in(visitor, {"note": "Hei", **changes})

    assert page.status == 400
    assert field in page.errors
    assert page.form(ENROL_ALL).fields["note"] == "Hei"
    assert not neighbours.heard(Enrol)


@pytest.mark.parametrize(
    ("wrong", "beside"),
    [
        (field_refusal(Code.NAME_INVALID, "display_name", "No."), "display_name"),
        (field_refusal(Code.PARTY_TOO_LARGE, "companions", "No."), "companion_name"),
    ],
)
async def test_what_booking_finds_wrong_stands_beside_its_field(
    visitor: Visitor, neighbours: Neighbours, wrong: Refusal, beside: str
) -> None:
    neighbours.refuses(Enrol, wrong)

    page = await filled_in(visitor)

    assert (page.status, set(page.errors)) == (400, {beside})


async def test_a_second_press_carries_the_same_key(visitor: Visitor, neighbours: Neighbours) -> None:
    form = (await visitor.open(ENROL_ALL)).form(ENROL_ALL)
    neighbours.refuses(Enrol, Unavailable("no answer"))
    page = await visitor.send(form, FILLED)
    neighbours.answers(Enrol, group_examples.enrolled())

    assert page.status == 503
    await visitor.send(page.form(ENROL_ALL), FILLED)
    await visitor.send(form, FILLED)

    assert len({call.key for call in neighbours.calls(Enrol)}) == 1


@pytest.mark.parametrize("code", [Code.ALREADY_STARTED, Code.SLOT_CLOSED, Code.GROUP_FULL])
async def test_what_came_in_between_is_told_on_the_groups_page(
    visitor: Visitor, neighbours: Neighbours, code: Code
) -> None:
    neighbours.refuses(Enrol, Refusal(code, "No."))

    page = await filled_in(visitor)

    assert page.status == 409
    assert page.heading == CLOSED.name.fi
    assert "/groups" in page.links


async def test_a_large_event_says_that_one_listens(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(GetGroup, group_examples.page(EVENT))

    assert "Tulet kuuntelemaan" in (await visitor.open(f"/groups/{EVENT.id}")).text


async def test_the_address_of_a_time_leads_to_its_group(visitor: Visitor, neighbours: Neighbours) -> None:
    found = msgspec.structs.replace(examples.FREE[0], id=SLOT, group_id=OPEN.id)
    neighbours.answers(FindSlots, FreeSlots([found]))

    assert (await visitor.open(f"/book/{SLOT}")).path == ENROL_ONE


async def test_nothing_is_at_an_address_of_no_group(visitor: Visitor, neighbours: Neighbours) -> None:
    neighbours.refuses(GetGroup, Refusal(Code.NOT_FOUND, "No."))

    for path in ("/groups/abc", OPEN_PATH, ENROL_ALL, COME_IN):
        page = await visitor.open(path)
        assert page.status == 404
        assert "/groups" in page.links


async def test_markup_in_a_groups_words_is_shown_as_text(visitor: Visitor, neighbours: Neighbours) -> None:
    evil = "<script>alert(1)</script>"
    named = msgspec.structs.replace(OPEN, name=msgspec.structs.replace(OPEN.name, fi=evil))
    neighbours.answers(GetGroup, group_examples.page(named))
    neighbours.answers(ListGroups, Groups([named]))

    for path in (OPEN_PATH, "/groups"):
        assert evil not in (await visitor.open(path)).html

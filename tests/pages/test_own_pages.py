"""What those who serve do after meetings and for themselves: outcomes, contacts, profile, calendar."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.contracts.booking.appointments import Contact, ReadContact, RecordOutcome
from services.contracts.booking.own import (
    CalendarAddress,
    ChangeProfile,
    FindCalendar,
    ListOpenOutcomes,
    RenewCalendar,
)
from services.contracts.booking.people import FindPersonByEmail, Identify
from services.contracts.booking.slots import (
    BookingStatus,
    CancelSlot,
    GetSlot,
    HostSlot,
    HostSlots,
    ListHostSlots,
    SlotState,
)
from services.contracts.envelope import Nothing, Role
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import ListOwnRooms, LookAtSlots, RoomState, RoomViews
from tests.pages import examples
from tests.pages.test_my_week import sign_in
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Visitor
from tests.support.system import System

AFTER = examples.ENDS + timedelta(minutes=10)
CONTACT = Contact(
    booking_id=examples.BOOKING_ID,
    display_name="Kielo",
    email="kielo@posti.example",
    phone="+358401234567",
)


def met(**differs: Any) -> HostSlot:
    person = msgspec.structs.replace(examples.host_slot().bookings[0], **differs)
    return examples.host_slot(bookings=[person])


@pytest.fixture
async def expert(visitor: Visitor, neighbours: Neighbours, system: System, clock: SetClock) -> Visitor:
    """Signed in shortly after the meeting."""
    clock.set(AFTER)
    neighbours.answers(FindPersonByEmail, examples.EXPERT)
    neighbours.answers(Identify, examples.EXPERT)
    neighbours.answers(ListHostSlots, HostSlots([met()]))
    neighbours.answers(ListOpenOutcomes, HostSlots([met()]))
    neighbours.answers(LookAtSlots, RoomViews([]))
    neighbours.answers(GetSlot, met())
    neighbours.answers(RecordOutcome, Nothing())
    neighbours.answers(ReadContact, CONTACT)
    neighbours.answers(FindCalendar, CalendarAddress(version=1))
    await sign_in(visitor, system)
    return visitor


async def actions(system: System) -> list[str]:
    rows = await system.sql("SELECT action FROM gateway.audit ORDER BY id DESC LIMIT 2")
    return [row["action"] for row in rows]


async def test_that_somebody_came_is_one_press_and_where_they_were_guided_a_second(
    expert: Visitor, neighbours: Neighbours, system: System
) -> None:
    week = await expert.open("/my/week")
    assert "1 tapaamisen tulos puuttuu" in week.text

    page = await expert.send(week.form("/outcome"), press=("status", "attended"))
    assert page.heading == "Miten kävi"
    assert "Tieto on kirjattu" in page.text
    page = await expert.send(
        page.form("/outcome"), status="attended", guided_to="Kela\n\nVelkaneuvonta \nKela"
    )

    told = neighbours.heard(RecordOutcome)
    assert [(item.status, item.guided_to) for item in told] == [
        (BookingStatus.ATTENDED, []),
        (BookingStatus.ATTENDED, ["Kela", "Velkaneuvonta"]),
    ]
    assert page.path == "/my/week"
    assert await actions(system) == ["outcome.recorded"] * 2


async def test_that_somebody_did_not_come_is_one_press_from_the_list_of_what_is_owed(
    expert: Visitor, neighbours: Neighbours
) -> None:
    page = await expert.open("/my/outcomes")
    neighbours.answers(ListOpenOutcomes, HostSlots([]))

    page = await expert.send(page.form("/outcome"), press=("status", "no_show"))

    assert neighbours.heard(RecordOutcome)[0].status is BookingStatus.NO_SHOW
    assert page.path == "/my/outcomes"
    assert "jokaisen tapaamisen tulos on kirjattu" in page.text


async def test_an_outcome_is_corrected_with_what_had_been_said_before_it(
    expert: Visitor, neighbours: Neighbours
) -> None:
    said = met(status=BookingStatus.ATTENDED, guided_to=["Kela", "Asumisneuvonta"])
    neighbours.answers(ListHostSlots, HostSlots([said]))
    neighbours.answers(GetSlot, said)
    week = await expert.open("/my/week")
    assert not week.has_form("/outcome")

    page = await expert.open(next(link for link in week.links if link.endswith("/outcome")))
    assert page.form("/outcome").fields["guided_to"] == "Kela\nAsumisneuvonta"
    await expert.send(page.form("/outcome"), status="no_show")

    corrected = neighbours.heard(RecordOutcome)[0]
    assert (corrected.status, corrected.guided_to) == (BookingStatus.NO_SHOW, [])


@pytest.mark.parametrize("services", ["\n".join(f"Palvelu {n}" for n in range(11)), "x" * 101])
async def test_services_that_cannot_be_kept_are_said_and_stay_as_typed(
    expert: Visitor, neighbours: Neighbours, services: str
) -> None:
    page = await expert.open(f"/my/week/bookings/{examples.BOOKING_ID}/outcome")

    page = await expert.send(page.form("/outcome"), guided_to=services)

    assert page.status == 400
    assert set(page.errors) == {"guided_to"}
    assert page.form("/outcome").fields["guided_to"] == services
    assert not neighbours.heard(RecordOutcome)


async def test_contacts_are_shown_after_a_press_that_is_written_down(
    expert: Visitor, neighbours: Neighbours, system: System
) -> None:
    week = await expert.open("/my/week")
    before = await actions(system)

    page = await expert.open(next(link for link in week.links if link.endswith("/contact")))
    assert "Katsominen kirjataan" in page.text
    assert not neighbours.heard(ReadContact)
    assert await actions(system) == before
    page = await expert.send(page.form("/contact"))

    assert {"tel:+358401234567", "mailto:kielo@posti.example"} <= set(page.links)
    assert (await actions(system))[0] == "contact.read"
    assert "+358401234567" not in (await expert.open(page.path)).text


async def test_a_look_that_is_refused_is_written_down_twice(
    expert: Visitor, neighbours: Neighbours, system: System
) -> None:
    page = await expert.open(f"/my/week/bookings/{examples.BOOKING_ID}/contact")
    neighbours.refuses(ReadContact, Refusal(Code.NOT_FOUND, "No."))

    page = await expert.send(page.form("/contact"))

    assert page.status == 404
    assert await actions(system) == ["booking.refused", "contact.read"]


async def test_everybody_sees_who_they_are_on_every_page(expert: Visitor) -> None:
    for path in ("/", "/times", "/my/week", "/my/profile", "/links"):
        page = await expert.open(path)
        assert "Aino Asiantuntija, asiantuntija" in page.root.text, path
    page = await expert.open("/")
    page = await expert.send(page.form("/sign-out"))
    assert "Aino" not in page.root.text


async def test_a_profile_is_changed_by_oneself(expert: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(ChangeProfile, examples.EXPERT)
    page = await expert.open("/my/profile")
    assert {"asiantuntija", "Savon Arkiapu ry", "aino@jarjesto.example"} <= {
        node.text for node in page.all("dd")
    }

    wrong = await expert.send(page.form("/my/profile"), display_name="", languages=None)
    assert set(wrong.errors) == {"display_name", "languages"}
    page = await expert.send(page.form("/my/profile"), display_name="Aino A.", languages=["sv", "fi"])

    asked = neighbours.heard(ChangeProfile)
    assert [(item.display_name, set(item.languages)) for item in asked] == [("Aino A.", {"fi", "sv"})]
    assert "Omat tietosi on tallennettu" in page.text


async def test_languages_that_the_form_does_not_know_are_kept(
    expert: Visitor, neighbours: Neighbours
) -> None:
    speaks = msgspec.structs.replace(examples.EXPERT, languages=["fi", "ar"])
    neighbours.answers(Identify, speaks)
    neighbours.answers(ChangeProfile, speaks)
    page = await expert.open("/my/profile")

    await expert.send(page.form("/my/profile"))

    assert neighbours.heard(ChangeProfile)[0].languages == ["fi", "ar"]


async def test_a_calendar_gets_a_new_address_by_one_button(expert: Visitor, neighbours: Neighbours) -> None:
    page = await expert.open("/my/profile")
    old = page.by_id("calendar")["value"]
    assert "/calendar/" in old

    def renewed(*_: object) -> CalendarAddress:
        neighbours.answers(FindCalendar, CalendarAddress(version=2))
        return CalendarAddress(version=2)

    neighbours.answers(RenewCalendar, renewed)
    page = await expert.send(page.form("/my/profile/calendar"))

    assert page.by_id("calendar")["value"] != old
    assert "Vanha ei enää toimi" in page.text


async def test_a_volunteer_is_told_what_will_come(expert: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(Identify, msgspec.structs.replace(examples.EXPERT, role=Role.VOLUNTEER))
    neighbours.answers(ListHostSlots, HostSlots([]))

    page = await expert.open("/my")

    assert page.path == "/my/assigned"
    assert "Sinua ei odota nyt mikään" in page.text
    assert "/my/assigned" in page.links
    assert "Omat tulevat aikasi" not in page.text
    neighbours.answers(ListHostSlots, HostSlots([examples.host_slot()]))
    assert "Omat tulevat aikasi" in (await expert.open("/my/assigned")).text


async def test_with_booking_away_the_week_still_leads_into_meetings(
    expert: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    await expert.open("/my/week")
    neighbours.answers(
        ListOwnRooms,
        RoomViews([examples.view(RoomState.WAITING, waiting=1), examples.view(RoomState.OVER)]),
    )
    await neighbours.away("booking")

    page = await expert.open("/my/week")

    assert "Osa palvelusta on hetken poissa" in page.text
    assert "1 odottaa" in page.text
    assert page.has_form(f"/my/week/slots/{examples.view().slot_id}/join")


async def test_today_comes_first_and_what_is_past_last(expert: Visitor, neighbours: Neighbours) -> None:
    def at(days: int, number: int, **differs: Any) -> HostSlot:
        shift = timedelta(days=days)
        return examples.host_slot(
            id=examples.free_slot(number, AFTER).id,
            starts_at=examples.STARTS + shift,
            ends_at=examples.ENDS + shift,
            **differs,
        )

    monday = at(-1, 1, bookings=[])
    off = at(1, 2, state=SlotState.CANCELLED, bookings=[])
    neighbours.answers(ListHostSlots, HostSlots([monday, met(), off]))

    page = await expert.open("/my/week")

    order = [
        page.text.index(words) for words in ("Tänään, tiistaina", "keskiviikkona 13.", "Aiemmin tällä")
    ]
    assert order == sorted(order)
    assert [page.text.count(word) for word in ("● varattu", "✕ peruttu", "○ vapaa")] == [1, 1, 1]
    tomorrow = examples.host_slot(bookings=[], seats_left=1, starts_at=AFTER + timedelta(days=1))
    neighbours.answers(ListHostSlots, HostSlots([tomorrow]))
    assert "Ei aikoja tänään" in (await expert.open("/my/week")).text


async def test_what_has_ended_is_not_cancelled(
    expert: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS - timedelta(minutes=5))
    cancelling = f"/my/week/slots/{met().id}/cancel"
    assert cancelling in (await expert.open("/my/week")).links

    neighbours.answers(LookAtSlots, RoomViews([examples.view(RoomState.OVER)]))

    page = await expert.open("/my/week")
    assert cancelling not in page.links
    assert not page.has_form("/join")
    assert page.has_form("/outcome")


async def test_a_free_time_is_cancelled_without_a_reason(
    expert: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS - timedelta(hours=1))
    neighbours.answers(GetSlot, examples.host_slot(bookings=[], seats_left=1))
    neighbours.answers(CancelSlot, examples.host_slot(state=SlotState.CANCELLED))
    page = await expert.open(f"/my/week/slots/{met().id}/cancel")

    page = await expert.send(page.form("/cancel"), press=("do", "cancel"))

    assert page.path == "/my/week"
    assert neighbours.heard(CancelSlot)[0].reason


async def test_everybody_reads_a_cancellation_in_their_own_language(
    expert: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    clock.set(examples.STARTS - timedelta(hours=1))
    first = examples.host_slot().bookings[0]
    second = msgspec.structs.replace(first, booking_id=examples.free_slot(9, AFTER).id, language="sv")
    neighbours.answers(GetSlot, examples.host_slot(bookings=[first, second]))
    page = await expert.open(f"/my/week/slots/{met().id}/cancel")

    page = await expert.send(page.form("/cancel"), reason="Olen sairaana.", press=("do", "show"))

    shown = {node["lang"]: node.text for node in page.all("section") if node["lang"]}
    assert set(shown) == {"fi", "sv"}
    assert all("Olen sairaana." in text for text in shown.values())
    assert "tisdag 12 januari" in shown["sv"]

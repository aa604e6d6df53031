"""Signing in, the expert's week and reception hours."""

from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.people import FindPersonByEmail, Identify
from services.contracts.booking.receptions import (
    AddReception,
    ChangeReception,
    Conflict,
    GetReception,
    Hours,
    HoursException,
    ListReceptions,
    PreviewReception,
    Published,
    Reception,
    Receptions,
    RemoveReception,
)
from services.contracts.booking.slots import (
    AddSlot,
    CancelSlot,
    GetSlot,
    HostSlots,
    ListHostSlots,
    SlotState,
)
from services.contracts.gateway import PrepareSignIn
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import CloseRoom, Join, LookAtSlots, RoomState, RoomViews
from tests.pages import examples
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Visitor
from tests.support.system import System

HOURS = Hours(
    theme=examples.THEME,
    weekday=2,
    starts=time(13),
    ends=time(16),
    slot_minutes=45,
    valid_from=date(2027, 1, 1),
    languages=["fi"],
    exceptions=[
        HoursException(on=date(2027, 7, 13), closed=True),
        HoursException(on=date(2027, 7, 20), starts=time(9), ends=time(11)),
    ],
)
RECEPTION = Reception(id=UUID(int=50), host_id=examples.HOST.id, time_zone=examples.ZONE, hours=HOURS)
PUBLISHED = Published(
    reception=RECEPTION,
    slots=[examples.host_slot(bookings=[])],
    conflicts=[Conflict(on=date(2027, 3, 28), starts=time(3), reason="time_does_not_exist")],
)


async def token_of_the_mail(system: System) -> str:
    rows = await system.sql("SELECT id FROM gateway.sign_in ORDER BY requested_at DESC, id LIMIT 1")
    return (await system.ask(PrepareSignIn(sign_in_id=rows[0]["id"]))).token


async def sign_in(visitor: Visitor, system: System) -> Page:
    await system.sql("DELETE FROM gateway.sign_in")
    page = await visitor.open("/sign-in")
    page = await visitor.send(page.form("/sign-in"), email=examples.EXPERT.email)
    assert page.heading == "Katso sähköpostisi"
    page = await visitor.open(f"/sign-in/{await token_of_the_mail(system)}")
    return await visitor.send(page.form(page.path))


@pytest.fixture
async def expert(visitor: Visitor, neighbours: Neighbours, system: System) -> Visitor:
    neighbours.answers(FindPersonByEmail, examples.EXPERT)
    neighbours.answers(Identify, examples.EXPERT)
    neighbours.answers(ListHostSlots, HostSlots([examples.host_slot()]))
    neighbours.answers(LookAtSlots, RoomViews([]))
    neighbours.answers(ListOpenOutcomes, HostSlots([]))
    neighbours.answers(ListReceptions, Receptions([RECEPTION]))
    neighbours.answers(GetReception, PUBLISHED)
    await sign_in(visitor, system)
    return visitor


async def test_signing_in_leads_to_the_week_and_out_again(expert: Visitor) -> None:
    week = await expert.open("/my")

    assert week.path == "/my/week"
    assert week.heading == "Viikko 2"
    await expert.send(week.form("/sign-out"))
    assert (await expert.open("/my/week")).status == 401


async def test_opening_a_sign_in_link_uses_nothing_up(
    expert: Visitor, system: System, neighbours: Neighbours
) -> None:
    async with Visitor(expert.address) as other:
        await system.sql("DELETE FROM gateway.sign_in")
        page = await other.open("/sign-in")
        await other.send(page.form("/sign-in"), email=examples.EXPERT.email)
        path = f"/sign-in/{await token_of_the_mail(system)}"

        for _ in range(3):
            page = await other.open(path)
            await other.session.head(other.address + path)
        signed_in = await other.send(page.form(path))
        again = await other.send(page.form(path))

    assert signed_in.path == "/my/week"
    assert again.status == 410
    assert "/sign-in" in again.links


async def test_signing_in_answers_the_same_for_everybody(visitor: Visitor) -> None:
    page = await visitor.open("/sign-in")

    known = await visitor.send(page.form("/sign-in"), email=examples.EXPERT.email)
    unknown = await visitor.send(page.form("/sign-in"), email="kukaan@posti.example")

    assert known.html == unknown.html


async def test_an_unknown_sign_in_link_offers_a_new_one(visitor: Visitor) -> None:
    page = await visitor.open("/sign-in/kukaan-ei-tunne-tata")

    page = await visitor.send(page.form(page.path))

    assert page.status == 404
    assert page.heading == "Kirjautumislinkki ei enää toimi"


async def test_the_week_is_for_those_who_serve(visitor: Visitor) -> None:
    page = await visitor.open("/my/week")

    assert page.status == 401
    assert "/sign-in" in page.links


async def test_somebody_disabled_is_out_at_once(expert: Visitor, neighbours: Neighbours) -> None:
    neighbours.refuses(Identify, Refusal(Code.SESSION_ENDED, "Disabled."))

    assert (await expert.open("/my/week")).status == 401


async def test_the_week_shows_who_comes_and_who_waits(
    expert: Visitor, neighbours: Neighbours, clock: SetClock
) -> None:
    early = await expert.open("/my/week")
    assert "Kielo" in early.text
    assert "Verkkopankki ei aukea." in early.text
    assert not early.has_form("/join")

    clock.set(examples.STARTS - timedelta(minutes=5))
    neighbours.answers(LookAtSlots, RoomViews([examples.view(RoomState.WAITING, waiting=1)]))
    neighbours.answers(Join, examples.joined())
    neighbours.answers(CloseRoom, examples.view(RoomState.OVER))

    page = await expert.open("/my/week")
    assert "1 odottaa" in page.text
    page = await expert.send(page.form("/join"))
    assert page.heading == "Tapaaminen on auki"
    page = await expert.send(page.form("/close"))
    assert "Tapaaminen on päättynyt" in page.text


async def test_another_week_is_a_link_away(expert: Visitor, neighbours: Neighbours) -> None:
    page = await expert.open("/my/week?week=2027-W07")

    asked = neighbours.heard(ListHostSlots)[-1]
    assert page.heading == "Viikko 7"
    assert asked.from_at.isoformat() == "2027-02-14T22:00:00+00:00"
    assert {"?week=2027-W06", "?week=2027-W08"} <= set(page.links)
    for nonsense in ("2027-W77", "x", "99999-W01", "2027"):
        assert (await expert.open(f"/my/week?week={nonsense}")).heading == "Viikko 2"


async def test_a_time_is_cancelled_with_a_reason(expert: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(GetSlot, examples.host_slot())
    neighbours.answers(CancelSlot, examples.host_slot(state=SlotState.CANCELLED))
    page = await expert.open(f"/my/week/slots/{examples.host_slot().id}/cancel")
    assert "1 henkilö on varannut" in page.text

    page = await expert.send(page.form("/cancel"))
    assert page.status == 400
    assert "reason" in page.errors
    page = await expert.send(page.form("/cancel"), reason="Olen sairaana.", press=("do", "show"))

    assert page.heading == "Tämän varaaja lukee"
    assert "joutui perumaan" in page.text
    assert "Olen sairaana." in page.text
    assert not neighbours.heard(CancelSlot)
    page = await expert.send(page.form("/cancel"), press=("do", "cancel"))
    assert neighbours.heard(CancelSlot)[0].reason == "Olen sairaana."
    assert page.path == "/my/week"


@pytest.mark.parametrize(
    ("comes", "status"),
    [("another", 409), ("the same", 200), ("nobody", 200)],
    ids=lambda value: str(value),
)
async def test_nobody_reads_a_reason_that_was_written_for_somebody_else(
    expert: Visitor, neighbours: Neighbours, comes: str, status: int
) -> None:
    """Who had booked gave the time back after it was shown what they would read."""
    slot = examples.host_slot()
    neighbours.answers(GetSlot, slot)
    neighbours.answers(CancelSlot, examples.host_slot(state=SlotState.CANCELLED))
    page = await expert.open(f"/my/week/slots/{slot.id}/cancel")
    page = await expert.send(page.form("/cancel"), reason="Hei Kielo!", press=("do", "show"))

    [first] = slot.bookings
    another = msgspec.structs.replace(first, booking_id=UUID(int=7), display_name="Pihla")
    bookings = {"another": [another], "the same": [first], "nobody": []}[comes]
    neighbours.answers(GetSlot, examples.host_slot(bookings=bookings))
    page = await expert.send(page.form("/cancel"), press=("do", "cancel"))

    assert page.status == status
    assert bool(neighbours.heard(CancelSlot)) is (status == 200)
    if status == 409:
        assert "Joku muu on sillä välin varannut" in page.text
        page = await expert.send(page.form("/cancel"), reason="Hei!", press=("do", "show"))
        await expert.send(page.form("/cancel"), press=("do", "cancel"))
        assert neighbours.heard(CancelSlot)[0].reason == "Hei!"


async def test_a_reason_written_before_somebody_else_booked_is_not_shown_as_if_it_were_for_them(
    expert: Visitor, neighbours: Neighbours
) -> None:
    slot = examples.host_slot()
    neighbours.answers(GetSlot, slot)
    page = await expert.open(f"/my/week/slots/{slot.id}/cancel")

    another = msgspec.structs.replace(slot.bookings[0], booking_id=UUID(int=7), display_name="Pihla")
    neighbours.answers(GetSlot, examples.host_slot(bookings=[another]))
    page = await expert.send(page.form("/cancel"), reason="Hei Kielo!", press=("do", "show"))

    assert page.status == 409
    assert "Joku muu on sillä välin varannut" in page.text


async def test_whoever_asks_what_they_will_read_cancels_nothing_when_the_last_one_has_just_left(
    expert: Visitor, neighbours: Neighbours
) -> None:
    slot = examples.host_slot()
    neighbours.answers(GetSlot, slot)
    neighbours.answers(CancelSlot, examples.host_slot(state=SlotState.CANCELLED))
    page = await expert.open(f"/my/week/slots/{slot.id}/cancel")
    neighbours.answers(GetSlot, examples.host_slot(bookings=[]))

    page = await expert.send(page.form("/cancel"), reason="Hei!", press=("do", "show"))

    assert not neighbours.heard(CancelSlot)
    await expert.send(page.form("/cancel"), press=("do", "cancel"))
    assert neighbours.heard(CancelSlot)


async def test_where_nobody_comes_no_reason_is_asked_for_and_none_can_be_wrong(
    expert: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(GetSlot, examples.host_slot(bookings=[]))
    neighbours.answers(CancelSlot, examples.host_slot(state=SlotState.CANCELLED))
    page = await expert.open(f"/my/week/slots/{examples.host_slot().id}/cancel")

    page = await expert.send(page.form("/cancel"), reason="a\x7f", press=("do", "cancel"))

    assert page.path == "/my/week"
    assert neighbours.heard(CancelSlot)[0].reason == "Aika jouduttiin perumaan."


async def test_hours_are_shown_before_they_are_published(expert: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(PreviewReception, PUBLISHED)
    neighbours.answers(AddReception, PUBLISHED)
    page = await expert.open("/my/receptions/new")
    typed: dict[str, Any] = {"theme": "talousneuvonta", "day-1": "2027-07-13", "day-2": "2027-07-20"}
    typed |= {"day_from-2": "09:00", "day_until-2": "11:00"}

    page = await expert.send(page.form("/my/receptions"), typed, press=("do", "preview"))
    assert "Tämä julkaistaisiin" in page.text
    assert "kelloja siirretään eteenpäin" in page.text
    assert not neighbours.heard(AddReception)
    page = await expert.send(page.form("/my/receptions"), press=("do", "publish"))

    hours = neighbours.heard(AddReception)[0].hours
    assert hours == neighbours.heard(PreviewReception)[0].hours
    assert (hours.theme, hours.weekday, hours.slot_minutes) == ("talousneuvonta", 2, 45)
    assert hours.exceptions == HOURS.exceptions
    assert "Ajat on julkaistu" in page.text


async def test_hours_that_cannot_be_are_said_beside_their_field(
    expert: Visitor, neighbours: Neighbours
) -> None:
    page = await expert.open("/my/receptions/new")
    typed: dict[str, Any] = {
        "starts": "25:00",
        "slot_minutes": "x",
        "languages": None,
        "day-1": "heinä",
        "day_from-2": "12:00",
    }

    page = await expert.send(page.form("/my/receptions"), typed, press=("do", "publish"))
    assert page.status == 400
    assert {"starts", "slot_minutes", "languages", "day-1", "day-2", "day_until-2"} <= set(page.errors)

    errors = [{"field": "ends", "code": "field_invalid", "detail": "…"}]
    neighbours.refuses(AddReception, Refusal(Code.FIELD_INVALID, "No.", errors=errors))
    page = await expert.open("/my/receptions/new")
    page = await expert.send(page.form("/my/receptions"), ends="12:00", press=("do", "publish"))
    assert set(page.errors) == {"ends"}


async def test_changing_hours_shows_and_keeps_the_days_that_differ(
    expert: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(ChangeReception, PUBLISHED)
    page = await expert.open(f"/my/receptions/{RECEPTION.id}")
    fields = page.form(page.path).fields
    assert (fields["day-1"], fields["day_from-1"]) == ("2027-07-13", "")
    other = [fields[name] for name in ("day-2", "day_from-2", "day_until-2")]
    assert other == ["2027-07-20", "09:00", "11:00"]
    page = await expert.send(page.form(page.path), press=("do", "rows"))
    assert "day-6" in page.form(page.path).fields
    assert not neighbours.heard(ChangeReception)

    await expert.send(page.form(page.path), ends="15:00", press=("do", "publish"))

    changed = neighbours.heard(ChangeReception)[0].hours
    assert changed.ends.isoformat() == "15:00:00"
    assert changed.exceptions == HOURS.exceptions


async def test_hours_with_bookings_are_not_removed_and_the_booked_times_are_listed(
    expert: Visitor, neighbours: Neighbours
) -> None:
    """Also when somebody books between the look and the press."""
    neighbours.refuses(RemoveReception, Refusal(Code.HAS_BOOKINGS, "No.", count=1))
    free = msgspec.structs.replace(PUBLISHED, slots=[examples.host_slot(bookings=[], seats_left=1)])
    neighbours.answers(GetReception, free)

    page = await expert.open("/my/receptions")
    page = await expert.open(next(link for link in page.links if link.endswith("/remove")))
    assert "1 vapaa aika poistuu" in page.text
    neighbours.answers(GetReception, PUBLISHED)
    page = await expert.send(page.form("/remove"))

    assert page.status == 409
    assert "Peru ne ajat ensin" in page.text
    assert f"/my/week/slots/{examples.host_slot().id}/cancel" in page.links
    assert not page.has_form("/remove")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"on": "2027-03-28", "starts": "03:30"}, "starts"),
        ({"on": "2027-10-31", "starts": "03:30"}, "starts"),
        ({"on": "", "starts": "13:00"}, "on"),
        ({"on": "2027-02-01", "starts": "13:00", "minutes": "-5"}, "minutes"),
    ],
)
async def test_a_single_time_that_cannot_be_is_refused(
    expert: Visitor, neighbours: Neighbours, typed: dict[str, Any], field: str
) -> None:
    page = await expert.open("/my/times/new")

    page = await expert.send(page.form("/my/times/new"), typed)

    assert page.status == 400
    assert field in page.errors
    assert not neighbours.heard(AddSlot)


async def test_a_single_time_is_published_at_its_hour_on_the_wall(
    expert: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(AddSlot, examples.host_slot(bookings=[]))
    page = await expert.open("/my/times/new")

    await expert.send(page.form("/my/times/new"), on="2027-07-01", starts="13:00", minutes="30")

    asked = neighbours.heard(AddSlot)[0]
    assert asked.starts_at.isoformat() == "2027-07-01T10:00:00+00:00"
    assert asked.ends_at - asked.starts_at == timedelta(minutes=30)


async def test_a_write_without_the_sessions_token_is_refused(
    expert: Visitor, neighbours: Neighbours
) -> None:
    page = await expert.open("/my/times/new")

    page = await expert.send(page.form("/my/times/new"), csrf="x" * 43, on="2027-07-01")

    assert page.status == 403
    assert not neighbours.heard(AddSlot)

"""The pages of those who lead groups: who comes, who is here, promising to come, words to all."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.contracts.booking.appointments import DescribeBooking, RecordOutcome
from services.contracts.booking.enrolment import (
    AnswerApplication,
    Attendees,
    ListAttendees,
    SendAnnouncement,
)
from services.contracts.booking.groups import (
    GetManagedGroup,
    ListManagedGroups,
    ManagedGroups,
    MoveSession,
    Staffing,
)
from services.contracts.booking.own import ListOpenOutcomes
from services.contracts.booking.people import FindPersonByEmail, Identify
from services.contracts.booking.slots import (
    AddSlot,
    BookingStatus,
    CancelSlot,
    GetSlot,
    HostSlots,
    ListHostSlots,
    SlotState,
)
from services.contracts.booking.staffing import (
    AcceptDuty,
    AskForStandIn,
    Duties,
    DutyScope,
    GetDuty,
    GiveUpDuty,
    ListDuties,
)
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import (
    CloseRoom,
    Join,
    Leave,
    ListPresence,
    Look,
    LookAtSlots,
    RemoveParticipant,
    RoomPresence,
    RoomState,
    RoomViews,
)
from tests.pages import examples, group_examples, leading_examples
from tests.pages.group_examples import CLOSED, OPEN
from tests.pages.leading_examples import (
    OTHER,
    PEOPLE,
    SLOT,
    VOLUNTEER,
    attendee,
    duty,
    here,
    managed,
    session,
)
from tests.pages.test_my_week import sign_in
from tests.support.clock import SetClock
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Visitor
from tests.support.system import System

GROUP, DESK, DUTIES = f"/my/groups/{OPEN.id}", f"/my/sessions/{SLOT}", "/my/duties"
FIRST = PEOPLE[0].booking_id
SOON = examples.STARTS - timedelta(minutes=5)
AFTER = examples.STARTS + timedelta(hours=1, minutes=40)
BLAMELESS = {"@", "+358", "posti.example"}


async def signed_in(
    visitor: Visitor, system: System, clock: SetClock, at: datetime | None = None
) -> Visitor:
    if at is not None:
        clock.set(at)
    await sign_in(visitor, system)
    return visitor


@pytest.fixture(autouse=True)
def tables(neighbours: Neighbours) -> Neighbours:
    leading_examples.prepare(neighbours)
    neighbours.answers(FindPersonByEmail, VOLUNTEER)
    neighbours.answers(Identify, VOLUNTEER)
    neighbours.answers(ListHostSlots, HostSlots([]))
    neighbours.answers(ListOpenOutcomes, HostSlots([]))
    neighbours.answers(LookAtSlots, RoomViews([]))
    return neighbours


@pytest.fixture
async def leader(visitor: Visitor, tables: Neighbours, system: System, clock: SetClock) -> Visitor:
    """A trained volunteer, two hours before the session."""
    return await signed_in(visitor, system, clock)


def links(page: Page, end: str) -> list[str]:
    return [link for link in page.links if link.endswith(end)]


async def test_a_volunteer_is_led_to_what_waits_for_them(leader: Visitor) -> None:
    page = await leader.open("/my")

    assert page.path == "/my/assigned"
    assert "Sinua pyydetään ohjaamaan 1 kerta" in page.text
    assert {DUTIES, "/my/groups", DESK} <= set(page.links)
    assert "Sinulle ei ole" not in page.text


async def test_duties_are_sorted_by_what_is_to_be_done(leader: Visitor) -> None:
    page = await leader.open(DUTIES)

    headings = [node.text for node in page.all("h2")]
    assert headings == [
        "Pian ohjaat",
        "Sinua pyydetään",
        "Nämä tarvitsevat ohjaajan, ja se voisit olla sinä",
    ]
    assert page.has_form(f"{DUTIES}/{UUID(int=101)}/accept")
    assert page.has_form(f"{DUTIES}/{UUID(int=102)}/accept")
    assert DESK in page.links


async def test_nobody_is_pressed_when_there_is_nothing_to_lead(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(ListDuties, Duties([]))

    page = await leader.open(DUTIES)

    assert "Sinun ei tarvitse tehdä mitään" in page.text


async def test_taking_a_session_thanks_and_a_second_press_changes_nothing(
    leader: Visitor, tables: Neighbours
) -> None:
    tables.answers(AcceptDuty, duty(2))
    page = await leader.open(DUTIES)
    form = page.form(f"{UUID(int=102)}/accept")

    for _ in range(2):
        page = await leader.send(form)
        assert "Kiitos! Sinä ohjaat tämän kerran" in page.text

    assert [(asked.slot_id, asked.starts_at) for asked in tables.heard(AcceptDuty)] == [
        (UUID(int=102), duty(2).starts_at)
    ] * 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (Code.DUTY_TAKEN, "Kiitos kuitenkin"),
        (Code.OVERLAP, "Sinulla on silloin jo"),
        (Code.NOT_TRAINED, "koulutuksen"),
        (Code.SLOT_CLOSED, "Tämä kerta on peruttu"),
        (Code.CHANGED_MEANWHILE, "nyt toinen aika"),
        (Code.ALREADY_STARTED, "alkanut"),
    ],
)
async def test_what_came_in_between_is_said_kindly_on_the_list(
    leader: Visitor, tables: Neighbours, code: Code, words: str
) -> None:
    tables.refuses(AcceptDuty, Refusal(code, "No."))
    page = await leader.open(DUTIES)

    page = await leader.send(page.form(f"{UUID(int=102)}/accept"))

    assert page.status == 409
    assert words in page.text
    assert DESK in page.links, "the rest of the list is still there"


async def test_a_whole_series_is_promised_by_one_press(leader: Visitor, tables: Neighbours) -> None:
    asked = [duty(n, staffing=Staffing.ASKED, accepted=False) for n in (3, 4, 5)]
    tables.answers(ListDuties, Duties(asked))
    tables.answers(AcceptDuty, duty(3))
    page = await leader.open(DUTIES)
    form = page.form("/my/duties/accept")

    page = await leader.send(form)

    assert "Kiitos! Sinä ohjaat nämä kerrat" in page.text
    seen = [(each.slot_id, each.starts_at) for each in asked]
    assert [(each.slot_id, each.starts_at) for each in tables.heard(AcceptDuty)] == seen
    tables.refuses(AcceptDuty, Refusal(Code.OVERLAP, "No."))
    page = await leader.send(form)
    assert (page.status, len(tables.heard(AcceptDuty))) == (409, 6), "the others are tried all the same"
    assert "Sinulla on silloin jo" in page.text
    assert (await leader.send(form, slot_id="x")).status == 400
    assert (await leader.send(form, starts_at="soon")).status == 400


async def test_giving_up_asks_first_and_offers_a_stand_in_instead(
    leader: Visitor, tables: Neighbours
) -> None:
    tables.answers(GiveUpDuty, duty(staffing=Staffing.NEEDS_HOST, accepted=False, hosting=False))
    tables.answers(AskForStandIn, duty(staffing=Staffing.STAND_IN_WANTED))

    page = await leader.open(f"{DUTIES}/{SLOT}/give-up")
    assert "syytä tarvitse kertoa" in page.text
    assert not tables.heard(GiveUpDuty)

    told = await leader.send(page.form("/give-up"))
    assert "Etsimme jonkun muun" in told.text
    told = await leader.send(page.form("/stand-in"), press=("wanted", "yes"))
    assert "Jos kukaan ei pääse, tulet itse" in told.text
    assert [(asked.wanted, asked.starts_at) for asked in tables.heard(AskForStandIn)] == [
        (True, duty().starts_at)
    ]


async def test_a_wish_for_a_stand_in_can_be_taken_back(leader: Visitor, tables: Neighbours) -> None:
    looking = duty(staffing=Staffing.STAND_IN_WANTED)
    tables.answers(ListDuties, lambda asked, _: Duties([looking] if asked.scope is DutyScope.MINE else []))
    tables.answers(AskForStandIn, duty())

    page = await leader.open(DUTIES)
    assert "Etsimme sijaista" in page.text
    await leader.send(page.form("/stand-in"), press=("wanted", "no"))

    assert [asked.wanted for asked in tables.heard(AskForStandIn)] == [False]


async def test_my_groups_tell_what_is_next_and_how_it_is_staffed(
    leader: Visitor, tables: Neighbours
) -> None:
    tables.answers(GetManagedGroup, managed(sessions=[session(applied=2, waiting=1)]))

    page = await leader.open("/my/groups")

    assert GROUP in page.links
    assert "✓ Aino Asiantuntija tulee" in page.text
    assert "5/12 paikkaa varattu · jonossa: 1 · haluaa mukaan: 2" in page.text
    assert "2 odottaa vastaustasi" in page.text


async def test_somebody_without_groups_is_told_how_one_comes_by_them(
    leader: Visitor, tables: Neighbours
) -> None:
    tables.answers(ListManagedGroups, ManagedGroups([]))

    page = await leader.open("/my/groups")

    assert "Et ohjaa juuri nyt ryhmää" in page.text
    assert [asked.mine for asked in tables.heard(ListManagedGroups)] == [True]


@pytest.mark.parametrize(
    ("staffing", "words"),
    [
        (Staffing.ACCEPTED, "✓ Aino Asiantuntija tulee"),
        (Staffing.ASKED, "? Aino Asiantuntija ei ole vielä vastannut"),
        (Staffing.STAND_IN_WANTED, "⇄ Aino Asiantuntija tulee, mutta toivoo sijaista"),
        (Staffing.NEEDS_HOST, "! Tarvitsee ohjaajan"),
    ],
)
async def test_staffing_is_a_mark_and_words(
    leader: Visitor, tables: Neighbours, staffing: Staffing, words: str
) -> None:
    tables.answers(GetManagedGroup, managed(sessions=[session(staffing=staffing)]))

    assert words in (await leader.open(GROUP)).text


async def test_a_groups_page_has_its_times_ahead_and_past(leader: Visitor, tables: Neighbours) -> None:
    sessions = [session(-1), session(0), session(1, state=SlotState.CANCELLED)]
    tables.answers(GetManagedGroup, managed(sessions=sessions))

    page = await leader.open(GROUP)

    assert links(page, "/move") == [f"{DESK}/move"]
    assert links(page, "/call-off") == [f"{DESK}/call-off"]
    assert links(page, "/attendance") == [f"/my/sessions/{UUID(int=99)}/attendance"]
    assert not [link for link in page.links if link.startswith("/coordinator")]


async def test_who_wishes_to_join_is_accepted_by_a_press(leader: Visitor, tables: Neighbours) -> None:
    wishing = [
        attendee(0, "Kielo", status=BookingStatus.APPLIED, note="Mahdunko?"),
        attendee(1, "Ruusu", status=BookingStatus.APPLIED, accompanies=FIRST),
    ]
    series = managed(CLOSED, sessions=[session(number, applied=2) for number in range(3)])
    tables.answers(GetManagedGroup, series)
    tables.answers(ListAttendees, Attendees(wishing))
    tables.answers(AnswerApplication, group_examples.my_group())

    page = await leader.open(f"/my/groups/{CLOSED.id}")
    assert page.text.count("Mahdunko?") == 1, "one who wishes for a series is listed once"
    assert "mukana Ruusu" in page.text
    page = await leader.send(page.form(f"/applications/{FIRST}"), press=("answer", "yes"))

    assert "Hänet on hyväksytty" in page.text
    assert [(asked.booking_id, asked.accept) for asked in tables.heard(AnswerApplication)] == [
        (FIRST, True)
    ]


async def test_not_accepting_asks_first_and_can_be_too_late(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(AnswerApplication, group_examples.my_group())
    path = f"{GROUP}/applications/{FIRST}"

    page = await leader.open(path)
    assert page.heading == "Eikö Kielo mahdu mukaan?"
    assert not tables.heard(AnswerApplication)
    told = await leader.send(page.form(path), press=("answer", "no"))
    assert "ystävällisesti" in told.text

    tables.refuses(AnswerApplication, Refusal(Code.FORBIDDEN, "Accepted already."))
    told = await leader.send(page.form(path), press=("answer", "no"))
    assert (told.status, "Hänet on jo hyväksytty" in told.text) == (409, True)


async def test_somebody_who_asks_to_join_another_group_is_not_found_in_this_one(
    leader: Visitor, tables: Neighbours
) -> None:
    tables.answers(DescribeBooking, group_examples.booking())
    assert (await leader.open(f"{GROUP}/applications/{FIRST}")).status == 404


async def test_the_desk_shows_where_everybody_is(leader: Visitor, tables: Neighbours) -> None:
    page = await leader.open(DESK)

    headings = [node.text for node in page.all("h2")]
    assert headings == [
        "Oven takana (1)",
        "Paikalla nyt (1)",
        "Ei vielä paikalla (1)",
        "Vielä ilman paikkaa (1)",
    ]
    assert "Kuuntelen mieluummin." in page.text
    assert page.by_id("live")["data-said"] == "Paikalla nyt: 1. Odottamassa nyt: 1"
    assert not [sign for sign in BLAMELESS if sign in page.html]


async def test_whoever_left_or_was_sent_out_stands_apart(leader: Visitor, tables: Neighbours) -> None:
    away = RoomPresence([here(0, "away"), here(1, "away", removed=True)])
    tables.answers(ListPresence, away)
    tables.answers(RemoveParticipant, Nothing())

    page = await leader.open(DESK)

    headings = [node.text for node in page.all("h2")]
    assert headings[1:3] == ["Kävi paikalla (1)", "Poistettu (1)"]
    page = await leader.send(page.form("/let-back"))
    assert "Hän pääsee taas sisään" in page.text
    assert [asked.back for asked in tables.heard(RemoveParticipant)] == [True]


async def test_sending_somebody_out_asks_first(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(RemoveParticipant, Nothing())
    path = f"{DESK}/people/{FIRST}/send-out"
    assert path in (await leader.open(DESK)).links

    page = await leader.open(path)
    assert page.heading == "Poistetaanko Kielo?"
    assert not tables.heard(RemoveParticipant)
    page = await leader.send(page.form(path))

    assert page.path == DESK
    assert [(asked.booking_id, asked.back) for asked in tables.heard(RemoveParticipant)] == [(FIRST, False)]


async def test_somebody_of_another_session_cannot_be_sent_out_of_this_one(
    leader: Visitor, tables: Neighbours
) -> None:
    assert (await leader.open(f"/my/sessions/{UUID(int=101)}/people/{FIRST}/send-out")).status == 404


async def test_who_cannot_get_in_is_named_and_the_host_may_reach_them(
    leader: Visitor, tables: Neighbours
) -> None:
    tables.answers(Look, examples.view(RoomState.OPEN, cannot_get_in=[FIRST]))
    contact = f"/my/week/bookings/{FIRST}/contact"

    page = await leader.open(DESK)
    assert "Kielo ei pääse sisään" in page.text
    assert contact in page.links

    tables.answers(GetDuty, duty(hosting=False, co_hosting=True, host=OTHER))
    assert contact not in (await leader.open(DESK)).links, "who only helps to lead reads no contact data"
    tables.answers(GetDuty, duty(hosting=False, facilitating=True, host=OTHER))
    assert contact in (await leader.open(DESK)).links


async def test_the_way_into_the_room_leads_back_to_the_desk(
    visitor: Visitor, tables: Neighbours, system: System, clock: SetClock
) -> None:
    leader = await signed_in(visitor, system, clock, SOON)
    tables.answers(Join, examples.joined())
    tables.answers(Leave, Nothing())
    tables.answers(CloseRoom, examples.view(RoomState.OVER))

    page = await leader.open(DESK)
    room = await leader.send(page.form("/join"))

    assert DESK in room.links
    assert (await leader.send(room.form("/leave"))).path == DESK
    assert (await leader.send(room.form("/close"))).path == DESK


async def test_ending_the_meeting_from_the_desk_asks_first(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(CloseRoom, examples.view(RoomState.OVER))

    page = await leader.open(f"{DESK}/close")
    assert "et sinäkään" in page.text
    assert not tables.heard(CloseRoom)
    assert (await leader.send(page.form("/close"))).path == DESK


async def test_a_desk_without_rooms_still_lists_who_comes(leader: Visitor, tables: Neighbours) -> None:
    await tables.away("rooms")

    page = await leader.open(DESK)

    assert page.status == 200
    assert "Paikallaolijoita ei juuri nyt voi näyttää" in page.text
    assert "Orvokki" in page.text


async def test_who_has_not_promised_sees_no_way_in(
    visitor: Visitor, tables: Neighbours, system: System, clock: SetClock
) -> None:
    leader = await signed_in(visitor, system, clock, SOON)
    nothing = Refusal(Code.NOT_FOUND, "Not yours.")
    for kind in (Look, ListPresence):
        tables.refuses(kind, nothing)
    tables.answers(GetDuty, duty(staffing=Staffing.ASKED, accepted=False))

    page = await leader.open(DESK)

    assert "Vain tulonsa luvannut" in page.text
    assert not page.has_form("/join")
    assert not links(page, "/send-out")


async def test_a_stranger_finds_no_desk(leader: Visitor, tables: Neighbours) -> None:
    tables.refuses(ListAttendees, Refusal(Code.NOT_FOUND, "Not yours."))

    assert (await leader.open(DESK)).status == 404


async def test_a_great_many_come_in_pages(leader: Visitor, tables: Neighbours) -> None:
    crowd = [attendee(number, f"Kielo {number}") for number in range(100)]
    tables.answers(ListAttendees, lambda asked, _: Attendees(crowd, None if asked.cursor else "more"))

    page = await leader.open(DESK)

    assert f"{DESK}?after=more" in page.links
    assert DESK in (await leader.open(f"{DESK}?after=more")).links


async def test_a_message_is_seen_before_it_goes_and_goes_once(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(SendAnnouncement, Nothing())
    path = f"{DESK}/message"

    page = await leader.open(path)
    assert "Et näe heidän osoitteitaan" in page.text
    page = await leader.send(page.form(path), words="Nähdään huomenna!", press=("do", "show"))
    assert "Se lähtee enintään 5 ihmiselle" in page.text
    assert not tables.heard(SendAnnouncement)
    for _ in range(2):
        sent = await leader.send(page.form(path), press=("do", "send"))

    assert "Viesti on matkalla" in sent.text
    assert {asked.words for asked in tables.heard(SendAnnouncement)} == {"Nähdään huomenna!"}
    assert len({call.key for call in tables.calls(SendAnnouncement)}) == 1


async def test_a_message_to_a_series_counts_each_person_once(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(GetManagedGroup, managed(CLOSED))
    path = f"/my/groups/{CLOSED.id}/message"

    page = await leader.send((await leader.open(path)).form(path), words="Hei", press=("do", "show"))

    assert "Se lähtee enintään 5 ihmiselle" in page.text


async def test_an_empty_message_or_a_fourth_one_is_explained(leader: Visitor, tables: Neighbours) -> None:
    tables.refuses(SendAnnouncement, Refusal(Code.TOO_MANY, "Enough."))
    path = f"{GROUP}/message"
    page = await leader.open(path)

    empty = await leader.send(page.form(path), press=("do", "send"))
    assert "words" in empty.errors
    fourth = await leader.send(page.form(path), words="Hei", press=("do", "send"))
    assert fourth.status == 409
    assert "Lähetä seuraava huomenna" in fourth.text


async def test_a_session_is_moved_by_the_clock_on_the_wall(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(MoveSession, session(1))

    page = await leader.open(f"{DESK}/move")
    assert page.form("/move").fields | {"csrf": ""} == {
        "csrf": "",
        "on": "2027-01-12",
        "starts": "13:00",
        "ends": "14:30",
    }
    page = await leader.send(page.form("/move"), on="2027-07-13", starts="18:00", ends="19:30")

    (asked,) = tables.heard(MoveSession)
    assert asked.starts_at == datetime(2027, 7, 13, 18, 0, tzinfo=ZoneInfo(examples.ZONE))
    assert asked.ends_at - asked.starts_at == timedelta(minutes=90)
    assert page.path == GROUP


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"on": ""}, "on"),
        ({"on": "2027-13-40"}, "on"),
        ({"ends": "12:00"}, "ends"),
        ({"on": "2027-03-28", "starts": "03:30", "ends": "05:00"}, "starts"),
    ],
)
async def test_an_hour_that_cannot_be_is_refused_beside_its_field(
    leader: Visitor, tables: Neighbours, typed: dict[str, str], field: str
) -> None:
    page = await leader.open(f"{DESK}/move")

    page = await leader.send(page.form("/move"), dict(typed))

    assert page.status == 400
    assert field in page.errors
    assert not tables.heard(MoveSession)


async def test_an_overlap_is_said_above_the_form(leader: Visitor, tables: Neighbours) -> None:
    tables.refuses(MoveSession, Refusal(Code.OVERLAP, "Another time."))
    page = await leader.open(f"{DESK}/move")

    page = await leader.send(page.form("/move"), on="2027-01-13")

    assert page.status == 400
    assert "Ohjaajalla on silloin toinen aika" in page.text


async def test_calling_off_shows_what_they_will_read(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(CancelSlot, examples.host_slot())
    path = f"{DESK}/call-off"

    page = await leader.send((await leader.open(path)).form(path), press=("do", "show"))
    assert "reason" in page.errors
    page = await leader.send(page.form(path), reason="Olen sairaana.", press=("do", "show"))
    assert page.one("blockquote").text == "Olen sairaana."
    assert not tables.heard(CancelSlot)
    page = await leader.send(page.form(path), press=("do", "cancel"))

    assert [asked.reason for asked in tables.heard(CancelSlot)] == ["Olen sairaana."]
    assert page.path == GROUP


async def test_where_the_last_one_has_left_meanwhile_no_reason_is_asked_for_or_refused(
    leader: Visitor, tables: Neighbours
) -> None:
    tables.answers(CancelSlot, examples.host_slot())
    path = f"{DESK}/call-off"
    asked = (await leader.open(path)).form(path)
    tables.answers(GetDuty, duty(taken=0))

    page = await leader.send(asked, reason="Olen\x7fsairaana.", press=("do", "show"))
    assert not tables.heard(CancelSlot)
    page = await leader.send(page.form(path), press=("do", "cancel"))

    assert page.path == GROUP
    assert [asked.reason for asked in tables.heard(CancelSlot)] == ["Aika jouduttiin perumaan."]


async def test_a_group_session_of_the_week_leads_to_its_own_pages(
    visitor: Visitor, tables: Neighbours, system: System, clock: SetClock
) -> None:
    leader = await signed_in(visitor, system, clock, SOON)
    slot = msgspec.structs.replace(examples.host_slot(), id=SLOT, group_id=OPEN.id, bookings=[])
    tables.answers(ListHostSlots, HostSlots([slot]))
    tables.answers(GetSlot, slot)

    page = await leader.open("/my/week")

    assert DESK in page.links
    assert page.form("/join").fields["back"] == "session", "it may be opened before anybody has enrolled"
    assert (await leader.open(f"/my/week/slots/{SLOT}/cancel")).path == f"{DESK}/call-off"


async def test_who_came_is_filled_in_from_the_room_and_set_right(
    visitor: Visitor, tables: Neighbours, system: System, clock: SetClock
) -> None:
    leader = await signed_in(visitor, system, clock, AFTER)
    seen = [
        attendee(0, "Kielo", status=BookingStatus.ATTENDED, joined=True, guided_to=["Kela"]),
        attendee(1, "Ruusu", status=BookingStatus.NO_SHOW),
        attendee(2, "Orvokki", joined=True),
        attendee(3, "Lumme", status=BookingStatus.WAITING),
    ]
    tables.answers(ListAttendees, Attendees(seen))
    tables.answers(RecordOutcome, Nothing())
    path = f"{DESK}/attendance"
    assert path in (await leader.open(DESK)).links

    page = await leader.open(path)
    form = page.form(path)
    assert [form.fields[f"came-{one.booking_id}"] for one in seen[:3]] == [
        "attended",
        "no_show",
        "attended",
    ]
    assert "Lumme" not in page.text
    page = await leader.send(form, {f"came-{seen[1].booking_id}": "attended"})

    recorded = [(asked.booking_id, asked.status) for asked in tables.heard(RecordOutcome)]
    assert recorded == [(one.booking_id, BookingStatus.ATTENDED) for one in seen[1:3]]
    assert "Tieto on kirjattu" in page.text


async def test_one_more_time_takes_the_hours_of_the_last(leader: Visitor, tables: Neighbours) -> None:
    tables.answers(AddSlot, examples.host_slot())
    path = f"{GROUP}/more"

    page = await leader.open(path)
    page = await leader.send(page.form(path), on="2027-02-09")

    (asked,) = tables.heard(AddSlot)
    assert (asked.group_id, asked.starts_at.hour, asked.capacity) == (OPEN.id, 11, OPEN.capacity)
    assert tables.calls(AddSlot)[0].key
    assert page.path == GROUP


@pytest.mark.parametrize(
    "path", [DUTIES, "/my/groups", GROUP, DESK, f"{DESK}/message", f"{DESK}/attendance"]
)
@pytest.mark.parametrize("language", ["sv", "en"])
async def test_every_page_is_said_in_every_language(leader: Visitor, path: str, language: str) -> None:
    page = await leader.open(f"{path}?lang={language}")

    assert (page.status, page.language) == (200, language)

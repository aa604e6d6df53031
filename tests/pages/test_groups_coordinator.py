"""The coordinator's pages of groups: setting one up, its series, who leads, enrolling somebody."""

from datetime import date, time, timedelta
from uuid import UUID

import msgspec
import pytest

from services.contracts.booking.appointments import DescribeBooking
from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.enrolment import DescribeEnrolment, Enrol, LeaveGroup
from services.contracts.booking.groups import (
    AddGroup,
    ChangeGroup,
    EndGroup,
    GetGroup,
    GetManagedGroup,
    ListManagedGroups,
    ManagedGroups,
    PreviewSeries,
    Series,
    SeriesConflict,
    SeriesDay,
    SeriesMove,
    SeriesPreview,
    SetSeries,
    Staffing,
)
from services.contracts.booking.people import ChangePerson, GetPerson, ListPeople, People
from services.contracts.booking.slots import BookingStatus
from services.contracts.booking.staffing import (
    AssignHost,
    Duties,
    DutyScope,
    GetDuty,
    ListDuties,
    RemoveCoHost,
)
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, Refusal, Unavailable
from tests.pages import coordination, examples, group_examples, leading_examples
from tests.pages.coordination import COORDINATOR
from tests.pages.group_examples import CLOSED, OPEN
from tests.pages.leading_examples import OTHER, SLOT, UNTRAINED, VOLUNTEER, asked, duty, managed, wanted
from tests.pages.test_my_week import sign_in
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Typed, Visitor
from tests.support.system import System

GROUPS, STAFFING = "/coordinator/groups", "/coordinator/staffing"
GROUP, SERIES = f"{GROUPS}/{OPEN.id}", f"{GROUPS}/{OPEN.id}/series"
ENROL_ONE, ENROL_ALL = f"{GROUP}/enrol/{SLOT}", f"{GROUPS}/{CLOSED.id}/enrol"
FITTING = msgspec.structs.replace(examples.EXPERT, id=UUID(int=8), themes=[examples.THEME])
FILLED: dict[str, Typed] = {
    "name_fi": "Surun jälkeen",
    "description_fi": "Kahdeksan iltaa.",
    "theme": examples.THEME,
    "organisation": str(UUID(int=2)),
    "leader-1": str(examples.EXPERT.id),
    "leader-2": str(COORDINATOR.id),
}
PREVIEW = SeriesPreview(
    kept=2,
    added=[SeriesDay(starts_at=examples.STARTS, ends_at=examples.ENDS)],
    moved=[
        SeriesMove(
            slot_id=SLOT,
            from_at=examples.STARTS,
            from_ends_at=examples.ENDS,
            to_at=examples.STARTS,
            to_ends_at=examples.ENDS + timedelta(minutes=15),
            enrolled=4,
        )
    ],
    cancelled=[SeriesDay(starts_at=examples.STARTS, ends_at=examples.ENDS, enrolled=3)],
    conflicts=[SeriesConflict(on=date(2027, 3, 28), code="overlap")],
)


@pytest.fixture
async def tables(neighbours: Neighbours) -> Neighbours:
    coordination.prepare(neighbours)
    leading_examples.prepare(neighbours)
    neighbours.answers(ListPeople, People([COORDINATOR, examples.EXPERT, FITTING, UNTRAINED]))
    return neighbours


@pytest.fixture
async def coordinator(visitor: Visitor, tables: Neighbours, system: System) -> Visitor:
    await sign_in(visitor, system)
    return visitor


async def test_the_overview_says_how_many_sessions_need_somebody(
    coordinator: Visitor, tables: Neighbours
) -> None:
    """Whoever has weeks left to answer is no worry yet."""
    soon = asked(0, host=OTHER, hosting=False)
    later = asked(2, host=OTHER, hosting=False)
    looking = duty(1, staffing=Staffing.STAND_IN_WANTED)
    tables.answers(ListDuties, Duties([soon, later, looking, wanted(3)]))

    page = await coordinator.open("/coordinator")

    assert "2 ryhmän kertaa tarvitsee ohjaajan" in page.text
    assert f"{STAFFING}?status=unstaffed" in page.links
    tables.answers(ListDuties, Duties([later, looking]))
    assert "tarvitsee ohjaajan" not in (await coordinator.open("/coordinator")).text


async def test_the_overview_stands_without_staffing(coordinator: Visitor, tables: Neighbours) -> None:
    tables.refuses(ListDuties, Unavailable("away"))

    assert (await coordinator.open("/coordinator")).status == 200


async def test_groups_are_listed_and_one_that_nobody_leads_is_marked(
    coordinator: Visitor, tables: Neighbours
) -> None:
    ended = managed(msgspec.structs.replace(CLOSED, ended=True), sessions=[])
    tables.answers(ListManagedGroups, ManagedGroups([managed(facilitators=[]), ended], "more"))

    page = await coordinator.open(GROUPS)

    assert {f"/my/groups/{OPEN.id}", f"/my/groups/{CLOSED.id}", f"{GROUPS}?after=more"} <= set(page.links)
    assert page.text.count("ei ohjaajaa") == 1
    assert page.text.count("päättynyt") == 1


async def test_a_group_is_set_up_with_few_fields(coordinator: Visitor, tables: Neighbours) -> None:
    tables.answers(AddGroup, OPEN)
    page = await coordinator.open(f"{GROUPS}/new")

    page = await coordinator.send(
        page.form(GROUPS), FILLED, name_en="After a loss", open="closed", whole_series="series"
    )

    (made,) = tables.heard(AddGroup)
    assert made.name == Words("Surun jälkeen", "Surun jälkeen", "After a loss"), "Finnish where left empty"
    assert (made.open, made.whole_series, made.kind) == (False, True, SlotKind.GROUP)
    assert made.facilitators == [examples.EXPERT.id, COORDINATOR.id]
    assert (made.capacity, made.room_limit, made.languages) == (12, None, ["fi"])
    assert page.path == f"/my/groups/{OPEN.id}"
    assert SERIES in page.links


async def test_setting_up_twice_by_one_form_is_once(coordinator: Visitor, tables: Neighbours) -> None:
    tables.answers(AddGroup, OPEN)
    form = (await coordinator.open(f"{GROUPS}/new")).form(GROUPS)

    for _ in range(2):
        await coordinator.send(form, FILLED)

    assert len({call.key for call in tables.calls(AddGroup)}) == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name_fi": ""}, "name_fi"),
        ({"name_sv": "x" * 121}, "name_sv"),
        ({"description_fi": " "}, "description_fi"),
        ({"capacity": "1"}, "capacity"),
        ({"capacity": "monta"}, "capacity"),
        ({"capacity": "20", "room_limit": "10"}, "room_limit"),
        ({"languages": []}, "languages"),
        ({"theme": ""}, "theme"),
        ({"organisation": "ei"}, "organisation"),
        ({"leader-2": str(examples.EXPERT.id)}, "leader-1"),
    ],
)
async def test_what_is_wrong_with_a_group_is_told_beside_its_field(
    coordinator: Visitor, tables: Neighbours, typed: dict[str, Typed], field: str
) -> None:
    page = await coordinator.open(f"{GROUPS}/new")

    page = await coordinator.send(page.form(GROUPS), FILLED | typed)

    assert page.status == 400
    assert list(page.errors) == [field]
    assert not tables.heard(AddGroup)


async def test_only_who_may_lead_can_be_chosen(coordinator: Visitor) -> None:
    page = await coordinator.open(f"{GROUPS}/new")

    chosen = [option["value"] for option in page.by_id("leader-1").all("option")]
    assert str(examples.EXPERT.id) in chosen
    assert str(UNTRAINED.id) not in chosen


async def test_what_a_group_is_can_be_changed_and_how_it_was_made_cannot(
    coordinator: Visitor, tables: Neighbours
) -> None:
    tables.answers(ChangeGroup, OPEN)
    page = await coordinator.open(GROUP)
    form = page.form(GROUP)
    assert (form.fields["name_fi"], form.fields["leader-1"]) == (OPEN.name.fi, str(examples.HOST.id))
    assert "open" not in form.fields

    page = await coordinator.send(form, capacity="20")

    (change,) = tables.heard(ChangeGroup)
    assert (change.capacity, change.name, change.description) == (20, OPEN.name, OPEN.description)
    assert "voimassa" in page.text


async def test_what_somebody_else_changed_meanwhile_is_told_and_nothing_typed_is_lost(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await coordinator.open(GROUP)
    form = page.form(GROUP)
    theirs = msgspec.structs.replace(OPEN, capacity=30, name=Words("Uusi nimi", "Nytt namn", "New name"))
    tables.answers(GetManagedGroup, managed(theirs, version=2, facilitators=[OTHER, examples.HOST]))
    tables.refuses(ChangeGroup, Refusal(Code.CHANGED_MEANWHILE, "Changed.", version=2))

    page = await coordinator.send(form, capacity="20", description_fi="Minun sanani.")

    assert page.status == 409
    assert "Joku muu muutti tätä" in page.text
    stands = [node.text for node in page.one("dl").all("dd")]
    assert [stands[0], "30" in stands, OPEN.description.fi in stands] == ["Uusi nimi", True, True]
    assert f"{OTHER.display_name}, {examples.HOST.display_name}" in " ".join(stands)
    again = page.form(GROUP)
    assert (again.fields["capacity"], again.fields["description_fi"]) == ("20", "Minun sanani.")
    tables.answers(ChangeGroup, theirs)
    await coordinator.send(again)
    assert [asked.version for asked in tables.heard(ChangeGroup)] == [1, 2]


@pytest.mark.parametrize("version", [None, "", "x", "9" * 30])
async def test_a_form_that_names_no_version_never_writes_over_what_stands(
    coordinator: Visitor, tables: Neighbours, version: str | None
) -> None:
    tables.answers(ChangeGroup, OPEN)
    page = await coordinator.open(GROUP)

    await coordinator.send(page.form(GROUP), version=version)

    (change,) = tables.heard(ChangeGroup)
    assert change.version == 0, "which no group has: only what stands already may be asked for"


async def test_what_is_wrong_in_a_form_does_not_make_it_a_newer_one(
    coordinator: Visitor, tables: Neighbours
) -> None:
    form = (await coordinator.open(GROUP)).form(GROUP)
    tables.answers(GetManagedGroup, managed(version=2))
    tables.answers(ChangeGroup, OPEN)

    page = await coordinator.send(form, capacity="1")
    await coordinator.send(page.form(GROUP), capacity="20")

    assert [asked.version for asked in tables.heard(ChangeGroup)] == [1]


async def test_a_capacity_below_those_enrolled_says_their_number(
    coordinator: Visitor, tables: Neighbours
) -> None:
    tables.refuses(ChangeGroup, Refusal(Code.CAPACITY_TOO_SMALL, "Too small.", enrolled=9))

    page = await coordinator.open(GROUP)
    page = await coordinator.send(page.form(GROUP), capacity="4")

    assert "Ilmoittautuneita on jo 9" in page.errors["capacity"]


async def previewed(coordinator: Visitor, tables: Neighbours, preview: SeriesPreview = PREVIEW) -> Page:
    tables.answers(PreviewSeries, preview)
    tables.answers(SetSeries, preview)
    page = await coordinator.open(SERIES)
    return await coordinator.send(
        page.form(SERIES),
        {"skip-1": "2027-02-16", "date-1": "2027-06-01"},
        press=("do", "preview"),
        every="2",
        first_on="2027-01-19",
        until="2027-05-25",
    )


async def test_a_series_is_shown_with_numbers_before_it_is_set(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await previewed(coordinator, tables)

    for words in (
        "2 kertaa pysyy ennallaan",
        "1 kerta lisätään",
        "1 kerran kellonaika muuttuu",
        "klo 13.00–13.45 → tiistaina 12. tammikuuta klo 13.00–14.00 – 4 ilmoittautunutta",
        "1 kerta jää pois",
        "3 ilmoittautunutta",
        "ohjaajalla on silloin muu aika",
    ):
        assert words in page.text
    (shown,) = tables.heard(PreviewSeries)
    assert (shown.series.every_weeks, shown.series.first_on) == (2, date(2027, 1, 19))
    assert (shown.series.dates, shown.series.skip) == ([date(2027, 6, 1)], [date(2027, 2, 16)])
    assert (shown.series.starts, shown.series.ends) == (time(13), time(14, 30))
    assert not tables.heard(SetSeries)


async def test_setting_it_needs_a_reason_and_carries_all_that_was_typed(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await previewed(coordinator, tables)

    page = await coordinator.send(page.form(SERIES), press=("do", "set"))
    assert "reason" in page.errors
    page = await coordinator.send(page.form(SERIES), press=("do", "set"), reason="Loma-aika.")

    (done,) = tables.heard(SetSeries)
    assert (done.reason, done.series) == ("Loma-aika.", tables.heard(PreviewSeries)[0].series)
    assert page.path == f"/my/groups/{OPEN.id}"


async def test_a_series_that_somebody_else_changed_meanwhile_is_shown_anew_before_it_is_set(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await previewed(coordinator, tables)
    newer = msgspec.structs.replace(PREVIEW, kept=7, cancelled=[], conflicts=[])
    tables.answers(GetManagedGroup, managed(version=2))
    tables.answers(PreviewSeries, newer)
    tables.refuses(SetSeries, Refusal(Code.CHANGED_MEANWHILE, "Changed.", version=2))

    page = await coordinator.send(page.form(SERIES), press=("do", "set"))

    assert page.status == 409
    assert "Joku muu muutti tätä" in page.text
    assert "7 kertaa pysyy ennallaan" in page.text
    tables.answers(SetSeries, newer)
    done = await coordinator.send(page.form(SERIES), press=("do", "set"))
    assert done.path == f"/my/groups/{OPEN.id}"
    first, second = tables.heard(SetSeries)
    assert (first.version, second.version) == (1, 2)
    assert first.series == second.series
    assert len({call.key for call in tables.calls(SetSeries)}) == 2


async def test_what_one_does_in_a_form_of_a_series_does_not_make_it_a_newer_one(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await previewed(coordinator, tables, msgspec.structs.replace(PREVIEW, cancelled=[]))
    tables.answers(GetManagedGroup, managed(version=2))

    for button in ("edit", "rows", "preview", "set"):
        page = await coordinator.send(page.form(SERIES), press=("do", button))

    (asked,) = tables.heard(SetSeries)
    assert asked.version == 1


async def test_a_form_of_a_series_that_names_no_version_writes_over_nothing(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await previewed(coordinator, tables, msgspec.structs.replace(PREVIEW, cancelled=[]))

    await coordinator.send(page.form(SERIES), press=("do", "set"), version=None)

    (asked,) = tables.heard(SetSeries)
    assert asked.version == 0, "which no group has: only what stands already may be asked for"


async def test_one_goes_back_to_the_form_with_everything_kept(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await previewed(coordinator, tables)

    page = await coordinator.send(page.form(SERIES), press=("do", "edit"))

    fields = page.form(SERIES).fields
    assert (fields["until"], fields["skip-1"], fields["every"]) == ("2027-05-25", "2027-02-16", "2")


async def test_a_series_of_as_many_days_as_there_may_be_is_typed_and_kept(
    coordinator: Visitor, tables: Neighbours
) -> None:
    """None of those who come on the last day loses it because a form ends before it."""
    days = [date(2027, 2, 1) + timedelta(days=number) for number in range(104)]
    series = Series(starts=time(17), ends=time(18), dates=days, skip=days[:90])
    tables.answers(GetManagedGroup, managed(series=series))
    tables.answers(PreviewSeries, SeriesPreview(kept=104, added=[], moved=[], cancelled=[], conflicts=[]))
    page = await coordinator.open(SERIES)
    assert "enintään 104 kertaa" in page.text

    page = await coordinator.send(page.form(SERIES), press=("do", "preview"))
    page = await coordinator.send(page.form(SERIES), press=("do", "edit"))

    (shown,) = tables.heard(PreviewSeries)
    assert (shown.series.dates, shown.series.skip) == (days, days[:90])
    assert page.form(SERIES).fields["date-104"] == str(days[-1])


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"until": ""}, "until"),
        ({"first_on": ""}, "first_on"),
        ({"starts": ""}, "starts"),
        ({"every": "0"}, "date-1"),
        ({"skip-1": "huomenna"}, "skip-1"),
    ],
)
async def test_a_series_that_says_too_little_is_refused(
    coordinator: Visitor, tables: Neighbours, typed: dict[str, Typed], field: str
) -> None:
    page = await coordinator.open(SERIES)
    whole: dict[str, Typed] = {"first_on": "2027-01-19", "until": "2027-05-25"}

    page = await coordinator.send(page.form(SERIES), whole | typed)

    assert (page.status, list(page.errors)) == (400, [field])
    assert not tables.heard(PreviewSeries)


async def test_a_group_without_a_leader_cannot_meet(coordinator: Visitor, tables: Neighbours) -> None:
    tables.answers(GetManagedGroup, managed(facilitators=[], sessions=[]))
    tables.refuses(PreviewSeries, Refusal(Code.HOST_REQUIRED, "Nobody leads it."))

    page = await coordinator.open(SERIES)
    assert GROUP in page.links
    page = await coordinator.send(page.form(SERIES), first_on="2027-01-19", until="2027-05-25")

    assert page.status == 400
    assert "Valitse ensin ryhmälle ohjaaja" in page.text


async def test_ending_a_group_asks_first_and_needs_a_reason(
    coordinator: Visitor, tables: Neighbours
) -> None:
    tables.answers(EndGroup, OPEN)

    page = await coordinator.open(f"{GROUP}/end")
    assert "3 tulevaa kertaa perutaan" in page.text
    page = await coordinator.send(page.form("/end"))
    assert "reason" in page.errors
    page = await coordinator.send(page.form("/end"), reason="Ohjaaja vaihtaa työtä.")

    assert [asked.reason for asked in tables.heard(EndGroup)] == ["Ohjaaja vaihtaa työtä."]
    assert page.path == f"/my/groups/{OPEN.id}"


async def test_staffing_at_a_glance_and_what_lacks_somebody(
    coordinator: Visitor, tables: Neighbours
) -> None:
    page = await coordinator.open(STAFFING)
    for words in ("✓ Aino Asiantuntija tulee", "? Olli Ohjaaja ei ole vielä", "! Tarvitsee ohjaajan"):
        assert words in page.text

    page = await coordinator.open(f"{STAFFING}?status=unstaffed")
    assert "✓" not in page.text
    scopes = [asked.scope for asked in tables.heard(ListDuties)]
    assert scopes[-2:] == [DutyScope.ALL, DutyScope.UNSTAFFED]

    tables.answers(ListDuties, Duties([]))
    assert "on ohjaaja" in (await coordinator.open(f"{STAFFING}?status=unstaffed")).text
    assert GROUPS in (await coordinator.open(STAFFING)).links


async def test_somebody_who_fits_is_offered_first_and_asked(
    coordinator: Visitor, tables: Neighbours
) -> None:
    tables.answers(GetDuty, wanted(0))
    tables.answers(AssignHost, asked(0, host=OTHER, hosting=False))
    path = f"{STAFFING}/{SLOT}"

    page = await coordinator.open(path)
    groups = [[option["value"] for option in node.all("option")] for node in page.all("optgroup")]
    assert groups == [[str(FITTING.id)], [str(examples.EXPERT.id), str(COORDINATOR.id)]]
    page = await coordinator.send(page.form(path), person=str(FITTING.id))
    assert "Pyyntö on lähetetty" in page.text

    (named,) = tables.heard(AssignHost)
    assert (named.person_id, named.co_host) == (FITTING.id, False)


@pytest.mark.parametrize("code", [Code.OVERLAP, Code.NOT_TRAINED])
async def test_somebody_who_cannot_is_told_beside_the_choice(
    coordinator: Visitor, tables: Neighbours, code: Code
) -> None:
    tables.refuses(AssignHost, Refusal(code, "No."))
    path = f"{STAFFING}/{SLOT}"
    page = await coordinator.open(path)

    assert "person" in (await coordinator.send(page.form(path), person="")).errors
    page = await coordinator.send(page.form(path), {"person": str(FITTING.id), "as": "co_host"})

    assert page.status == 409
    assert "Valitse joku muu" in page.errors["person"]
    assert [named.co_host for named in tables.heard(AssignHost)] == [True]


async def test_a_co_host_can_be_taken_out(coordinator: Visitor, tables: Neighbours) -> None:
    tables.answers(GetDuty, duty(co_hosts=[OTHER]))
    tables.answers(RemoveCoHost, Nothing())

    page = await coordinator.open(f"{STAFFING}/{SLOT}")
    page = await coordinator.send(page.form("/remove"))

    assert [gone.person_id for gone in tables.heard(RemoveCoHost)] == [OTHER.id]


async def test_somebody_is_enrolled_for_one_time_or_for_all(
    coordinator: Visitor, tables: Neighbours
) -> None:
    tables.answers(Enrol, group_examples.enrolled())
    who: dict[str, Typed] = {"display_name": "Kielo", "phone": "040 123 4567", "consent": "yes"}

    page = await coordinator.open(f"{GROUP}/enrol")
    assert ENROL_ONE in page.links
    page = await coordinator.open(ENROL_ONE)
    wrong = await coordinator.send(page.form(ENROL_ONE), display_name="Kielo")
    assert set(wrong.errors) == {"email", "consent"}
    page = await coordinator.send(page.form(ENROL_ONE), who)
    assert page.path == coordination.BOOKING
    tables.answers(GetGroup, group_examples.page(CLOSED))
    page = await coordinator.open(ENROL_ALL)
    await coordinator.send(page.form(ENROL_ALL), who)

    assert [asked.slot_id for asked in tables.heard(Enrol)] == [SLOT, None]
    assert all(call.key for call in tables.calls(Enrol))


async def test_a_whole_enrolment_is_ended_after_a_question_and_written_down(
    coordinator: Visitor, tables: Neighbours, system: System
) -> None:
    mine, ending = group_examples.my_group(), f"{coordination.BOOKING}/leave-group"
    tables.answers(DescribeBooking, group_examples.booking())
    tables.answers(DescribeEnrolment, mine)
    tables.answers(LeaveGroup, mine)

    page = await coordinator.open(coordination.BOOKING)
    assert ending in page.links
    assert ending in (await coordinator.open(f"/my/sessions/{SLOT}")).links
    page = await coordinator.open(ending)
    assert len(page.one("main").all("time")) == 3
    assert not tables.heard(LeaveGroup)
    page = await coordinator.send(page.form(ending))

    assert (page.path, page.status) == (coordination.BOOKING, 200)
    assert "Ilmoittautuminen ryhmään on päätetty" in page.text
    assert [call.actor.person_id for call in tables.calls(LeaveGroup)] == [COORDINATOR.id]  # type: ignore[union-attr]
    rows = await system.sql("SELECT action FROM gateway.audit WHERE action = 'enrolment.ended'")
    assert len(rows) == 1


async def test_an_enrolment_of_which_nothing_is_left_cannot_be_ended(
    coordinator: Visitor, tables: Neighbours
) -> None:
    tables.answers(DescribeBooking, group_examples.booking(BookingStatus.CANCELLED))
    tables.answers(DescribeEnrolment, group_examples.my_group(BookingStatus.CANCELLED))

    page = await coordinator.open(f"{coordination.BOOKING}/leave-group")

    assert page.status == 409
    assert "Päätettävää ei ole" in page.text


async def test_who_is_trained_and_for_which_themes_is_kept(
    coordinator: Visitor, tables: Neighbours
) -> None:
    tables.answers(GetPerson, VOLUNTEER)
    tables.answers(ChangePerson, VOLUNTEER)
    path = f"/coordinator/people/{VOLUNTEER.id}"

    page = await coordinator.open(path)
    form = page.form(path)
    assert form.fields["trained"] == "yes"
    await coordinator.send(form, themes=[examples.THEME])
    await coordinator.send(form, trained=None)

    first, second = tables.heard(ChangePerson)
    assert (first.trained, first.themes) == (True, [examples.THEME])
    assert (second.trained, second.themes) == (False, [])


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    "path",
    [GROUPS, f"{GROUPS}/new", GROUP, SERIES, f"{GROUP}/end", ENROL_ONE, STAFFING, f"{STAFFING}/{SLOT}"],
)
async def test_every_page_is_said_in_every_language(coordinator: Visitor, path: str, language: str) -> None:
    page = await coordinator.open(f"{path}?lang={language}")

    assert (page.status, page.language) == (200, language)

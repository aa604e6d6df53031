"""The coordinators' pages: overview, people, organisations, themes, times, bookings, cards, the trail."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.contracts.booking.appointments import (
    Book,
    Booked,
    CancelBooking,
    DescribeBooking,
    MoveBooking,
    RenewLink,
)
from services.contracts.booking.catalogue import (
    AddOrganisation,
    ChangeOrganisation,
    ListThemes,
    Organisation,
    PutTheme,
    Theme,
    Themes,
    Words,
)
from services.contracts.booking.coordination import FoundBookings, FoundSlots, SearchBookings, SearchSlots
from services.contracts.booking.people import (
    AddPerson,
    ChangePerson,
    DisablePerson,
    EnablePerson,
    FindPersonByEmail,
    GetPerson,
    Identify,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Nothing, Role
from services.contracts.notify import ListMessages
from services.contracts.refusals import Code, Refusal, Unavailable, field_refusal
from services.gateway.audit import Action
from services.gateway.cards import ALPHABET
from services.gateway.pages.coordinator import trail
from tests.pages import examples
from tests.pages.coordination import BOOKING, COORDINATOR, PERSON, gone, prepare
from tests.pages.test_my_week import sign_in
from tests.support.neighbours import Neighbours
from tests.support.page import Page, Visitor
from tests.support.system import System

SLOT = "00000000-0000-0000-0000-000000000064"
PLAIN_PAGES = [
    "/coordinator",
    "/coordinator/people",
    "/coordinator/people/new",
    PERSON,
    f"{PERSON}/disable",
    "/coordinator/organisations",
    f"/coordinator/organisations/{UUID(int=2)}",
    "/coordinator/themes",
    "/coordinator/new-theme",
    "/coordinator/themes/digineuvonta",
    "/coordinator/times",
    "/coordinator/bookings",
    "/coordinator/book",
    f"/coordinator/book/{SLOT}",
    "/coordinator/audit",
    BOOKING,
    f"{BOOKING}/cancel",
    f"{BOOKING}/move",
]


@pytest.fixture
async def coordinator(visitor: Visitor, neighbours: Neighbours, system: System) -> Visitor:
    prepare(neighbours)
    await sign_in(visitor, system)
    return visitor


async def audited(system: System) -> list[str]:
    rows = await system.sql("SELECT action FROM gateway.audit ORDER BY id DESC LIMIT 3")
    return [row["action"] for row in rows]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_every_page_is_said_in_every_language(coordinator: Visitor, language: str) -> None:
    for path in PLAIN_PAGES:
        page = await coordinator.open(f"{path}?lang={language}")
        assert (page.status, page.language) == (200, language), path


async def test_signing_in_leads_to_what_the_day_holds(coordinator: Visitor) -> None:
    page = await coordinator.open("/my")

    assert page.path == "/coordinator"
    assert "Kirsi Koordinaattori, koordinaattori" in page.one("header").text
    assert "Kielo" in page.text
    assert "1 odottaa" in page.text
    assert BOOKING in page.links
    assert "Kaikki viestit ovat menneet perille" in page.text


async def test_the_overview_comes_up_with_rooms_and_notify_away(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    await neighbours.away("rooms")
    await neighbours.away("notify")

    page = await coordinator.open("/coordinator")

    assert page.status == 200
    assert "Kielo" in page.text
    assert "Juuri nyt ei saada selville" in page.text


async def test_whoever_came_by_a_link_in_a_mail_goes_there_after_signing_in(
    visitor: Visitor, neighbours: Neighbours, system: System
) -> None:
    prepare(neighbours)

    asked = await visitor.open(BOOKING)
    signed_in = await sign_in(visitor, system)

    assert asked.status == 401
    assert "/sign-in" in asked.links
    assert signed_in.path == BOOKING
    assert signed_in.heading == "Varaus"


@pytest.mark.parametrize(
    "wish", ["https://elsewhere.example/", "//elsewhere.example", "/my\r\nX: y", "/t/abc"]
)
async def test_signing_in_leads_to_pages_of_ours_alone(
    visitor: Visitor, neighbours: Neighbours, system: System, wish: str
) -> None:
    prepare(neighbours)
    visitor.session.headers["Cookie"] = f"way={wish.encode('unicode_escape').decode()}"

    page = await sign_in(visitor, system)

    assert page.url.startswith(visitor.address)
    assert page.path == "/coordinator"


async def test_who_is_invited_is_added_and_sent_a_link(
    coordinator: Visitor, neighbours: Neighbours, system: System
) -> None:
    neighbours.answers(AddPerson, examples.EXPERT)
    page = await coordinator.open("/coordinator/people/new")

    page = await coordinator.send(
        page.form("/coordinator/people"),
        display_name="Aino Asiantuntija",
        email=examples.EXPERT.email,
        role="expert",
        organisation=str(UUID(int=2)),
        languages=["fi", "uk"],
    )

    assert page.path == PERSON
    assert "Kutsu on tehty" in page.text
    asked = neighbours.heard(AddPerson)[0]
    assert (asked.role, asked.organisation_id, asked.languages) == (Role.EXPERT, UUID(int=2), ["fi", "uk"])
    rows = await system.sql("SELECT 1 FROM gateway.sign_in WHERE email = $1", examples.EXPERT.email)
    assert len(rows) == 1
    assert (await audited(system))[0] == "person.added"


async def test_a_wrong_invitation_keeps_what_was_typed(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    neighbours.refuses(AddPerson, field_refusal(Code.PERSON_EXISTS, "email", "In use."))
    page = await coordinator.open("/coordinator/people/new")

    empty = await coordinator.send(
        page.form("/coordinator/people"), display_name="Aino", role="expert", languages=None
    )
    taken = await coordinator.send(
        page.form("/coordinator/people"), display_name="Aino", email="a@b.example", role="volunteer"
    )

    assert (empty.status, set(empty.errors)) == (400, {"email", "languages", "organisation"})
    assert empty.form("/coordinator/people").fields["display_name"] == "Aino"
    assert taken.errors == {"email": "Tällä osoitteella on jo joku."}
    assert len(neighbours.heard(AddPerson)) == 1


async def test_a_person_is_changed(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(ChangePerson, examples.EXPERT)
    page = await coordinator.open(PERSON)

    page = await coordinator.send(page.form(PERSON), role="volunteer", organisation="")

    assert "Muutokset ovat voimassa" in page.text
    asked = neighbours.heard(ChangePerson)[0]
    assert (asked.role, asked.organisation_id, asked.email) == (
        Role.VOLUNTEER,
        None,
        examples.EXPERT.email,
    )


async def test_whether_somebody_is_trained_is_not_lost_by_a_change(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    trained = msgspec.structs.replace(examples.EXPERT, trained=True, themes=["talousneuvonta"])
    neighbours.answers(GetPerson, trained)
    neighbours.answers(ChangePerson, trained)
    page = await coordinator.open(PERSON)

    await coordinator.send(page.form(PERSON))

    asked = neighbours.heard(ChangePerson)[0]
    assert (asked.trained, asked.themes) == (True, ["talousneuvonta"])


async def test_what_somebody_else_changed_of_a_person_is_told_and_nothing_typed_is_lost(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    trained = msgspec.structs.replace(
        examples.EXPERT, role=Role.VOLUNTEER, trained=True, themes=["talousneuvonta"]
    )
    neighbours.answers(GetPerson, trained)
    form = (await coordinator.open(PERSON)).form(PERSON)
    theirs = msgspec.structs.replace(trained, role=Role.EXPERT, trained=False, themes=[], version=2)
    neighbours.answers(GetPerson, theirs)
    neighbours.refuses(ChangePerson, Refusal(Code.CHANGED_MEANWHILE, "Changed.", version=2))

    page = await coordinator.send(form, display_name="Aino Uusi")

    assert page.status == 409
    assert "Joku muu muutti tätä" in page.text
    stands = dict(zip([it.text for it in page.all("dt")], [it.text for it in page.all("dd")], strict=True))
    assert list(stands.values()) == [theirs.display_name, "asiantuntija", "Ei valittu", "–"]
    again = page.form(PERSON)
    assert (again.fields["display_name"], again.fields["trained"]) == ("Aino Uusi", "yes")
    neighbours.answers(ChangePerson, theirs)
    saved = await coordinator.send(again, trained=None)
    assert "Muutokset ovat voimassa" in saved.text
    assert [asked.version for asked in neighbours.heard(ChangePerson)] == [1, 2]


async def test_a_form_of_a_person_that_names_no_version_never_writes_over_what_stands(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(ChangePerson, examples.EXPERT)
    page = await coordinator.open(PERSON)

    await coordinator.send(page.form(PERSON), version=None)

    (change,) = neighbours.heard(ChangePerson)
    assert change.version == 0, "which nobody has: only what stands already may be asked for"


async def test_ones_own_role_stays(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.refuses(ChangePerson, Refusal(Code.FORBIDDEN, "Your own."))
    neighbours.answers(GetPerson, COORDINATOR)
    mine = f"/coordinator/people/{COORDINATOR.id}"
    page = await coordinator.open(mine)

    refused = await coordinator.send(page.form(mine), role="volunteer")

    assert f"{mine}/disable" not in page.links
    assert refused.errors == {"role": "Et voi vaihtaa omaa rooliasi. Pyydä toista koordinaattoria."}


async def test_what_shutting_out_does_is_said_before(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(DisablePerson, Nothing())
    neighbours.answers(EnablePerson, Nothing())

    before = await coordinator.open(f"{PERSON}/disable")
    assert "3 vapaata aikaa poistuu" in before.text
    assert BOOKING in before.links
    assert neighbours.heard(DisablePerson) == []

    neighbours.answers(GetPerson, gone(examples.EXPERT))
    after = await coordinator.send(before.form("/disable"))
    assert after.path == PERSON
    again = await coordinator.send(after.form("/enable"))

    assert len(neighbours.heard(DisablePerson)) == len(neighbours.heard(EnablePerson)) == 1
    assert "Kirjautuminen onnistuu taas" in again.text


async def test_organisations_are_added_and_renamed(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(AddOrganisation, Organisation(UUID(int=3), "Toinen ry"))
    neighbours.answers(ChangeOrganisation, Organisation(UUID(int=2), "Uusi ry"))
    page = await coordinator.open("/coordinator/organisations")

    twice = await coordinator.send(page.form("/organisations"), name="Savon Arkiapu ry")
    added = await coordinator.send(page.form("/organisations"), name="Toinen ry")
    page = await coordinator.open(f"/coordinator/organisations/{UUID(int=2)}")
    renamed = await coordinator.send(page.form(page.path), name="Uusi ry")

    assert (twice.status, twice.errors) == (400, {"name": "Tämä nimi on jo käytössä."})
    assert "Järjestö on lisätty" in added.text
    assert "uusi nimi" in renamed.text
    assert [asked.name for asked in neighbours.heard(AddOrganisation)] == ["Toinen ry"]


async def test_themes_are_changed_and_hidden_ones_are_offered_to_nobody(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    hidden = Theme("vanha", Words("Vanha", "Gammal", "Old"), hidden=True)
    themes = Themes([*examples.THEMES.items, hidden])
    neighbours.answers(ListThemes, themes)
    neighbours.answers(PutTheme, hidden)

    page = await coordinator.open("/coordinator/themes")
    assert "Vanha piilotettu" in page.text
    front = await coordinator.open("/")
    assert "Vanha" not in front.text

    page = await coordinator.open("/coordinator/themes/vanha")
    wrong = await coordinator.send(page.form(page.path), name_sv="")
    assert (wrong.status, set(wrong.errors)) == (400, {"name_sv"})
    page = await coordinator.send(page.form(page.path), name_fi="Vanhempi", place="1", hidden=None)

    assert page.path == "/coordinator/themes"
    asked = neighbours.heard(PutTheme)[0]
    assert asked == PutTheme(
        theme_id="vanha", name=Words("Vanhempi", "Gammal", "Old"), position=1, hidden=False
    )
    assert (await coordinator.open("/coordinator/themes/ei-ole")).status == 404


async def test_times_and_bookings_are_looked_for_by_days_and_ids(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    for path, kind in (("/coordinator/times", SearchSlots), ("/coordinator/bookings", SearchBookings)):
        page = await coordinator.open(path)
        found = await coordinator.send(
            page.form(path),
            {"from": "2027-02-01", "to": "2027-02-03"},
            host=str(examples.HOST.id),
            theme=examples.THEME,
        )

        asked: Any = neighbours.heard(kind)[-1]
        assert found.path == path
        assert f"host={examples.HOST.id}" in found.url
        assert (asked.host, asked.theme, asked.organisation) == (examples.HOST.id, examples.THEME, None)
        assert asked.from_at.isoformat() == "2027-01-31T22:00:00+00:00"
        assert asked.to_at.isoformat() == "2027-02-03T22:00:00+00:00"
        assert found.form(path).fields["to"] == "2027-02-03"


@pytest.mark.parametrize(
    "query", ["from=x&to=y", "host=me&organisation=1", "status=happy", "from=2027-02-02&to=2020-01-01"]
)
async def test_what_cannot_be_read_in_an_address_is_as_good_as_not_said(
    coordinator: Visitor, neighbours: Neighbours, query: str
) -> None:
    for path in ("/coordinator/times", "/coordinator/bookings"):
        page = await coordinator.open(f"{path}?{query}")
        assert page.status == 200

    asked = neighbours.heard(SearchSlots)[-1]
    assert asked.from_at < asked.to_at
    assert (asked.host, asked.status) == (None, None)


async def test_lists_go_on_and_come_to_an_empty_end(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.answers(SearchSlots, FoundSlots(items=[examples.host_slot()], total=300, next="a-cursor"))
    page = await coordinator.open("/coordinator/times")
    assert "Löytyi 300" in page.text
    onward = next(link for link in page.links if "after=" in link)
    assert (await coordinator.open(onward)).status == 200
    assert neighbours.heard(SearchSlots)[-1].cursor == "a-cursor"

    neighbours.answers(SearchSlots, FoundSlots(items=[], total=0))
    neighbours.answers(SearchBookings, FoundBookings(items=[], total=0))
    assert "ei ole tällaisia aikoja" in (await coordinator.open("/coordinator/times")).text
    assert "ei ole tällaisia varauksia" in (await coordinator.open("/coordinator/bookings")).text
    assert "ei ole varattu aikoja" in (await coordinator.open("/coordinator")).text


async def test_a_booking_tells_its_history_and_keeps_contacts_behind_a_button(
    coordinator: Visitor, neighbours: Neighbours, system: System
) -> None:
    page = await coordinator.open(BOOKING)
    assert "Siirretty" in page.text
    assert COORDINATOR.display_name in page.text
    assert "asukas, sivulla" in page.text
    assert "+358401234567" not in page.html
    assert "booking.read" in await audited(system)

    seen = await coordinator.send(page.form(f"{BOOKING}/contact"))

    assert "+358401234567" in seen.text
    assert "contact.read" in await audited(system)


async def test_a_booking_can_be_seen_while_notify_is_away(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    neighbours.refuses(ListMessages, Unavailable("away"))

    page = await coordinator.open(BOOKING)

    assert page.status == 200
    assert "Tätä ei juuri nyt saada selville" in page.text


async def test_a_booking_is_cancelled_moved_and_its_link_replaced(
    coordinator: Visitor, neighbours: Neighbours, system: System
) -> None:
    for kind in (CancelBooking, MoveBooking, RenewLink):
        neighbours.answers(kind, examples.booking())

    page = await coordinator.open(f"{BOOKING}/cancel")
    assert "on peruttu" in (await coordinator.send(page.form("/cancel"))).text
    page = await coordinator.open(f"{BOOKING}/move")
    assert "on siirretty" in (await coordinator.send(page.form("/move"))).text
    page = await coordinator.open(BOOKING)
    assert "ei enää toimi" in (await coordinator.send(page.form("/renew"))).text

    assert neighbours.heard(MoveBooking)[0].slot_id == examples.FREE[1].id
    assert neighbours.calls(CancelBooking)[0].actor.person_id == COORDINATOR.id  # type: ignore[union-attr]
    rows = await system.sql("SELECT action FROM gateway.audit ORDER BY id DESC LIMIT 20")
    assert {"booking.cancelled", "booking.moved", "link.renewed"} <= {row["action"] for row in rows}


async def test_what_can_no_longer_be_done_is_told_above_the_booking(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    page = await coordinator.open(f"{BOOKING}/cancel")
    neighbours.refuses(CancelBooking, Refusal(Code.ALREADY_STARTED, "Begun."))
    late = await coordinator.send(page.form("/cancel"))
    page = await coordinator.open(BOOKING)
    neighbours.answers(
        DescribeBooking, examples.booking(status=BookingStatus.CANCELLED, cancelled_by="resident")
    )
    no_card = await coordinator.send(page.form("/card"))
    cancelled = await coordinator.open(BOOKING)

    assert (late.status, late.heading) == (409, "Varaus")
    assert "on jo alkanut" in late.text
    assert no_card.status == 409
    assert not cancelled.has_form("/card")
    assert f"{BOOKING}/cancel" not in cancelled.links
    assert (await coordinator.open(f"{BOOKING}/move")).path == BOOKING


def code_on(page: Page) -> str:
    return next(node.text for node in page.all("strong") if "card__code" in node["class"])


async def test_a_card_leads_to_the_residents_page_until_another_is_made(
    coordinator: Visitor, visitor: Visitor
) -> None:
    page = await coordinator.open(BOOKING)
    first = await coordinator.send(page.form("/card"))
    again = await coordinator.send(page.form("/card"))
    second = await coordinator.send((await coordinator.open(BOOKING)).form("/card"))

    code = code_on(first)
    assert len(code) == 9
    assert set(code.replace("-", "")) <= set(ALPHABET)
    assert code_on(again) == code
    assert code_on(second) != code
    assert "Kielo" not in first.by_id("main").text
    assert "/code" in first.text
    assert first.all("svg")

    async with Visitor(visitor.address) as resident:
        page = await resident.open("/code")
        old = await resident.send(page.form("/code"), code=code)
        typed = code_on(second).replace("-", " ").lower()
        new = await resident.send(page.form("/code"), code=typed)

    assert (old.status, set(old.errors)) == (400, {"code"})
    assert (new.status, new.path) == (200, examples.link())


async def test_every_wrong_code_gets_the_same_answer(visitor: Visitor) -> None:
    page = await visitor.open("/code")

    told = {
        (answer.status, answer.text)
        for typed in ("", "ABCD-6789", "🙂" * 5, "x" * 5000, "' OR 1=1 --")
        for answer in [await visitor.send(page.form("/code"), code=typed)]
    }

    assert len(told) == 1
    assert next(iter(told))[0] == 400


async def test_a_card_speaks_the_language_of_who_gets_it(
    coordinator: Visitor, neighbours: Neighbours
) -> None:
    neighbours.answers(DescribeBooking, examples.booking(language="sv"))

    card = await coordinator.send((await coordinator.open(BOOKING)).form("/card"))

    assert card.language == "fi"
    assert "Skriv den här koden" in card.text
    assert "tisdag" in card.text.lower()


async def test_a_time_is_booked_for_somebody_with_a_phone_alone(
    coordinator: Visitor, neighbours: Neighbours, system: System
) -> None:
    neighbours.answers(
        Book,
        Booked(
            id=examples.BOOKING_ID,
            status=BookingStatus.CONFIRMED,
            slot=examples.booked_slot(),
            link_version=1,
        ),
    )
    page = await coordinator.open("/coordinator/book")
    page = await coordinator.send(page.form("/coordinator/book"), theme=examples.THEME)
    page = await coordinator.open(next(link for link in page.links if "/coordinator/book/" in link))

    wrong = await coordinator.send(page.form(page.path), display_name="Kielo")
    booked = await coordinator.send(
        wrong.form(page.path), phone="040 123 4567", consent="yes", language="sv"
    )

    assert set(wrong.errors) == {"email", "consent"}
    assert (booked.path, booked.heading) == (BOOKING, "Varaus")
    assert "Aika on varattu" in booked.text
    assert booked.has_form("/card")
    asked, call = neighbours.heard(Book)[0], neighbours.calls(Book)[0]
    assert (asked.phone, asked.email, asked.language) == ("+358401234567", None, "sv")
    assert call.actor.person_id == COORDINATOR.id  # type: ignore[union-attr]  # staff, by the row above
    assert "booking.made" in await audited(system)


async def test_a_time_taken_meanwhile_leads_to_others(coordinator: Visitor, neighbours: Neighbours) -> None:
    neighbours.refuses(Book, Refusal(Code.SLOT_TAKEN, "Taken.", next=examples.FREE))
    page = await coordinator.open(f"/coordinator/book/{SLOT}")

    taken = await coordinator.send(
        page.form(page.path), display_name="Kielo", phone="040 123 4567", consent="yes"
    )

    assert taken.status == 409
    assert any(link.startswith("/coordinator/book/") for link in taken.links)
    assert not any(link.startswith("/book/") for link in taken.links)


async def test_the_trail_is_told_in_words(coordinator: Visitor, system: System) -> None:
    await coordinator.open(BOOKING)
    page = await coordinator.open("/coordinator/audit")
    only = await coordinator.open(f"/coordinator/audit?booking={examples.BOOKING_ID}")
    of_expert = await coordinator.send(page.form("/audit"), person=str(examples.EXPERT.id))

    assert "Kirsi Koordinaattori avasi varauksen" in page.text
    assert "avasi varauksen" in only.text
    assert BOOKING in only.links
    assert f"person={examples.EXPERT.id}" in of_expert.url
    assert "Kirsi Koordinaattori avasi" not in of_expert.text


def test_every_action_has_words() -> None:
    assert set(trail.WORDS) == set(Action)


async def test_an_expert_finds_none_of_this(
    visitor: Visitor, neighbours: Neighbours, system: System
) -> None:
    prepare(neighbours)
    expert = msgspec.structs.replace(COORDINATOR, role=Role.EXPERT)
    neighbours.answers(FindPersonByEmail, expert)
    neighbours.answers(Identify, expert)
    await visitor.open("/sign-in")
    await sign_in(visitor, system)

    for path in PLAIN_PAGES:
        assert (await visitor.open(path)).status == 403, path

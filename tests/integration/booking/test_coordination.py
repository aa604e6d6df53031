"""What coordinators look through and keep in order: times, bookings, people, organisations, themes."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.contracts.booking.appointments import CancelBooking, MoveBooking, RenewLink
from services.contracts.booking.catalogue import (
    AddOrganisation,
    ChangeOrganisation,
    ListThemes,
    PutTheme,
    Words,
)
from services.contracts.booking.coordination import (
    DescribeHistory,
    SearchBookings,
    SearchSlots,
    SlotFilter,
)
from services.contracts.booking.own import ChangeProfile
from services.contracts.booking.people import (
    ChangePerson,
    DisablePerson,
    EnablePerson,
    GetPerson,
    Identify,
)
from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Role
from services.contracts.refusals import Code, Refusal
from tests.integration.booking.test_appointments import refusal_of
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, House, resident
from tests.support.meeting import waiting

TWO_HOURS = timedelta(hours=2)
NAMES = Words("Unettomuus", "Sömnlöshet", "Sleep")


def times(**filters: Any) -> SearchSlots:
    return SearchSlots(from_at=A_TUESDAY, to_at=A_TUESDAY + timedelta(days=60), **filters)


def bookings(**filters: Any) -> SearchBookings:
    return SearchBookings(from_at=A_TUESDAY, to_at=A_TUESDAY + timedelta(days=60), **filters)


async def test_all_times_are_found_by_host_theme_organisation_and_state(house: House) -> None:
    system, ask = house.system, house.coordinator
    other_house = await system.ask(AddOrganisation(name="Toinen ry"), ask, key=str(uuid4()))
    mine = await house.expert()
    other = await house.expert(organisation_id=other_house.id)
    free = await house.slot(mine, A_TUESDAY + TWO_HOURS)
    taken = await house.slot(other, A_TUESDAY + TWO_HOURS, theme="talousneuvonta")
    await house.book(taken.id, note="Jotain omaa.")

    async def found(**filters: Any) -> list[Any]:
        return [slot.id for slot in (await system.ask(times(**filters), ask)).items]

    assert set(await found()) == {free.id, taken.id}
    assert await found(host=mine.person_id) == [free.id]
    assert await found(organisation=other_house.id) == [taken.id]
    assert await found(theme="talousneuvonta") == [taken.id]
    assert await found(status=SlotFilter.FREE) == [free.id]
    assert await found(status=SlotFilter.BOOKED) == [taken.id]
    assert await found(status=SlotFilter.CANCELLED) == []
    shown = (await system.ask(times(host=other.person_id), ask)).items[0].bookings[0]
    assert (shown.display_name, shown.note) == ("Kielo", None)


async def test_bookings_come_in_pages_and_none_comes_twice(house: House) -> None:
    host = await house.expert()
    made = set()
    for number in range(5):
        slot = await house.slot(host, A_TUESDAY + number * TWO_HOURS + TWO_HOURS)
        made.add((await house.book(slot.id)).id)
    seen: list[Any] = []
    cursor, totals = None, []
    for _ in range(3):
        page = await house.system.ask(bookings(limit=2, cursor=cursor), house.coordinator)
        seen += [line.id for line in page.items]
        totals.append(page.total)
        cursor = page.next

    assert cursor is None
    assert len(seen) == 5
    assert set(seen) == made
    assert totals == [5, None, None]


async def test_bookings_are_found_by_their_state(house: House) -> None:
    host = await house.expert()
    kept = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    given_back = await house.book((await house.slot(host, A_TUESDAY + 2 * TWO_HOURS)).id)
    await house.system.ask(CancelBooking(booking_id=given_back.id), resident(given_back))

    async def found(status: BookingStatus) -> list[Any]:
        return [
            line.id for line in (await house.system.ask(bookings(status=status), house.coordinator)).items
        ]

    assert await found(BookingStatus.CONFIRMED) == [kept.id]
    assert await found(BookingStatus.CANCELLED) == [given_back.id]


async def test_only_coordinators_look_through_everything(house: House) -> None:
    host = await house.expert()
    booking = await house.book((await house.slot(host, A_TUESDAY + TWO_HOURS)).id)
    questions: list[Any] = [
        times(),
        bookings(),
        DescribeHistory(booking_id=booking.id),
        GetPerson(person_id=host.person_id),
        EnablePerson(person_id=host.person_id),
        PutTheme(name=NAMES),
        ChangeOrganisation(organisation_id=house.organisation_id, name="Uusi"),
    ]

    for question in questions:
        assert await refusal_of(house.system.ask(question, host)) is Code.FORBIDDEN
        assert await refusal_of(house.system.ask(question, resident(booking))) is Code.FORBIDDEN


async def test_a_history_tells_who_did_what_in_order(house: House) -> None:
    host = await house.expert(display_name="Aino Auttaja")
    first = await house.slot(host, A_TUESDAY + TWO_HOURS)
    second = await house.slot(host, A_TUESDAY + 2 * TWO_HOURS)
    booking = await house.book(first.id)
    ask = house.system.ask
    await ask(MoveBooking(booking_id=booking.id, slot_id=second.id), resident(booking))
    await ask(RenewLink(booking_id=booking.id), house.coordinator)
    await ask(CancelBooking(booking_id=booking.id), host)

    history = (await ask(DescribeHistory(booking_id=booking.id), house.coordinator)).items

    assert [(item.what, item.by) for item in history] == [
        ("booked", "system"),
        ("moved", "resident"),
        ("link_renewed", "coordinator"),
        ("cancelled", "expert"),
    ]
    assert history[1].from_starts_at == first.starts_at
    assert history[3].person_name == "Aino Auttaja"
    assert history[1].person_id is None


async def test_one_who_is_enabled_again_comes_in_and_has_hours_again(house: House) -> None:
    host = await house.expert()
    await house.hours(host)
    before = {slot.starts_at for slot in await house.free(host=host.person_id)}
    ask = house.system.ask

    await ask(DisablePerson(person_id=host.person_id), house.coordinator)
    assert await house.free(host=host.person_id) == []
    assert await refusal_of(ask(Identify(person_id=host.person_id))) is Code.SESSION_ENDED
    await ask(EnablePerson(person_id=host.person_id), house.coordinator)
    await ask(EnablePerson(person_id=host.person_id), house.coordinator)  # twice is once
    assert (await ask(Identify(person_id=host.person_id))).disabled is False

    # The job that extends rules runs when the service starts, and every ten minutes.
    await house.system.stop("booking")
    await house.system.start("booking")

    async def published() -> bool:
        return {slot.starts_at for slot in await house.free(host=host.person_id)} >= before

    assert before
    await eventually(published)


async def test_nobody_changes_their_own_role(house: House) -> None:
    """Somebody must be left who can invite the others."""
    me = await house.system.ask(GetPerson(person_id=house.coordinator.person_id), house.coordinator)

    def changed(role: Role) -> ChangePerson:
        return ChangePerson(
            person_id=me.id, email=me.email, display_name="Kirsi", role=role, languages=["fi", "sv"]
        )

    assert await refusal_of(house.system.ask(changed(Role.VOLUNTEER), house.coordinator)) is Code.FORBIDDEN
    after = await house.system.ask(changed(Role.COORDINATOR), house.coordinator)
    assert (after.display_name, after.languages) == ("Kirsi", ["fi", "sv"])


async def test_of_two_who_change_somebody_at_once_the_second_is_told(house: House) -> None:
    """Nobody untrained leads groups because a page lay open. The same change again is no other."""
    ask, them = house.system.ask, await house.expert(role=Role.VOLUNTEER, trained=True)
    opened = await ask(GetPerson(person_id=them.person_id), house.coordinator)

    def changed(**differs: Any) -> ChangePerson:
        kept = {name: getattr(opened, name) for name in ("email", "display_name", "role", "languages")}
        kept |= {"trained": True, "version": opened.version, "person_id": opened.id}
        return ChangePerson(**kept | differs)

    taken_away = changed(trained=False)
    stale = changed(display_name="Vanhalta sivulta")
    first = await ask(taken_away, house.coordinator)
    with pytest.raises(Refusal) as refused:
        await ask(stale, house.coordinator)

    assert (refused.value.code, refused.value.facts["version"]) == (Code.CHANGED_MEANWHILE, first.version)
    assert first.version == opened.version + 1
    assert await ask(taken_away, house.coordinator) == first
    assert await ask(GetPerson(person_id=opened.id), house.coordinator) == first
    blind = await ask(changed(display_name="Näkemättä", version=None), house.coordinator)
    assert (blind.display_name, blind.trained, blind.version) == ("Näkemättä", True, first.version + 1)


async def test_of_those_who_change_somebody_in_the_same_moment_one_does(house: House) -> None:
    ask, them = house.system.ask, await house.expert(role=Role.VOLUNTEER)
    opened = await ask(GetPerson(person_id=them.person_id), house.coordinator)
    kept = {name: getattr(opened, name) for name in ("email", "display_name", "role", "version")}
    changes = [ChangePerson(person_id=opened.id, languages=[each], **kept) for each in ("sv", "en")]

    async def both_wait() -> bool:
        return await waiting(house.system) == len(changes)

    other = await asyncpg.connect(house.system.database_url("booking"))
    async with other.transaction():
        await other.execute("SELECT FROM booking.person WHERE id = $1 FOR UPDATE", opened.id)
        asked = [asyncio.create_task(ask(change, house.coordinator)) for change in changes]
        await eventually(both_wait)
    await other.close()
    done = await asyncio.gather(*asked, return_exceptions=True)

    (refused,) = [each for each in done if isinstance(each, Refusal)]
    (changed,) = [each for each in done if not isinstance(each, BaseException)]
    assert refused.code is Code.CHANGED_MEANWHILE
    assert await ask(GetPerson(person_id=opened.id), house.coordinator) == changed


async def test_what_somebody_says_of_themselves_is_not_written_over_and_shutting_out_is_no_change(
    house: House,
) -> None:
    ask, them = house.system.ask, await house.expert()
    opened = await ask(GetPerson(person_id=them.person_id), house.coordinator)
    await ask(DisablePerson(person_id=opened.id), house.coordinator)
    await ask(EnablePerson(person_id=opened.id), house.coordinator)
    assert await ask(GetPerson(person_id=opened.id), house.coordinator) == opened

    own = await ask(ChangeProfile(display_name="Oma nimi", languages=["sv"]), them)
    change = ChangePerson(
        person_id=opened.id,
        email=opened.email,
        display_name=opened.display_name,
        role=opened.role,
        organisation_id=opened.organisation_id,
        languages=opened.languages,
        version=opened.version,
    )

    assert await refusal_of(ask(change, house.coordinator)) is Code.CHANGED_MEANWHILE
    assert await ask(GetPerson(person_id=opened.id), house.coordinator) == own


async def test_two_organisations_do_not_share_a_name(house: House) -> None:
    ask, key = house.system.ask, str(uuid4())
    other = await ask(AddOrganisation(name="Toinen ry"), house.coordinator, key=key)

    renamed = await ask(ChangeOrganisation(organisation_id=other.id, name=" Kolmas ry "), house.coordinator)
    code = await refusal_of(
        ask(ChangeOrganisation(organisation_id=other.id, name="Savon Arkiapu ry"), house.coordinator)
    )
    unknown = await refusal_of(
        ask(ChangeOrganisation(organisation_id=uuid4(), name="Neljäs ry"), house.coordinator)
    )

    assert renamed.name == "Kolmas ry"
    assert code is Code.NAME_TAKEN
    assert unknown is Code.NOT_FOUND


async def test_themes_are_added_put_in_order_and_hidden(house: House) -> None:
    async def put(**facts: Any) -> Any:
        return await house.system.ask(PutTheme(**facts), house.coordinator)

    async def listed(**facts: Any) -> list[str]:
        return [theme.id for theme in (await house.system.ask(ListThemes(**facts))).items]

    before = await listed()
    new = await put(name=NAMES)
    twin = await put(name=NAMES)
    assert (new.id, twin.id) == ("unettomuus", "unettomuus-2")
    assert await listed() == [*before, new.id, twin.id]

    await put(theme_id=new.id, name=NAMES, position=1)
    assert await listed() == [new.id, *before, twin.id]

    host = await house.expert()
    slot = await house.slot(host, A_TUESDAY + TWO_HOURS, theme=new.id)
    await put(theme_id=new.id, name=NAMES, hidden=True)
    assert new.id not in await listed()
    assert await listed(hidden=True) == [new.id, *before, twin.id]
    assert (await house.book(slot.id)).slot.theme == new.id


@pytest.mark.parametrize(
    ("theme", "code"),
    [
        (PutTheme(theme_id="mikä-tämä-on", name=NAMES), Code.NOT_FOUND),
        (PutTheme(name=Words("Uni", "", "Sleep")), Code.NAME_INVALID),
        (PutTheme(name=Words("Uni", "S" * 81, "Sleep")), Code.NAME_INVALID),
    ],
)
async def test_a_theme_that_cannot_be_is_refused(house: House, theme: PutTheme, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        await house.system.ask(theme, house.coordinator)

    assert refused.value.code is code

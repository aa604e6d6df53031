"""Groups and their sessions: set up, changed, moved and called off, and nobody in them forgotten."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts.booking.appointments import Companion, CompanionKind
from services.contracts.booking.enrolment import DescribeEnrolment, Enrol, Enrolled
from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingMoved,
    SeatOffered,
    SlotCancelled,
    SlotChanged,
)
from services.contracts.booking.groups import (
    ChangeGroup,
    EndGroup,
    GetGroup,
    GetManagedGroup,
    GroupPage,
    ListGroups,
    ListManagedGroups,
    ManagedGroup,
    MoveSession,
    PreviewSeries,
    Series,
    SeriesPreview,
    SetSeries,
    Staffing,
)
from services.contracts.booking.people import AddPerson, GetPerson
from services.contracts.booking.slots import AddSlot, BookingStatus, CancelSlot, SlotState
from services.contracts.booking.staffing import AcceptDuty
from services.contracts.envelope import Anyone, Resident, Role, Staff
from services.contracts.refusals import Code, Refusal
from tests.support.house import A_TUESDAY, ZONE, House
from tests.support.sessions import NAME, THEME, a_group, a_session, a_volunteer, news

WEEK = timedelta(weeks=1)
THURSDAY = datetime(2027, 2, 4, 16, 0, tzinfo=A_TUESDAY.tzinfo)
"""18.00 by the wall, two days after the Tuesday on which everything here begins."""
SKIPPED = date(2027, 2, 11)
CLOSED = {"open": False, "whole_series": True, "capacity": 3}


def weekly(**differs: Any) -> Series:
    """Four Thursday evenings."""
    wanted: dict[str, Any] = {
        "starts": time(18),
        "ends": time(19, 30),
        "first_on": date(2027, 2, 4),
        "until": date(2027, 2, 25),
    } | differs
    return Series(**wanted)


async def set_series(house: House, group_id: UUID, series: Series, **differs: Any) -> SeriesPreview:
    request = SetSeries(group_id=group_id, series=series, **differs)
    return await house.system.ask(request, house.coordinator, key=str(uuid4()))


async def managed(house: House, group_id: UUID, actor: Staff | None = None) -> ManagedGroup:
    return await house.system.ask(GetManagedGroup(group_id=group_id), actor or house.coordinator)


async def page(house: House, group_id: UUID) -> GroupPage:
    return await house.system.ask(GetGroup(group_id=group_id))


async def enrol(
    house: House, group_id: UUID, slot_id: UUID | None = None, name: str = "kielo", **differs: Any
) -> Enrolled:
    request = Enrol(
        group_id=group_id, slot_id=slot_id, display_name=name, email=f"{name}@posti.example", **differs
    )
    return await house.system.ask(request, key=str(uuid4()))


def changed(group_id: UUID, house: House, **differs: Any) -> ChangeGroup:
    usual: dict[str, Any] = {
        "group_id": group_id,
        "name": NAME,
        "description": NAME,
        "theme": THEME,
        "organisation_id": house.organisation_id,
        "languages": ["fi"],
        "capacity": 10,
    }
    return ChangeGroup(**usual | differs)


async def statuses(house: House, enrolled: Enrolled) -> list[BookingStatus]:
    bearer = Resident(booking_id=enrolled.booking_id, link_version=enrolled.link_version)
    mine = await house.system.ask(DescribeEnrolment(booking_id=enrolled.booking_id), bearer)
    return [session.status for session in mine.sessions]


def walls(instants: list[datetime]) -> list[str]:
    return [f"{instant.astimezone(ZONE):%m-%d %H.%M}" for instant in instants]


async def test_a_coordinator_who_leads_a_group_may_ask_for_that_one_alone(house: House) -> None:
    own, other = await a_group(house, house.coordinator), await a_group(house, await house.expert())

    mine = await house.system.ask(ListManagedGroups(mine=True), house.coordinator)
    everybodys = await house.system.ask(ListManagedGroups(), house.coordinator)

    assert [item.group.id for item in mine.items] == [own]
    assert {item.group.id for item in everybodys.items} == {own, other}


async def test_of_two_who_change_a_group_at_once_the_second_is_told(house: House) -> None:
    """Twice is once: the very same change again is no other one."""
    group_id = await a_group(house, await house.expert())
    opened = (await managed(house, group_id)).version
    first = changed(group_id, house, capacity=12, version=opened)
    second = changed(group_id, house, capacity=14, version=opened)

    done = await asyncio.gather(
        *(house.system.ask(change, house.coordinator) for change in (first, second)), return_exceptions=True
    )

    (refused,) = [each for each in done if isinstance(each, Refusal)]
    assert (refused.code, refused.facts["version"]) == (Code.CHANGED_MEANWHILE, opened + 1)
    stands = await managed(house, group_id)
    won = first if stands.group.capacity == first.capacity else second
    assert await house.system.ask(won, house.coordinator) == stands.group
    assert (await managed(house, group_id)).version == opened + 1
    blind = changed(group_id, house, capacity=15)
    assert (await house.system.ask(blind, house.coordinator)).capacity == 15
    assert (await managed(house, group_id)).version == opened + 2


async def test_groups_with_sessions_ahead_come_first_and_can_be_looked_through(house: House) -> None:
    host = await house.expert()
    later, sooner, empty = [await a_group(house, host) for _ in range(3)]
    swedish = await a_group(house, host, languages=["sv"], theme="digineuvonta")
    await a_session(house, later, host, THURSDAY + WEEK)
    await a_session(house, sooner, host, THURSDAY)

    first = await house.system.ask(ListGroups(limit=2))
    others = await house.system.ask(ListGroups(cursor=first.next))
    found = [
        await house.system.ask(ListGroups(**wanted))
        for wanted in ({"language": "sv"}, {"theme": "digineuvonta"}, {"organisation": uuid4()})
    ]

    assert [group.id for group in first.items] == [sooner, later]
    assert {group.id for group in others.items} == {empty, swedish}
    assert others.next is None
    assert [[group.id for group in groups.items] for groups in found] == [[swedish], [swedish], []]


async def test_one_can_enrol_in_a_closed_group_until_it_begins_and_in_an_open_one_to_the_end(
    house: House,
) -> None:
    host = await house.expert()
    is_open, closed = await a_group(house, host), await a_group(house, host, open=False)
    for group_id, starts_at in ((is_open, THURSDAY), (closed, THURSDAY + timedelta(hours=2))):
        await a_session(house, group_id, host, starts_at)
        await a_session(house, group_id, host, starts_at + WEEK)

    before = [(await page(house, group_id)).enrolling for group_id in (is_open, closed)]
    house.system.clock.set(THURSDAY + timedelta(hours=2, minutes=1))
    after = [await page(house, group_id) for group_id in (is_open, closed)]

    assert before == [True, True]
    assert [each.enrolling for each in after] == [True, False]
    assert [len(each.sessions) for each in after] == [1, 2], "one that goes on is still there"


async def test_a_series_makes_sessions_for_its_hosts_to_promise(house: House) -> None:
    first, second = await house.expert(), await house.expert()
    group_id = await a_group(house, first, second)

    made = await set_series(house, group_id, weekly(skip=[SKIPPED]))

    group = await managed(house, group_id)
    assert walls([day.starts_at for day in made.added]) == ["02-04 18.00", "02-18 18.00", "02-25 18.00"]
    assert [session.starts_at for session in group.sessions] == [day.starts_at for day in made.added]
    assert {session.staffing for session in group.sessions} == {Staffing.ASKED}
    assert {session.host.id for session in group.sessions} == {first.person_id}
    assert {each.id for session in group.sessions for each in session.co_hosts} == {second.person_id}
    assert group.series == weekly(skip=[SKIPPED])
    told = await news(house, SlotChanged)
    assert {each.slot_id for each in told} == {session.slot_id for session in group.sessions}
    assert {tuple(each.hosts) for each in told} == {()}


async def test_a_preview_tells_what_setting_would_do_and_changes_nothing(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    await set_series(house, group_id, weekly())
    before = await managed(house, group_id)
    new = weekly(starts=time(17), skip=[SKIPPED], dates=[date(2027, 3, 4)])

    preview = await house.system.ask(PreviewSeries(group_id=group_id, series=new), house.coordinator)
    between = await managed(house, group_id)
    done = await set_series(house, group_id, new)

    assert between == before
    assert preview == done
    assert (len(done.added), len(done.moved), len(done.cancelled), done.kept) == (1, 3, 1, 0)


async def test_the_same_series_again_changes_and_tells_nothing(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    await set_series(house, group_id, weekly())
    before, told = await managed(house, group_id), await news(house, SlotChanged)

    await asyncio.gather(*(set_series(house, group_id, weekly()) for _ in range(4)))

    assert await managed(house, group_id) == before
    assert await news(house, SlotChanged) == told


async def test_of_two_who_set_a_series_at_once_the_second_is_told(house: House) -> None:
    """What is done is what its preview said, and nothing of the first one's is undone unseen."""
    group_id = await a_group(house, await house.expert())
    await set_series(house, group_id, weekly())
    opened = (await managed(house, group_id)).version
    fewer, other_hour = weekly(skip=[SKIPPED]), weekly(starts=time(9), ends=time(10))

    done = await asyncio.gather(
        *(set_series(house, group_id, series, version=opened) for series in (fewer, other_hour)),
        return_exceptions=True,
    )

    (refused,) = [each for each in done if isinstance(each, Refusal)]
    assert (refused.code, refused.facts["version"]) == (Code.CHANGED_MEANWHILE, opened + 1)
    stands = await managed(house, group_id)
    won, lost = (fewer, other_hour) if stands.series == fewer else (other_hour, fewer)
    again = await set_series(house, group_id, won, version=opened)
    assert (again.added, again.moved, again.cancelled) == ([], [], [])
    assert await managed(house, group_id) == stands
    await set_series(house, group_id, lost, version=stands.version)
    await set_series(house, group_id, won)
    assert (await managed(house, group_id)).version == opened + 3, "without one whatever stands is changed"


async def test_a_series_and_a_change_of_its_group_do_not_pass_each_other_unseen(house: House) -> None:
    host, other = await house.expert(), await house.expert()
    group_id = await a_group(house, host)
    opened = (await managed(house, group_id)).version
    await house.system.ask(
        changed(group_id, house, facilitators=[other.person_id], version=opened), house.coordinator
    )

    with pytest.raises(Refusal) as set_for_whom:
        await set_series(house, group_id, weekly(), version=opened)
    await set_series(house, group_id, weekly(), version=opened + 1)
    stale = changed(group_id, house, facilitators=[host.person_id], version=opened + 1)
    with pytest.raises(Refusal) as not_seen:
        await house.system.ask(stale, house.coordinator)

    assert {set_for_whom.value.code, not_seen.value.code} == {Code.CHANGED_MEANWHILE}


async def test_a_group_without_anybody_to_lead_it_gets_no_sessions(house: House) -> None:
    group_id = await a_group(house)

    with pytest.raises(Refusal) as refused:
        await set_series(house, group_id, weekly())

    assert refused.value.code is Code.HOST_REQUIRED


async def test_a_day_on_which_the_host_has_an_appointment_is_named_and_left_out(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    await house.slot(host, THURSDAY + WEEK + timedelta(minutes=30))

    made = await set_series(house, group_id, weekly())

    assert [(conflict.on, conflict.code) for conflict in made.conflicts] == [(SKIPPED, "overlap")]
    assert len(made.added) == 3


async def test_who_is_enrolled_in_the_series_comes_to_the_sessions_added_to_it(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host, **CLOSED)
    await set_series(house, group_id, weekly())
    friend = Companion(display_name="Lumo", email="lumo@posti.example", comes_as=CompanionKind.CLOSE_PERSON)
    party = await enrol(house, group_id, companions=[friend])
    waits = await enrol(house, group_id, name="vuokko", companions=[friend])
    told = len(await news(house, BookingConfirmed))

    await set_series(house, group_id, weekly(until=date(2027, 3, 4)))

    assert await statuses(house, party) == [BookingStatus.CONFIRMED] * 5
    assert await statuses(house, waits) == [BookingStatus.WAITING] * 5
    (*_, added) = (await managed(house, group_id)).sessions
    assert (added.taken, added.waiting) == (2, 1)
    news_of_it = (await news(house, BookingConfirmed))[told:]
    assert [each.slot_id for each in news_of_it] == [added.slot_id] * 2
    await house.system.check_invariants()


async def test_days_all_exchanged_for_others_keep_everybody(house: House) -> None:
    """Nobody is enrolled in anything for a moment, and they are not lost all the same."""
    host = await house.expert()
    group_id = await a_group(house, host, **CLOSED)
    await set_series(house, group_id, weekly())
    enrolled = await enrol(house, group_id)

    await set_series(
        house, group_id, weekly(first_on=date(2027, 2, 5), until=date(2027, 2, 26)), reason="Perjantaisin."
    )

    cancelled, confirmed = [BookingStatus.CANCELLED], [BookingStatus.CONFIRMED]
    assert await statuses(house, enrolled) == (cancelled + confirmed) * 4
    await house.system.check_invariants()


async def test_a_day_taken_out_is_called_off_with_a_reason_or_withdrawn_when_nobody_is_in_it(
    house: House,
) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    await set_series(house, group_id, weekly())
    taken, *_ = (await page(house, group_id)).sessions
    await enrol(house, group_id, taken.slot_id)
    less = weekly(skip=[date(2027, 2, 4), SKIPPED])

    with pytest.raises(Refusal) as refused:
        await set_series(house, group_id, less)
    done = await set_series(house, group_id, less, reason="Ohjaajalla on koulutus.")

    assert refused.value.code is Code.REASON_REQUIRED
    assert [day.enrolled for day in done.cancelled] == [1, 0]
    rows = await house.system.sql(
        "SELECT state, cancel_reason FROM booking.slot WHERE state <> 'open' ORDER BY starts_at"
    )
    assert [tuple(row) for row in rows] == [("cancelled", "Ohjaajalla on koulutus."), ("withdrawn", None)]
    (told,) = await news(house, BookingCancelled)
    assert (told.slot_id, told.by) == (taken.slot_id, "coordinator")
    assert len(await news(house, SlotCancelled)) == 2


async def test_a_day_taken_out_comes_back_with_the_series_and_one_called_off_by_hand_does_not(
    house: House,
) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    await set_series(house, group_id, weekly())
    for session in (await page(house, group_id)).sessions:
        await enrol(house, group_id, session.slot_id)
    *_, last = (await page(house, group_id)).sessions
    await set_series(house, group_id, weekly(skip=[SKIPPED]), reason="Hiihtoloma.")
    await house.system.ask(CancelSlot(slot_id=last.slot_id, reason="Ohjaaja on sairas."), host)

    again = await set_series(house, group_id, weekly())

    assert walls([day.starts_at for day in again.added]) == ["02-11 18.00"]


async def test_everybody_in_a_moved_session_keeps_the_place_and_is_told_once(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host, capacity=2)
    await set_series(house, group_id, weekly())
    first, second, *_ = (await page(house, group_id)).sessions
    await house.system.ask(AcceptDuty(slot_id=first.slot_id), host)
    booked = [await enrol(house, group_id, first.slot_id, name) for name in ("kielo", "vuokko", "lumo")]
    to = first.starts_at + timedelta(days=1)
    move = MoveSession(slot_id=first.slot_id, starts_at=to, ends_at=to + timedelta(hours=1))
    versions = [each.version for each in await news(house, SlotChanged) if each.slot_id == first.slot_id]

    moved = await house.system.ask(move, host)
    await house.system.ask(move, host)

    assert (moved.starts_at, moved.series_start, moved.taken) == (to, first.starts_at, 2)
    told = await news(house, BookingMoved)
    assert {each.booking_id: each.seated for each in told} == {
        each.booking_id: seated for each, seated in zip(booked, (True, True, False), strict=True)
    }
    assert [(each.from_slot_id, each.starts_at, each.sequence) for each in told] == [
        (first.slot_id, to, 1)
    ] * 3
    assert moved.staffing is Staffing.ACCEPTED, "who moves it promises to come then"
    *_, now_is = [each for each in await news(house, SlotChanged) if each.slot_id == first.slot_id]
    assert (now_is.starts_at, now_is.hosts, now_is.version) == (to, [host.person_id], max(versions) + 1)
    assert (await set_series(house, group_id, weekly())).kept == 4
    assert second.starts_at == THURSDAY + WEEK
    await house.system.check_invariants()


async def test_a_host_whose_session_somebody_else_moves_is_asked_anew(house: House) -> None:
    host, co_host = await house.expert(), await house.expert()
    group_id = await a_group(house, host, co_host)
    await set_series(house, group_id, weekly())
    session, *_ = (await page(house, group_id)).sessions
    for each in (host, co_host):
        await house.system.ask(AcceptDuty(slot_id=session.slot_id), each)
    to = session.starts_at + timedelta(hours=1)

    moved = await house.system.ask(
        MoveSession(slot_id=session.slot_id, starts_at=to, ends_at=to + timedelta(hours=1)), co_host
    )

    assert moved.staffing is Staffing.ASKED
    *_, told = await news(house, SlotChanged)
    assert told.hosts == [co_host.person_id]


async def test_a_session_is_not_moved_onto_another_time_of_its_host_nor_once_it_has_begun(
    house: House,
) -> None:
    host, stranger = await house.expert(), await house.expert()
    group_id = await a_group(house, host)
    await set_series(house, group_id, weekly())
    session, *_ = (await page(house, group_id)).sessions
    free = THURSDAY + timedelta(days=1)
    await house.slot(host, free)

    async def refused(actor: Staff, starts_at: datetime) -> Code:
        ends_at = starts_at + timedelta(hours=1)
        move = MoveSession(slot_id=session.slot_id, starts_at=starts_at, ends_at=ends_at)
        with pytest.raises(Refusal) as no:
            await house.system.ask(move, actor)
        return no.value.code

    assert await refused(host, free + timedelta(minutes=30)) is Code.OVERLAP
    assert await refused(stranger, free + timedelta(hours=3)) is Code.NOT_FOUND
    assert await refused(host, A_TUESDAY - timedelta(hours=1)) is Code.SLOT_CLOSED
    house.system.clock.set(session.starts_at + timedelta(minutes=1))
    assert await refused(host, free + timedelta(hours=3)) is Code.ALREADY_STARTED


async def test_a_session_called_off_ends_every_hope_of_it_and_leaves_the_others_alone(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host, **CLOSED | {"capacity": 2})
    await set_series(house, group_id, weekly())
    comes = [await enrol(house, group_id, name=name) for name in ("kielo", "vuokko")]
    waits = await enrol(house, group_id, name="lumo")
    _, second, *_ = (await page(house, group_id)).sessions

    called_off = await house.system.ask(CancelSlot(slot_id=second.slot_id, reason="Hiihtoloma."), host)

    assert called_off.state is SlotState.CANCELLED
    for each, others in ((comes[0], BookingStatus.CONFIRMED), (waits, BookingStatus.WAITING)):
        assert await statuses(house, each) == [others, BookingStatus.CANCELLED, others, others]
    told = await news(house, BookingCancelled)
    assert [(each.slot_id, each.by) for each in told] == [(second.slot_id, "host")] * 3
    (row,) = await house.system.sql("SELECT taken FROM booking.slot WHERE id = $1", second.slot_id)
    assert row["taken"] == 0
    await house.system.check_invariants()


async def test_an_offer_ends_with_the_session_that_it_was_for(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host, capacity=2)
    slot_id = await a_session(house, group_id, host, THURSDAY, capacity=2)
    for name in ("kielo", "vuokko"):
        await enrol(house, group_id, slot_id, name)
    waits = await enrol(house, group_id, slot_id, "lumo")
    await house.system.ask(changed(group_id, house, capacity=3), house.coordinator)
    assert await statuses(house, waits) == [BookingStatus.OFFERED]

    await house.system.ask(CancelSlot(slot_id=slot_id, reason="Ohjaaja on sairas."), house.coordinator)

    assert await statuses(house, waits) == [BookingStatus.CANCELLED]
    await house.system.check_invariants()


async def test_fewer_places_than_people_are_refused_with_their_number(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    slot_id = await a_session(house, group_id, host, THURSDAY)
    for name in ("kielo", "vuokko", "lumo"):
        await enrol(house, group_id, slot_id, name)

    with pytest.raises(Refusal) as refused:
        await house.system.ask(changed(group_id, house, capacity=2), house.coordinator)
    await house.system.ask(changed(group_id, house, capacity=3), house.coordinator)

    assert refused.value.code is Code.CAPACITY_TOO_SMALL
    assert refused.value.facts == {"enrolled": 3}
    (session,) = (await page(house, group_id)).sessions
    assert (session.capacity, session.seats_left) == (3, 0)


async def test_more_places_are_offered_at_once(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host, capacity=2)
    slot_id = await a_session(house, group_id, host, THURSDAY, capacity=2)
    for name in ("kielo", "vuokko"):
        await enrol(house, group_id, slot_id, name)
    waiting = [await enrol(house, group_id, slot_id, name) for name in ("lumo", "orvokki")]

    await house.system.ask(changed(group_id, house, capacity=3), house.coordinator)

    assert [each.booking_id for each in await news(house, SeatOffered)] == [waiting[0].booking_id]
    await house.system.check_invariants()


async def test_what_is_changed_holds_for_the_sessions_ahead(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    past = await a_session(house, group_id, host, A_TUESDAY + timedelta(hours=1))
    ahead = await a_session(house, group_id, host, THURSDAY)
    house.system.clock.set(A_TUESDAY + timedelta(hours=3))

    await house.system.ask(
        changed(group_id, house, theme="digineuvonta", languages=["sv"], capacity=20, room_limit=25),
        house.coordinator,
    )

    rows = await house.system.sql("SELECT id, theme_id, languages, capacity FROM booking.slot")
    assert {row["id"]: (row["theme_id"], row["languages"], row["capacity"]) for row in rows} == {
        past: (THEME, ["fi"], 10),
        ahead: ("digineuvonta", ["sv"], 20),
    }
    (told,) = await news(house, SlotChanged)
    assert (told.slot_id, told.room_limit) == (ahead, 25)


async def test_sessions_are_handed_over_to_those_who_lead_from_now_on(house: House) -> None:
    old, new, stand_in = await house.expert(), await house.expert(), await house.expert()
    group_id = await a_group(house, old)
    promised = await a_session(house, group_id, old, THURSDAY)
    asked = await a_session(house, group_id, old, THURSDAY + WEEK, Staffing.ASKED)
    stood_in = await a_session(house, group_id, stand_in, THURSDAY + 2 * WEEK)
    clash = await a_session(house, group_id, old, THURSDAY + 3 * WEEK)
    await house.slot(new, THURSDAY + 3 * WEEK)

    async def lead(*people: Staff) -> dict[UUID, tuple[UUID, Staffing]]:
        facilitators = [each.person_id for each in people]
        await house.system.ask(changed(group_id, house, facilitators=facilitators), house.coordinator)
        group = await managed(house, group_id)
        return {each.slot_id: (each.host.id, each.staffing) for each in group.sessions}

    both, alone = await lead(new, old), await lead(new)

    assert both == {
        promised: (old.person_id, Staffing.ACCEPTED),
        asked: (new.person_id, Staffing.ASKED),
        stood_in: (stand_in.person_id, Staffing.ACCEPTED),
        clash: (old.person_id, Staffing.ACCEPTED),
    }
    assert alone == both | {
        promised: (new.person_id, Staffing.ASKED),
        clash: (old.person_id, Staffing.NEEDS_HOST),
    }
    sessions = {each.slot_id: each.co_hosts for each in (await managed(house, group_id)).sessions}
    assert [each.id for each in sessions[stood_in]] == [new.person_id]


async def test_only_those_who_lead_a_group_and_coordinators_see_how_it_is_managed(house: House) -> None:
    leads, stranger = await house.expert(), await house.expert()
    mine, others = await a_group(house, leads), await a_group(house, stranger)

    async def listed(actor: Staff) -> set[UUID]:
        groups = await house.system.ask(ListManagedGroups(), actor)
        return {group.group.id for group in groups.items}

    assert await listed(leads) == {mine}
    assert await listed(house.coordinator) == {mine, others}
    with pytest.raises(Refusal) as refused:
        await managed(house, others, leads)
    assert refused.value.code is Code.NOT_FOUND
    with pytest.raises(Refusal) as refused:
        await house.system.ask(ListManagedGroups(), Anyone())
    assert refused.value.code is Code.FORBIDDEN


async def test_a_session_of_a_whole_series_is_no_time_to_be_found_by_itself(house: House) -> None:
    host = await house.expert()
    single, whole = await a_group(house, host), await a_group(house, host, **CLOSED)
    found = await a_session(house, single, host, THURSDAY)
    await a_session(house, whole, host, THURSDAY + WEEK)

    assert [slot.id for slot in await house.free()] == [found]


async def test_one_who_leads_adds_a_session_and_the_group_says_what_it_is(house: House) -> None:
    host, second, stranger = await house.expert(), await house.expert(), await house.expert()
    group_id = await a_group(house, host, second, **CLOSED)
    await set_series(house, group_id, weekly())
    enrolled = await enrol(house, group_id)
    extra = AddSlot(
        theme="digineuvonta",
        starts_at=THURSDAY + timedelta(days=1),
        ends_at=THURSDAY + timedelta(days=1, hours=1),
        languages=["en"],
        group_id=group_id,
    )

    added = await house.system.ask(extra, second)

    assert (added.theme, added.languages, added.capacity, added.kind) == (THEME, ["fi"], 3, "group")
    assert (added.host.id, added.seats_left) == (host.person_id, 2)
    assert await statuses(house, enrolled) == [BookingStatus.CONFIRMED] * 5
    for actor, request, code in (
        (stranger, extra, Code.NOT_FOUND),
        (second, extra, Code.OVERLAP),
    ):
        with pytest.raises(Refusal) as refused:
            await house.system.ask(request, actor)
        assert refused.value.code is code
    await house.system.check_invariants()


async def test_an_ended_group_calls_everything_off_once_and_takes_nobody(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host, **CLOSED)
    await set_series(house, group_id, weekly())
    enrolled = await enrol(house, group_id)
    end = EndGroup(group_id=group_id, reason="Ryhmä päättyy.")

    for _ in range(2):
        ended = await house.system.ask(end, house.coordinator)

    assert ended.ended
    assert await statuses(house, enrolled) == [BookingStatus.CANCELLED] * 4
    assert len(await news(house, BookingCancelled)) == 4
    gone = await page(house, group_id)
    assert (gone.sessions, gone.enrolling) == ([], False)
    assert (await house.system.ask(ListGroups())).items == []
    with pytest.raises(Refusal) as refused:
        await set_series(house, group_id, weekly())
    assert refused.value.code is Code.ALREADY_CANCELLED


async def test_an_evening_of_six_hundred_is_called_off_in_one_go(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host, kind="event", capacity=600)
    slot_id = await a_session(house, group_id, host, THURSDAY, capacity=600)
    await house.system.sql(SIX_HUNDRED, group_id, slot_id, A_TUESDAY)

    await house.system.ask(CancelSlot(slot_id=slot_id, reason="Luennoitsija on sairas."), host)

    assert len({each.booking_id for each in await news(house, BookingCancelled)}) == 600


SIX_HUNDRED = """
    WITH enrolled AS (
        INSERT INTO booking.enrolment (id, group_id, whole_series, created_at)
        SELECT gen_random_uuid(), $1, false, $3 FROM generate_series(1, 600) RETURNING id
    ), seated AS (UPDATE booking.slot SET taken = 600 WHERE id = $2)
    INSERT INTO booking.booking (id, slot_id, status, seats, display_name, email, language, created_at,
                                 changed_at, enrolment_id)
    SELECT gen_random_uuid(), $2, 'confirmed', 1, 'Kielo', 'kielo@posti.example', 'fi', $3, $3, id
    FROM enrolled
"""


async def test_only_the_trained_lead_and_their_themes_are_kept(house: House) -> None:
    trained = await a_volunteer(house)
    beginner = await house.expert(role=Role.VOLUNTEER)

    person = await house.system.ask(GetPerson(person_id=trained.person_id), house.coordinator)
    assert (person.trained, person.themes) == (True, [THEME])
    await a_group(house, trained)
    with pytest.raises(Refusal) as refused:
        await a_group(house, beginner)
    assert refused.value.code is Code.NOT_TRAINED
    with pytest.raises(Refusal) as refused:
        await house.system.ask(
            AddPerson(
                email="uusi@digiaula.example",
                display_name="Uusi",
                role=Role.VOLUNTEER,
                languages=["fi"],
                themes=["ei-ole"],
            ),
            house.coordinator,
        )
    assert refused.value.facts["errors"][0]["field"] == "themes"

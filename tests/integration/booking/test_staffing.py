"""Promising to open a session, giving it up, standing in: by whom, and of many at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from services.booking.store import slots
from services.booking.store.directory import people
from services.booking.store.staffing import staffing
from services.contracts.booking.appointments import DescribePlace
from services.contracts.booking.events import SlotChanged
from services.contracts.booking.groups import ChangeGroup, MoveSession, Series, SetSeries, Staffing
from services.contracts.booking.own import DescribeCalendar, FindCalendar
from services.contracts.booking.people import ChangePerson, DisablePerson, EnablePerson, GetPerson
from services.contracts.booking.slots import AddSlot, CancelSlot, GetSlot, ListHostSlots, SlotState
from services.contracts.booking.staffing import (
    AcceptDuty,
    AskForStandIn,
    AssignHost,
    DescribeDuties,
    Duty,
    DutyScope,
    GiveUpDuty,
    ListDuties,
    RemoveCoHost,
)
from services.contracts.envelope import Anyone, Request, Role, Staff
from services.contracts.refusals import Code, Refusal
from services.runtime.db import Tx
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, ZONE, House
from tests.support.meeting import waiting
from tests.support.sessions import (
    NAME,
    THEME,
    a_group,
    a_session,
    a_volunteer,
    duty_of,
    news,
    with_database,
)

IN_A_WEEK = A_TUESDAY + timedelta(days=7, hours=8)
HOUR = timedelta(hours=1)


async def refusal_of(asking: object) -> Code:
    with pytest.raises(Refusal) as caught:
        await asking  # type: ignore[misc]
    return caught.value.code


async def accept(house: House, slot_id: UUID, actor: Staff) -> Duty:
    return await house.system.ask(AcceptDuty(slot_id=slot_id), actor)


async def give_up(house: House, slot_id: UUID, actor: Staff) -> Duty:
    return await house.system.ask(GiveUpDuty(slot_id=slot_id), actor)


async def assign(house: House, slot_id: UUID, person: Staff, *, co_host: bool = False) -> Duty:
    naming = AssignHost(slot_id=slot_id, person_id=person.person_id, co_host=co_host)
    return await house.system.ask(naming, house.coordinator)


async def listed(house: House, actor: Staff, scope: DutyScope) -> list[UUID]:
    wanted = ListDuties(scope=scope, from_at=A_TUESDAY, to_at=A_TUESDAY + timedelta(days=60))
    return [duty.slot_id for duty in (await house.system.ask(wanted, actor)).items]


async def hosts(house: House, slot_id: UUID) -> list[UUID] | None:
    return (await house.system.ask(DescribePlace(slot_id=slot_id))).hosts


async def test_a_named_host_promises_once_and_everybody_beside_is_told(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK, Staffing.ASKED)
    assert (await duty_of(house, slot_id, host)).accepted is False
    assert await hosts(house, slot_id) == []

    duty = await accept(house, slot_id, host)
    again = await accept(house, slot_id, host)

    assert (duty.hosting, duty.accepted, duty.staffing) == (True, True, Staffing.ACCEPTED)
    assert again == duty
    assert [(event.hosts, event.version) for event in await news(house, SlotChanged)] == [
        ([host.person_id], 2)
    ]
    place = await house.system.ask(DescribePlace(slot_id=slot_id))
    assert (place.hosts, place.slot_version) == ([host.person_id], 2)
    assert place.room_limit is not None
    assert place.room_limit > 10


async def test_who_gives_a_session_up_hosts_it_no_more_from_that_moment(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK)

    duty = await give_up(house, slot_id, host)
    await give_up(house, slot_id, host)

    assert (duty.staffing, duty.hosting, duty.accepted) == (Staffing.NEEDS_HOST, False, False)
    assert [event.hosts for event in await news(house, SlotChanged)] == [[]]
    assert await hosts(house, slot_id) == []
    assert slot_id not in await listed(house, host, DutyScope.MINE)
    week = ListHostSlots(from_at=A_TUESDAY, to_at=A_TUESDAY + timedelta(days=30))
    assert (await house.system.ask(week, host)).items == []

    assert (await accept(house, slot_id, host)).accepted  # they can after all


async def test_only_those_who_fit_may_stand_in(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK, Staffing.STAND_IN_WANTED)
    fits = await a_volunteer(house)
    busy = await a_volunteer(house)
    await house.slot(busy, IN_A_WEEK + timedelta(minutes=30))
    untrained = await a_volunteer(house, trained=False)
    other_theme = await a_volunteer(house, themes=["digineuvonta"])
    other_language = await a_volunteer(house, languages=["sv"])
    of_the_theme = await house.expert()  # leads another group of it
    await a_group(house, of_the_theme)

    wanted = {
        person.person_id: await listed(house, person, DutyScope.WANTED)
        for person in (fits, busy, untrained, other_theme, other_language, of_the_theme, host)
    }

    able = (fits.person_id, of_the_theme.person_id)
    assert wanted == {person: [slot_id] if person in able else [] for person in wanted}
    assert (await duty_of(house, slot_id, fits)).may_take
    assert not (await duty_of(house, slot_id, busy)).may_take
    assert await refusal_of(accept(house, slot_id, busy)) is Code.OVERLAP
    assert await refusal_of(accept(house, slot_id, untrained)) is Code.NOT_TRAINED
    for stranger in (other_theme, other_language):
        assert await refusal_of(duty_of(house, slot_id, stranger)) is Code.NOT_FOUND
        assert await refusal_of(accept(house, slot_id, stranger)) is Code.NOT_FOUND
    taken = await accept(house, slot_id, fits)
    assert (taken.hosting, taken.staffing) == (True, Staffing.ACCEPTED)
    assert taken.host.id == fits.person_id
    assert await hosts(house, slot_id) == [fits.person_id]
    assert await refusal_of(accept(house, slot_id, of_the_theme)) is Code.DUTY_TAKEN


async def test_a_session_whose_named_host_may_still_answer_is_nobody_elses(house: House) -> None:
    host, other = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK, Staffing.ASKED)
    assert await refusal_of(accept(house, slot_id, other)) is Code.DUTY_TAKEN
    assert await listed(house, other, DutyScope.WANTED) == []

    house.system.clock.set(IN_A_WEEK - timedelta(hours=47))

    assert await listed(house, other, DutyScope.WANTED) == [slot_id]
    assert (await accept(house, slot_id, other)).hosting
    assert await refusal_of(accept(house, slot_id, host)) is Code.DUTY_TAKEN


async def test_who_wishes_for_a_stand_in_still_comes_until_somebody_takes_over(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    slot_id = await a_session(house, group_id, host, IN_A_WEEK, Staffing.ASKED)

    wished = await house.system.ask(AskForStandIn(slot_id=slot_id), host)

    assert (wished.staffing, wished.accepted) == (Staffing.STAND_IN_WANTED, True)
    assert await hosts(house, slot_id) == [host.person_id]
    back = await house.system.ask(AskForStandIn(slot_id=slot_id, wanted=False), host)
    assert back.staffing is Staffing.ACCEPTED
    facilitator = await a_volunteer(house)
    asking = house.system.ask(AskForStandIn(slot_id=slot_id), facilitator)
    assert await refusal_of(asking) is Code.FORBIDDEN


async def test_of_many_stand_ins_at_once_one_gets_the_session(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    people = [await a_volunteer(house) for _ in range(6)]
    for number in range(5):
        slot_id = await a_session(house, group_id, host, IN_A_WEEK + number * 2 * HOUR, Staffing.NEEDS_HOST)

        async def one(person: Staff, slot_id: UUID = slot_id) -> str:
            try:
                return "hosting" if (await accept(house, slot_id, person)).hosting else "not"
            except Refusal as refusal:
                return str(refusal.code)

        outcome = Counter(await asyncio.gather(*(one(person) for person in people)))

        assert outcome == {"hosting": 1, Code.DUTY_TAKEN: 5}


@pytest.mark.parametrize("co_host", [False, True])
async def test_a_promise_and_a_time_of_ones_own_at_the_same_hour_never_both_hold(
    house: House, co_host: bool
) -> None:
    host, person = await house.expert(), await a_volunteer(house)
    group_id = await a_group(house, host)
    outcomes: Counter[str] = Counter()
    for number in range(8):
        starts_at = IN_A_WEEK + timedelta(days=number)
        staffing = Staffing.ACCEPTED if co_host else Staffing.NEEDS_HOST
        slot_id = await a_session(house, group_id, host, starts_at, staffing)
        if co_host:
            await assign(house, slot_id, person, co_host=True)

        done = await asyncio.gather(
            house.slot(person, starts_at), accept(house, slot_id, person), return_exceptions=True
        )

        refused = [each for each in done if isinstance(each, Refusal)]
        assert [refusal.code for refusal in refused] == [Code.OVERLAP]
        outcomes["accepted" if isinstance(done[1], Duty) else "published"] += 1
    await house.system.check_invariants()
    assert sum(outcomes.values()) == 8


async def test_without_the_lock_on_the_person_they_would_be_in_two_places(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: two tables know of their promises, and no constraint reaches over both."""

    async def look_away(*_: object) -> bool:
        """Nobody waits for anybody."""
        return True

    looked, promised = asyncio.Event(), asyncio.Event()

    async def look_and_dawdle(tx: Tx, *when: Any) -> bool:
        found = await staffing.co_hosts_then(tx, *when)
        looked.set()
        await promised.wait()
        return found

    monkeypatch.setattr(staffing, "lock_person", look_away)
    monkeypatch.setattr(slots, "co_hosts_then", look_and_dawdle)
    host, person = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK)
    await assign(house, slot_id, person, co_host=True)

    async with asyncio.TaskGroup() as both:
        both.create_task(house.slot(person, IN_A_WEEK))
        await looked.wait()
        await accept(house, slot_id, person)
        promised.set()

    with pytest.raises(AssertionError, match="in two places"):
        await house.system.check_invariants()


async def _own_time(house: House, person: Staff) -> tuple[Request[Any], Code]:
    wish = AddSlot(
        theme=THEME,
        starts_at=IN_A_WEEK,
        ends_at=IN_A_WEEK + HOUR,
        languages=["fi"],
        host_id=person.person_id,
    )
    return wish, Code.NOT_FOUND


async def _session(house: House, person: Staff) -> tuple[Request[Any], Code]:
    wish, _ = await _own_time(house, person)
    group_id = await a_group(house, person)
    return msgspec.structs.replace(wish, group_id=group_id, host_id=None), Code.HOST_REQUIRED


async def _series(house: House, person: Staff) -> tuple[Request[Any], Code]:
    starts = IN_A_WEEK.astimezone(ZONE)
    series = Series(
        starts=starts.time(),
        ends=(starts + HOUR).time(),
        first_on=starts.date(),
        until=starts.date() + timedelta(days=7),
    )
    return SetSeries(group_id=await a_group(house, person), series=series), Code.HOST_REQUIRED


async def _facilitator(house: House, person: Staff) -> tuple[Request[Any], Code]:
    host = await house.expert()
    group_id = await a_group(house, host)
    await a_session(house, group_id, host, IN_A_WEEK, Staffing.ASKED)
    change = ChangeGroup(
        group_id=group_id,
        name=NAME,
        description=NAME,
        theme=THEME,
        organisation_id=house.organisation_id,
        languages=["fi"],
        capacity=10,
        facilitators=[person.person_id],
    )
    return change, Code.FIELD_INVALID


@pytest.mark.parametrize("naming", [_own_time, _session, _series, _facilitator])
async def test_nobody_is_given_a_session_who_is_being_shut_out_at_that_moment(
    house: House, naming: Callable[[House, Staff], Awaitable[tuple[Request[Any], Code]]]
) -> None:
    """Whoever gives it to them waits for the other's commit, and then sees that they serve no longer."""
    person = await house.expert()
    request, code = await naming(house, person)
    asking: list[asyncio.Task[Code]] = []

    async def is_waited_for() -> bool:
        return await waiting(house.system) > 0

    async def shut_out(tx: Tx) -> None:
        await people.disable_person(tx, person.person_id, now=house.system.clock.now())
        asked = house.system.ask(request, house.coordinator, key=str(uuid4()))
        asking.append(asyncio.create_task(refusal_of(asked)))
        await eventually(is_waited_for)

    await with_database(house, lambda database: database.transact(shut_out))

    assert await asking[0] is code
    rows = await house.system.sql("SELECT FROM booking.slot WHERE host_id = $1", person.person_id)
    assert rows == []


async def test_weekly_hours_leave_out_what_somebody_has_promised_to_co_host(house: House) -> None:
    host, person = await house.expert(), await a_volunteer(house)
    starts_at = A_TUESDAY + timedelta(days=7, hours=4)  # 13 o'clock, when the hours begin
    slot_id = await a_session(house, await a_group(house, host), host, starts_at)
    await assign(house, slot_id, person, co_host=True)
    await accept(house, slot_id, person)

    published = await house.hours(person)

    assert (starts_at.date(), "overlap") in [(c.on, c.reason) for c in published.conflicts]
    assert starts_at not in [slot.starts_at for slot in published.slots]
    assert starts_at + HOUR in [slot.starts_at for slot in published.slots]


async def test_a_co_host_promises_moderates_sees_who_comes_and_may_take_over(house: House) -> None:
    host, helper = await house.expert(), await a_volunteer(house)
    group_id = await a_group(house, host)
    slot_id = await a_session(house, group_id, host, IN_A_WEEK)
    await house.book(slot_id)
    week = ListHostSlots(from_at=A_TUESDAY, to_at=A_TUESDAY + timedelta(days=30))
    assert await refusal_of(house.system.ask(GetSlot(slot_id=slot_id), helper)) is Code.NOT_FOUND

    await assign(house, slot_id, helper, co_host=True)
    await assign(house, slot_id, helper, co_host=True)
    assert (await house.system.ask(week, helper)).items == []
    assert (await accept(house, slot_id, helper)).accepted

    assert await hosts(house, slot_id) == [host.person_id, helper.person_id]
    assert [slot.id for slot in (await house.system.ask(week, helper)).items] == [slot_id]
    seen = await house.system.ask(GetSlot(slot_id=slot_id), helper)
    assert [person.display_name for person in seen.bookings] == ["Kielo"]
    version = (await house.system.ask(FindCalendar(), helper)).version
    calendar = await house.system.ask(DescribeCalendar(person_id=helper.person_id, version=version))
    assert [entry.slot_id for entry in calendar.entries] == [slot_id]
    off = CancelSlot(slot_id=slot_id, reason="Peru.")
    assert await refusal_of(house.system.ask(off, helper)) is Code.NOT_FOUND

    await give_up(house, slot_id, host)
    assert await hosts(house, slot_id) == [helper.person_id]
    assert (await duty_of(house, slot_id, helper)).may_take
    took = await accept(house, slot_id, helper)
    assert (took.hosting, took.co_hosting, took.co_hosts) == (True, False, [])
    assert await hosts(house, slot_id) == [helper.person_id]


async def test_a_coordinator_names_hosts_and_takes_co_hosts_out_again(house: House) -> None:
    host, new, helper = await house.expert(), await house.expert(), await a_volunteer(house)
    group_id = await a_group(house, host)
    slot_id = await a_session(house, group_id, host, IN_A_WEEK)
    untrained = await a_volunteer(house, trained=False)
    assert await refusal_of(assign(house, slot_id, untrained)) is Code.NOT_TRAINED
    await house.slot(new, IN_A_WEEK + 3 * HOUR)
    busy_then = await a_session(house, group_id, host, IN_A_WEEK + 3 * HOUR, Staffing.NEEDS_HOST)
    assert await refusal_of(assign(house, busy_then, new)) is Code.OVERLAP
    by_another = AssignHost(slot_id=slot_id, person_id=new.person_id)
    assert await refusal_of(house.system.ask(by_another, host)) is Code.FORBIDDEN

    duty = await assign(house, slot_id, new)

    assert (duty.host.id, duty.staffing) == (new.person_id, Staffing.ASKED)
    assert await hosts(house, slot_id) == []
    assert (await accept(house, slot_id, new)).accepted
    assert (await assign(house, slot_id, new)).staffing is Staffing.ACCEPTED  # twice is once
    await assign(house, slot_id, helper, co_host=True)
    await accept(house, slot_id, helper)
    out = RemoveCoHost(slot_id=slot_id, person_id=helper.person_id)
    assert await refusal_of(house.system.ask(out, new)) is Code.FORBIDDEN
    await house.system.ask(out, house.coordinator)
    await house.system.ask(out, house.coordinator)
    assert await hosts(house, slot_id) == [new.person_id]
    own = await assign(house, slot_id, house.coordinator)
    assert (own.hosting, own.accepted) == (True, True)


async def test_coordinators_see_every_session_and_those_without_a_host(house: House) -> None:
    host = await house.expert()
    group_id = await a_group(house, host)
    staffed = await a_session(house, group_id, host, IN_A_WEEK)
    asked = await a_session(house, group_id, host, IN_A_WEEK + 2 * HOUR, Staffing.ASKED)
    lost = await a_session(house, group_id, host, IN_A_WEEK + 4 * HOUR, Staffing.NEEDS_HOST)
    await house.slot(host, IN_A_WEEK + 6 * HOUR)  # an appointment is nobody's duty

    assert await listed(house, house.coordinator, DutyScope.ALL) == [staffed, asked, lost]
    assert await listed(house, house.coordinator, DutyScope.UNSTAFFED) == [asked, lost]
    assert await listed(house, host, DutyScope.MINE) == [staffed, asked]
    assert await refusal_of(listed(house, host, DutyScope.ALL)) is Code.FORBIDDEN
    first = ListDuties(
        scope=DutyScope.ALL, from_at=A_TUESDAY, to_at=A_TUESDAY + timedelta(days=60), limit=2
    )
    page = await house.system.ask(first, house.coordinator)
    following = ListDuties(scope=DutyScope.ALL, from_at=first.from_at, to_at=first.to_at, cursor=page.next)
    rest = await house.system.ask(following, house.coordinator)
    assert [duty.slot_id for duty in (*page.items, *rest.items)] == [staffed, asked, lost]


async def test_nothing_can_be_promised_of_what_is_over_or_off_or_no_session(house: House) -> None:
    host, other = await house.expert(), await a_volunteer(house)
    group_id = await a_group(house, host)
    over = await a_session(house, group_id, host, A_TUESDAY - 2 * HOUR, Staffing.NEEDS_HOST)
    off = await a_session(house, group_id, host, IN_A_WEEK, Staffing.NEEDS_HOST)
    await house.system.sql("UPDATE booking.slot SET state = 'cancelled' WHERE id = $1", off)
    appointment = (await house.slot(host, IN_A_WEEK + 4 * HOUR)).id

    assert await refusal_of(accept(house, over, other)) is Code.ALREADY_STARTED
    assert await refusal_of(accept(house, off, other)) is Code.SLOT_CLOSED
    assert await refusal_of(accept(house, appointment, host)) is Code.NOT_FOUND
    assert await refusal_of(accept(house, uuid4(), host)) is Code.NOT_FOUND
    assert await refusal_of(house.system.ask(AcceptDuty(slot_id=off), Anyone())) is Code.FORBIDDEN


@pytest.mark.parametrize("named", [True, False], ids=["the host", "a stand-in"])
async def test_nobody_promises_an_hour_that_they_have_not_seen(house: House, named: bool) -> None:
    """A co-facilitator moves the session while its host, or a stand-in, still looks at the former hour."""
    host, mover, other = await house.expert(), await house.expert(), await a_volunteer(house)
    group_id = await a_group(house, host, mover)
    slot_id = await a_session(
        house, group_id, host, IN_A_WEEK, Staffing.ASKED if named else Staffing.NEEDS_HOST
    )
    to = IN_A_WEEK + timedelta(days=1)
    await house.system.ask(MoveSession(slot_id=slot_id, starts_at=to, ends_at=to + HOUR), mover)
    promises = host if named else other

    asked = [AcceptDuty(slot_id=slot_id, starts_at=at) for at in (IN_A_WEEK, to)]
    assert await refusal_of(house.system.ask(asked[0], promises)) is Code.CHANGED_MEANWHILE
    assert not (await duty_of(house, slot_id, promises)).accepted

    assert (await house.system.ask(asked[1], promises)).accepted
    assert (await house.system.ask(asked[1], promises)).accepted, "twice is once"


async def test_nobody_says_that_they_come_if_need_be_to_an_hour_that_they_have_not_seen(
    house: House,
) -> None:
    host, mover = await house.expert(), await house.expert()
    group_id = await a_group(house, host, mover)
    slot_id = await a_session(house, group_id, host, IN_A_WEEK)
    to = IN_A_WEEK + timedelta(days=1)
    await house.system.ask(MoveSession(slot_id=slot_id, starts_at=to, ends_at=to + HOUR), mover)

    for wanted in (True, False):
        late = AskForStandIn(slot_id=slot_id, wanted=wanted, starts_at=IN_A_WEEK)
        assert await refusal_of(house.system.ask(late, host)) is Code.CHANGED_MEANWHILE
    assert (await duty_of(house, slot_id, host)).staffing is Staffing.ASKED

    in_time = await house.system.ask(AskForStandIn(slot_id=slot_id, starts_at=to), host)
    assert in_time.staffing is Staffing.STAND_IN_WANTED


async def test_when_somebody_serves_no_longer_their_sessions_need_a_host(house: House) -> None:
    host, helper = await house.expert(), await a_volunteer(house)
    group_id = await a_group(house, host)
    booked, free = [await a_session(house, group_id, host, IN_A_WEEK + hours * HOUR) for hours in (0, 2)]
    co_hosted = await a_session(house, group_id, helper, IN_A_WEEK + 4 * HOUR)
    await assign(house, co_hosted, host, co_host=True)
    await accept(house, co_hosted, host)
    await house.book(booked)
    appointment = (await house.slot(host, IN_A_WEEK + 6 * HOUR)).id

    await house.system.ask(DisablePerson(person_id=host.person_id), house.coordinator)

    for slot_id in (booked, free):
        duty = await duty_of(house, slot_id, house.coordinator)
        assert duty.staffing is Staffing.NEEDS_HOST
        assert await hosts(house, slot_id) == []
    assert await hosts(house, co_hosted) == [helper.person_id]
    rows = await house.system.sql("SELECT state FROM booking.slot WHERE id = $1", appointment)
    assert rows[0]["state"] == SlotState.WITHDRAWN
    await house.book(free, email="toinen@posti.example")  # one may come: a host is looked for
    assert (await accept(house, free, helper)).hosting
    await house.system.ask(EnablePerson(person_id=host.person_id), house.coordinator)
    assert (await duty_of(house, booked, house.coordinator)).staffing is Staffing.NEEDS_HOST


@pytest.mark.parametrize("was", ["a trained volunteer", "an expert"])
async def test_what_somebody_promised_as_one_who_was_trained_ends_with_it(house: House, was: str) -> None:
    expert = was == "an expert"
    host = await (house.expert() if expert else a_volunteer(house))
    other = await house.expert()
    group_id = await a_group(house, other)
    hosted = await a_session(house, group_id, host, IN_A_WEEK)
    co_hosted = await a_session(house, group_id, other, IN_A_WEEK + 4 * HOUR)
    await assign(house, co_hosted, host, co_host=True)
    await accept(house, co_hosted, host)

    async def change(**differs: Any) -> None:
        person = await house.system.ask(GetPerson(person_id=host.person_id), house.coordinator)
        usual: dict[str, Any] = {
            "person_id": person.id,
            "email": person.email,
            "display_name": person.display_name,
            "role": person.role,
            "organisation_id": person.organisation_id,
            "languages": person.languages,
            "trained": person.trained,
            "themes": person.themes,
        }
        await house.system.ask(ChangePerson(**usual | differs), house.coordinator)

    await change(display_name="Toinen nimi")
    assert (await duty_of(house, hosted, house.coordinator)).staffing is Staffing.ACCEPTED

    await change(role=Role.VOLUNTEER, trained=False)

    assert (await duty_of(house, hosted, house.coordinator)).staffing is Staffing.NEEDS_HOST
    assert await hosts(house, hosted) == []
    assert await hosts(house, co_hosted) == [other.person_id]
    assert await refusal_of(accept(house, hosted, host)) is Code.NOT_TRAINED


async def test_a_message_to_one_who_is_asked_says_how_it_stands_when_it_is_sent(house: House) -> None:
    host = await house.expert(languages=["ru", "sv"], email="isanta@digiaula.example")
    other = await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK, Staffing.ASKED)
    asking = DescribeDuties(person_id=host.person_id)

    facts = await house.system.ask(asking)

    assert (facts.email, facts.language) == ("isanta@digiaula.example", "sv")
    assert [each.slot_id for each in facts.items] == [slot_id]
    assert (await house.system.ask(DescribeDuties(person_id=other.person_id))).items == []
    house.system.clock.set(IN_A_WEEK)
    assert (await house.system.ask(asking)).items == []
    house.system.clock.set(IN_A_WEEK - HOUR)
    await accept(house, slot_id, host)
    assert (await house.system.ask(asking)).items == []
    assert THEME not in repr(facts)


async def test_experts_may_open_sessions_of_any_organisation(house: House) -> None:
    host = await house.expert()
    elsewhere = await house.expert(role=Role.EXPERT, themes=[THEME])
    slot_id = await a_session(house, await a_group(house, host), host, IN_A_WEEK, Staffing.NEEDS_HOST)

    assert (await accept(house, slot_id, elsewhere)).hosting

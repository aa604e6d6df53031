"""Looking for somebody to open a session: who is asked when, who is told, and everybody only once."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from services.booking.domain.staffing import Session
from services.booking.store import slots as slot_store
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking.appointments import Booked, CancelBooking
from services.contracts.booking.events import HostAsked, HostFound, HostMissing, HostNotFound
from services.contracts.booking.groups import Staffing
from services.contracts.booking.staffing import (
    AcceptDuty,
    AskForStandIn,
    AssignHost,
    DescribeDuties,
    GiveUpDuty,
)
from services.contracts.envelope import Staff
from services.runtime.db import Tx
from tests.support.house import A_TUESDAY, House, resident
from tests.support.sessions import a_group, a_session, a_volunteer, duty_of, news, run_job

STARTS = A_TUESDAY + timedelta(days=10, hours=8)
HOUR = timedelta(hours=1)


async def ask_at(house: House, before: timedelta) -> None:
    """It is so long before the start, and whatever is due is done."""
    house.system.clock.set(STARTS - before)
    await run_job(house, "ask-hosts")


async def asked(house: House, *, stand_in: bool) -> list[UUID]:
    return [event.person_id for event in await news(house, HostAsked) if event.stand_in is stand_in]


async def told(house: House) -> tuple[int, int, int]:
    """How often the coordinator was told, and how many participants that nobody comes, or somebody does."""
    kinds = (HostNotFound, HostMissing, HostFound)
    missed, missing, found = [len(await news(house, kind)) for kind in kinds]
    return missed, missing, found


async def three_who_come(house: House, slot_id: UUID) -> list[Booked]:
    """Two in fact: the third has cancelled."""
    booked = [await house.book(slot_id, email=f"asukas{number}@posti.example") for number in range(3)]
    await house.system.ask(CancelBooking(booking_id=booked[2].id), resident(booked[2]))
    return booked[:2]


async def test_from_the_first_asking_to_the_host_who_is_found_after_all(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS, Staffing.ASKED)
    volunteers = [await a_volunteer(house) for _ in range(7)]
    coming = await three_who_come(house, slot_id)

    await ask_at(house, timedelta(days=9))
    assert await asked(house, stand_in=False) == [host.person_id]
    await ask_at(house, timedelta(days=8))
    assert await asked(house, stand_in=False) == [host.person_id]
    await ask_at(house, timedelta(days=7))
    await ask_at(house, timedelta(days=3))
    assert await asked(house, stand_in=False) == [host.person_id] * 3
    assert await asked(house, stand_in=True) == []

    await ask_at(house, timedelta(hours=48))
    assert len(await asked(house, stand_in=True)) == 5
    await ask_at(house, timedelta(hours=47))
    assert len(await asked(house, stand_in=True)) == 5
    await ask_at(house, timedelta(hours=45.9))
    assert Counter(await asked(house, stand_in=True)) == {each.person_id: 1 for each in volunteers}
    assert await told(house) == (0, 0, 0)

    await ask_at(house, timedelta(hours=43.8))  # nobody is left to ask
    assert await told(house) == (1, 0, 0)
    for hours in (24, 12, 7):
        await ask_at(house, timedelta(hours=hours))
    assert await told(house) == (1, 0, 0)
    await ask_at(house, timedelta(hours=6))
    assert await told(house) == (2, 0, 0)
    await ask_at(house, timedelta(hours=3))
    await ask_at(house, timedelta(hours=2))
    missing = await news(house, HostMissing)
    assert {event.booking_id for event in missing} == {booking.id for booking in coming}
    assert await told(house) == (2, 2, 0)
    late = await house.book(slot_id, email="myohemmin@posti.example")

    duty = await house.system.ask(AcceptDuty(slot_id=slot_id), volunteers[3])

    found = await news(house, HostFound)
    assert {event.booking_id for event in found} == {booking.id for booking in (*coming, late)}
    assert {event.host_id for event in found} == {volunteers[3].person_id}
    assert duty.staffing is Staffing.ACCEPTED
    await ask_at(house, HOUR)
    assert await told(house) == (2, 2, 3)
    rounds = {event.round for event in await news(house, HostAsked)}
    rounds |= {event.round for event in await news(house, HostNotFound)}
    assert len(rounds) == 7  # three to the host, two to others, two to the coordinator


async def test_of_a_session_that_starts_soon_all_are_asked_at_once_and_others_told_after_a_while(
    house: House,
) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS, Staffing.ASKED)
    volunteer = await a_volunteer(house)
    await house.book(slot_id)

    await ask_at(house, 2 * HOUR)
    assert await asked(house, stand_in=False) == [host.person_id]
    assert await asked(house, stand_in=True) == [volunteer.person_id]
    assert await told(house) == (0, 0, 0)

    await ask_at(house, timedelta(minutes=91))
    assert await told(house) == (0, 0, 0)
    await ask_at(house, timedelta(minutes=89))
    assert await told(house) == (1, 1, 0)


async def test_a_named_host_whom_nobody_could_replace_has_a_while_to_answer(house: House) -> None:
    host = await house.expert()
    await a_session(house, await a_group(house, host), host, STARTS, Staffing.ASKED)

    await ask_at(house, timedelta(hours=30))
    assert await asked(house, stand_in=False) == [host.person_id]
    assert await told(house) == (0, 0, 0)
    await ask_at(house, timedelta(hours=27.9))
    assert await told(house) == (1, 0, 0)


async def test_a_named_host_who_is_asked_at_night_has_that_while_from_the_morning_on(house: House) -> None:
    host = await house.expert()
    await a_session(house, await a_group(house, host), host, STARTS, Staffing.ASKED)

    await ask_at(house, timedelta(hours=40))
    assert await asked(house, stand_in=False) == [host.person_id]
    await ask_at(house, timedelta(hours=31.1))
    assert await told(house) == (0, 0, 0)
    await ask_at(house, timedelta(hours=30.9))
    assert await told(house) == (1, 0, 0)


async def test_nobody_hears_that_nobody_comes_while_those_asked_at_night_sleep(house: House) -> None:
    host, volunteer = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    house.system.clock.set(STARTS - 19 * HOUR)  # ten in the evening
    await house.system.ask(GiveUpDuty(slot_id=slot_id), host)

    await ask_at(house, 19 * HOUR)
    assert await asked(house, stand_in=True) == [volunteer.person_id]
    await ask_at(house, timedelta(hours=7.1))
    assert await told(house) == (0, 0, 0)
    await ask_at(house, timedelta(hours=6.9))
    assert await told(house) == (1, 0, 0)


async def test_when_nobody_fits_the_coordinator_is_told_at_once(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    await a_volunteer(house, trained=False)

    await house.system.ask(GiveUpDuty(slot_id=slot_id), host)
    await run_job(house, "ask-hosts")

    assert await asked(house, stand_in=True) == []
    assert await told(house) == (1, 0, 0)


async def test_who_has_promised_another_session_at_that_hour_is_not_asked_for_it_any_more(
    house: House,
) -> None:
    """Both were asked for before they answered; the mail that is still to go out names neither."""
    slot_ids = []
    for _ in range(2):
        host = await house.expert()
        slot_ids.append(await a_session(house, await a_group(house, host), host, STARTS))
        await house.system.ask(GiveUpDuty(slot_id=slot_ids[-1]), host)
    volunteer = await a_volunteer(house)
    await run_job(house, "ask-hosts")
    wanted = DescribeDuties(person_id=volunteer.person_id)
    assert {each.slot_id for each in (await house.system.ask(wanted)).items} == set(slot_ids)

    await house.system.ask(AcceptDuty(slot_id=slot_ids[0]), volunteer)

    assert (await house.system.ask(wanted)).items == []


async def test_who_cannot_come_is_not_asked_and_a_new_search_begins_anew(house: House) -> None:
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    first, second = [await a_volunteer(house) for _ in range(2)]
    await house.system.ask(GiveUpDuty(slot_id=slot_id), host)
    await run_job(house, "ask-hosts")
    wanted = DescribeDuties(person_id=first.person_id)
    assert len((await house.system.ask(wanted)).items) == 1
    await house.system.ask(GiveUpDuty(slot_id=slot_id), first)  # asked, and cannot
    assert (await house.system.ask(wanted)).items == []
    await house.system.ask(AcceptDuty(slot_id=slot_id), second)

    await house.system.ask(GiveUpDuty(slot_id=slot_id), second)
    third = await a_volunteer(house)
    await run_job(house, "ask-hosts")

    again = Counter(await asked(house, stand_in=True))
    assert again == {each.person_id: 1 for each in (first, second, third)}


async def test_a_stand_in_is_sought_without_a_word_to_coordinator_or_participants(house: House) -> None:
    host, volunteer = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    await house.book(slot_id)
    await house.system.ask(AskForStandIn(slot_id=slot_id), host)

    for hours in (72, 24, 6, 3, 1):
        await ask_at(house, hours * HOUR)

    assert await asked(house, stand_in=True) == [volunteer.person_id]
    assert await told(house) == (0, 0, 0)
    assert (await duty_of(house, slot_id, host)).accepted


async def test_co_hosts_are_asked_once_and_again_when_they_are_named_anew(house: House) -> None:
    host, helper = await house.expert(), await a_volunteer(house)
    slot_id = await a_session(house, await a_group(house, host), host, STARTS)
    naming = AssignHost(slot_id=slot_id, person_id=helper.person_id, co_host=True)
    await house.system.ask(naming, house.coordinator)
    await run_job(house, "ask-hosts")
    await run_job(house, "ask-hosts")
    assert await asked(house, stand_in=False) == [helper.person_id]

    await house.system.ask(GiveUpDuty(slot_id=slot_id), helper)
    await house.system.ask(naming, house.coordinator)
    await run_job(house, "ask-hosts")

    assert await asked(house, stand_in=False) == [helper.person_id] * 2
    first, second = await news(house, HostAsked)
    assert second.round > first.round


async def a_lost_session(house: House) -> tuple[Staff, list[UUID]]:
    """Two days before, the named host has not answered, and as many fit as are asked in two rounds."""
    host = await house.expert()
    slot_id = await a_session(house, await a_group(house, host), host, STARTS, Staffing.ASKED)
    people = [(await a_volunteer(house)).person_id for _ in range(10)]
    await house.book(slot_id)
    house.system.clock.set(STARTS - 2 * HOUR)
    return host, people


async def test_of_many_copies_at_work_each_person_is_asked_and_told_by_one(house: House) -> None:
    host, people = await a_lost_session(house)

    await asyncio.gather(*(run_job(house, "ask-hosts") for _ in range(5)))

    stand_ins = Counter(await asked(house, stand_in=True))
    assert len(stand_ins) == 5
    assert set(stand_ins.values()) == {1}
    assert stand_ins.keys() <= set(people)
    assert await asked(house, stand_in=False) == [host.person_id]

    house.system.clock.set(STARTS - HOUR)
    await asyncio.gather(*(run_job(house, "ask-hosts") for _ in range(5)))
    assert await told(house) == (1, 1, 0)


async def test_without_the_lock_the_same_work_is_done_more_than_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: it is the lock on the session that lets one copy do what is due."""
    both_have_looked = asyncio.Barrier(2)
    look = staffing_store.session

    async def look_away(tx: Tx, *_: UUID) -> None:
        return

    async def look_and_wait(tx: Tx, slot_id: UUID) -> Session | None:
        seen = await look(tx, slot_id)
        async with asyncio.timeout(30):
            await both_have_looked.wait()
        return seen

    monkeypatch.setattr(slot_store, "lock", look_away)
    monkeypatch.setattr(staffing_store, "session", look_and_wait)
    monkeypatch.setattr("services.booking.domain.staffing.SEARCHED_FROM", -HOUR)  # the host alone is asked
    await a_lost_session(house)

    await asyncio.gather(*(run_job(house, "ask-hosts") for _ in range(2)))

    assert len(await asked(house, stand_in=False)) > 1

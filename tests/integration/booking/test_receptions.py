"""Weekly hours become slots, follow changes, and never touch what somebody has booked."""

from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.contracts.booking.people import DisablePerson, Identify
from services.contracts.booking.receptions import (
    AddReception,
    ChangeReception,
    GetReception,
    HoursException,
    ListReceptions,
    PreviewReception,
    RemoveReception,
)
from services.contracts.booking.slots import CancelSlot, HostSlot, ListHostSlots
from services.contracts.envelope import Request
from services.contracts.refusals import Code, Refusal
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY, ZONE, House, hours, resident


def walls(slots: list[HostSlot]) -> list[str]:
    return [f"{slot.starts_at.astimezone(ZONE):%m-%d %H.%M}" for slot in slots]


async def test_published_hours_are_visible_at_once(house: House) -> None:
    host = await house.expert()

    published = await house.hours(host, horizon_days=7)

    assert walls(published.slots) == [
        "02-02 13.00", "02-02 14.00", "02-02 15.00", "02-09 13.00", "02-09 14.00", "02-09 15.00",
    ]  # fmt: skip
    assert [slot.id for slot in await house.free()] == [slot.id for slot in published.slots]


async def test_a_preview_tells_what_publishing_would_and_leaves_nothing_behind(house: House) -> None:
    host = await house.expert()

    preview = await house.system.ask(PreviewReception(hours=hours()), host)

    assert await house.free() == []
    published = await house.hours(host)
    assert walls(preview.slots) == walls(published.slots)


async def test_times_that_overlap_are_left_out_and_named(house: House) -> None:
    host = await house.expert()
    await house.slot(host, A_TUESDAY + timedelta(hours=5, minutes=30))  # 14.30

    published = await house.hours(host, horizon_days=3)

    assert walls(published.slots) == ["02-02 13.00"]
    assert [(c.on, c.starts, c.reason) for c in published.conflicts] == [
        (date(2027, 2, 2), time(14), "overlap"),
        (date(2027, 2, 2), time(15), "overlap"),
    ]


async def test_hours_of_which_nothing_can_be_published_are_refused(house: House) -> None:
    host = await house.expert()
    await house.hours(host)

    with pytest.raises(Refusal) as refused:
        await house.hours(host)

    assert refused.value.code is Code.OVERLAP
    assert len(refused.value.facts["conflicts"]) > 0


async def test_another_host_may_have_the_same_hours(house: House) -> None:
    await house.hours(await house.expert())

    published = await house.hours(await house.expert())

    assert published.conflicts == []


async def test_summer_time_leaves_the_hours_where_they_are_and_names_the_impossible(house: House) -> None:
    host = await house.expert()

    published = await house.hours(
        host, weekday=7, starts=time(3), ends=time(5), gap_minutes=0, slot_minutes=30, horizon_days=60,
        skip_holidays=False,
    )  # fmt: skip

    assert {(c.on, c.starts, c.reason) for c in published.conflicts} == {
        (date(2027, 3, 28), time(3), "time_does_not_exist"),
        (date(2027, 3, 28), time(3, 30), "time_does_not_exist"),
    }


async def test_changed_hours_withdraw_what_is_free_and_keep_what_is_booked(house: House) -> None:
    host = await house.expert()
    published = await house.hours(host, horizon_days=3)
    booked = await house.book(published.slots[0].id)

    changed = await house.system.ask(
        ChangeReception(
            reception_id=published.reception.id,
            hours=hours(starts=time(15), ends=time(18), horizon_days=3),
        ),
        host,
    )

    assert walls(changed.slots) == ["02-02 13.00", "02-02 15.00", "02-02 16.00", "02-02 17.00"]
    assert changed.slots[1].id == published.slots[2].id, "an unchanged time keeps its identity"
    assert [(c.starts, c.reason) for c in changed.conflicts] == [(time(13), "booked")]
    assert booked.slot.starts_at == published.slots[0].starts_at
    assert published.slots[1].id not in {slot.id for slot in await house.free()}


async def test_hours_changed_back_bring_the_times_back(house: House) -> None:
    host = await house.expert()
    before = await house.hours(host, horizon_days=3)
    change = ChangeReception(reception_id=before.reception.id, hours=hours(weekday=3, horizon_days=3))
    await house.system.ask(change, host)

    back = await house.system.ask(
        ChangeReception(reception_id=before.reception.id, hours=hours(horizon_days=3)), host
    )

    assert walls(back.slots) == walls(before.slots)
    assert back.conflicts == []


async def test_a_time_its_host_called_off_is_not_made_again(house: House) -> None:
    host = await house.expert()
    published = await house.hours(host, horizon_days=3)
    await house.system.ask(CancelSlot(slot_id=published.slots[0].id, reason="Koulutus."), host)

    changed = await house.system.ask(
        ChangeReception(reception_id=published.reception.id, hours=hours(horizon_days=3, notice_hours=1)),
        host,
    )

    assert walls(changed.slots) == ["02-02 14.00", "02-02 15.00"]
    assert changed.conflicts == []


async def test_exceptions_close_and_open_single_days(house: House) -> None:
    host = await house.expert()

    published = await house.hours(
        host,
        horizon_days=10,
        exceptions=[
            HoursException(on=date(2027, 2, 2), closed=True),
            HoursException(on=date(2027, 2, 4), starts=time(9), ends=time(10)),
        ],
    )

    assert walls(published.slots) == ["02-04 09.00", "02-09 13.00", "02-09 14.00", "02-09 15.00"]
    again = await house.system.ask(GetReception(reception_id=published.reception.id), host)
    assert again.reception == published.reception


async def test_on_a_public_holiday_nothing_is_published(house: House) -> None:
    host = await house.expert()

    published = await house.hours(host, weekday=5, horizon_days=60)

    days = {slot.starts_at.astimezone(ZONE).date() for slot in published.slots}
    assert date(2027, 3, 26) not in days, "Good Friday"
    assert date(2027, 3, 19) in days


async def test_hours_with_bookings_are_not_removed_and_their_number_is_told(house: House) -> None:
    host = await house.expert()
    published = await house.hours(host)
    await house.book(published.slots[0].id)
    remove = RemoveReception(reception_id=published.reception.id)

    with pytest.raises(Refusal) as refused:
        await house.system.ask(remove, host)

    assert refused.value.code is Code.HAS_BOOKINGS
    assert refused.value.facts == {"count": 1}


async def test_removed_hours_take_their_free_times_along(house: House) -> None:
    host = await house.expert()
    published = await house.hours(host)

    await house.system.ask(RemoveReception(reception_id=published.reception.id), host)

    assert await house.free() == []
    assert (await house.system.ask(ListReceptions(), host)).items == []


async def test_one_expert_neither_sees_nor_changes_anothers_hours(house: House) -> None:
    published = await house.hours(await house.expert())
    stranger = await house.expert()
    reception_id = published.reception.id

    requests: list[Request[Any]] = [
        GetReception(reception_id=reception_id),
        ChangeReception(reception_id=reception_id, hours=hours()),
        RemoveReception(reception_id=reception_id),
    ]
    for request in requests:
        with pytest.raises(Refusal) as refused:
            await house.system.ask(request, stranger)
        assert refused.value.code is Code.NOT_FOUND
    assert (await house.system.ask(ListReceptions(), stranger)).items == []


async def test_a_coordinator_publishes_for_a_host(house: House) -> None:
    host = await house.expert()

    published = await house.system.ask(
        AddReception(host_id=host.person_id, hours=hours()), house.coordinator, key=str(uuid4())
    )

    assert published.reception.host_id == host.person_id


async def test_as_days_pass_times_are_made_further_ahead_and_none_twice(house: House) -> None:
    host = await house.expert()
    before = await house.hours(host, horizon_days=14)
    house.system.clock.advance(timedelta(days=14))
    await house.system.stop("booking")

    await house.system.start("booking")

    async def further() -> bool:
        now = house.system.clock.now()
        week = ListHostSlots(from_at=A_TUESDAY, to_at=now + timedelta(days=60))
        slots = (await house.system.ask(week, host)).items
        starts = [slot.starts_at for slot in slots]
        assert len(starts) == len(set(starts))
        return max(starts) > max(slot.starts_at for slot in before.slots) + timedelta(days=13)

    await eventually(further)


async def test_a_disabled_expert_is_out_at_once_and_their_free_times_are_gone(house: House) -> None:
    host = await house.expert()
    published = await house.hours(host)
    booking = await house.book(published.slots[0].id)

    await house.system.ask(DisablePerson(person_id=host.person_id), house.coordinator)

    with pytest.raises(Refusal) as refused:
        await house.system.ask(Identify(person_id=host.person_id))
    assert refused.value.code is Code.SESSION_ENDED
    assert await house.free() == []
    assert resident(booking).booking_id == booking.id
    live = await house.system.sql("SELECT status FROM booking.booking")
    assert [row["status"] for row in live] == ["confirmed"]


@pytest.mark.parametrize("kind", [AddReception, PreviewReception])
async def test_nobody_has_hours_who_does_not_serve_here(
    house: House, kind: type[AddReception | PreviewReception]
) -> None:
    gone = await house.expert()
    await house.system.ask(DisablePerson(person_id=gone.person_id), house.coordinator)

    for nobody in (uuid4(), gone.person_id):
        with pytest.raises(Refusal) as refused:
            await house.system.ask(kind(host_id=nobody, hours=hours()), house.coordinator, key=str(uuid4()))
        assert refused.value.code is Code.NOT_FOUND

"""What residents told of themselves is kept for a time only; what counts without them stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.booking.service.forgetting.forgetting import Keep, forget
from services.contracts.booking.appointments import (
    CancelBooking,
    DescribeBooking,
    DescribeMessage,
    GiveFeedback,
    RequestLinks,
)
from services.contracts.booking.catalogue import Words
from services.contracts.booking.slots import CancelSlot
from services.contracts.refusals import Code, Refusal
from services.runtime import db
from services.runtime.db import Database
from tests.support.enrolling import Circle
from tests.support.house import A_TUESDAY, House, resident

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEEP = Keep()
TOLD = {"municipality": "Kuopio", "age_group": "45-64", "note": "Kirje Kelasta"}


@pytest.fixture
async def tables(house: House) -> AsyncIterator[Database]:
    opened = await db.connect(house.system.database_url("booking"), schema="booking", largest=3)
    yield opened
    await opened.close()


async def of(house: House, booking_id: UUID) -> dict[str, Any]:
    [row] = await house.system.sql("SELECT * FROM booking.booking WHERE id = $1", booking_id)
    return dict(row)


async def at(house: House, tables: Database, moment: datetime) -> None:
    house.system.clock.set(moment)
    await forget(tables, KEEP, now=house.system.clock.now())


async def test_a_contact_is_forgotten_a_month_after_the_meeting_and_counts_stay(
    house: House, tables: Database
) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + 3 * DAY)
    booked = await house.book(slot.id, **TOLD)

    await at(house, tables, slot.ends_at + KEEP.contact - HOUR)
    before = await of(house, booked.id)
    await at(house, tables, slot.ends_at + KEEP.contact + HOUR)
    after = await of(house, booked.id)

    assert (before["display_name"], before["email"]) == ("Kielo", "kielo@posti.example")
    assert (after["display_name"], after["email"], after["phone"], after["note"]) == ("–", None, None, None)
    assert (after["municipality"], after["age_group"]) == ("Kuopio", "45-64")
    assert (after["status"], after["slot_id"]) == ("confirmed", slot.id)
    assert after["forgotten_at"] is not None
    await house.system.check_invariants()


async def test_the_line_written_beforehand_goes_after_a_week(house: House, tables: Database) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + 3 * DAY)
    booked = await house.book(slot.id, **TOLD)

    notes = []
    for hours in (-1, 1):
        await at(house, tables, slot.ends_at + KEEP.note + hours * HOUR)
        notes.append((await of(house, booked.id))["note"])

    assert notes == ["Kirje Kelasta", None]


async def test_what_was_cancelled_is_forgotten_a_month_after_that(house: House, tables: Database) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + 300 * DAY)
    booked = await house.book(slot.id)
    await house.system.ask(CancelBooking(booking_id=booked.id), resident(booked))

    names = []
    for days in (29, 31):
        await at(house, tables, A_TUESDAY + days * DAY)
        names.append((await of(house, booked.id))["display_name"])

    assert names == ["Kielo", "–"]


async def test_a_hold_that_nobody_confirmed_is_forgotten_within_a_day(
    house: House, tables: Database
) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + 9 * DAY)
    booked = await house.book(slot.id)
    await house.system.sql(
        "UPDATE booking.booking SET status = 'expired', changed_at = $2 WHERE id = $1", booked.id, A_TUESDAY
    )

    names = []
    for hours in (23, 25):
        await at(house, tables, A_TUESDAY + hours * HOUR)
        names.append((await of(house, booked.id))["display_name"])

    assert names == ["Kielo", "–"]


async def test_who_comes_to_a_group_is_known_until_after_the_last_session(
    house: House, tables: Database
) -> None:
    circle = await Circle.build(house, A_TUESDAY + DAY, A_TUESDAY + 50 * DAY, open=False, whole_series=True)
    await circle.enrol(None)
    counted = "SELECT count(*) AS n FROM booking.booking WHERE forgotten_at IS NOT NULL"

    known = []
    for days in (49, 79, 82):
        await at(house, tables, A_TUESDAY + days * DAY)
        [row] = await house.system.sql(counted)
        known.append(row["n"])

    assert known == [0, 0, 2]


async def test_reasons_words_and_wishes_for_links_are_forgotten(house: House, tables: Database) -> None:
    host = await house.expert()
    met, off = [await house.slot(host, A_TUESDAY + n * DAY) for n in (1, 2)]
    booked = await house.book(met.id)
    await house.system.ask(CancelSlot(slot_id=off.id, reason="Maija on kuumeessa"), host)
    await house.system.ask(RequestLinks(email="kielo@posti.example"))
    house.system.clock.set(met.ends_at + HOUR)
    await house.system.ask(
        GiveFeedback(booking_id=booked.id, useful=5, words="Kiitos Maija"), resident(booked)
    )
    kept = """
        SELECT (SELECT count(*) FROM booking.link_request) AS wishes,
               (SELECT count(cancel_reason) FROM booking.slot) AS reasons,
               (SELECT count(words) FROM booking.feedback) AS words,
               (SELECT count(useful) FROM booking.feedback) AS answers
    """

    counts = []
    for days in (0, 3, 33, 370):
        await at(house, tables, A_TUESDAY + days * DAY + HOUR)
        counts.append(tuple((await house.system.sql(kept))[0]))

    assert counts == [(1, 1, 1, 1), (0, 1, 1, 1), (0, 0, 1, 1), (0, 0, 0, 1)]


async def test_a_link_to_what_is_forgotten_opens_nothing_and_no_message_is_written(
    house: House, tables: Database
) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + DAY)
    booked = await house.book(slot.id)
    await forget(tables, KEEP, now=slot.ends_at + KEEP.contact + HOUR)

    with pytest.raises(Refusal) as by_link:
        await house.system.ask(DescribeBooking(booking_id=booked.id), resident(booked))
    with pytest.raises(Refusal) as by_notify:
        await house.system.ask(DescribeMessage(booking_id=booked.id))

    assert (by_link.value.code, by_notify.value.code) == (Code.LINK_EXPIRED, Code.NOT_FOUND)


async def test_nothing_can_be_written_back_into_what_is_forgotten(house: House, tables: Database) -> None:
    slot = await house.slot(await house.expert(), A_TUESDAY + DAY)
    booked = await house.book(slot.id)
    write = "UPDATE booking.booking SET note = 'Kielo' WHERE id = $1"
    await house.system.sql(write, booked.id)

    await forget(tables, KEEP, now=slot.ends_at + KEEP.contact + HOUR)

    with pytest.raises(asyncpg.CheckViolationError):
        await house.system.sql(write, booked.id)


async def test_copies_share_the_work_and_pass_over_what_another_has_in_hand(
    house: House, tables: Database
) -> None:
    """More than one portion, two copies at once, and somebody who holds one of the rows."""
    circle = await Circle.build(
        house, A_TUESDAY + DAY, capacity=1000, name=Words("Ilta", "Kväll", "Evening")
    )
    first = await circle.enrol(0)
    await house.system.sql(
        """
        WITH e AS (INSERT INTO booking.enrolment (id, group_id, whole_series, created_at)
            SELECT gen_random_uuid(), $1, false, now() FROM generate_series(1, 1200) RETURNING id)
        INSERT INTO booking.booking (id, slot_id, status, seats, display_name, email, language, created_at,
            changed_at, enrolment_id)
        SELECT id, $2, 'cancelled', 1, 'Kielo', 'kielo@posti.example', 'fi', now(), now(), id FROM e
        """,
        circle.id,
        circle.sessions[0],
    )
    known = "SELECT count(*) AS n FROM booking.booking WHERE forgotten_at IS NULL"
    late = A_TUESDAY + 60 * DAY
    holder = await asyncpg.connect(house.system.postgres.superuser_dsn(house.system.database))
    holding = holder.transaction()
    await holding.start()
    await holder.execute("SELECT FROM booking.booking WHERE id = $1 FOR UPDATE", first.booking_id)

    await asyncio.gather(*(forget(tables, KEEP, now=late) for _ in range(2)))
    [held] = await house.system.sql(known)
    await holding.rollback()
    await holder.close()
    await forget(tables, KEEP, now=late)
    [after] = await house.system.sql(known)

    assert (held["n"], after["n"]) == (1, 0)

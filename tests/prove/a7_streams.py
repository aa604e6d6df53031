"""A7: losing all JetStream files loses nothing."""

import asyncio
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from typing import Any

from services.runtime import outbox
from tests.integration.notify.mailroom import Mailroom
from tests.prove.fleet import Fleet, a_fleet
from tests.prove.journal import residents, under_load
from tests.prove.places import a_house
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY

PER_SECOND = 10
OWED = "SELECT 1 FROM notify.message WHERE state IN ('planned', 'sending') AND due_at <= now() LIMIT 1"
KINDS = ("reminder_day", "reminder_hour", "feedback")
UNREMINDED = """
    SELECT b.id, wanted.kind FROM booking.booking b JOIN booking.slot s ON s.id = b.slot_id,
        unnest($1::text[]) AS wanted(kind)
    WHERE b.status = 'confirmed' AND 1 <> (
        SELECT count(*) FROM notify.message m
        WHERE m.booking_id = b.id AND m.kind = wanted.kind AND m.state = 'planned'
            AND m.starts_at = s.starts_at)
"""
UNTOLD = """
    SELECT b.id FROM booking.booking b WHERE b.status = 'confirmed' AND NOT EXISTS (
        SELECT FROM notify.message m
        WHERE m.booking_id = b.id AND m.kind IN ('confirmation', 'change') AND m.state = 'sent')
"""
PLACELESS = """
    SELECT b.id FROM booking.booking b LEFT JOIN rooms.place p ON p.booking_id = b.id
    WHERE b.status = 'confirmed' AND p.slot_id IS DISTINCT FROM b.slot_id
"""


async def prove(run: Run) -> None:
    """The store is removed under the running server, which then dies, while residents book and move."""
    losses = run.choose(long=8, short=1)
    room = Mailroom()
    await room.open()
    try:
        async with a_fleet(run, smtp=room.url) as fleet, residents(run, fleet) as journal:
            await under_load(journal, _lose(run, fleet, losses), per_second=PER_SECOND, after=1)
            await fleet.settled()
            await eventually(lambda: _all_said(fleet), within=IN_THE_END)
            run.said("times that every stream was lost", losses)
            run.none("reminders missed", await _ids(fleet, UNREMINDED, list(KINDS)))
            run.none("residents not told", await _ids(fleet, UNTOLD))
            run.none("places that rooms does not know", await _ids(fleet, PLACELESS))
            run.none("mails that came twice", doubles(room))
            await journal.compare(run, fleet.system)
    finally:
        await room.close()


async def _lose(run: Run, fleet: Fleet, losses: int) -> None:
    for _ in range(losses):
        fleet.nats.wipe()
        fleet.kill("nats")
        await asyncio.sleep(run.chance.uniform(*run.choose(long=(5, 12), short=(2, 3))))


async def _all_said(fleet: Fleet) -> bool:
    return not await fleet.system.sql(OWED) and not await fleet.system.sql(UNTOLD)


async def _ids(fleet: Fleet, statement: str, *args: Any) -> list[str]:
    return [str(row["id"]) for row in await fleet.system.sql(statement, *args)]


def doubles(room: Mailroom) -> list[str]:
    """Message-IDs that were taken more than once."""
    ids = Counter(str(message_from_bytes(mail.raw)["Message-ID"]) for mail in room.taken)
    return [each for each, times in ids.items() if times > 1]


async def control(run: Run) -> None:
    """A relay that takes an acknowledgement for the end of its duty."""
    remember = outbox.Relay._remember_all

    async def trust(*_: object) -> None:
        return None

    outbox.Relay._remember_all = trust  # type: ignore[method-assign, assignment]
    try:
        async with a_house(run) as house:
            system = house.system
            host = await house.expert()
            slots = [await house.slot(host, A_TUESDAY + timedelta(days=day)) for day in (2, 3)]
            lost = await house.book(slots[0].id)
            await eventually(lambda: _spread(system), within=IN_THE_END)
            await system.nats.kill()
            system.nats.wipe()
            await system.nats.start()
            await eventually(lambda: _answers(house, slots[1].id), within=IN_THE_END)
            await system.start("notify")
            known = "SELECT booking_id FROM notify.meeting"
            await eventually(lambda: system.sql(known), within=IN_THE_END)
            missed = lost.id not in {row["booking_id"] for row in await system.sql(known)}
    finally:
        outbox.Relay._remember_all = remember  # type: ignore[method-assign]
    run.control("publishing again", f"{int(missed)} missed", broke=missed)


async def _spread(system: Any) -> bool:
    return not await system.sql("SELECT 1 FROM booking.outbox WHERE published_at IS NULL")


async def _answers(house: Any, slot_id: Any) -> bool:
    from services.contracts.refusals import Unavailable

    try:
        return bool(await house.book(slot_id, key="again"))
    except Unavailable:
        return False

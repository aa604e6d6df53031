"""Who hosts the sessions of a group: naming its facilitators, and handing over from some to others."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.booking.domain.series import Busy
from services.booking.store.groups import sessions_ahead as store
from services.booking.store.groups.groups import GroupRow
from services.booking.store.groups.sessions_ahead import Led
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking.groups import Staffing
from services.contracts.envelope import Actor, Staff
from services.contracts.refusals import Code, Refusal
from services.runtime.call import Call
from services.runtime.db import Tx


def promised_by(actor: Actor, host_id: UUID) -> Staffing:
    """Whoever names themselves has promised to come; anybody else is asked."""
    oneself = isinstance(actor, Staff) and actor.person_id == host_id
    return Staffing.ACCEPTED if oneself else Staffing.ASKED


def first_leader(group: GroupRow) -> UUID:
    if not group.leaders:
        raise Refusal(Code.HOST_REQUIRED, "Say first who leads the group.")
    return group.leaders[0]


async def lock_leaders(tx: Tx, group: GroupRow, *others: UUID | None) -> GroupRow:
    """The group with those who lead it and serve at this moment; until the commit nobody shuts them out,
    nor do they promise anything elsewhere. Its sessions are locked before, if they are to be."""
    serving = await staffing_store.lock_people(tx, [*group.leaders, *others])
    return replace(group, leaders=[person_id for person_id in group.leaders if person_id in serving])


async def hand_over(tx: Tx, before: GroupRow, after: GroupRow, call: Call) -> None:
    """The group is locked, its sessions ahead, and those who lead it from now on. Who stands in for a host
    stays, and so does a host who has promised to come and goes on leading the group."""
    rows = await store.lock_ahead(tx, before.id, now=call.now)
    ahead = [store.led(row) for row in rows if not row["begun"]]
    if not ahead:
        return
    busy = await store.busy(tx, after.leaders, now=call.now)
    handed = []
    for session in (each for each in ahead if _is_to_change(each, before, after)):
        led = _handed(session, after, busy, call)
        handed.append(led)
        busy.append(Busy(led.host_id, led.starts_at, led.ends_at, led.slot_id))
    if not await store.set_hosts(tx, handed):
        raise Refusal(Code.OVERLAP, "One of those who lead has another open time then.")
    slot_ids = [session.slot_id for session in ahead]
    gone = [person_id for person_id in before.leaders if person_id not in after.leaders]
    await store.drop_co_hosts(tx, slot_ids, gone)
    await store.name_co_hosts(tx, slot_ids, after.leaders)


def _is_to_change(session: Led, before: GroupRow, after: GroupRow) -> bool:
    if session.host_id not in before.leaders and session.staffing is not Staffing.NEEDS_HOST:
        return False
    if session.host_id not in after.leaders:
        return True
    promised = session.staffing in (Staffing.ACCEPTED, Staffing.STAND_IN_WANTED)
    return not promised and session.host_id != after.leaders[0]


def _handed(session: Led, after: GroupRow, busy: Sequence[Busy], call: Call) -> Led:
    """To the first who leads the group and is free then; with none the session needs a host."""
    given_up = session.host_id if session.staffing is Staffing.NEEDS_HOST else None
    for person_id in after.leaders:
        if person_id != given_up and not any(
            each.person_id == person_id
            and each.slot_id != session.slot_id
            and each.starts_at < session.ends_at
            and session.starts_at < each.ends_at
            for each in busy
        ):
            staffing = promised_by(call.actor, person_id)
            return Led(session.slot_id, person_id, staffing, session.starts_at, session.ends_at)
    return Led(session.slot_id, session.host_id, Staffing.NEEDS_HOST, session.starts_at, session.ends_at)

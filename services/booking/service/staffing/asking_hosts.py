"""Looking for somebody to open a session: what is due for one of them, in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from services.booking.domain import staffing as rules
from services.booking.domain.staffing import Moments, Session
from services.booking.service.staffing.session_news import tell_missing
from services.booking.store import slots as slot_store
from services.booking.store.slots import SlotRow
from services.booking.store.staffing import asking_hosts as store
from services.booking.store.staffing import staffing as staffing_store
from services.contracts.booking.events import HostAsked, HostNotFound
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx

log = structlog.get_logger()


async def due(tx: Tx, *, now: datetime) -> tuple[list[UUID], datetime | None]:
    """Sessions for which somebody is to be asked or told now, and when the next one will be."""
    slot_ids = set(await store.with_unasked_co_hosts(tx, now=now))
    following: list[datetime] = []
    for session in await store.unstaffed(tx, now=now):
        first = rules.moments(session, now=now).first()
        if first is not None and first <= now:
            slot_ids.add(session.slot_id)
        elif first is not None:
            following.append(first)
    return sorted(slot_ids), min(following, default=None)


async def take_step(tx: Tx, slot_id: UUID, call: Call) -> None:
    """Do all that is due for one session. A second copy waits here, and then finds it done."""
    await slot_store.lock(tx, slot_id)
    session, slot = await staffing_store.session(tx, slot_id), await slot_store.slot(tx, slot_id)
    if session is None or slot is None or not session.open:
        return
    wanted = rules.moments(session, now=call.now)
    named = await store.ask_co_hosts(tx, slot_id, now=call.now)
    if _is_due(wanted.ask_host, call):
        named.append(session.host_id)
    searching = _is_due(wanted.ask_stand_ins, call)
    stand_ins = await store.fitting(tx, slot_id, now=call.now) if searching else []
    nobody_asked = searching and not stand_ins and session.host_id not in named
    alerting = _alerting(session, wanted, call, nobody_left=nobody_asked)
    await _tell(tx, slot, call, named=named, stand_ins=stand_ins, alerting=alerting)
    missing = _is_due(wanted.tell_missing, call)
    if missing:
        await tell_missing(tx, slot_id, call)
    await store.note_step(
        tx,
        slot_id,
        asked_at=call.now if searching or session.host_id in named else None,
        alerted_at=call.now if alerting else None,
        told_missing_at=call.now if missing else None,
    )


async def _tell(
    tx: Tx, slot: SlotRow, call: Call, *, named: Sequence[UUID], stand_ins: Sequence[UUID], alerting: bool
) -> None:
    if not named and not stand_ins and not alerting:
        return
    number = await store.next_round(tx, slot.id)
    await store.note_asked(tx, slot.id, stand_ins, asking=number, now=call.now)
    asked = [_asked(slot, person_id, number, stand_in=False) for person_id in named]
    asked += [_asked(slot, person_id, number, stand_in=True) for person_id in stand_ins]
    await outbox.add_all(tx, asked, call)
    if alerting:
        not_found = HostNotFound(
            slot_id=slot.id, starts_at=slot.starts_at, ends_at=slot.ends_at, round=number
        )
        await outbox.add(tx, not_found, call)
    log.info("session.asked", slot_id=str(slot.id), round=number, named=len(named), others=len(stand_ins))


def _asked(slot: SlotRow, person_id: UUID, number: int, *, stand_in: bool) -> HostAsked:
    return HostAsked(
        slot_id=slot.id,
        person_id=person_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        time_zone=slot.time_zone,
        stand_in=stand_in,
        round=number,
    )


def _alerting(session: Session, wanted: Moments, call: Call, *, nobody_left: bool) -> bool:
    if _is_due(wanted.alert, call):
        return True
    return nobody_left and not session.promised and session.alerted_at is None


def _is_due(moment: datetime | None, call: Call) -> bool:
    return moment is not None and moment <= call.now

"""How attempts ended, written down: states and receipts, the news of a failure, the day's few."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.contracts.notify import MessageFailed, MessageKind, MessageState
from services.notify import domain, store
from services.notify.groups import few, few_store
from services.notify.outcome import Failed, Held, Outcome, PutBack, Retry, Sent, Skipped
from services.notify.store import Due
from services.runtime import outbox
from services.runtime.db import Database, Tx


@dataclass(frozen=True)
class Tried:
    """An attempt that has ended."""

    due: Due
    outcome: Outcome
    at: datetime


async def write(db: Database, batch: Sequence[Tried], worker: UUID) -> None:
    """Most have been sent. Where that is all there is to say, one statement is all of the transaction."""
    if all(isinstance(each.outcome, Sent) and each.due.kind not in few.NEWS for each in batch):
        await store.settle_sent(db.statement, worker, _sent(batch))
    else:
        await db.transact(lambda tx: _write_all(tx, batch, worker))


async def _write_all(tx: Tx, batch: Sequence[Tried], worker: UUID) -> None:
    if sent := _sent(batch):
        await store.settle_sent(tx.execute, worker, sent)
    for each in sorted(batch, key=_for_whom):
        if isinstance(each.outcome, Sent):
            if each.due.kind in few.NEWS:
                await _told(tx, each.due, each.outcome, each.at)
        else:
            await _write_down(tx, each.due, worker, each.outcome, each.at)


def _sent(batch: Sequence[Tried]) -> list[tuple[UUID, datetime, str]]:
    return [
        (each.due.id, each.at, each.outcome.channel) for each in batch if isinstance(each.outcome, Sent)
    ]


def _for_whom(tried: Tried) -> str:
    """Persons are locked in one order."""
    return str(tried.outcome.person) if isinstance(tried.outcome, Held) else ""


async def _told(tx: Tx, due: Due, outcome: Sent, now: datetime) -> None:
    if outcome.along:
        await few_store.told_along(tx, outcome.along, at=now, channel=outcome.channel)
    await few_store.ended(tx, due.id, now=now, told=True)


async def _write_down(tx: Tx, due: Due, worker: UUID, outcome: Outcome, now: datetime) -> None:
    """The outcome, its receipt, and for a failure the news of it and the coordinator's message."""
    match outcome:
        case PutBack(until):
            await store.put_back(tx, due.id, worker, until=until)
        case Held(person=person, until=until, not_after=not_after, give_up_at=give_up_at):
            await few_store.hold_back(
                tx,
                due.id,
                worker,
                person=person,
                until=until,
                not_after=not_after,
                give_up_at=give_up_at,
            )
        case Skipped(reason):
            state = MessageState.SKIPPED
            if await store.settle(tx, due.id, worker, state=state, now=now, code=reason):
                await _came_to_nothing(tx, due, now)
        case Retry(at, code, channel):
            state = MessageState.PLANNED
            await store.settle(
                tx, due.id, worker, state=state, now=now, next_try_at=at, channel=channel, code=code
            )
        case Failed(code, channel):
            state = MessageState.FAILED
            if await store.settle(tx, due.id, worker, state=state, now=now, channel=channel, code=code):
                await _tell_of_failure(tx, due, now)
                await _came_to_nothing(tx, due, now)


async def _came_to_nothing(tx: Tx, due: Due, now: datetime) -> None:
    if due.kind in few.NEWS:
        await few_store.ended(tx, due.id, now=now, told=False)


async def _tell_of_failure(tx: Tx, due: Due, now: datetime) -> None:
    """An alert that fails is told of by the log and the event alone: another would fare no better."""
    event = MessageFailed(message_id=due.id, kind=due.kind, booking_id=due.booking_id)
    await outbox.add(tx, event)
    if due.kind is not MessageKind.ALERT:
        alert = domain.asked_for(MessageKind.ALERT, due.id, now=now, booking_id=due.booking_id)
        await store.plan(tx, [alert])

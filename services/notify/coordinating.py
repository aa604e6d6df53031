"""What coordinators ask: what somebody got, once more please, and what is to be done about failures."""

from datetime import datetime
from uuid import UUID

from services.contracts.envelope import Nothing, Role, Staff
from services.contracts.notify import (
    FailedMessages,
    ListFailedMessages,
    ListMessages,
    Messages,
    MessageState,
    Resend,
    RetryFailedMessage,
    SettleFailedMessage,
)
from services.contracts.refusals import Code, Refusal
from services.notify import domain, store
from services.runtime.call import Call
from services.runtime.db import Tx
from services.runtime.paging import check_limit, page_of, read_cursor


async def list_messages(tx: Tx, request: ListMessages, call: Call, _: object) -> Messages:
    _coordinator(call)
    return Messages(await store.list_messages(tx, request.booking_id))


async def resend(tx: Tx, request: Resend, call: Call, _: object) -> Nothing:
    """One that is still on its way is hurried instead of being joined by another."""
    _coordinator(call)
    known = await store.meeting(tx, request.booking_id)
    if known is None:
        raise Refusal(Code.NOT_FOUND, "Nothing has been sent about such a booking.")
    if not known.live:
        raise Refusal(Code.ALREADY_CANCELLED, "The booking has been cancelled.")
    if known.ends_at <= call.now:
        raise Refusal(Code.TOO_LATE, "The meeting is over.")
    about = known.enrolment_id or request.booking_id
    kind, occasion = await store.first_said(tx, about)
    if await store.hurry(tx, about, kind, now=call.now):
        return Nothing()
    again = domain.said_again(
        kind,
        request.booking_id,
        enrolment_id=known.enrolment_id,
        occasion=occasion + 1,
        starts_at=known.starts_at,
        ends_at=known.ends_at,
        now=call.now,
    )
    await store.plan(tx, [again])
    return Nothing()


async def list_failed(tx: Tx, request: ListFailedMessages, call: Call, _: object) -> FailedMessages:
    _coordinator(call)
    limit = check_limit(request.limit)
    due_at, message_id = read_cursor(request.cursor, datetime, UUID)
    rows = await store.list_failed(tx, now=call.now, after=(due_at, message_id), limit=limit + 1)
    shown, following = page_of(rows, limit, lambda row: (row.due_at, row.id))
    return FailedMessages(list(shown), following)


async def settle_failed(tx: Tx, request: SettleFailedMessage, call: Call, _: object) -> Nothing:
    by = _coordinator(call).person_id
    if not await store.settle_failed(tx, request.message_id, now=call.now, by=by):
        raise Refusal(Code.NOT_FOUND, "There is no such failed message.")
    return Nothing()


async def retry_failed(tx: Tx, request: RetryFailedMessage, call: Call, _: object) -> Nothing:
    """Pressed twice, it is tried once."""
    _coordinator(call)
    message = await store.given_up(tx, request.message_id)
    if message is None:
        raise Refusal(Code.NOT_FOUND, "There is no such failed message.")
    if message.state is not MessageState.FAILED:
        return Nothing()
    if message.not_after <= call.now:
        raise Refusal(Code.TOO_LATE, "It is too late for this message to be of use.")
    until = domain.give_up_at(message.starts_at, due_at=call.now, not_after=message.not_after)
    await store.begin_again(tx, request.message_id, now=call.now, give_up_at=until)
    return Nothing()


def _coordinator(call: Call) -> Staff:
    if not isinstance(call.actor, Staff) or call.actor.role is not Role.COORDINATOR:
        raise Refusal(Code.FORBIDDEN, "Only a coordinator may see this.")
    return call.actor

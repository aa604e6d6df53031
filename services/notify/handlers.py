"""Requests in."""

from collections.abc import Callable
from typing import Any

from services.contracts.envelope import Request
from services.contracts.notify import (
    ListFailedMessages,
    ListMessages,
    ListMessagesTo,
    Resend,
    RetryFailedMessage,
    SettleFailedMessage,
)
from services.notify import coordinating, own_data
from services.runtime.call import Call, Handler, Handlers
from services.runtime.commands import in_transaction
from services.runtime.db import Database


def handlers(db: Database, *, wake: Callable[[], None]) -> Handlers:
    """`wake` is called when something has become due."""
    return {
        ListMessages: in_transaction(db, None, coordinating.list_messages),
        ListMessagesTo: in_transaction(db, None, own_data.list_messages_to),
        ListFailedMessages: in_transaction(db, None, coordinating.list_failed),
        SettleFailedMessage: in_transaction(db, None, coordinating.settle_failed),
        Resend: _then(wake, in_transaction(db, None, coordinating.resend)),
        RetryFailedMessage: _then(wake, in_transaction(db, None, coordinating.retry_failed)),
    }


def _then(wake: Callable[[], None], handle: Handler) -> Handler:
    async def handled(request: Request[Any], call: Call) -> Any:
        reply = await handle(request, call)
        wake()
        return reply

    return handled

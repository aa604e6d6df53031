"""Requests in."""

from services.contracts.notify import ListMessages
from services.notify import service
from services.runtime.call import Handlers
from services.runtime.commands import in_transaction
from services.runtime.db import Database


def handlers(db: Database) -> Handlers:
    return {ListMessages: in_transaction(db, None, service.list_messages)}

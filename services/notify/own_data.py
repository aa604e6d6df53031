"""What notify knows of one resident: which messages were owed to them, told to them or forgotten."""

from services.contracts.envelope import Role, Service, Staff
from services.contracts.notify import ListMessagesTo, MessagesTo
from services.contracts.refusals import Code, Refusal
from services.notify import own_data_store as store
from services.runtime.call import Call
from services.runtime.db import Tx


async def list_messages_to(tx: Tx, request: ListMessagesTo, call: Call, _: object) -> MessagesTo:
    """For the gateway, which knows that they ask for themselves, or a coordinator."""
    by_gateway = call.actor == Service(name="gateway")
    if not by_gateway and not (isinstance(call.actor, Staff) and call.actor.role is Role.COORDINATOR):
        raise Refusal(Code.FORBIDDEN, "Only a coordinator may see this.")
    return MessagesTo(await store.messages_to(tx, request.booking_ids))

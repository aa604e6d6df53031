"""For coordinators: what somebody was sent, what failed on its way, and news that a service gave up."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from services.contracts.envelope import Nothing
from services.contracts.letters import MOST_LETTERS, DeadLetter
from services.contracts.notify import (
    FailedMessages,
    ListFailedMessages,
    Resend,
    RetryFailedMessage,
    SettleFailedMessage,
)
from services.gateway import undelivered
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody
from services.gateway.audit import Action, note

LetterId = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Owner = Literal["booking", "rooms", "notify"]


class DeadLetterItem(Struct, frozen=True, kw_only=True):
    """News that `service` could not handle. What it says stays where it lies."""

    service: str
    id: int
    consumer: str
    event_id: str
    subject: str
    reason: str
    since: datetime
    trying: bool


class DeadLetterList(Struct, frozen=True, kw_only=True):
    """The oldest hundred of each service; `count` is of all, `away` names those that did not answer."""

    items: list[DeadLetterItem]
    count: int
    away: list[str]


class RedriveBody(Struct, frozen=True, kw_only=True):
    """With no `ids`, all of the service's."""

    service: Owner
    ids: Annotated[list[LetterId], Meta(max_length=MOST_LETTERS)] = []


class Redriving(Struct, frozen=True):
    count: int


async def resend(asking: Asking[NoBody]) -> Nothing:
    booking_id = asking.ids["booking_id"]
    await note(asking.door, asking.call, Action.MESSAGE_RESENT, booking_id=booking_id)
    return await asking.ask(Resend(booking_id=booking_id))


async def failed_messages(asking: Asking[Page]) -> FailedMessages:
    return await asking.ask(ListFailedMessages(limit=asking.body.limit, cursor=asking.body.cursor))


async def settle(asking: Asking[NoBody]) -> Nothing:
    await note(asking.door, asking.call, Action.MESSAGE_SETTLED)
    return await asking.ask(SettleFailedMessage(message_id=_message_id(asking)))


async def retry(asking: Asking[NoBody]) -> Nothing:
    await note(asking.door, asking.call, Action.MESSAGE_RETRIED)
    return await asking.ask(RetryFailedMessage(message_id=_message_id(asking)))


async def dead_letters(asking: Asking[NoBody]) -> DeadLetterList:
    found = await undelivered.dead_letters(asking.door, asking.call)
    return DeadLetterList(
        items=[_item(owner.service, letter) for owner in found for letter in owner.items],
        count=sum(owner.count for owner in found),
        away=[owner.service for owner in found if owner.away],
    )


async def redrive(asking: Asking[RedriveBody]) -> Redriving:
    said = asking.body
    await note(asking.door, asking.call, Action.LETTERS_REDRIVEN)
    return Redriving(await undelivered.redrive(asking.door, asking.call, said.service, said.ids))


def _item(service: str, letter: DeadLetter) -> DeadLetterItem:
    return DeadLetterItem(
        service=service,
        id=letter.id,
        consumer=letter.consumer,
        event_id=letter.event_id,
        subject=letter.subject,
        reason=letter.reason,
        since=letter.since,
        trying=letter.trying,
    )


def _message_id(asking: Asking[NoBody]) -> UUID:
    return asking.ids["message_id"]

"""What notify can be asked, and the news it spreads."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.envelope import Event, Nothing, Request

TOLD_AT_NIGHT_WITHIN = timedelta(hours=12)
"""What nobody waits for is told in the morning and not at night, unless its session begins so soon."""


class MessageKind(StrEnum):
    HOLD = "hold"
    CONFIRMATION = "confirmation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER_DAY = "reminder_day"
    REMINDER_HOUR = "reminder_hour"
    FEEDBACK = "feedback"
    APPLICATION = "application"
    WAITING = "waiting"
    OFFER = "offer"
    OFFER_OVER = "offer_over"
    GROUP_CHANGE = "group_change"
    ANNOUNCEMENT = "announcement"
    HOST_MISSING = "host_missing"
    HOST_FOUND = "host_found"
    HOST_ASKED = "host_asked"
    HOST_NOT_FOUND = "host_not_found"
    HOST_FOUND_AFTER_ALL = "host_found_after_all"
    HOST_REPLACED = "host_replaced"
    APPLICATION_WAITING = "application_waiting"
    LINKS = "links"
    SIGN_IN = "sign_in"
    ALERT = "alert"
    OWN_DATA = "own_data"


class MessageState(StrEnum):
    """`skipped`: what it would have said was no longer so; `failed`: given up, and a coordinator told."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"


class Receipt(Struct, frozen=True, kw_only=True):
    """How one attempt ended: `outcome` is sent, retry, skipped or failed, `code` says why."""

    at: datetime
    outcome: str
    channel: str | None = None
    code: str | None = None


class Message(Struct, frozen=True, kw_only=True):
    """One message owed or sent. `channel` is email or sms, known once it has been tried."""

    id: UUID
    kind: MessageKind
    state: MessageState
    due_at: datetime
    attempts: int
    channel: str | None = None
    sent_at: datetime | None = None
    last_error: str | None = None
    receipts: list[Receipt] = []


class Messages(Struct, frozen=True):
    items: list[Message]


class ListMessages(Request[Messages], frozen=True, kw_only=True):
    """What a booking's resident got, and when. Coordinators only."""

    subject: ClassVar[str] = "notify.v1.rpc.list_messages"
    reply = Messages
    booking_id: UUID


class MessageTo(Struct, frozen=True, kw_only=True):
    """One message owed to the resident of a booking, or sent to them: under ids, without its words."""

    booking_id: UUID
    kind: MessageKind
    state: MessageState
    due_at: datetime
    channel: str | None = None
    sent_at: datetime | None = None


class MessagesTo(Struct, frozen=True):
    items: list[MessageTo]


class ListMessagesTo(Request[MessagesTo], frozen=True, kw_only=True):
    """What is kept of messages to the resident who has these bookings, for themselves or a coordinator.

    The gateway asks it of its own accord, once it knows that they ask.
    """

    subject: ClassVar[str] = "notify.v1.rpc.list_messages_to"
    reply = MessagesTo
    booking_ids: list[UUID]


class Resend(Request[Nothing], frozen=True, kw_only=True):
    """Say anew, now, what the booking's resident was told first, with their link. Coordinators only.

    Refuses `already_cancelled`, `too_late` when the meeting is over, and `not_found` for a booking
    nothing was ever said of. What is sent is still asked of booking at the moment of sending.
    """

    subject: ClassVar[str] = "notify.v1.rpc.resend"
    reply = Nothing
    booking_id: UUID


class FailedMessage(Struct, frozen=True, kw_only=True):
    """One that was given up and that nobody has taken care of yet. `may_retry`: it is still of use."""

    id: UUID
    kind: MessageKind
    due_at: datetime
    failed_at: datetime
    attempts: int
    may_retry: bool
    booking_id: UUID | None = None
    starts_at: datetime | None = None
    channel: str | None = None
    code: str | None = None


class FailedMessages(Struct, frozen=True):
    items: list[FailedMessage]
    next: str | None = None


class ListFailedMessages(Request[FailedMessages], frozen=True, kw_only=True):
    """A list of things to do, the longest overdue first. Coordinators only."""

    subject: ClassVar[str] = "notify.v1.rpc.list_failed_messages"
    reply = FailedMessages
    limit: int = 50
    cursor: str | None = None


class SettleFailedMessage(Request[Nothing], frozen=True, kw_only=True):
    """Somebody has taken care of it in another way; who and when is kept. Coordinators only.

    Refuses `not_found` for a message that has not failed.
    """

    subject: ClassVar[str] = "notify.v1.rpc.settle_failed_message"
    reply = Nothing
    message_id: UUID


class RetryFailedMessage(Request[Nothing], frozen=True, kw_only=True):
    """Try it again from the beginning. Coordinators only.

    Refuses `too_late` once it is of no use, and `not_found` for a message that was never given up.
    """

    subject: ClassVar[str] = "notify.v1.rpc.retry_failed_message"
    reply = Nothing
    message_id: UUID


class MessageFailed(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "notify.v1.event.message_failed"
    message_id: UUID
    kind: MessageKind
    booking_id: UUID | None = None

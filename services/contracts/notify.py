"""What notify can be asked, and the news it spreads."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.envelope import Event, Request


class MessageKind(StrEnum):
    HOLD = "hold"
    CONFIRMATION = "confirmation"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER_DAY = "reminder_day"
    REMINDER_HOUR = "reminder_hour"
    FEEDBACK = "feedback"
    LINKS = "links"
    SIGN_IN = "sign_in"
    ALERT = "alert"


class MessageState(StrEnum):
    """`skipped`: what it would have said was no longer so; `failed`: given up, and a coordinator told."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"


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


class Messages(Struct, frozen=True):
    items: list[Message]


class ListMessages(Request[Messages], frozen=True, kw_only=True):
    """What a booking's resident got, and when. Coordinators only."""

    subject: ClassVar[str] = "notify.v1.rpc.list_messages"
    reply = Messages
    booking_id: UUID


class MessageFailed(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "notify.v1.event.message_failed"
    message_id: UUID
    kind: MessageKind
    booking_id: UUID | None = None

"""What every service that hears news can be asked of the news it gave up: dead letters.

The runtime answers for each of them. Ids and subjects only; a letter's body stays where it lies.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct

from services.contracts.envelope import Request

MOST_LETTERS = 100


class DeadLetter(Struct, frozen=True, kw_only=True):
    """`reason` is a word of the runtime or the name of an exception; `trying` while it is handled again."""

    id: int
    consumer: str
    event_id: str
    subject: str
    reason: str
    since: datetime
    trying: bool


class DeadLetters(Struct, frozen=True):
    """The oldest come first; `count` is of all there are, also those beyond the list."""

    items: list[DeadLetter]
    count: int


class Redriven(Struct, frozen=True):
    count: int


class ListBookingDeadLetters(Request[DeadLetters], frozen=True, kw_only=True):
    """What booking gave up and has not handled since. Coordinators only."""

    subject: ClassVar[str] = "booking.v1.rpc.list_dead_letters"
    reply = DeadLetters


class ListRoomsDeadLetters(Request[DeadLetters], frozen=True, kw_only=True):
    """The same of rooms."""

    subject: ClassVar[str] = "rooms.v1.rpc.list_dead_letters"
    reply = DeadLetters


class ListNotifyDeadLetters(Request[DeadLetters], frozen=True, kw_only=True):
    """The same of notify."""

    subject: ClassVar[str] = "notify.v1.rpc.list_dead_letters"
    reply = DeadLetters


class RedriveBookingDeadLetters(Request[Redriven], frozen=True, kw_only=True):
    """Handle them once more: those named, or with none named all. Coordinators only.

    What fails again stays, with the newer reason. Naming one that is settled does nothing.
    """

    subject: ClassVar[str] = "booking.v1.rpc.redrive_dead_letters"
    reply = Redriven
    letter_ids: list[int] = []


class RedriveRoomsDeadLetters(Request[Redriven], frozen=True, kw_only=True):
    """The same of rooms."""

    subject: ClassVar[str] = "rooms.v1.rpc.redrive_dead_letters"
    reply = Redriven
    letter_ids: list[int] = []


class RedriveNotifyDeadLetters(Request[Redriven], frozen=True, kw_only=True):
    """The same of notify."""

    subject: ClassVar[str] = "notify.v1.rpc.redrive_dead_letters"
    reply = Redriven
    letter_ids: list[int] = []


LISTS: Mapping[str, type[Request[Any]]] = {
    "booking": ListBookingDeadLetters,
    "rooms": ListRoomsDeadLetters,
    "notify": ListNotifyDeadLetters,
}
REDRIVES: Mapping[str, type[Request[Any]]] = {
    "booking": RedriveBookingDeadLetters,
    "rooms": RedriveRoomsDeadLetters,
    "notify": RedriveNotifyDeadLetters,
}

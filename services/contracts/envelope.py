"""What surrounds every message: who asks, until when, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Raw, Struct


class Role(StrEnum):
    """What a signed-in person is here as. A resident has no account and so no role."""

    VOLUNTEER = "volunteer"
    EXPERT = "expert"
    COORDINATOR = "coordinator"


class Anyone(Struct, frozen=True, tag="anyone"):
    """Somebody of whom nothing is known."""


class Resident(Struct, frozen=True, tag="resident"):
    """The bearer of a booking's link, as far as the gateway could check it."""

    booking_id: UUID
    link_version: int


class Staff(Struct, frozen=True, tag="staff"):
    """A signed-in person who serves: volunteer, expert or coordinator."""

    person_id: UUID
    role: Role
    organisation_id: UUID | None = None


class Service(Struct, frozen=True, tag="service"):
    """A neighbouring service asking on its own behalf."""

    name: str


Actor = Anyone | Resident | Staff | Service

R = TypeVar("R")


class Request(Struct, Generic[R], frozen=True, kw_only=True):
    """A question or command to the one service that owns the answer.

    `asked_by` names the services that may ask it; the NATS allow lists are held
    against it by a test.
    """

    subject: ClassVar[str]
    reply: ClassVar[Any]
    asked_by: ClassVar[frozenset[str]] = frozenset({"gateway"})


class Event(Struct, frozen=True, kw_only=True):
    """News of a fact: ids, times, kinds and versions; never a name, address or topic."""

    subject: ClassVar[str]


class Nothing(Struct, frozen=True):
    """The reply of a command that has nothing to tell but that it was done."""


class Asked(Struct, frozen=True, kw_only=True):
    """A request on the wire. `deadline_ms` is absolute, in milliseconds since 1970."""

    message_id: UUID
    request_id: str
    deadline_ms: int
    actor: Actor
    body: Raw
    key: str | None = None
    trace: str | None = None


class Answered(Struct, frozen=True, tag="answered"):
    body: Raw


class Refused(Struct, frozen=True, tag="refused"):
    """A rule said no. `facts` hold what helps the asker on: free times, an opening time."""

    code: str
    detail: str
    facts: dict[str, Any] = {}


class Failed(Struct, frozen=True, tag="failed"):
    """A bug or a missing neighbour. Nothing about it crosses the wire but which of the two."""

    unavailable: bool = False


Answer = Answered | Refused | Failed


class Told(Struct, frozen=True, kw_only=True):
    """An event on the wire. `event_id` is the same at every repetition."""

    event_id: UUID
    at: datetime
    body: Raw
    request_id: str | None = None
    trace: str | None = None


_encoder = msgspec.json.Encoder()


def encode(message: Any) -> bytes:
    return _encoder.encode(message)


def raw(message: Any) -> Raw:
    return Raw(_encoder.encode(message))

"""Words that only these tests speak, on subjects that the allow lists give to real services."""

from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.envelope import Event, Request


class Done(Struct, frozen=True):
    what: str


class DoSomething(Request[Done], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.test_something"
    reply = Done
    what: str = "something"


class SomethingDone(Event, frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.event.test_something_done"
    thing_id: UUID
    words: str = ""


class SomethingElse(Event, frozen=True, kw_only=True):
    """Told, but handled by nobody."""

    subject: ClassVar[str] = "booking.v1.event.test_something_else"

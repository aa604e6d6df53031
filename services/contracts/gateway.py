"""What the gateway can be asked by notify: signing in is its own business."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.envelope import Event, Request


class SignInRequested(Event, frozen=True, kw_only=True):
    """Somebody typed an address. Whether anybody is known by it is found out when the mail is written."""

    subject: ClassVar[str] = "gateway.v1.event.sign_in_requested"
    sign_in_id: UUID


class SignInMail(Struct, frozen=True, kw_only=True):
    """Made at the moment of sending; the token is kept nowhere but in the mail."""

    email: str
    language: str
    token: str
    expires_at: datetime


class PrepareSignIn(Request[SignInMail], frozen=True, kw_only=True):
    """Refuses `not_found` when nobody serves by that address: then no mail is owed."""

    subject: ClassVar[str] = "gateway.v1.rpc.prepare_sign_in"
    reply = SignInMail
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    sign_in_id: UUID


class OwnDataRequested(Event, frozen=True, kw_only=True):
    """The bearer of a booking's link wants to see what is kept of them: a new one goes to the contact."""

    subject: ClassVar[str] = "gateway.v1.event.own_data_requested"
    own_data_link_id: UUID
    booking_id: UUID


class OwnDataToken(Struct, frozen=True, kw_only=True):
    """Made at the moment of sending; good once, for minutes, and kept nowhere but in the message."""

    token: str
    expires_at: datetime


class PrepareOwnData(Request[OwnDataToken], frozen=True, kw_only=True):
    """Refuses `not_found` for a wish that is too old or has been fulfilled: then no message is owed."""

    subject: ClassVar[str] = "gateway.v1.rpc.prepare_own_data"
    reply = OwnDataToken
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    own_data_link_id: UUID

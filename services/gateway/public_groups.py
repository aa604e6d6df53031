"""A group as the API tells anyone of it: who leads a session is said once they have promised to."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from services.contracts.booking.catalogue import Host
from services.contracts.booking.enrolment import EnrolledSession
from services.contracts.booking.groups import Group, GroupPage, GroupSession


class PublicSession(Struct, frozen=True, kw_only=True):
    """`host` is null, and `staffed` false, until somebody has promised to lead it; `waiting` counts
    parties."""

    slot_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    capacity: int
    seats_left: int
    staffed: bool
    host: Host | None
    waiting: int


class PublicGroup(Struct, frozen=True, kw_only=True):
    """`sessions` are those ahead, one going on now included, at most 60; `waiting` counts parties.

    `facilitators` are those who have promised to lead at least one of its sessions.
    """

    group: Group
    facilitators: list[Host]
    sessions: list[PublicSession]
    waiting: int
    enrolling: bool


def public(found: GroupPage) -> PublicGroup:
    sessions = [PublicSession(**(asdict(each) | {"host": host_of(each)})) for each in found.sessions]
    return PublicGroup(**(asdict(found) | {"sessions": sessions}))


def host_of(session: GroupSession | EnrolledSession) -> Host | None:
    """Who leads it, for those who do not work here."""
    return session.host if session.staffed else None

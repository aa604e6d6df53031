"""Who opens a session: promising it, giving it up, standing in.

A session has one host, who is answerable for it, and may have co-hosts; all of them moderate. It opens
only for those who have promised to come, and only volunteers who have been trained may promise.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.catalogue import Host, Words
from services.contracts.booking.groups import Staffing
from services.contracts.envelope import Nothing, Request


class Duty(Struct, frozen=True, kw_only=True):
    """A session as the one who looks may take part in leading it.

    `hosting`: they are its host, `co_hosting`: one of its co-hosts, `facilitating`: they lead the group
    whose session it is; `accepted`: they have promised to come. `may_take`: it needs somebody and they fit:
    trained, with its theme and one of its languages, and free then.
    """

    slot_id: UUID
    group_id: UUID
    name: Words
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    theme: str
    languages: list[str]
    staffing: Staffing
    host: Host
    co_hosts: list[Host]
    taken: int
    capacity: int
    hosting: bool
    co_hosting: bool
    accepted: bool
    may_take: bool
    facilitating: bool = False


class Duties(Struct, frozen=True):
    items: list[Duty]
    next: str | None = None


class DutyScope(StrEnum):
    """`mine`: those one hosts or co-hosts; `wanted`: those one may take; `all`: coordinators only;
    `unstaffed`: coordinators only, those that need somebody."""

    MINE = "mine"
    WANTED = "wanted"
    ALL = "all"
    UNSTAFFED = "unstaffed"


class ListDuties(Request[Duties], frozen=True, kw_only=True):
    """Sessions of groups that start in a stretch of at most 400 days, in order."""

    subject: ClassVar[str] = "booking.v1.rpc.list_duties"
    reply = Duties
    scope: DutyScope = DutyScope.MINE
    from_at: datetime
    to_at: datetime
    limit: int = 50
    cursor: str | None = None


class GetDuty(Request[Duty], frozen=True, kw_only=True):
    """For those who host it or may take it, facilitators of its group and coordinators."""

    subject: ClassVar[str] = "booking.v1.rpc.get_duty"
    reply = Duty
    slot_id: UUID


class AcceptDuty(Request[Duty], frozen=True, kw_only=True):
    """The actor promises to come: as the host or co-host they were named, or instead of the host when
    one is wanted. Twice is once. Refuses `not_trained`, `overlap`, `duty_taken`; and `changed_meanwhile`
    when the session is not at `starts_at`, the hour at which they saw it. None: at whatever hour it is."""

    subject: ClassVar[str] = "booking.v1.rpc.accept_duty"
    reply = Duty
    slot_id: UUID
    starts_at: datetime | None = None


class GiveUpDuty(Request[Duty], frozen=True, kw_only=True):
    """The actor cannot come. For a host the session needs another one at once, who is looked for."""

    subject: ClassVar[str] = "booking.v1.rpc.give_up_duty"
    reply = Duty
    slot_id: UUID


class AskForStandIn(Request[Duty], frozen=True, kw_only=True):
    """The host would like somebody else to come, and comes if nobody is found. `wanted` false takes it
    back. Refuses `changed_meanwhile` as `AcceptDuty` does."""

    subject: ClassVar[str] = "booking.v1.rpc.ask_for_stand_in"
    reply = Duty
    slot_id: UUID
    wanted: bool = True
    starts_at: datetime | None = None


class AssignHost(Request[Duty], frozen=True, kw_only=True):
    """Coordinators only: names who is to host the session, and asks them.

    Refuses `overlap` and `not_trained`.
    """

    subject: ClassVar[str] = "booking.v1.rpc.assign_host"
    reply = Duty
    slot_id: UUID
    person_id: UUID
    co_host: bool = False


class RemoveCoHost(Request[Nothing], frozen=True, kw_only=True):
    """By a coordinator."""

    subject: ClassVar[str] = "booking.v1.rpc.remove_co_host"
    reply = Nothing
    slot_id: UUID
    person_id: UUID


class WantedDuty(Struct, frozen=True, kw_only=True):
    """A session that somebody is asked to open. `taken` counts those who come."""

    slot_id: UUID
    name: Words
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    taken: int


class WantedDuties(Struct, frozen=True, kw_only=True):
    """What a message to somebody who serves needs, at the moment of sending: what they are asked for and
    have not answered, in order, at most 50. None for one who is disabled."""

    email: str
    language: str
    items: list[WantedDuty]


class DescribeDuties(Request[WantedDuties], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.describe_duties"
    reply = WantedDuties
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    person_id: UUID


class Handover(Struct, frozen=True, kw_only=True):
    """What a message to somebody who need not open a session any more says, at the moment of sending."""

    email: str
    language: str
    name: Words
    starts_at: datetime
    ends_at: datetime
    time_zone: str


class DescribeHandover(Request[Handover], frozen=True, kw_only=True):
    """Refuses `not_found` when it is not so any more: nobody else is to open it, or it is off or over."""

    subject: ClassVar[str] = "booking.v1.rpc.describe_handover"
    reply = Handover
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    slot_id: UUID
    person_id: UUID

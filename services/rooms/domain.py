"""The rules of a room: when it is open, who may enter, and under which name. No clock, no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, count
from uuid import UUID

from services.contracts.refusals import Code, Refusal
from services.contracts.rooms import RoomState

LIVELY = 30  # more than so many microphones at once are noise


@dataclass(frozen=True, kw_only=True)
class Hours:
    """How long before the start a room opens, and how long after the end it closes."""

    before: timedelta
    after: timedelta


class Presence(StrEnum):
    """Where a person is as far as anybody can tell."""

    AWAY = "away"
    WAITING = "waiting"
    JOINED = "joined"


@dataclass(frozen=True)
class Name:
    """What is kept of a name in one room. Asked for, `number` is a wish: another may be given."""

    digest: bytes
    number: int

    def stays(self, asked: "Name") -> bool:
        """Whether who has this name and asks for that one keeps the number given before."""
        return self.digest == asked.digest and asked.number in (1, self.number)


@dataclass(frozen=True)
class Wish:
    """Somebody asks for a name in a room where they `had` another or the same, or none."""

    who_id: UUID
    had: Name | None
    asked: Name


def given_numbers(wishes: Iterable[Wish], taken: Mapping[UUID, Name]) -> dict[UUID, int]:
    """The number that each gets, one after the other: the one they had if it will do, else the one they ask
    for, else the first that is free. `taken`: who goes by one of these names.
    """
    holders = {(name.digest, name.number): who_id for who_id, name in taken.items()}
    given = {}
    for wish in wishes:
        who_id, had, asked = wish.who_id, wish.had, wish.asked
        if had is not None and had.stays(asked):
            given[who_id] = had.number
            continue
        if had is not None and holders.get((had.digest, had.number)) == who_id:
            del holders[had.digest, had.number]
        numbers = chain([asked.number], count(2))
        number = next(each for each in numbers if (asked.digest, each) not in holders)
        holders[asked.digest, number] = who_id
        given[who_id] = number
    return given


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """One slot's room as one person finds it: `cancelled` when the slot, or their own place, is off.

    `hosts`: who may open it, None where `host_id` alone may. `here`: that person, a resident, waits;
    `removed`: they were sent out. `cannot_get_in`: the bookings that said so, for the host alone.
    """

    slot_id: UUID
    room: str
    host_id: UUID
    kind: str
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    cancelled: bool
    host_present: bool
    waiting: int
    hosts: tuple[UUID, ...] | None = None
    room_limit: int | None = None
    here: bool = False
    removed: bool = False
    cannot_get_in: tuple[UUID, ...] = ()

    def opens_at(self, hours: Hours) -> datetime:
        return self.starts_at - hours.before

    def closes_at(self, hours: Hours) -> datetime:
        return self.ends_at + hours.after

    def is_hosted_by(self, person_id: UUID) -> bool:
        return person_id == self.host_id if self.hosts is None else person_id in self.hosts

    @property
    def most_occupants(self) -> int:
        """How many connections Jitsi lets into the room: a net below the tokens, not the rule."""
        return self.room_limit or {"appointment": 12, "drop_in": 12, "group": 75}.get(self.kind, 500)

    @property
    def is_quiet(self) -> bool:
        """Whether so many come that each of them begins with microphone and camera off."""
        return self.kind == "event" or (self.kind == "group" and (self.room_limit or 0) > LIVELY)


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A booking's place in a meeting, and what has come of it: nothing before they first did anything."""

    booking_id: UUID
    link_version: int
    meeting: Meeting
    participant_id: UUID | None = None
    presence: Presence = Presence.AWAY
    name: Name | None = None


def state(meeting: Meeting, hours: Hours, now: datetime) -> RoomState:
    """How the meeting stands; called off comes before everything, closed before the clock."""
    if meeting.cancelled:
        return RoomState.CANCELLED
    if meeting.closed_at is not None:
        return RoomState.OVER
    if now < meeting.opens_at(hours):
        return RoomState.BEFORE
    if now >= meeting.closes_at(hours):
        return RoomState.OVER
    return RoomState.OPEN if meeting.host_present else RoomState.WAITING


def may_enter(meeting: Meeting, hours: Hours, now: datetime) -> None:
    """Refuse anybody, host or resident, while the room cannot be entered."""
    if meeting.cancelled:
        raise Refusal(Code.ROOM_CLOSED, "This meeting has been cancelled.")
    if meeting.closed_at is not None:
        raise Refusal(Code.ROOM_CLOSED, "The host has ended this meeting.")
    opens_at, closes_at = meeting.opens_at(hours), meeting.closes_at(hours)
    if not opens_at <= now < closes_at:
        raise Refusal(
            Code.ROOM_NOT_OPEN,
            "The room is not open yet." if now < opens_at else "The meeting is over.",
            opens_at=opens_at.isoformat(),
            closes_at=closes_at.isoformat(),
        )


def may_be_here(meeting: Meeting) -> None:
    """Refuse whoever was sent out of this session."""
    if meeting.removed:
        raise Refusal(Code.REMOVED, "The host has ended your part in this meeting.")


def may_use_link(seat: Seat, link_version: int) -> None:
    """Refuse a link that was replaced. A newer one than is known here was given out by its owner."""
    if link_version < seat.link_version:
        raise Refusal(Code.LINK_EXPIRED, "This link has been replaced by a newer one.")


def may_host(meeting: Meeting, person_id: UUID, *, stands_in: bool) -> None:
    """Refuse everybody but the slot's hosts and those who may stand in, as if there were no such slot."""
    if not stands_in and not meeting.is_hosted_by(person_id):
        raise Refusal(Code.NOT_FOUND, "There is no such meeting.")


def shows_arrival(presence: Presence, since: datetime, at: datetime, *, ended: bool) -> bool:
    """Whether a connection seen at `at` makes its owner present: not when it is older news than that."""
    return presence is not Presence.JOINED and at >= since and not ended


def shows_departure(presence: Presence, since: datetime, at: datetime, *, connected: bool) -> bool:
    """Whether a connection that ended at `at` takes its owner away: not while another one remains."""
    return presence is Presence.JOINED and at >= since and not connected

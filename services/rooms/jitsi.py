"""What Jitsi asks of rooms and tells it: may this room be opened, and who came and went."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.contracts.rooms import AttendeeJoined, HostArrived, RoomState
from services.rooms import domain
from services.rooms.domain import Hours, Meeting, Presence
from services.rooms.service import tell_if_hosts_left
from services.rooms.store import people, places, sightings
from services.rooms.store.sightings import Person, Sighting
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx


@dataclass(frozen=True, kw_only=True)
class Conference:
    """A room that may be open in Jitsi, until when, and for how many at once."""

    slot_id: UUID
    room: str
    ends_at: datetime
    max_occupants: int


class Heard(StrEnum):
    """What came of news: `ignored` is of nobody known in that room; `unwelcome`, somebody is in it who
    was sent out, or who hosts it no longer.
    """

    TAKEN_IN = "taken_in"
    IGNORED = "ignored"
    UNWELCOME = "unwelcome"


async def conference_named(tx: Tx, name: str, hours: Hours, now: datetime) -> Conference | None:
    """None for a room that is unknown, called off, ended or outside its hours, without saying which."""
    slot_id = await places.slot_of_room(tx, name.lower())
    return None if slot_id is None else await conference(tx, slot_id, hours, now)


async def conference(tx: Tx, slot_id: UUID, hours: Hours, now: datetime) -> Conference | None:
    meeting = (await places.meetings(tx, [slot_id])).get(slot_id)
    if meeting is None or not _goes_on(meeting, hours, now):
        return None
    return Conference(
        slot_id=slot_id,
        room=meeting.room,
        ends_at=meeting.closes_at(hours),
        max_occupants=meeting.most_occupants,
    )


async def came_or_went(tx: Tx, room: str | None, seen: Sighting, call: Call, hours: Hours) -> Heard:
    """Take in what was seen of one connection."""
    slot_id = await sightings.slot_of_participant(tx, seen.participant_id)
    if slot_id is None:
        return Heard.IGNORED
    await places.hold_alone(tx, slot_id)
    meeting = (await places.meetings(tx, [slot_id]))[slot_id]
    if room is not None and room.lower() != meeting.room:
        return Heard.IGNORED
    await sightings.note(tx, slot_id, [seen])
    person = await sightings.person(tx, seen.participant_id, seen.connection)
    if seen.left_at is not None:
        await _went(tx, meeting, person, seen, call)
    elif _is_unwelcome(meeting, person):
        return Heard.UNWELCOME
    elif _goes_on(meeting, hours, call.now):
        await _came(tx, meeting, person, seen, call)
    return Heard.TAKEN_IN


def _is_unwelcome(meeting: Meeting, person: Person) -> bool:
    """With a token from before. They count as away; only a host can end their connection."""
    if person.hosts:
        return not person.stands_in and not meeting.is_hosted_by(person.who_id)
    return person.removed


async def _came(tx: Tx, meeting: Meeting, person: Person, seen: Sighting, call: Call) -> None:
    at = seen.joined_at or call.now
    if not person.ended:
        await people.got_in(tx, seen.participant_id, at)
    if not domain.shows_arrival(person.presence, person.since, at, ended=person.ended):
        return
    await sightings.set_presence(tx, seen.participant_id, Presence.JOINED, at)
    if not person.hosts:
        joined = AttendeeJoined(
            slot_id=person.slot_id, booking_id=person.who_id, at=at, starts_at=meeting.starts_at
        )
        await outbox.add(tx, joined, call)
    elif not meeting.host_present:
        await outbox.add(tx, HostArrived(slot_id=person.slot_id), call)


async def _went(tx: Tx, meeting: Meeting, person: Person, seen: Sighting, call: Call) -> None:
    at = seen.left_at or call.now
    if not domain.shows_departure(person.presence, person.since, at, connected=person.connected):
        return
    await sightings.set_presence(tx, seen.participant_id, Presence.AWAY, at)
    await tell_if_hosts_left(tx, meeting, call)


async def room_destroyed(tx: Tx, room: str, at: datetime, seen: Collection[Sighting], call: Call) -> Heard:
    """Nobody is in the room any more; it may be opened anew. `seen` fills in what was not heard."""
    slot_id = await places.slot_of_room(tx, room.lower())
    if slot_id is None:
        return Heard.IGNORED
    await places.hold_alone(tx, slot_id)
    before = (await places.meetings(tx, [slot_id]))[slot_id]
    await sightings.note(tx, slot_id, seen)
    await sightings.end_all(tx, slot_id, at)
    await tell_if_hosts_left(tx, before, call)
    return Heard.TAKEN_IN


def _goes_on(meeting: Meeting, hours: Hours, now: datetime) -> bool:
    return domain.state(meeting, hours, now) in (RoomState.WAITING, RoomState.OPEN)

"""What rooms can be asked, and the news it spreads."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.envelope import Event, Nothing, Request, Resident


class RoomState(StrEnum):
    """How a meeting stands for one who looks: `waiting` is inside the window with the host absent."""

    BEFORE = "before"
    WAITING = "waiting"
    OPEN = "open"
    OVER = "over"
    CANCELLED = "cancelled"


class Video(Struct, frozen=True, kw_only=True):
    """The way into exactly one room, for minutes. `domain` is empty while no Jitsi is configured.

    `url` is the plain link that works without a frame; `script` the address of
    Jitsi's external API for a frame, when there is one.
    """

    domain: str
    room: str
    jwt: str
    expires_at: datetime
    url: str
    script: str = ""


class RoomView(Struct, frozen=True, kw_only=True):
    """`waiting` counts those on the waiting page now, `cannot_get_in` names the bookings whose bearers
    said so; both are told to the host only. `here` tells a resident that they count as waiting,
    `removed` that their host has sent them out of this session.
    """

    slot_id: UUID
    state: RoomState
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    closes_at: datetime
    host_present: bool
    waiting: int = 0
    here: bool = False
    removed: bool = False
    cannot_get_in: list[UUID] = []


class Look(Request[RoomView], frozen=True, kw_only=True):
    """How the actor's meeting stands. Residents look by their link, staff name a slot. Changes nothing."""

    subject: ClassVar[str] = "rooms.v1.rpc.look"
    reply = RoomView
    slot_id: UUID | None = None


class RoomViews(Struct, frozen=True):
    items: list[RoomView]


class LookAtSlots(Request[RoomViews], frozen=True, kw_only=True):
    """How the host's slots stand, for those that have a room already. At most 100."""

    subject: ClassVar[str] = "rooms.v1.rpc.look_at_slots"
    reply = RoomViews
    slot_ids: list[UUID]


class ListOwnRooms(Request[RoomViews], frozen=True, kw_only=True):
    """Rooms of the host's own meetings that start in a stretch of at most two days, in order, for when
    booking cannot say which meetings there are. At most 100; those called off are left out."""

    subject: ClassVar[str] = "rooms.v1.rpc.list_own_rooms"
    reply = RoomViews
    from_at: datetime
    to_at: datetime


class Joined(Struct, frozen=True, kw_only=True):
    """`video` is there once the host is in; until then the actor waits.

    `display_name`: as the others see it, told apart from somebody's who has the same. `quiet`: one comes
    in with microphone and camera off.
    """

    state: RoomState
    view: RoomView
    video: Video | None = None
    display_name: str | None = None
    quiet: bool = False


class Join(Request[Joined], frozen=True, kw_only=True):
    """The button was pressed. Residents join by their link, staff name a slot.

    Refuses `room_not_open` outside the window (`facts.opens_at`), `nickname_invalid`, `not_found`
    for a host of another slot, and `removed` for who was sent out. A host's joining makes them present.
    """

    subject: ClassVar[str] = "rooms.v1.rpc.join"
    reply = Joined
    slot_id: UUID | None = None
    display_name: str
    language: str = "fi"


class Press(Struct, frozen=True, kw_only=True):
    """A press of join by the bearer of a link, which the gateway has read."""

    link: Resident
    display_name: str
    language: str = "fi"


class JoinedAgain(Struct, frozen=True):
    """In the order asked; None for who must ask by `Join`, and hears there what is to be heard."""

    items: list[Joined | None]


class JoinAgain(Request[JoinedAgain], frozen=True, kw_only=True):
    """Those who are in already press again, many at one moment: to each a new way in, under the same name.
    Changes nothing, and refuses nobody. The gateway asks it of its own accord. At most 64."""

    subject: ClassVar[str] = "rooms.v1.rpc.join_again"
    reply = JoinedAgain
    presses: list[Press]


class Leave(Request[Nothing], frozen=True, kw_only=True):
    """The actor went away from the room or the waiting page. The host's going makes residents wait.

    `only_waiting`: a page that is gone says nothing of those who have entered since.
    """

    subject: ClassVar[str] = "rooms.v1.rpc.leave"
    reply = Nothing
    slot_id: UUID | None = None
    only_waiting: bool = False


class AskForHelp(Request[RoomView], frozen=True, kw_only=True):
    """ "I cannot get in", by a resident; their host sees it until they are seen in the room.

    Refuses `room_not_open`, `room_closed` and `removed` as `Join` does. Asking again changes nothing.
    """

    subject: ClassVar[str] = "rooms.v1.rpc.ask_for_help"
    reply = RoomView


class CloseRoom(Request[RoomView], frozen=True, kw_only=True):
    """The host ends the meeting for all."""

    subject: ClassVar[str] = "rooms.v1.rpc.close_room"
    reply = RoomView
    slot_id: UUID


class Here(Struct, frozen=True, kw_only=True):
    """Somebody in a room or before its door, as far as anybody can tell. `who_id` is a booking's id, or a
    person's who `hosts`; `presence` is waiting, joined or away; `since` of that. `number` tells those
    of one name apart, as the room does: the second "Aino" is "Aino 2". None before they came, and later on.
    """

    who_id: UUID
    hosts: bool
    presence: str
    since: datetime
    removed: bool = False
    number: int | None = None


class RoomPresence(Struct, frozen=True):
    items: list[Here]


class ListPresence(Request[RoomPresence], frozen=True, kw_only=True):
    """Who is here, has been, or has been removed: for those who may host the slot. At most 1,000."""

    subject: ClassVar[str] = "rooms.v1.rpc.list_presence"
    reply = RoomPresence
    slot_id: UUID


class Seen(Struct, frozen=True, kw_only=True):
    """Somebody came, waited, asked for help or left, as our page or Jitsi (`source`) saw it."""

    booking_id: UUID
    what: str
    source: str
    at: datetime


class Sightings(Struct, frozen=True):
    items: list[Seen]


class ListSightings(Request[Sightings], frozen=True, kw_only=True):
    """What is kept of the coming and going of one resident, who has these bookings, for themselves or
    a coordinator. The gateway asks it of its own accord, once it knows that they ask. At most 2,000."""

    subject: ClassVar[str] = "rooms.v1.rpc.list_sightings"
    reply = Sightings
    booking_ids: list[UUID]


class RemoveParticipant(Request[Nothing], frozen=True, kw_only=True):
    """A host sends somebody out of this session: no token is given to them any more. `back` lets them in
    again. Twice is once. The host ends their connection in the meeting itself."""

    subject: ClassVar[str] = "rooms.v1.rpc.remove_participant"
    reply = Nothing
    slot_id: UUID
    booking_id: UUID
    back: bool = False


class RoomEvent(Event, frozen=True, kw_only=True):
    slot_id: UUID


class HostArrived(RoomEvent, frozen=True, kw_only=True):
    subject: ClassVar[str] = "rooms.v1.event.host_arrived"


class HostLeft(RoomEvent, frozen=True, kw_only=True):
    subject: ClassVar[str] = "rooms.v1.event.host_left"


class RoomClosed(RoomEvent, frozen=True, kw_only=True):
    """`starts_at`: of the meeting that was ended. None in news of a rooms that did not tell it yet."""

    subject: ClassVar[str] = "rooms.v1.event.room_closed"
    starts_at: datetime | None = None


class AttendeeWaiting(RoomEvent, frozen=True, kw_only=True):
    """A resident pressed join before the host was in."""

    subject: ClassVar[str] = "rooms.v1.event.attendee_waiting"
    booking_id: UUID


class AttendeeJoined(RoomEvent, frozen=True, kw_only=True):
    """A resident was given a room token, or Jitsi saw them in the room.

    `starts_at`: of the meeting to which they came. None in news of a rooms that did not tell it yet.
    """

    subject: ClassVar[str] = "rooms.v1.event.attendee_joined"
    booking_id: UUID
    at: datetime
    starts_at: datetime | None = None


class HelpAsked(RoomEvent, frozen=True, kw_only=True):
    """A resident said that they cannot get in."""

    subject: ClassVar[str] = "rooms.v1.event.help_asked"
    booking_id: UUID

"""Published times of those who serve, and the room behind each."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, field

from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.slots import (
    AddSlot,
    CancelSlot,
    GetSlot,
    HostSlot,
    HostSlots,
    ListHostSlots,
)
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, field_refusal
from services.contracts.rooms import CloseRoom, Leave, Look, RoomView
from services.gateway import joining
from services.gateway.api.paging import Page
from services.gateway.api.residents import Entry, JoinBody, entry
from services.gateway.api.serving import Answer, Asking, NoBody
from services.gateway.audit import Action, note, note_people
from services.gateway.fields import Instant, Line, Note

AHEAD = timedelta(days=14)

LanguageCode = Annotated[str, Meta(pattern="^[a-z]{2,3}$")]


class MySlotsQuery(Page, frozen=True, kw_only=True):
    """From the beginning of today, for two weeks, unless said otherwise. A coordinator may name a host."""

    from_at: Instant | None = field(name="from", default=None)
    to_at: Instant | None = field(name="to", default=None)
    host: UUID | None = None


class SlotBody(Struct, frozen=True, kw_only=True):
    theme: Line
    starts_at: Instant
    ends_at: Instant
    languages: list[LanguageCode]
    kind: SlotKind = SlotKind.APPOINTMENT
    capacity: Annotated[int, Meta(ge=1, le=1000)] = 1
    host_id: UUID | None = None
    group_id: UUID | None = None

    def check(self) -> None:
        if self.ends_at <= self.starts_at:
            raise field_refusal(Code.TIME_INVALID, "ends_at", "The end must be after the start.")


class CancelBody(Struct, frozen=True, kw_only=True):
    """The reason is told to everybody who had booked."""

    reason: Note

    def check(self) -> None:
        if not self.reason:
            raise field_refusal(Code.REASON_REQUIRED, "reason", "Tell those who had booked why.")


async def mine(asking: Asking[MySlotsQuery]) -> HostSlots:
    query = asking.body
    today = asking.call.now.astimezone(asking.door.settings.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    from_at = query.from_at or today
    if query.host not in (None, asking.staff.person_id):
        await note(asking.door, asking.call, Action.BOOKINGS_LISTED, person_id=query.host)
    return await asking.ask(
        ListHostSlots(
            from_at=from_at,
            to_at=query.to_at or from_at + AHEAD,
            host_id=query.host,
            limit=query.limit,
            cursor=query.cursor,
        )
    )


async def describe(asking: Asking[NoBody]) -> HostSlot:
    slot_id = asking.ids["slot_id"]
    await note_people(asking.door, asking.call, slot_id)
    return await asking.ask(GetSlot(slot_id=slot_id))


async def add(asking: Asking[SlotBody]) -> HostSlot:
    said: dict[str, Any] = {name: getattr(asking.body, name) for name in SlotBody.__struct_fields__}
    if asking.body.group_id is not None:
        await note(asking.door, asking.call, Action.SESSION_ADDED, group_id=asking.body.group_id)
    return await asking.ask(AddSlot(**said))


async def cancel(asking: Asking[CancelBody]) -> HostSlot:
    slot_id = asking.ids["slot_id"]
    await note(asking.door, asking.call, Action.SLOT_CANCELLED, slot_id=slot_id)
    return await asking.ask(CancelSlot(slot_id=slot_id, reason=asking.body.reason))


async def room(asking: Asking[NoBody]) -> RoomView:
    return await asking.ask(Look(slot_id=asking.ids["slot_id"]))


async def join(asking: Asking[JoinBody]) -> Answer[Entry]:
    joined = await joining.as_host(
        asking.door,
        asking.call,
        asking.caller,
        asking.ids["slot_id"],
        name=asking.body.display_name,
        language=asking.body.language or "fi",
    )
    return entry(joined)


async def leave(asking: Asking[NoBody]) -> Nothing:
    return await asking.ask(Leave(slot_id=asking.ids["slot_id"]))


async def close(asking: Asking[NoBody]) -> RoomView:
    slot_id = asking.ids["slot_id"]
    await note(asking.door, asking.call, Action.ROOM_CLOSED, slot_id=slot_id)
    return await asking.ask(CloseRoom(slot_id=slot_id))

"""Sessions of groups for those who lead them: promising to come, who is here, a few words to all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct, field

from services.contracts.booking import staffing
from services.contracts.booking.enrolment import Attendees, ListAttendees, SendAnnouncement
from services.contracts.booking.groups import ManagedSession, MoveSession
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, field_refusal
from services.contracts.rooms import ListPresence, RemoveParticipant, RoomPresence
from services.gateway.api.managed_groups import AnnouncementBody
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody
from services.gateway.audit import Action, note, note_people
from services.gateway.fields import Instant

AHEAD = timedelta(days=90)


class DutiesQuery(Page, frozen=True, kw_only=True):
    """From now on, for three months, unless said otherwise. `all` and `unstaffed` are for coordinators."""

    scope: staffing.DutyScope = staffing.DutyScope.MINE
    from_at: Instant | None = field(name="from", default=None)
    to_at: Instant | None = field(name="to", default=None)


class StandInBody(Struct, frozen=True, kw_only=True):
    """`wanted` false takes it back."""

    wanted: bool = True


class HostBody(Struct, frozen=True, kw_only=True):
    """Who is asked to lead the session, or to help to."""

    person_id: UUID
    co_host: bool = False


class NewTimes(Struct, frozen=True, kw_only=True):
    starts_at: Instant
    ends_at: Instant

    def check(self) -> None:
        if self.ends_at <= self.starts_at:
            raise field_refusal(Code.TIME_INVALID, "ends_at", "The end must be after the start.")


class RemovalBody(Struct, frozen=True, kw_only=True):
    """`back` lets somebody in again who was sent out."""

    booking_id: UUID
    back: bool = False


async def duties(asking: Asking[DutiesQuery]) -> staffing.Duties:
    query = asking.body
    from_at = query.from_at or asking.call.now
    return await asking.ask(
        staffing.ListDuties(
            scope=query.scope,
            from_at=from_at,
            to_at=query.to_at or from_at + AHEAD,
            limit=query.limit,
            cursor=query.cursor,
        )
    )


async def duty(asking: Asking[NoBody]) -> staffing.Duty:
    return await asking.ask(staffing.GetDuty(slot_id=asking.ids["slot_id"]))


async def accept(asking: Asking[NoBody]) -> staffing.Duty:
    return await asking.ask(staffing.AcceptDuty(slot_id=await _noted(asking, Action.DUTY_ACCEPTED)))


async def give_up(asking: Asking[NoBody]) -> staffing.Duty:
    return await asking.ask(staffing.GiveUpDuty(slot_id=await _noted(asking, Action.DUTY_GIVEN_UP)))


async def stand_in(asking: Asking[StandInBody]) -> staffing.Duty:
    slot_id = await _noted(asking, Action.STAND_IN_ASKED)
    return await asking.ask(staffing.AskForStandIn(slot_id=slot_id, wanted=asking.body.wanted))


async def assign(asking: Asking[HostBody]) -> staffing.Duty:
    said = asking.body
    slot_id = await _noted(asking, Action.HOST_ASSIGNED, person_id=said.person_id)
    return await asking.ask(
        staffing.AssignHost(slot_id=slot_id, person_id=said.person_id, co_host=said.co_host)
    )


async def remove_co_host(asking: Asking[NoBody]) -> Nothing:
    person_id = asking.ids["person_id"]
    slot_id = await _noted(asking, Action.CO_HOST_REMOVED, person_id=person_id)
    return await asking.ask(staffing.RemoveCoHost(slot_id=slot_id, person_id=person_id))


async def move(asking: Asking[NewTimes]) -> ManagedSession:
    slot_id, said = await _noted(asking, Action.SESSION_MOVED), asking.body
    return await asking.ask(MoveSession(slot_id=slot_id, starts_at=said.starts_at, ends_at=said.ends_at))


async def announce(asking: Asking[AnnouncementBody]) -> Nothing:
    """To everybody enrolled in this session."""
    slot_id = await _noted(asking, Action.ANNOUNCEMENT_SENT)
    return await asking.ask(SendAnnouncement(slot_id=slot_id, words=asking.body.words))


async def attendees(asking: Asking[Page]) -> Attendees:
    """Nicknames and notes, never a way to reach anybody: that is a look of its own."""
    await note_people(asking.door, asking.call, asking.ids["slot_id"])
    return await asking.ask(
        ListAttendees(slot_id=asking.ids["slot_id"], limit=asking.body.limit, cursor=asking.body.cursor)
    )


async def presence(asking: Asking[NoBody]) -> RoomPresence:
    return await asking.ask(ListPresence(slot_id=asking.ids["slot_id"]))


async def remove(asking: Asking[RemovalBody]) -> Nothing:
    said = asking.body
    action = Action.PARTICIPANT_LET_BACK if said.back else Action.PARTICIPANT_REMOVED
    slot_id = await _noted(asking, action, booking_id=said.booking_id)
    return await asking.ask(RemoveParticipant(slot_id=slot_id, booking_id=said.booking_id, back=said.back))


async def _noted(asking: Asking[Any], action: Action, **about: UUID) -> UUID:
    """The session that is changed, once that is written down."""
    slot_id = asking.ids["slot_id"]
    await note(asking.door, asking.call, action, slot_id=slot_id, **about)
    return slot_id

"""What notify does with news of groups: decides what is owed to whom.

Each session of an enrolment has events of its own, and a person gets one message for all of them.
"""

from datetime import datetime
from uuid import UUID

from services.contracts.booking.events import (
    AnnouncementMade,
    ApplicationReceived,
    ApplicationWaiting,
    BookingCancelled,
    BookingConfirmed,
    BookingEvent,
    BookingExpired,
    BookingHeld,
    BookingMoved,
    HostAsked,
    HostFoundAfterAll,
    HostNotFound,
    HostReplaced,
    OfferEnded,
    PutOnWaitingList,
    SeatOffered,
)
from services.contracts.notify import MessageKind
from services.notify import domain, store
from services.notify.domain import Meeting, QuietHours
from services.notify.groups import at_night, few, few_store, messages, to_leaders
from services.notify.groups import store as group_store
from services.runtime.db import Tx

ENDS = (BookingCancelled, BookingExpired, OfferEnded)
CHANGES = (BookingMoved, BookingCancelled)
SAYS: dict[type[BookingEvent], MessageKind] = {
    BookingHeld: MessageKind.HOLD,
    ApplicationReceived: MessageKind.APPLICATION,
    PutOnWaitingList: MessageKind.WAITING,
    SeatOffered: MessageKind.OFFER,
    BookingConfirmed: MessageKind.CONFIRMATION,
}


async def hear_of_session(
    tx: Tx, event: BookingEvent, *, at: datetime, quiet: QuietHours, now: datetime
) -> None:
    """Plan what the news of one session of somebody's enrolment makes due; older news adds nothing."""
    assert event.enrolment_id is not None
    await group_store.hold(tx, event.enrolment_id)
    before = await store.meeting(tx, event.booking_id)
    ends = isinstance(event, ENDS)
    newest = await store.hear(tx, event, live=not ends)
    if not newest and (ends or not await store.still_so(tx, event)):
        return
    if newest and ends:
        await _drop_all(tx, event.booking_id, now=now)
    if newest and isinstance(event, BookingMoved):
        words_due = at_night.told_at(MessageKind.ANNOUNCEMENT, now, starts_at=event.starts_at, quiet=quiet)
        await few_store.look_anew(tx, event.booking_id, at=words_due)
    if isinstance(event, CHANGES):
        nearest = min(event.starts_at, before.starts_at) if before else event.starts_at
        await _owe_change(tx, event, nearest_start=nearest, at=at, quiet=quiet, now=now)
    elif isinstance(event, OfferEnded):
        if not event.declined:
            await _say(tx, event, MessageKind.OFFER_OVER, at=at, quiet=quiet, now=now)
    elif type(event) in SAYS:
        await _say(tx, event, SAYS[type(event)], at=at, quiet=quiet, now=now)
    if newest and event.seated and isinstance(event, BookingConfirmed | BookingMoved):
        await store.drop_follow_ups(tx, event.booking_id, before=event.sequence)
        await store.plan(tx, domain.follow_ups(Meeting.of(event), quiet=quiet, now=now))


async def _drop_all(tx: Tx, booking_id: UUID, *, now: datetime) -> None:
    """Words of those who lead are dropped too, and leave their place among the day's few to others."""
    for message_id, kind in (await store.drop_all(tx, booking_id)).items():
        if kind in few.NEWS:
            await few_store.ended(tx, message_id, now=now, told=False)


async def _say(
    tx: Tx, event: BookingEvent, kind: MessageKind, *, at: datetime, quiet: QuietHours, now: datetime
) -> None:
    """A session that comes to an enrolment which has been confirmed is a change of it."""
    assert event.enrolment_id is not None
    if kind is MessageKind.CONFIRMATION:
        confirmed_as_of = await group_store.said_since(tx, event.enrolment_id, kind)
        if confirmed_as_of is not None and at > confirmed_as_of:
            await _owe_change(tx, event, nearest_start=event.starts_at, at=at, quiet=quiet, now=now)
            return
    until = event.offered_until if isinstance(event, SeatOffered) else None
    due_at = at_night.told_at(kind, now, starts_at=event.starts_at, quiet=quiet, until=until)
    owed = messages.of_enrolment(kind, event, at=at, due_at=due_at)
    await store.plan(tx, [owed])
    await group_store.hasten(tx, owed)


async def _owe_change(
    tx: Tx,
    event: BookingEvent,
    *,
    nearest_start: datetime,
    at: datetime,
    quiet: QuietHours,
    now: datetime,
) -> None:
    """One message tells of all that happens until it goes out."""
    assert event.enrolment_id is not None
    occasion, last_told = await group_store.last_change(tx, event.enrolment_id)
    due_at = messages.change_due(now=now, nearest_start=nearest_start, last_told=last_told)
    owed = messages.change(
        event,
        occasion=occasion + 1,
        nearest_start=nearest_start,
        at=at,
        due_at=at_night.told_at(MessageKind.GROUP_CHANGE, due_at, starts_at=nearest_start, quiet=quiet),
        enrolment_id=event.enrolment_id,
    )
    if not await group_store.join_change(tx, owed):
        await store.plan(tx, [owed])


async def hear_of_announcement(
    tx: Tx, event: AnnouncementMade, *, quiet: QuietHours, now: datetime
) -> None:
    kind = MessageKind.ANNOUNCEMENT
    due_at = at_night.told_at(kind, now, starts_at=event.starts_at, quiet=quiet)
    await store.plan(tx, [messages.announcement(event, due_at=due_at)])


async def hear_of_host(
    tx: Tx, event: BookingEvent, kind: MessageKind, *, at: datetime, now: datetime
) -> None:
    """That nobody will open a session, or that somebody will after all; and so on, if they change."""
    occasion = messages.occasion_of(at)
    await store.plan(tx, [domain.at_once(kind, Meeting.of(event), occasion=occasion, now=now)])


async def hear_of_asking(tx: Tx, event: HostAsked, *, quiet: QuietHours, now: datetime) -> None:
    """What somebody is asked for within moments is asked by one message."""
    await group_store.hold(tx, event.person_id)
    kind = MessageKind.HOST_ASKED
    occasion, last_asked = await group_store.last_asked(tx, kind, event.person_id)
    due_at = to_leaders.asking_due(now=now, starts_at=event.starts_at, last_asked=last_asked)
    due_at = at_night.told_at(kind, due_at, starts_at=event.starts_at, quiet=quiet)
    owed = to_leaders.host_asked(event, occasion=occasion + 1, due_at=due_at)
    if not await group_store.join_asking(tx, owed):
        await store.plan(tx, [owed])


async def hear_of_application(
    tx: Tx, event: ApplicationWaiting, *, quiet: QuietHours, now: datetime
) -> None:
    """One mail speaks of all who wait for this person's answer."""
    await group_store.hold(tx, event.person_id)
    kind = MessageKind.APPLICATION_WAITING
    occasion, last_told = await group_store.last_asked(tx, kind, event.person_id)
    due_at = to_leaders.answer_due(now=now, last_told=last_told)
    due_at = at_night.told_at(kind, due_at, starts_at=None, quiet=quiet)
    owed = to_leaders.application_waiting(event, occasion=occasion + 1, due_at=due_at)
    if not await group_store.join_asking(tx, owed):
        await store.plan(tx, [owed])


async def hear_of_nobody(tx: Tx, event: HostNotFound, *, now: datetime) -> None:
    await store.plan(tx, [to_leaders.host_not_found(event, now=now)])


async def hear_of_somebody(tx: Tx, event: HostFoundAfterAll, *, at: datetime, now: datetime) -> None:
    await store.plan(tx, [to_leaders.host_found_after_all(event, at=at, now=now)])


async def hear_of_replacement(tx: Tx, event: HostReplaced, *, quiet: QuietHours, now: datetime) -> None:
    await group_store.hold(tx, event.person_id)
    kind = MessageKind.HOST_REPLACED
    occasion, _ = await group_store.last_asked(tx, kind, event.person_id)
    due_at = at_night.told_at(kind, now, starts_at=event.starts_at, quiet=quiet)
    await store.plan(tx, [to_leaders.host_replaced(event, occasion=occasion + 1, due_at=due_at)])

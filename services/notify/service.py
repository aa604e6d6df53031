"""What notify does with news: decides what is owed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.contracts.booking.events import BookingEvent
from services.contracts.notify import MessageKind
from services.notify import domain, store
from services.notify.domain import Meeting, Owed, QuietHours
from services.runtime.db import Tx


@dataclass(frozen=True)
class News:
    """What an event of a booking means here: what is said at once, whether the booking lives on,
    and whether there will be reminders."""

    announces: MessageKind | None
    live: bool = True
    reminds: bool = False


async def hear_of_booking(
    tx: Tx, event: BookingEvent, news: News, *, quiet: QuietHours, now: datetime
) -> None:
    """Plan what the event makes due. The newest news decides, and the end of a booking for good; the
    order of arrival does not.

    Older news still says its own word when what is known agrees with it: a
    confirmation overtaken by a renewed link is owed all the same.
    """
    newest = await store.hear(tx, event, live=news.live)
    if not newest and not (news.live and await store.still_so(tx, event)):
        return
    if newest and not news.live:
        await store.drop_all(tx, event.booking_id)
    meeting = Meeting.of(event)
    if news.announces is not None:
        occasion = _occasion(news.announces, event)
        await store.plan(tx, [domain.at_once(news.announces, meeting, occasion=occasion, now=now)])
    if newest and news.reminds:
        await store.drop_follow_ups(tx, event.booking_id, before=event.sequence)
        await store.plan(tx, domain.follow_ups(meeting, quiet=quiet, now=now))


async def hear_of_first(
    tx: Tx, events: Sequence[BookingEvent], news: News, *, quiet: QuietHours, now: datetime
) -> set[UUID]:
    """The same for bookings of which nothing is known yet, all at once; answers which these were."""
    first = await store.hear_first(tx, events)
    owed: list[Owed] = []
    for event in events:
        if event.booking_id in first:
            meeting = Meeting.of(event)
            if news.announces is not None:
                occasion = _occasion(news.announces, event)
                owed.append(domain.at_once(news.announces, meeting, occasion=occasion, now=now))
            if news.reminds:
                owed.extend(domain.follow_ups(meeting, quiet=quiet, now=now))
    await store.plan(tx, owed)
    return first


async def hear_of_wish(
    tx: Tx, kind: MessageKind, about: UUID, *, now: datetime, booking_id: UUID | None = None
) -> None:
    """Somebody asked for their links, a way in or their own data, and waits."""
    await store.plan(tx, [domain.asked_for(kind, about, now=now, booking_id=booking_id)])


async def give_up_news(tx: Tx, *, now: datetime) -> None:
    """Somebody may not be told of something, and only a person can find out of what."""
    await store.plan(tx, [domain.news_unread(now=now)])


def _occasion(kind: MessageKind, event: BookingEvent) -> int:
    """What may happen to a booking more than once is told apart by what rises with it."""
    match kind:
        case MessageKind.CHANGE:
            return event.sequence
        case MessageKind.LINKS:
            return event.link_version
        case _:
            return 0

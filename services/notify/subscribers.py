"""Events in: what each makes owed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
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
    HostFound,
    HostFoundAfterAll,
    HostMissing,
    HostNotFound,
    HostReplaced,
    LinkRenewed,
    LinksRequested,
    OfferEnded,
    PutOnWaitingList,
    ResidentErased,
    SeatOffered,
)
from services.contracts.envelope import Event, Told
from services.contracts.gateway import OwnDataRequested, SignInRequested
from services.contracts.notify import MessageKind
from services.notify import own_data_store, service
from services.notify.domain import QuietHours
from services.notify.groups import news as group_news
from services.notify.service import News
from services.runtime.clock import Clock
from services.runtime.db import Tx
from services.runtime.hearing import EventHandler, FirstOfAll, Heard, Subscription, first_of_each

NEWS: dict[type[BookingEvent], News] = {
    BookingHeld: News(MessageKind.HOLD),
    BookingConfirmed: News(MessageKind.CONFIRMATION, reminds=True),
    BookingMoved: News(MessageKind.CHANGE, reminds=True),
    LinkRenewed: News(MessageKind.LINKS, reminds=True),
    BookingCancelled: News(MessageKind.CANCELLATION, live=False),
    BookingExpired: News(None, live=False),
}
OF_GROUPS: tuple[type[BookingEvent], ...] = (ApplicationReceived, PutOnWaitingList, SeatOffered, OfferEnded)
OF_HOSTS: dict[type[BookingEvent], MessageKind] = {
    HostMissing: MessageKind.HOST_MISSING,
    HostFound: MessageKind.HOST_FOUND,
}


def subscriptions(
    *, clock: Clock, quiet: QuietHours, wake: Callable[[], None]
) -> tuple[Subscription, Subscription]:
    """`wake` is called when something may have become due."""
    about_bookings: dict[type[Event], EventHandler] = {
        event: _hear_of_booking(news, clock=clock, quiet=quiet) for event, news in NEWS.items()
    }
    about_groups: dict[type[Event], EventHandler] = {
        **{event: _hear_of_session(clock=clock, quiet=quiet) for event in OF_GROUPS},
        **{event: _hear_of_host(kind, clock=clock) for event, kind in OF_HOSTS.items()},
    }

    async def announced(tx: Tx, event: AnnouncementMade, _: Told) -> None:
        await group_news.hear_of_announcement(tx, event, quiet=quiet, now=clock.now())

    async def host_asked(tx: Tx, event: HostAsked, _: Told) -> None:
        await group_news.hear_of_asking(tx, event, quiet=quiet, now=clock.now())

    async def application_waiting(tx: Tx, event: ApplicationWaiting, _: Told) -> None:
        await group_news.hear_of_application(tx, event, quiet=quiet, now=clock.now())

    async def host_not_found(tx: Tx, event: HostNotFound, _: Told) -> None:
        await group_news.hear_of_nobody(tx, event, now=clock.now())

    async def host_found_after_all(tx: Tx, event: HostFoundAfterAll, told: Told) -> None:
        await group_news.hear_of_somebody(tx, event, at=told.at, now=clock.now())

    async def host_replaced(tx: Tx, event: HostReplaced, _: Told) -> None:
        await group_news.hear_of_replacement(tx, event, quiet=quiet, now=clock.now())

    async def links_requested(tx: Tx, event: LinksRequested, _: Told) -> None:
        await service.hear_of_wish(tx, MessageKind.LINKS, event.link_request_id, now=clock.now())

    async def sign_in_requested(tx: Tx, event: SignInRequested, _: Told) -> None:
        await service.hear_of_wish(tx, MessageKind.SIGN_IN, event.sign_in_id, now=clock.now())

    async def own_data_requested(tx: Tx, event: OwnDataRequested, _: Told) -> None:
        await service.hear_of_wish(
            tx,
            MessageKind.OWN_DATA,
            event.own_data_link_id,
            now=clock.now(),
            booking_id=event.booking_id,
        )

    async def resident_erased(tx: Tx, event: ResidentErased, _: Told) -> None:
        await own_data_store.forget(tx, event.booking_ids)

    async def buried(tx: Tx) -> None:
        await service.give_up_news(tx, now=clock.now())

    return (
        Subscription(
            owner="booking",
            durable="notify-booking",
            handlers={
                **about_bookings,
                **about_groups,
                AnnouncementMade: announced,
                ApplicationWaiting: application_waiting,
                HostAsked: host_asked,
                HostNotFound: host_not_found,
                HostFoundAfterAll: host_found_after_all,
                HostReplaced: host_replaced,
                LinksRequested: links_requested,
                ResidentErased: resident_erased,
            },
            then=wake,
            on_buried=buried,
            first_of_all=_hear_of_first(clock=clock, quiet=quiet),
        ),
        Subscription(
            owner="gateway",
            durable="notify-gateway",
            handlers={SignInRequested: sign_in_requested, OwnDataRequested: own_data_requested},
            then=wake,
            on_buried=buried,
        ),
    )


def _hear_of_booking(news: News, *, clock: Clock, quiet: QuietHours) -> EventHandler:
    """A group's own news goes another way; a link is one booking's whatever it is for."""
    of_session = _hear_of_session(clock=clock, quiet=quiet)

    async def hear(tx: Tx, event: Any, told: Told) -> None:
        if event.enrolment_id is not None and news.announces is not MessageKind.LINKS:
            await of_session(tx, event, told)
        else:
            silent = isinstance(event, LinkRenewed) and event.along
            said = replace(news, announces=None) if silent else news
            await service.hear_of_booking(tx, event, said, quiet=quiet, now=clock.now())

    return hear


def _hear_of_first(*, clock: Clock, quiet: QuietHours) -> FirstOfAll:
    """Most news is that somebody of whom nothing was heard has an appointment."""

    async def hear(tx: Tx, batch: Sequence[Heard]) -> list[UUID]:
        firsts = [
            heard for heard in first_of_each(batch, BookingConfirmed) if heard.event.enrolment_id is None
        ]
        if not firsts:
            return []
        events = [heard.event for heard in firsts]
        first = await service.hear_of_first(
            tx, events, NEWS[BookingConfirmed], quiet=quiet, now=clock.now()
        )
        return [heard.told.event_id for heard in firsts if heard.event.booking_id in first]

    return hear


def _hear_of_session(*, clock: Clock, quiet: QuietHours) -> EventHandler:
    async def hear(tx: Tx, event: Any, told: Told) -> None:
        await group_news.hear_of_session(tx, event, at=told.at, quiet=quiet, now=clock.now())

    return hear


def _hear_of_host(kind: MessageKind, *, clock: Clock) -> EventHandler:
    async def hear(tx: Tx, event: Any, told: Told) -> None:
        await group_news.hear_of_host(tx, event, kind, at=told.at, now=clock.now())

    return hear

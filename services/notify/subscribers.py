"""Events in: what each makes owed."""

from collections.abc import Callable
from typing import Any

from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingEvent,
    BookingExpired,
    BookingHeld,
    BookingMoved,
    LinkRenewed,
    LinksRequested,
)
from services.contracts.envelope import Event, Told
from services.contracts.gateway import SignInRequested
from services.contracts.notify import MessageKind
from services.notify import service
from services.notify.domain import QuietHours
from services.notify.service import News
from services.runtime.clock import Clock
from services.runtime.db import Tx
from services.runtime.streams import EventHandler, Subscription

NEWS: dict[type[BookingEvent], News] = {
    BookingHeld: News(MessageKind.HOLD),
    BookingConfirmed: News(MessageKind.CONFIRMATION, reminds=True),
    BookingMoved: News(MessageKind.CHANGE, reminds=True),
    LinkRenewed: News(MessageKind.LINKS, reminds=True),
    BookingCancelled: News(MessageKind.CANCELLATION, live=False),
    BookingExpired: News(None, live=False),
}


def subscriptions(
    *, clock: Clock, quiet: QuietHours, wake: Callable[[], None]
) -> tuple[Subscription, Subscription]:
    """`wake` is called when something may have become due."""
    about_bookings: dict[type[Event], EventHandler] = {
        event: _hear_of_booking(news, clock=clock, quiet=quiet) for event, news in NEWS.items()
    }

    async def links_requested(tx: Tx, event: LinksRequested, _: Told) -> None:
        await service.hear_of_wish(tx, MessageKind.LINKS, event.link_request_id, now=clock.now())

    async def sign_in_requested(tx: Tx, event: SignInRequested, _: Told) -> None:
        await service.hear_of_wish(tx, MessageKind.SIGN_IN, event.sign_in_id, now=clock.now())

    async def buried(tx: Tx) -> None:
        await service.give_up_news(tx, now=clock.now())

    return (
        Subscription(
            owner="booking",
            durable="notify-booking",
            handlers=about_bookings | {LinksRequested: links_requested},
            then=wake,
            on_buried=buried,
        ),
        Subscription(
            owner="gateway",
            durable="notify-gateway",
            handlers={SignInRequested: sign_in_requested},
            then=wake,
            on_buried=buried,
        ),
    )


def _hear_of_booking(news: News, *, clock: Clock, quiet: QuietHours) -> EventHandler:
    async def hear(tx: Tx, event: Any, _: Told) -> None:
        await service.hear_of_booking(tx, event, news, quiet=quiet, now=clock.now())

    return hear

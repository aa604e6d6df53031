"""What coordinators look through and set right: all times, all bookings, and one booking's life."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from services.contracts.booking import coordination as words
from services.contracts.booking.appointments import (
    Booking,
    CancelBooking,
    DescribeBooking,
    MoveBooking,
    RenewLink,
)
from services.contracts.booking.slots import BookingStatus
from services.gateway import cards
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody
from services.gateway.audit import Action, note
from services.gateway.fields import Instant, Line

AHEAD = timedelta(days=28)

ThemeId = Annotated[Line, Meta(description="The id of a theme")]


class SearchQuery(Page, frozen=True, kw_only=True):
    """From the beginning of today, for four weeks, unless said otherwise."""

    from_at: Instant | None = field(name="from", default=None)
    to_at: Instant | None = field(name="to", default=None)
    theme: ThemeId | None = None
    organisation: UUID | None = None
    host: UUID | None = None


class AllSlotsQuery(SearchQuery, frozen=True, kw_only=True):
    status: words.SlotFilter | None = None


class AllBookingsQuery(SearchQuery, frozen=True, kw_only=True):
    status: BookingStatus | None = None


class MoveTo(Struct, frozen=True, kw_only=True):
    slot_id: UUID


class CardMade(Struct, frozen=True, kw_only=True):
    """`code` is told this once; `code_url` is where it is typed, `manage_url` what a QR code would hold."""

    code: str
    code_url: str
    manage_url: str
    expires_at: datetime


async def search_slots(asking: Asking[AllSlotsQuery]) -> words.FoundSlots:
    query = asking.body
    from_at, to_at = _stretch(asking, query)
    return await asking.ask(
        words.SearchSlots(
            from_at=from_at,
            to_at=to_at,
            organisation=query.organisation,
            host=query.host,
            theme=query.theme,
            status=query.status,
            limit=query.limit,
            cursor=query.cursor,
        )
    )


async def search_bookings(asking: Asking[AllBookingsQuery]) -> words.FoundBookings:
    query = asking.body
    from_at, to_at = _stretch(asking, query)
    await note(asking.door, asking.call, Action.BOOKINGS_LISTED)
    return await asking.ask(
        words.SearchBookings(
            from_at=from_at,
            to_at=to_at,
            organisation=query.organisation,
            host=query.host,
            theme=query.theme,
            status=query.status,
            limit=query.limit,
            cursor=query.cursor,
        )
    )


async def history(asking: Asking[NoBody]) -> words.History:
    booking_id = await _noted(asking, Action.BOOKING_READ)
    return await asking.ask(words.DescribeHistory(booking_id=booking_id))


async def cancel(asking: Asking[NoBody]) -> Booking:
    return await asking.ask(CancelBooking(booking_id=await _noted(asking, Action.BOOKING_CANCELLED)))


async def move(asking: Asking[MoveTo]) -> Booking:
    booking_id = await _noted(asking, Action.BOOKING_MOVED)
    return await asking.ask(MoveBooking(booking_id=booking_id, slot_id=asking.body.slot_id))


async def renew(asking: Asking[NoBody]) -> Booking:
    return await asking.ask(RenewLink(booking_id=await _noted(asking, Action.LINK_RENEWED)))


async def make_card(asking: Asking[NoBody]) -> CardMade:
    booking_id = await _noted(asking, Action.CARD_MADE)
    booking = await asking.ask(DescribeBooking(booking_id=booking_id))
    assert asking.call.key is not None, "a route that makes something has a key"
    card = await cards.make(asking.door, booking, key=asking.call.key, call=asking.call)
    return CardMade(
        code=card.code,
        code_url=f"{asking.door.settings.origin}/code",
        manage_url=card.link,
        expires_at=card.expires_at,
    )


def _stretch(
    asking: Asking[AllSlotsQuery] | Asking[AllBookingsQuery], query: SearchQuery
) -> tuple[datetime, datetime]:
    today = asking.call.now.astimezone(asking.door.settings.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    from_at = query.from_at or today
    return from_at, query.to_at or from_at + AHEAD


async def _noted(asking: Asking[NoBody] | Asking[MoveTo], action: Action) -> UUID:
    """The booking that is looked at or changed, once that is written down."""
    booking_id = asking.ids["booking_id"]
    await note(asking.door, asking.call, action, booking_id=booking_id)
    return booking_id

"""What rooms hears from booking: who has a place where, and what is off."""

from collections.abc import Sequence
from uuid import UUID

from services.contracts.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingEvent,
    BookingExpired,
    BookingMoved,
    LinkRenewed,
    ResidentErased,
    SlotCancelled,
    SlotChanged,
)
from services.contracts.envelope import Told
from services.rooms import news, own_data
from services.runtime.db import Tx
from services.runtime.hearing import Heard, Subscription, first_of_each


async def place_given(tx: Tx, event: BookingEvent, told: Told) -> None:
    """Or another one, or another link to it: every older link is refused from now on.

    Of those who wait for a seat this is heard too, and gives them none.
    """
    await news.take_in(tx, event, ended=False, at=told.at)


async def place_given_back(tx: Tx, event: BookingEvent, told: Told) -> None:
    await news.take_in(tx, event, ended=True, at=told.at)


async def slot_cancelled(tx: Tx, event: SlotCancelled, told: Told) -> None:
    await news.call_off(tx, event.slot_id, at=told.at)


async def slot_changed(tx: Tx, event: SlotChanged, told: Told) -> None:
    await news.take_in_session(tx, event, at=told.at)


async def resident_erased(tx: Tx, event: ResidentErased, told: Told) -> None:
    await own_data.forget(tx, event.booking_ids, at=told.at)


async def first_places(tx: Tx, batch: Sequence[Heard]) -> list[UUID]:
    """Most news is of somebody's first place, and needs nothing to be looked at."""
    firsts = first_of_each(batch, BookingConfirmed)
    if not firsts:
        return []
    given = await news.take_in_first(tx, [(heard.event, heard.told.at) for heard in firsts])
    return [heard.told.event_id for heard in firsts if heard.event.booking_id in given]


BOOKING = Subscription(
    owner="booking",
    durable="rooms-booking",
    first_of_all=first_places,
    handlers={
        BookingConfirmed: place_given,
        BookingMoved: place_given,
        LinkRenewed: place_given,
        BookingCancelled: place_given_back,
        BookingExpired: place_given_back,
        SlotCancelled: slot_cancelled,
        SlotChanged: slot_changed,
        ResidentErased: resident_erased,
    },
)

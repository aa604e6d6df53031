"""What is known of one resident, for themselves."""

from services.booking.domain import access
from services.booking.service.deps import Deps
from services.booking.store.forgetting import own_data as store
from services.contracts.booking import own_data as words
from services.runtime.call import Call
from services.runtime.db import Tx


async def describe_own_data(tx: Tx, request: words.DescribeOwnData, call: Call, _: Deps) -> words.OwnData:
    access.oneself(call.actor)
    ids = await store.of_resident(tx, request.booking_id)
    if not ids:
        raise access.not_found()
    return words.OwnData(bookings=await store.own_bookings(tx, ids))

"""Live news of a meeting for the page behind a link: what changed, told the moment it is known.

The first event is how the meeting stands. Which event it is comes of looking,
not of the news itself: news wakes, and owners say what is so. So missed news
costs seconds, and an event never tells what is not so.
"""

import asyncio
from datetime import timedelta

import msgspec
import structlog
from aiohttp import web

from services.contracts.booking.slots import BookingStatus
from services.contracts.envelope import Resident
from services.contracts.refusals import Code, Refusal, Unavailable
from services.contracts.rooms import RoomState
from services.gateway import meetings
from services.gateway.api.serving import Asking, NoBody
from services.gateway.calls import call_for
from services.gateway.live import Watch
from services.gateway.meetings import Meeting

log = structlog.get_logger()

LOOK_AGAIN_SECONDS = 15.0
SETTLE_SECONDS = 0.3
WRITE_SECONDS = 10.0
GLANCE_SECONDS = 2.0
AT_ONCE = 20
LOOKS_A_SECOND = 150
OF_ONE_LINK = 20  # pages on every device of theirs, and those that a bad connection has left behind

NAMES = {
    RoomState.BEFORE: "before",
    RoomState.WAITING: "waiting",
    RoomState.OPEN: "open",
    RoomState.OVER: "closed",
    RoomState.CANCELLED: "cancelled",
}
LAST = (RoomState.OVER, RoomState.CANCELLED)


async def stream(asking: Asking[NoBody]) -> web.StreamResponse:
    """Refusals come before the first byte, as problems; afterwards the stream only ends. A page that gets
    none is loaded again now and then."""
    who, hub = asking.call.actor, asking.door.hub
    assert isinstance(who, Resident)
    with hub.watching(who.booking_id) as watch:
        if hub.crowd(who.booking_id) > OF_ONE_LINK:
            raise Refusal(Code.TOO_MANY, "This page is open too many times.")
        seen = await meetings.look(asking.door, asking.call)
        hub.also(watch, seen.slot.id)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        )
        await response.prepare(asking.request)
        with asking.door.waiting.stream(who):
            try:
                _note_waiting(asking, seen)
                await _tell(response, NAMES[seen.state], seen)
                await _follow(asking, response, watch, seen)
            except (ConnectionError, TimeoutError):
                pass  # gone, or too slow: it comes again by itself
    return response


async def _follow(
    asking: Asking[NoBody], response: web.StreamResponse, watch: Watch, seen: Meeting
) -> None:
    """Until the meeting is over, the page is closed, or this process stops."""
    hub = asking.door.hub
    while seen.state not in LAST:
        woken = await _rest(asking, watch, _until_next_look(asking, seen))
        if woken and not hub.closing:
            await asyncio.sleep(_turn(asking, hub.crowd(seen.slot.id)))
        if hub.closing:
            return
        try:
            now = await _look(asking, watch, seen)
        except Unavailable:
            now = seen
        except Refusal as refusal:
            if meetings.is_gone(refusal):
                return
            now = seen
        _note_waiting(asking, now)
        if (now.slot.id, now.slot.starts_at) != (seen.slot.id, seen.slot.starts_at):
            await _tell(response, "moved", now)
            hub.also(watch, now.slot.id)
        elif now.state != seen.state:
            await _tell(response, NAMES[now.state], now)
        elif _status(now) != _status(seen) or now.removed != seen.removed:
            await _tell(response, "changed", now)
        elif not woken:
            await _write(response, b": still here\n\n")
        seen = now


def _turn(asking: Asking[NoBody], crowd: int) -> float:
    """Seconds to wait, so that hundreds who hear the same news do not all look at one moment."""
    share = asking.link.subject_id.int % 1000 / 1000
    return share * crowd / LOOKS_A_SECOND if crowd > AT_ONCE else 0.0


def _status(meeting: Meeting) -> BookingStatus | None:
    """An offer, its end, a confirmation: none of them changes how the room stands."""
    return meeting.booking.status if meeting.booking else None


async def _rest(asking: Asking[NoBody], watch: Watch, seconds: float) -> bool:
    """Until there is news, or for so long; noticing meanwhile that the page is gone."""
    while seconds > 0:
        transport = asking.request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        if await watch.rest(min(seconds, GLANCE_SECONDS)):
            return True
        seconds -= GLANCE_SECONDS
    return False


def _note_waiting(asking: Asking[NoBody], meeting: Meeting) -> None:
    if meeting.here:
        assert isinstance(asking.call.actor, Resident)
        asking.door.waiting.seen(asking.call.actor, asking.call.request_id)


async def _look(asking: Asking[NoBody], watch: Watch, seen: Meeting) -> Meeting:
    """News of a booking may reach us before rooms: then it is looked at once more, a moment later."""
    now = await meetings.look(asking.door, call_for(asking.request, asking.call.actor))
    if watch.booking_changed and now.opens_at is None:
        watch.booking_changed = False
        await asyncio.sleep(SETTLE_SECONDS)
        now = await meetings.look(asking.door, call_for(asking.request, asking.call.actor))
    return now


def _until_next_look(asking: Asking[NoBody], seen: Meeting) -> float:
    """The room opens by the clock, and no news tells of that."""
    if seen.state is not RoomState.BEFORE or seen.opens_at is None:
        return LOOK_AGAIN_SECONDS
    left = seen.opens_at - asking.door.clock.now() + timedelta(milliseconds=50)
    return min(LOOK_AGAIN_SECONDS, max(0.05, left.total_seconds()))


async def _tell(response: web.StreamResponse, name: str, meeting: Meeting) -> None:
    told = {
        "state": meeting.state,
        "status": _status(meeting),
        "starts_at": meeting.slot.starts_at,
        "opens_at": meeting.opens_at,
        "host_present": meeting.host_present,
        "here": meeting.here,
    }
    await _write(response, b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(told)))


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(data)

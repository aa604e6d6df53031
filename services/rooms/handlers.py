"""Requests in. Whoever is not known yet is asked about, outside of any transaction, and served then."""

from collections.abc import Awaitable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.contracts.envelope import Resident, Service
from services.contracts.refusals import Unavailable
from services.contracts.rooms import (
    AskForHelp,
    CloseRoom,
    Join,
    JoinAgain,
    Joined,
    JoinedAgain,
    Leave,
    ListOwnRooms,
    ListPresence,
    ListSightings,
    Look,
    LookAtSlots,
    RemoveParticipant,
    RoomView,
)
from services.rooms import hosting, joining, news, own_data, service
from services.rooms.crowds import Crowds
from services.rooms.domain import Meeting, Seat
from services.rooms.gathering import Gathering
from services.rooms.service import Board, Means, NotYetKnown, own_seat
from services.rooms.store import places
from services.rooms.store.people import NumberJustTaken
from services.runtime.bus import Bus
from services.runtime.call import Call, Handler, Handlers
from services.runtime.commands import in_transaction
from services.runtime.db import Database, Tx

MOST_TRIES = 10
MOST_UNKNOWN = 2


def handlers(db: Database, bus: Bus, means: Means) -> Handlers:
    def find_seats(ids: Collection[UUID]) -> Awaitable[Mapping[UUID, Seat]]:
        return db.glance(lambda tx: places.seats(tx, ids))

    def find_meetings(ids: Collection[UUID]) -> Awaitable[Mapping[UUID, Meeting]]:
        return db.glance(lambda tx: places.meetings(tx, ids))

    board = Board(find_seats, seats=Gathering(find_seats), meetings=Gathering(find_meetings))
    served: Handlers = {
        Look: _looking(means, board),
        LookAtSlots: in_transaction(db, means, service.look_at_slots),
        ListOwnRooms: in_transaction(db, means, service.list_own_rooms),
        Join: _joining(db, means, board),
        JoinAgain: _joining_again(means, board),
        Leave: in_transaction(db, means, service.leave),
        AskForHelp: in_transaction(db, means, service.ask_for_help),
        CloseRoom: in_transaction(db, means, service.close_room),
        ListPresence: in_transaction(db, means, hosting.list_presence),
        RemoveParticipant: in_transaction(db, means, hosting.remove_participant),
        ListSightings: in_transaction(db, means, own_data.list_sightings),
    }
    return {request: _knowing(handler, db, bus) for request, handler in served.items()}


def _looking(means: Means, board: Board) -> Handler:
    async def handle(request: Look, call: Call) -> RoomView:
        return await service.look(request, call, means, board)

    return handle


def _knowing(handler: Handler, db: Database, bus: Bus) -> Handler:
    """`handler`, which may meet something new, a slot or somebody's place or both: then its owner is asked,
    once about each, and it is remembered."""

    async def learn(unknown: NotYetKnown, call: Call) -> None:
        asking = replace(call, actor=Service(name=bus.name), key=None)
        answer = await bus.call(unknown.ask, asking)

        async def remember(tx: Tx) -> None:
            await news.take_in_answer(tx, answer, at=call.now)

        await db.transact(remember)

    async def handle(request: Any, call: Call) -> Any:
        for _ in range(MOST_UNKNOWN):
            try:
                return await handler(request, call)
            except NotYetKnown as unknown:
                await learn(unknown, call)
        return await handler(request, call)

    return handle


def _joining_again(means: Means, board: Board) -> Handler:
    async def handle(request: JoinAgain, call: Call) -> JoinedAgain:
        return await joining.join_again(request, call, means, board)

    return handle


def _joining(db: Database, means: Means, board: Board) -> Handler:
    """Without the key: its answer would be kept, and with it a token. Pressing twice is harmless.

    Many press again at once when a connection fails, and many come at once when a session begins: what they
    need is found, and written down, for all of them together.
    """
    first = in_transaction(db, means, joining.join)

    async def alone(request: Join, call: Call) -> Joined:
        for _ in range(MOST_TRIES):
            with suppress(NumberJustTaken):
                joined: Joined = await first(request, call.keyed(None))
                return joined
        raise Unavailable("too many of one name at once")

    crowds = Crowds(db, means, alone)

    async def handle(request: Join, call: Call) -> Joined:
        if not isinstance(call.actor, Resident):
            return await alone(request, call)
        link = call.actor
        seat = own_seat(await board.seats.get(link.booking_id), link.booking_id, link.link_version)
        if joined := joining.again(seat, request, call, means):
            return joined
        return await crowds.join(seat.meeting.slot_id, request, call)

    return handle

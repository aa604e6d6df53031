"""Enrolling together with whoever asks at the same moment: one after the other, in one transaction.

Those who enrol in one group wait for its row, and the row is free again when the commit is on the disk. In
one transaction two hundred people wait for a few commits instead of two hundred, and hold one connection.
"""

from collections.abc import Sequence
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from services.booking.service.deps import Deps
from services.booking.service.enrolment import enrolling
from services.booking.store.enrolment.enrolments import lock_group
from services.contracts.booking.enrolment import Enrol, Enrolled
from services.contracts.refusals import Refusal, Unavailable
from services.runtime.batching import Batches
from services.runtime.call import Call, Handler
from services.runtime.commands import once_per_key
from services.runtime.db import Database, Tx

log = structlog.get_logger()

LARGEST = 32
Asked = tuple[Enrol, Call]
Outcome = Enrolled | Refusal | None


def enrol_together(db: Database, deps: Deps, alone: Handler, *, largest: int = LARGEST) -> Handler:
    """`alone`, except that all who enrol in one group at one moment share a transaction.

    Each is judged by itself: a refusal undoes what is theirs and nothing else. Should anything else go
    wrong, everybody in it asks again alone, so that nobody hears of another's trouble.
    """
    waiting: WeakValueDictionary[UUID, Batches[Asked, Outcome]] = WeakValueDictionary()

    async def serve(asked: Sequence[Asked]) -> Sequence[Outcome]:
        async def work(tx: Tx) -> list[Outcome]:
            await lock_group(tx, asked[0][0].group_id)
            return [await _one(tx, request, call, deps) for request, call in asked]

        try:
            return await db.transact(work)
        except Unavailable:
            raise
        except Exception:  # each finds out alone
            log.exception("enrolling.goes_alone", count=len(asked))
            return [None] * len(asked)

    async def handle(request: Enrol, call: Call) -> Enrolled:
        batches = waiting.get(request.group_id)
        if batches is None:
            batches = waiting[request.group_id] = Batches(serve, largest=largest)
        outcome = await batches.put((request, call))
        if isinstance(outcome, Refusal):
            raise outcome
        answer: Enrolled = await alone(request, call) if outcome is None else outcome
        return answer

    return handle


async def _one(tx: Tx, request: Enrol, call: Call, deps: Deps) -> Enrolled | Refusal:
    try:
        async with tx.part():
            answer: Enrolled = await once_per_key(tx, request, call, deps, enrolling.enrol)
            return answer
    except Refusal as refusal:
        return refusal

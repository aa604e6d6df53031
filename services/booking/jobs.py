"""What happens because time passed: holds end, and rules reach further ahead."""

from datetime import datetime, timedelta
from uuid import UUID

from services.booking.service import changing, neighbours, receptions
from services.booking.service.deps import Deps
from services.booking.store import bookings as store
from services.runtime.backlog import Question
from services.runtime.call import Call, own_call
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.jobs import Job


class Jobs:
    """booking's loops. Copies of the service share the work by locks on its rows."""

    def __init__(self, db: Database, deps: Deps, clock: Clock) -> None:
        self._db = db
        self._deps = deps
        self._clock = clock

    def all(self) -> list[Job]:
        return [
            Job("expire-holds", self._expire_holds, every=timedelta(seconds=5), clock=self._clock),
            Job("extend-rules", self._extend_rules, every=timedelta(minutes=10), clock=self._clock),
            Job("forget", self._forget, every=timedelta(hours=1), clock=self._clock),
        ]

    async def _expire_holds(self) -> datetime | None:
        """Each hold in a transaction of its own, so that one cannot keep the others waiting."""

        async def ended(tx: Tx) -> tuple[list[UUID], datetime | None]:
            return list(await store.holds_ended(tx, self._clock.now())), await store.next_hold_end(tx)

        bookings, following = await self._db.transact(ended)
        for booking_id in bookings:

            async def expire(tx: Tx, booking_id: UUID = booking_id) -> None:
                await changing.expire_hold(tx, booking_id, self._call())

            await self._db.transact(expire)
        return None if bookings else following

    async def _extend_rules(self) -> datetime | None:
        async def extend(tx: Tx) -> bool:
            return await receptions.extend_one(tx, self._deps, now=self._clock.now())

        while await self._db.transact(extend):
            pass
        return None

    async def _forget(self) -> datetime | None:
        async def forget(tx: Tx) -> None:
            await neighbours.forget_link_requests(tx, self._call())

        await self._db.transact(forget)
        return None

    def _call(self) -> Call:
        return own_call("booking", self._clock.now())


def holds_overdue(clock: Clock) -> Question:
    """A hold that does not end keeps a time from everybody who looks for one."""
    name = "digiaula_hold_overdue_seconds"

    async def ask(tx: Tx) -> dict[str, float]:
        ends_at = await store.next_hold_end(tx)
        return {name: max(0.0, (clock.now() - ends_at).total_seconds()) if ends_at else 0.0}

    return Question({name: "How long ago the oldest hold should have ended"}, ask)

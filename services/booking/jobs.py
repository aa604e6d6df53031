"""What happens because time passed: holds, offers and waits end, rules reach on, hosts are looked for."""

from datetime import datetime, timedelta
from uuid import UUID

from services.booking.domain.enrolment import LIST_CLOSES
from services.booking.service.appointments import receptions
from services.booking.service.deps import Deps
from services.booking.service.enrolment import answering, places
from services.booking.service.forgetting import forgetting
from services.booking.service.forgetting.forgetting import Keep
from services.booking.service.groups import announcements
from services.booking.service.staffing import asking_hosts, attendance
from services.booking.store import bookings as store
from services.booking.store.enrolment import enrolments
from services.booking.store.staffing import coming
from services.runtime.backlog import Question
from services.runtime.call import Call, own_call
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.jobs import Job


class Jobs:
    """booking's loops. Copies of the service share the work by locks on its rows."""

    def __init__(self, db: Database, deps: Deps, clock: Clock, keep: Keep | None = None) -> None:
        self._db = db
        self._deps = deps
        self._clock = clock
        self._keep = keep or Keep()

    def all(self) -> list[Job]:
        return [
            Job("expire-holds", self.expire_holds, every=timedelta(seconds=5), clock=self._clock),
            Job("expire-offers", self.expire_offers, every=timedelta(seconds=5), clock=self._clock),
            Job("end-waits", self.end_waits, every=timedelta(seconds=5), clock=self._clock),
            Job("ask-hosts", self.ask_hosts, every=timedelta(seconds=5), clock=self._clock),
            Job("note-attendance", self.note_attendance, every=timedelta(seconds=10), clock=self._clock),
            Job("extend-rules", self._extend_rules, every=timedelta(minutes=10), clock=self._clock),
            Job("forget", self.forget, every=timedelta(hours=1), clock=self._clock),
        ]

    async def expire_holds(self) -> datetime | None:
        """Each hold in a transaction of its own, so that one cannot keep the others waiting."""

        async def ended(tx: Tx) -> tuple[list[UUID], datetime | None]:
            return list(await store.holds_ended(tx, self._clock.now())), await store.next_hold_end(tx)

        bookings, following = await self._db.transact(ended)
        for booking_id in bookings:

            async def expire(tx: Tx, booking_id: UUID = booking_id) -> None:
                await places.expire_hold(tx, booking_id, self._call(), self._deps)

            await self._db.transact(expire)
        return None if bookings else following

    async def expire_offers(self) -> datetime | None:
        """Each offer in a transaction of its own; what it frees is offered on in the same one."""

        async def ended(tx: Tx) -> tuple[list[UUID], datetime | None]:
            offers = await enrolments.offers_ended(tx, self._clock.now())
            return list(offers), await enrolments.next_offer_end(tx)

        offers, following = await self._db.transact(ended)
        for enrolment_id in offers:

            async def expire(tx: Tx, enrolment_id: UUID = enrolment_id) -> None:
                await answering.expire_offer(tx, enrolment_id, self._call(), self._deps)

            await self._db.transact(expire)
        return None if offers else following

    async def end_waits(self) -> datetime | None:
        """Each group in a transaction of its own."""

        async def waits(tx: Tx) -> list[tuple[UUID, datetime | None]]:
            return list(await enrolments.waits_end(tx, closes=LIST_CLOSES))

        now = self._clock.now()
        ahead = []
        for group_id, ends_at in await self._db.transact(waits):
            if ends_at is not None and ends_at > now:
                ahead.append(ends_at)
            elif ends_at is not None:

                async def end(tx: Tx, group_id: UUID = group_id) -> None:
                    await answering.end_waits(tx, group_id, self._call(), self._deps)

                await self._db.transact(end)
        return min(ahead, default=None)

    async def _extend_rules(self) -> datetime | None:
        async def extend(tx: Tx) -> bool:
            return await receptions.extend_one(tx, self._deps, now=self._clock.now())

        while await self._db.transact(extend):
            pass
        return None

    async def ask_hosts(self) -> datetime | None:
        """Each session in a transaction of its own."""

        async def due(tx: Tx) -> tuple[list[UUID], datetime | None]:
            return await asking_hosts.due(tx, now=self._clock.now())

        slots, following = await self._db.transact(due)
        for slot_id in slots:

            async def step(tx: Tx, slot_id: UUID = slot_id) -> None:
                await asking_hosts.take_step(tx, slot_id, self._call())

            await self._db.transact(step)
        return None if slots else following

    async def note_attendance(self) -> datetime | None:
        async def over(tx: Tx) -> tuple[list[UUID], datetime | None]:
            slots = await coming.over_without_attendance(tx, now=self._clock.now())
            return slots, await coming.next_end(tx)

        slots, following = await self._db.transact(over)
        for slot_id in slots:

            async def note(tx: Tx, slot_id: UUID = slot_id) -> None:
                await attendance.note_attendance(tx, slot_id, self._call())

            await self._db.transact(note)
        return None if slots else following

    async def forget(self) -> datetime | None:
        """What residents told of themselves, and words that are of no use any more."""

        async def words(tx: Tx) -> None:
            await announcements.forget_announcements(tx, self._call())

        await self._db.transact(words)
        await forgetting.forget(self._db, self._keep, now=self._clock.now())
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

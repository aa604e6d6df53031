"""What happens because time passed: due messages are sent, leases kept, old rows forgotten."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog

from services.contracts.refusals import Unavailable
from services.notify import store
from services.notify.groups import few, few_store
from services.notify.lateness import Sendings
from services.notify.outcome import Failed, Held, Outcome, PutBack, code_of
from services.notify.recording import Tried, write
from services.notify.sending import Sending
from services.notify.store import Due
from services.notify.timekeeping import DatabaseTime
from services.runtime.batching import Batches
from services.runtime.call import within_trace
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx
from services.runtime.forgetting import forget_all
from services.runtime.jobs import Job
from services.runtime.traces import Traces

log = structlog.get_logger()

# In hand at once, besides those that a provider leaves without an answer. Each waits for one of a few
# lines to the mail server, and what was said of it two seconds before is asked again there; so there may
# be more of them than lines, and not many times more.
AT_ONCE = 32
FEWEST = 8  # not worth a claim while others are in hand
LEASE = timedelta(seconds=12)
EXTEND_EVERY = timedelta(seconds=3)
LOOK_EVERY = timedelta(seconds=5)
PAUSE = 0.01  # between two claims, each of which fills 32 places at most
LOOK_WHEN_FULL = timedelta(seconds=0.5)
FORGET_EVERY = timedelta(hours=1)
KEPT = timedelta(days=90)
LATE = timedelta(seconds=60)
ANOTHERS = timedelta(seconds=0.2)
CUT_SECONDS = 1.0
WRITE_AGAIN_AFTER = (0.5, 1.0, 2.0, 4.0)  # seconds; the lease is kept meanwhile


class Dispatch(Job):
    """Claims what is due and sends it, several messages at a time.

    A claim is a lease that is kept alive while the message is in hand; when this
    process dies, another one takes the message over within some twelve seconds.
    """

    def __init__(
        self,
        sending: Sending,
        *,
        db: Database,
        time: DatabaseTime,
        sendings: Sendings,
        traces: Traces | None = None,
    ) -> None:
        super().__init__("dispatch", self._dispatch, every=LOOK_EVERY, clock=time, pause=PAUSE)
        self._sending = sending
        self._db = db
        self._time = time
        self._sendings = sendings
        self._traces = traces
        self._worker = uuid4()
        self._in_hand: dict[UUID, asyncio.Task[None]] = {}
        self._ended = 0  # of those in hand: tried, and being written down
        self._records = Batches(self._record, largest=2 * AT_ONCE)

    async def stop(self, grace: float) -> None:
        """Claim nothing more and finish what is in hand; what is not finished comes again."""
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        await super().stop(grace)
        if in_hand := list(self._in_hand.values()):
            _, unfinished = await asyncio.wait(in_hand, timeout=max(0.0, end - loop.time()))
            for task in unfinished:
                task.cancel()
            await asyncio.wait(in_hand, timeout=CUT_SECONDS)
        with contextlib.suppress(Exception):
            await self._sending.close()

    async def keep_leases(self) -> datetime | None:
        if self._in_hand:
            until = self._time.now() + LEASE
            await self._db.transact(lambda tx: store.extend(tx, self._worker, self._in_hand, until))
        return None

    async def _dispatch(self) -> datetime | None:
        """Fill the free places. With none left, the next message to be done wakes this job, unless all of
        them fall silent."""
        free = self._free
        if free < FEWEST:
            return self._time.now() + LOOK_WHEN_FULL
        claimed, next_due = await self._db.transact(lambda tx: self._claim(tx, free))
        for due in claimed:
            task = asyncio.create_task(self._handle(due))
            self._in_hand[due.id] = task
            task.add_done_callback(partial(self._done, due.id))
        if not claimed and next_due is not None and next_due <= self._time.now():
            return self._time.now() + ANOTHERS  # somebody else has it in hand just now
        return next_due

    @property
    def _free(self) -> int:
        """What is being written down takes no place from what goes over the lines, until it is as many."""
        lively = len(self._in_hand) - self._sending.silent
        return min(AT_ONCE - (lively - self._ended), 2 * AT_ONCE - lively)

    async def _claim(self, tx: Tx, most: int) -> tuple[Sequence[Due], datetime | None]:
        """What is due by the database's clock; nothing while that one and ours contradict each other."""
        if not self._time.look(await store.present(tx)):
            return [], None
        now = self._time.now()
        claimed = await store.claim(
            tx, self._worker, now=now, until=now + LEASE, besides=self._in_hand, most=most
        )
        if len(claimed) == most:  # there may be more, and the next place that is free looks
            return claimed, now
        return claimed, await store.next_due(tx)

    def _done(self, message_id: UUID, _: "asyncio.Task[None]") -> None:
        del self._in_hand[message_id]
        self.wake()

    async def _handle(self, due: Due) -> None:
        """Not written down, an attempt is made again when the lease is over: twice, but not never."""
        tried = Tried(due, await self._attempt(due), self._time.now())
        self._ended += 1
        self.wake()
        try:
            await self._written_down(tried)
        except Unavailable as error:
            log.warning("outcome.unrecorded", message=due.id, exc_info=error)
        except Exception:
            log.exception("outcome.unrecorded", message=due.id)
        else:
            self._tell(tried)
        finally:
            self._ended -= 1

    async def _written_down(self, tried: Tried) -> None:
        """With the database away, or its table in other hands as while a release changes it, it is tried
        for some seconds more: what was sent would be sent again for want of a line."""
        for pause in (*WRITE_AGAIN_AFTER, None):
            error = await self._records.put(tried)
            if error is None:
                return
            if pause is None or not isinstance(error, Unavailable):
                raise error
            log.warning("outcome.waits", message=tried.due.id, exc_info=error)
            await asyncio.sleep(pause)

    async def _attempt(self, due: Due) -> Outcome:
        """What it asks for the message is part of its trace: this runs in a task of its own."""
        if self._traces is None:
            return await self._sending.attempt(due)
        span = self._traces.sends(due.kind, due.id, due.about)
        within_trace.set(span.trace)
        ended, failed, code = "given_up", True, ""
        try:
            outcome = await self._sending.attempt(due)
            ended, failed, code = (
                type(outcome).__name__.lower(),
                isinstance(outcome, Failed),
                code_of(outcome),
            )
        finally:
            span.end(ended, failed=failed, attempt=due.attempts, **({"code": code} if code else {}))
        return outcome

    async def _record(self, batch: Sequence[Tried]) -> Sequence[Exception | None]:
        """All that ended at one moment in one transaction; when that fails, each in one of its own."""
        try:
            await write(self._db, batch, self._worker)
        except Unavailable as error:
            return [error] * len(batch)
        except Exception:
            if len(batch) == 1:
                raise
            return [await self._record_one(tried) for tried in batch]
        return [None] * len(batch)

    async def _record_one(self, tried: Tried) -> Exception | None:
        try:
            await write(self._db, [tried], self._worker)
        except Exception as error:
            return error
        return None

    def _tell(self, tried: Tried) -> None:
        due, outcome, now = tried.due, tried.outcome, tried.at
        self._sendings.note(due, outcome, now)
        if isinstance(outcome, Failed):
            log.error("message.failed", message=due.id, kind=due.kind, code=outcome.code)
        elif not isinstance(outcome, PutBack | Held):
            ended = type(outcome).__name__.lower()
            log.info("message.tried", message=due.id, kind=due.kind, outcome=ended, attempts=due.attempts)


def forgetting(
    db: Database, time: Clock, kept: timedelta = KEPT, *, zone: str = "UTC"
) -> Callable[[], Awaitable[datetime | None]]:
    """The work of a job: what was owed long ago, and the meetings it was about; and whom a day that is over
    brought news."""

    async def forget() -> datetime | None:
        before = time.now() - kept
        today = few.day_of(time.now(), zone)
        await forget_all(db, lambda tx, most: few_store.forget_days(tx, before=today, most=most))
        await forget_all(db, lambda tx, most: few_store.forget_held(tx, most=most))
        await forget_all(db, lambda tx, most: store.forget_messages(tx, due_before=before, most=most))
        await forget_all(db, lambda tx, most: store.forget_meetings(tx, over_before=before, most=most))
        return None

    return forget


def jobs(
    dispatch: Dispatch, *, db: Database, time: DatabaseTime, zone: str, kept: timedelta = KEPT
) -> list[Job]:

    async def look_for_late_ones() -> datetime | None:
        """How old the oldest is says more than how many wait."""
        if unknown := await db.transact(lambda tx: store.unknown(tx, now=time.now())):
            log.error("messages.of_unknown_kind", count=unknown)
        oldest = await db.transact(store.oldest_owed)
        if oldest is not None and (late := time.now() - oldest) > LATE:
            log.warning("messages.late", oldest_seconds=round(late.total_seconds()))
        return None

    return [
        dispatch,
        Job("lateness", look_for_late_ones, every=LATE, clock=time),
        Job("leases", dispatch.keep_leases, every=EXTEND_EVERY, clock=time),
        Job("forgetting", forgetting(db, time, kept, zone=zone), every=FORGET_EVERY, clock=time),
    ]

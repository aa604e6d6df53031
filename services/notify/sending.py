"""One message: ask the owner whether it still holds, write it, hand it over.

No transaction is open and no connection to the database is held meanwhile.
"""

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

import structlog

from services.contracts.booking.appointments import DescribeLinks, DescribeMessage, MessageFacts
from services.contracts.booking.people import ListAlertAddresses
from services.contracts.envelope import Request
from services.contracts.gateway import PrepareSignIn
from services.contracts.notify import MessageKind
from services.contracts.refusals import Code, Refusal, Unavailable
from services.notify import domain, store
from services.notify.domain import QuietHours
from services.notify.outcome import Failed, Outcome, PutBack, Retry, Sent, Skipped
from services.notify.senders.letter import Channel, Letter, Line, Postponed, Rejected, Resting, Sender
from services.notify.store import Due
from services.notify.wording import NoContact, Wording
from services.runtime.bus import Bus
from services.runtime.call import own_call
from services.runtime.clock import Clock
from services.runtime.db import Database

log = structlog.get_logger()

R = TypeVar("R")

PUT_BACK_FOR = timedelta(seconds=5)
SEND_SECONDS = 120.0
# What the owner said is good for so long; after a longer wait for a line it is asked again.
FRESH_SECONDS = 2.0
_LATER = {Code.OVERLOADED, Code.DEADLINE_EXCEEDED}


class NotOwed(Exception):
    """The owner's facts say that this must not be sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sending:
    """Answers with how it ended; writing that down is the caller's.

    `time` says what is due and what is late; `clock` is the one by which neighbours read deadlines.
    """

    def __init__(
        self,
        *,
        db: Database,
        bus: Bus,
        clock: Clock,
        time: Clock,
        wording: Wording,
        senders: Mapping[Channel, Sender],
        quiet: QuietHours,
    ) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._time = time
        self._wording = wording
        self._senders = senders
        self._quiet = quiet

    async def attempt(self, due: Due) -> Outcome:
        if outcome := self._too_late_or_too_early(due):
            return outcome
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await self._send(due)
        except NotOwed as error:
            return Skipped(error.reason)
        except NoContact:
            return Skipped("no_contact")
        except Refusal as refusal:
            return self._refused(due, refusal.code)
        except Rejected as error:
            return Failed(error.code)
        except Unavailable:
            return self._put_back()
        except Resting as error:
            return PutBack(self._time.now() + timedelta(seconds=error.seconds))
        except TimeoutError:
            return self._again(due, "timeout", None)
        except Exception:  # a bug in one message must not stop the others
            log.exception("message.broken", message=due.id, kind=due.kind)
            return self._again(due, "internal", None)

    async def close(self) -> None:
        for sender in self._senders.values():
            await sender.close()

    def _too_late_or_too_early(self, due: Due) -> Outcome | None:
        now = self._time.now()
        if now > due.not_after:
            # Nobody need be told of these: the hour reminder takes over, and a question may go unasked.
            return Skipped("too_late") if due.kind in domain.CAN_WAIT else Failed("too_late")
        if due.attempts > domain.MOST_ATTEMPTS:
            return Failed("too_many_attempts")
        if due.kind in domain.CAN_WAIT and self._quiet.cover(now):
            morning = self._quiet.end(now)
            return PutBack(morning) if morning < due.not_after else None
        return None

    async def _send(self, due: Due) -> Outcome:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        letters = await self._write(due)
        channel = letters[0].channel
        try:
            async with self._senders[channel].line() as line:
                if loop.time() - asked_at > FRESH_SECONDS:
                    letters = await self._write(due)
                if letters[0].channel is not channel:
                    return PutBack(self._time.now())
                await _hand_over(line, letters)
        except Postponed as error:
            return self._again(due, error.code, channel)
        except Rejected as error:
            return Failed(error.code, channel)
        return Sent(channel)

    async def _write(self, due: Due) -> list[Letter]:
        """What there is to say now, as the owner knows it at this moment."""
        match due.kind:
            case MessageKind.SIGN_IN:
                mail = await self._ask(PrepareSignIn(sign_in_id=due.about))
                return [self._wording.sign_in(due.id, mail, now=self._time.now())]
            case MessageKind.ALERT:
                return await self._alerts(due)
            case MessageKind.LINKS if due.booking_id is None:
                facts = await self._ask(DescribeLinks(link_request_id=due.about))
                return self._links(due, facts.bookings, renewed=False)
            case MessageKind.LINKS:
                return self._links(due, [await self._facts(due)], renewed=True)
            case _:
                booking = await self._facts(due)
                return [self._wording.about_booking(due.id, due.kind, booking, now=self._time.now())]

    async def _facts(self, due: Due) -> MessageFacts:
        facts = await self._ask(DescribeMessage(booking_id=due.about))
        if reason := domain.no_longer_true(due.kind, due.starts_at, facts, now=self._time.now()):
            raise NotOwed(reason)
        return facts

    def _links(self, due: Due, bookings: list[MessageFacts], *, renewed: bool) -> list[Letter]:
        now = self._time.now()
        live = [each for each in bookings if not domain.no_longer_true(due.kind, None, each, now=now)]
        if not live:
            raise NotOwed("nothing_to_say")
        return self._wording.links(due.id, live, renewed=renewed, now=now)

    async def _alerts(self, due: Due) -> list[Letter]:
        failed = await self._failed(due)
        receivers = (await self._ask(ListAlertAddresses())).items
        if not receivers:
            raise NotOwed("nobody_to_tell")
        return [
            self._wording.alert(
                due.id, number, each, failed=failed, booking_id=due.booking_id, now=self._time.now()
            )
            for number, each in enumerate(receivers)
        ]

    async def _failed(self, due: Due) -> MessageKind | None:
        """What an alert's failed message was; None when it is about news and not about a message."""
        if due.about == domain.UNREAD_NEWS:
            return None
        failed = await self._db.transact(lambda tx: store.kind_of(tx, due.about))
        if failed is None:
            raise NotOwed("nothing_to_say")
        return failed

    async def _ask(self, request: Request[R]) -> R:
        return await self._bus.call(request, own_call("notify", self._clock.now()))

    def _refused(self, due: Due, code: Code) -> Outcome:
        """Only an owner who no longer knows what it is about settles it; any other no may be a mistake."""
        if code is Code.NOT_FOUND:
            return Skipped(code)
        return self._put_back() if code in _LATER else self._again(due, code, None)

    def _put_back(self) -> PutBack:
        return PutBack(self._time.now() + PUT_BACK_FOR)

    def _again(self, due: Due, code: str, channel: Channel | None) -> Outcome:
        jitter = random.uniform(0.8, 1.2)  # noqa: S311 - keeps a crowd apart, hides nothing
        last = domain.last_try_at(give_up_at=due.give_up_at, not_after=due.not_after)
        at = domain.retry_at(due.attempts, now=self._time.now(), last=last, jitter=jitter)
        return Retry(at, code, channel) if at else Failed(code, channel)


async def _hand_over(line: Line, letters: list[Letter]) -> None:
    """Several coordinators are told by one message: it is sent when one of them has it.

    Repeating it for the sake of another would fill the first one's mailbox.
    """
    problem: Postponed | Rejected | None = None
    told = 0
    for letter in letters:
        try:
            await line.send(letter)
            told += 1
        except (Postponed, Rejected) as error:
            problem = error
    if problem and not told:
        raise problem

"""One message: have it written as it is true now, hand it over, and see how that ended.

No transaction is open and no connection to the database is held meanwhile.
"""

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

import structlog

from services.contracts.refusals import Code, Refusal, Unavailable
from services.notify import domain
from services.notify.domain import QuietHours
from services.notify.groups import at_night
from services.notify.groups.few_a_day import FewADay, HeldBack
from services.notify.letters import NotOwed
from services.notify.outcome import Failed, Outcome, PutBack, Retry, Sent, Skipped
from services.notify.senders.letter import Channel, Letter, Line, Postponed, Rejected, Resting, Sender
from services.notify.store import Due
from services.notify.writing import NoContact
from services.runtime.clock import Clock

log = structlog.get_logger()

R = TypeVar("R")

PUT_BACK_FOR = timedelta(seconds=5)
SEND_SECONDS = 120.0
# What the owner said is good for so long; after a longer wait for a line it is asked again.
FRESH_SECONDS = 2.0
_LATER = {Code.OVERLOADED, Code.DEADLINE_EXCEEDED}


class Sending:
    """Answers with how it ended; writing that down is the caller's.

    `time` says what is due and what is late.
    """

    def __init__(
        self,
        *,
        letters: FewADay,
        time: Clock,
        senders: Mapping[Channel, Sender],
        quiet: QuietHours,
    ) -> None:
        self._letters = letters
        self._time = time
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
        except HeldBack as held:
            return held.outcome
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

    @property
    def silent(self) -> int:
        """How many of those in hand wait for a provider that has gone silent, and hold up no others."""
        return sum(sender.silent for sender in self._senders.values())

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
        keeps = due.kind in domain.CAN_WAIT or at_night.keeps(due.kind, due.starts_at, now=now)
        if keeps and self._quiet.cover(now):
            morning = self._quiet.end(now)
            return PutBack(morning) if morning < due.not_after else None
        return None

    async def _send(self, due: Due, *, alone: bool = False) -> Outcome:
        """Refused for good, a letter that takes others along goes once more without them: perhaps it was
        their words that were not taken."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        letters = await self._letters.write(due, alone=alone)
        channel = letters[0].channel
        try:
            async with self._senders[channel].line() as line:
                if loop.time() - asked_at > FRESH_SECONDS:
                    letters = await self._letters.write(due, alone=alone)
                if letters[0].channel is not channel:
                    return PutBack(self._time.now())
                await _hand_over(line, letters)
        except Postponed as error:
            return self._again(due, error.code, channel)
        except Rejected as error:
            if letters[0].along:
                return await self._send(due, alone=True)
            return Failed(error.code, channel)
        return Sent(channel, letters[0].along)

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

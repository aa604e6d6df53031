"""At most a few news of groups a day for one person: the rest waits, and is told together."""

import hmac
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import structlog

from services.contracts.notify import MessageKind
from services.contracts.refusals import Refusal, Unavailable
from services.notify import domain
from services.notify.domain import QuietHours
from services.notify.groups import few, few_store
from services.notify.groups.together import together
from services.notify.letters import Letters, NotOwed
from services.notify.outcome import Held
from services.notify.senders.letter import Channel, Letter, Rejected
from services.notify.store import Due
from services.notify.writing import NoContact, Writer
from services.runtime.clock import Clock
from services.runtime.db import Database, Tx

log = structlog.get_logger()

# A text message is paid by the piece, and long ones are cut.
MOST_ALONG = {Channel.EMAIL: 50, Channel.SMS: 4}


class HeldBack(Exception):
    """The receiver has had the day's few, and this can wait."""

    def __init__(self, outcome: Held) -> None:
        super().__init__("held back")
        self.outcome = outcome


class FewADay:
    """Has letters written. Who somebody is, is known from the letter alone: `key` makes a digest of it."""

    def __init__(
        self,
        letters: Letters,
        *,
        writer: Writer,
        key: bytes,
        db: Database,
        time: Clock,
        quiet: QuietHours,
    ) -> None:
        self._letters = letters
        self._writer = writer
        self._key = key
        self._db = db
        self._time = time
        self._quiet = quiet

    async def write(self, due: Due, *, alone: bool = False) -> list[Letter]:
        """News that goes out to somebody takes along what waits for them, and nothing else does; unless it
        is to go alone: then that comes by itself. Raises HeldBack."""
        letters = await self._letters.write(due)
        if due.kind not in few.NEWS:
            return letters
        (letter,) = letters
        person = self._digest(letter)
        most = 0 if alone else MOST_ALONG[letter.channel]
        admitted = await self._db.transact(lambda tx: self._admit(tx, due, person, most))
        if isinstance(admitted, Held):
            raise HeldBack(admitted)
        return [await self._with(admitted, due, letter)]

    async def _admit(self, tx: Tx, due: Due, person: UUID, most: int) -> list[Due] | Held:
        now = self._time.now()
        if until := await self._waits_until(tx, due, person, now):
            starts_at = await self._starts_at(tx, due)
            not_after = few.worth_sending_until(due.kind, due.not_after, until=until)
            if until < not_after:
                give_up_at = domain.give_up_at(starts_at, due_at=until, not_after=not_after)
                return Held(person=person, until=until, not_after=not_after, give_up_at=give_up_at)
        return await few_store.take_along(tx, person, besides=due.id, now=now, most=most)

    async def _waits_until(self, tx: Tx, due: Due, person: UUID, now: datetime) -> datetime | None:
        """What comes within minutes of another is told together; beyond the day's few it waits longer."""
        day = few.day_of(now, self._quiet.zone)
        if await few_store.has_place(tx, due.id, person, day):
            return None
        starts_at = await self._starts_at(tx, due)
        last = await few_store.last_told(tx, person, besides=due.id, now=now)
        if until := few.gathered_until(due.kind, starts_at, last_told=last, now=now, quiet=self._quiet):
            return until
        if await few_store.take_place(tx, due.id, person, day):
            return None
        return few.held_until(due.kind, starts_at, now=now, quiet=self._quiet)

    async def _starts_at(self, tx: Tx, due: Due) -> datetime | None:
        """Words of those who lead go with the session wherever it moves."""
        if due.kind is MessageKind.ANNOUNCEMENT and due.booking_id is not None:
            return await few_store.session_starts(tx, due.booking_id) or due.not_after
        return due.starts_at

    async def _with(self, waiting: list[Due], due: Due, letter: Letter) -> Letter:
        """What tells of all there is, is said once, and counts for each that would have said it."""
        said = {_says(due)}
        others: list[Letter] = []
        along: list[UUID] = []
        for other in waiting:
            if _says(other) not in said:
                also = await self._also(other, letter)
                if also is None:
                    continue
                said.add(_says(other))
                others.append(also)
            along.append(other.id)
        return together(self._writer, letter, others, along=along) if along else letter

    async def _also(self, due: Due, letter: Letter) -> Letter | None:
        """None for what is not owed any more, is for another address by now, or cannot be written: it comes
        by itself. With a neighbour away, nothing is said for now."""
        try:
            (also,) = await self._letters.write(due)
        except Unavailable:
            raise
        except (NotOwed, NoContact, Refusal, Rejected):
            return None
        except Exception:  # a bug in one message must not stop the others
            log.exception("message.broken", message=due.id, kind=due.kind)
            return None
        return also if self._digest(also) == self._digest(letter) else None

    def _digest(self, letter: Letter) -> UUID:
        said = f"told {letter.channel} {letter.to.lower()}".encode()
        return UUID(bytes=hmac.digest(self._key, said, sha256)[:16])


def _says(due: Due) -> tuple[MessageKind, UUID]:
    return due.kind, due.about if due.kind in few.TELLS_ALL else due.id

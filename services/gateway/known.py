"""Who was recognised a short while ago, for the time in which booking cannot say.

Booking is asked at every request. Only when it does not answer is its last
answer good enough, and for a quarter of an hour at most: nobody can be disabled
while booking is away, and whoever was disabled before has been forgotten here by
the news of it. News may be missed while NATS is away, so what was heard over one
connection is not believed over the next. (docs/decisions/0011)
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from services.contracts.booking.people import Person

GOOD_FOR = timedelta(minutes=15)
MOST = 10_000


@dataclass(frozen=True)
class _Answer:
    person: Person
    at: datetime
    connection: int


class Known:
    """Booking's last answers, by session; the cookie itself is not kept."""

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, _Answer] = OrderedDict()
        self._forgotten: dict[UUID, int] = {}
        self._count = 0

    def moment(self) -> int:
        """To be taken before booking is asked, so that an answer older than news is not kept."""
        return self._count

    def keep(self, cookie: str, person: Person, *, at: datetime, connection: int, asked: int) -> None:
        if self._forgotten.get(person.id, -1) >= asked:
            return
        key = _digest(cookie)
        self._answers[key] = _Answer(person, at, connection)
        self._answers.move_to_end(key)
        if len(self._answers) > MOST:
            self._answers.popitem(last=False)

    def find(self, cookie: str, person_id: UUID, *, now: datetime, connection: int) -> Person | None:
        answer = self._answers.get(_digest(cookie))
        if answer is None or answer.person.id != person_id:
            return None
        fresh = now - answer.at <= GOOD_FOR and answer.connection == connection
        return answer.person if fresh else None

    def forget_session(self, cookie: str) -> None:
        self._answers.pop(_digest(cookie), None)

    def forget_person(self, person_id: UUID) -> None:
        """Also what is on its way: an answer that was asked for before now is not kept any more."""
        self._forgotten[person_id] = self._count
        self._count += 1
        for key in [key for key, answer in self._answers.items() if answer.person.id == person_id]:
            del self._answers[key]


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "surrogateescape")).digest()

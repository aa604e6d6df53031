"""What waits to be done, and since when: only the database knows, so it is asked now and then.

The age of the oldest says whether anything is stuck; a length only says how busy it is. When the
database cannot be asked there is no figure: an old one would look like a good one.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from services.contracts.refusals import Unavailable
from services.runtime.db import Database, Tx

LOOK_EVERY = timedelta(seconds=10)
FRESH_SECONDS = 30.0

# Both ends of the index of what is unpublished: new news stands first in it, repeated news last.
LOOK = """
    SELECT
        coalesce((
            SELECT extract(epoch FROM now() - created_at) FROM (
                SELECT created_at, repeated FROM outbox
                WHERE published_at IS NULL ORDER BY repeated, id LIMIT 1
            ) AS first WHERE NOT repeated
        ), 0)::float8 AS digiaula_outbox_oldest_seconds,
        coalesce((
            SELECT repeated::int AS it_does FROM outbox
            WHERE published_at IS NULL ORDER BY repeated DESC, id DESC LIMIT 1
        ), 0)::float8 AS digiaula_outbox_repeats,
        (SELECT count(*) FROM dead_letter WHERE settled_at IS NULL)::float8 AS digiaula_dead_letters,
        coalesce((
            SELECT extract(epoch FROM now() - min(dead_at)) FROM dead_letter WHERE settled_at IS NULL
        ), 0)::float8 AS digiaula_dead_letter_oldest_seconds
"""


@dataclass(frozen=True)
class Question:
    """Figures by name, with what each means, and how the database is asked for all of them at once.

    `ask` runs one statement that an index answers, however much there is.
    """

    figures: Mapping[str, str]
    ask: Callable[[Tx], Awaitable[Mapping[str, float]]]


async def _look(tx: Tx) -> Mapping[str, float]:
    row = await tx.fetchrow(LOOK)
    assert row is not None
    return {name: max(0.0, value) for name, value in row.items()}


OF_EVERY_SERVICE = Question(
    {
        "digiaula_outbox_oldest_seconds": "Age of the oldest event that was never published",
        "digiaula_outbox_repeats": "1 while everything is published again after a stream was lost",
        "digiaula_dead_letters": "Events that this service gave up on and nobody has settled",
        "digiaula_dead_letter_oldest_seconds": "Age of the oldest of them",
    },
    _look,
)
ANSWERS = "digiaula_database_answers"


class Backlog(Collector):
    """The last answers, told for as long as they are fresh. Copies of a service tell the same."""

    def __init__(self, db: Database, questions: Sequence[Question]) -> None:
        self._db = db
        self._questions = (OF_EVERY_SERVICE, *questions)
        self._told: Mapping[str, float] = {}
        self._told_at = 0.0

    async def look(self) -> datetime | None:
        """The work of a job, which does not mind when the database is away: others say so."""
        try:
            self._told = await self._db.transact(self._ask)
            self._told_at = time.monotonic()
        except Unavailable:
            self._told = {}
        return None

    async def _ask(self, tx: Tx) -> Mapping[str, float]:
        told: dict[str, float] = {}
        for question in self._questions:
            told |= await question.ask(tx)
        return told

    def collect(self) -> Iterable[GaugeMetricFamily]:
        told = self._told if time.monotonic() - self._told_at < FRESH_SECONDS else {}
        yield GaugeMetricFamily(ANSWERS, "1 while the database answers", value=1.0 if told else 0.0)
        for question in self._questions:
            for name, says in question.figures.items():
                yield GaugeMetricFamily(name, says, value=told.get(name))

"""What notify counts: how messages ended, how late they were, and how long the oldest has waited."""

from collections.abc import Sequence
from datetime import datetime

from services.notify import store
from services.notify.outcome import Held, Outcome, PutBack, Sent
from services.notify.store import Due
from services.notify.timekeeping import DatabaseTime
from services.runtime.backlog import Question
from services.runtime.db import Tx
from services.runtime.measures import LATE_SECONDS, Measures

OLDEST_DUE = "digiaula_message_oldest_due_seconds"
OLDEST_UNTRIED = "digiaula_message_oldest_untried_seconds"


class Sendings:
    """Attempts by kind and how they ended; of those that were sent, how long after they were due."""

    def __init__(self, measures: Measures) -> None:
        self._attempts = measures.counter(
            "message_attempts", "Attempts to send a message", ("kind", "outcome")
        )
        self._late = measures.histogram(
            "message_late_seconds", "From the due moment of a message to its being sent", LATE_SECONDS
        )

    def note(self, due: Due, outcome: Outcome, now: datetime) -> None:
        if isinstance(outcome, PutBack | Held):
            return
        self._attempts.labels(due.kind, type(outcome).__name__.lower()).inc()
        if isinstance(outcome, Sent):
            self._late.observe(max(0.0, (now - due.due_at).total_seconds()))


def questions(time: DatabaseTime) -> Sequence[Question]:
    async def ask(tx: Tx) -> dict[str, float]:
        now = time.now()
        return {
            OLDEST_DUE: _since(await store.oldest_owed(tx), now),
            OLDEST_UNTRIED: _since(await store.next_due(tx), now),
        }

    figures = {
        OLDEST_DUE: "How long ago the oldest message still owed was due, tried in vain or not",
        OLDEST_UNTRIED: "How long the message that could be tried first has waited for it",
    }
    return [Question(figures, ask)]


def _since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())

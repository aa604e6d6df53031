"""On whose behalf something is asked, until when, and under which key."""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from services.contracts.envelope import Actor, Request, Service

# Of which trace that is a part which a service does of its own accord. Set only while traces are told.
within_trace: ContextVar[str | None] = ContextVar("within_trace", default=None)


@dataclass(frozen=True, kw_only=True)
class Call:
    """`now` is the moment of asking, the only time a use case knows; `deadline` is absolute.

    `key` is the asker's idempotency key: the same key meets its own first answer.
    """

    actor: Actor
    now: datetime
    deadline: datetime
    request_id: str
    key: str | None = None
    trace: str | None = None

    def keyed(self, key: str | None) -> "Call":
        return replace(self, key=key)

    def within(self, trace: str) -> "Call":
        return replace(self, trace=trace)


def own_call(name: str, now: datetime, *, within: timedelta = timedelta(seconds=5)) -> Call:
    """A service asking a neighbour of its own accord: from a job, not for a person."""
    return Call(
        actor=Service(name=name),
        now=now,
        deadline=now + within,
        request_id=f"{name}-{uuid4().hex[:12]}",
        trace=within_trace.get(),
    )


Handler = Callable[[Any, Call], Awaitable[Any]]
Handlers = Mapping[type[Request[Any]], Handler]

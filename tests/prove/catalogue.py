"""The promises, each with its proof."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.prove import (
    a1_seats,
    a2_kill,
    a3_once,
    a4_postgres,
    a5_nats,
    a6_events,
    a7_streams,
    a8_durable,
    a9_reminders,
    a10_no_longer_so,
    a12_clocks,
    a13_poison,
    a14_rolling,
    a15_overload,
    a16_health,
)
from tests.prove.proof import Run

Part = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True)
class Promise:
    """`control` is the proof without its guard. Without a short form it is proven by `make prove` alone."""

    name: str
    words: str
    prove: Part
    control: Part | None = None
    has_short: bool = True


PROMISES = [
    Promise("A1", "a seat is never sold twice nor left unsold by error", a1_seats.prove, a1_seats.control),
    Promise("A2", "a booking we confirmed is never lost or doubled", a2_kill.prove, a2_kill.control),
    Promise("A3", "pressing the button twice books once", a3_once.prove, a3_once.control),
    Promise("A4", "a restart of PostgreSQL costs seconds, not data", a4_postgres.prove),
    Promise("A5", "NATS lost: a quick clear answer, nothing done late", a5_nats.prove, a5_nats.control),
    Promise("A6", "events reach every consumer, once", a6_events.prove, a6_events.control),
    Promise("A7", "losing all JetStream files loses nothing", a7_streams.prove, a7_streams.control),
    Promise("A8", "no service runs on a careless store", a8_durable.prove, a8_durable.control),
    Promise("A9", "every due reminder is sent", a9_reminders.prove),
    Promise(
        "A10",
        "no reminder after cancel or move",
        a10_no_longer_so.prove,
        a10_no_longer_so.control,
    ),
    Promise("A12", "clock jumps do no harm", a12_clocks.prove, a12_clocks.control),
    Promise("A13", "one bad message cannot stop the rest", a13_poison.prove),
    Promise("A14", "a deploy drops no work", a14_rolling.prove),
    Promise("A15", "overload degrades, then heals", a15_overload.prove),
    Promise("A16", "health checks tell the truth", a16_health.prove),
]

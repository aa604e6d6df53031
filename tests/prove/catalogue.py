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
    a18_model,
    a21_unknown,
    a25_bad_input,
    a28_erased,
    in_the_house,
    scale,
)
from tests.prove.by_tests import tests
from tests.prove.proof import Run

Part = Callable[[Run], Awaitable[None]]
INTEGRATION = "tests/integration"


@dataclass(frozen=True)
class Promise:
    """`control` is the proof without its guard. Without a short form it is proven by `make prove` alone,
    or, where it is one of the suite's own tests, by those."""

    name: str
    words: str
    prove: Part
    control: Part | None = None
    has_short: bool = True


def _by_suite(name: str, words: str, *nodes: str) -> Promise:
    return Promise(name, words, tests(words, *nodes), has_short=False)


PROMISES = [
    Promise("A1", "a seat is never sold twice nor left unsold by error", a1_seats.prove, a1_seats.control),
    Promise("A2", "a booking we confirmed is never lost or doubled", a2_kill.prove, a2_kill.control),
    Promise("A3", "pressing the button twice books once", a3_once.prove, a3_once.control),
    Promise("A4", "a restart of PostgreSQL costs seconds, not data", a4_postgres.prove),
    Promise("A5", "NATS lost: a quick clear answer, nothing done late", a5_nats.prove, a5_nats.control),
    Promise("A6", "events reach every consumer, once", a6_events.prove, a6_events.control, has_short=False),
    Promise(
        "A7",
        "losing all JetStream files loses nothing",
        a7_streams.prove,
        a7_streams.control,
        has_short=False,
    ),
    Promise("A8", "no service runs on a careless store", a8_durable.prove, a8_durable.control),
    Promise("A9", "every due reminder is sent", a9_reminders.prove, a9_reminders.control, has_short=False),
    Promise(
        "A10",
        "no reminder after cancel or move",
        a10_no_longer_so.prove,
        a10_no_longer_so.control,
        has_short=False,
    ),
    _by_suite(
        "A11",
        "summer time is right",
        "tests/unit/booking/test_hours.py",
        "tests/unit/notify/test_due_times.py",
        "tests/unit/runtime/test_calendar.py",
    ),
    Promise("A12", "clock jumps do no harm", a12_clocks.prove, a12_clocks.control, has_short=False),
    Promise("A13", "one bad message cannot stop the rest", a13_poison.prove, has_short=False),
    Promise("A14", "a deploy drops no work", a14_rolling.prove, has_short=False),
    Promise("A15", "overload degrades, then heals", a15_overload.prove, has_short=False),
    Promise("A16", "health checks tell the truth", a16_health.prove, has_short=False),
    _by_suite("A17", "we can restore", "tests/e2e/test_restoring.py"),
    Promise("A18", "a model that is a dictionary agrees", a18_model.prove),
    Promise("A19", "mail scanners cannot act for the resident", in_the_house.scanners, has_short=False),
    Promise("A20", "a stolen dump opens no door", in_the_house.dumps, has_short=False),
    Promise(
        "A21",
        "nobody learns who uses the service",
        a21_unknown.prove,
        a21_unknown.control,
        has_short=False,
    ),
    _by_suite("A22", "everyone sees only their own", f"{INTEGRATION}/gateway/test_role_matrix.py"),
    _by_suite("A23", "services cannot impersonate each other", f"{INTEGRATION}/permissions"),
    Promise("A24", "no personal data in logs", in_the_house.logs, has_short=False),
    Promise("A25", "bad input never gives 500", a25_bad_input.prove, a25_bad_input.control),
    _by_suite(
        "A26",
        "those in a group stay strangers to each other",
        f"{INTEGRATION}/rooms/test_strangers.py",
        f"{INTEGRATION}/notify/test_privacy.py",
    ),
    Promise("A28", "deleted means deleted", a28_erased.prove, has_short=False),
    _by_suite("A29", "every look at contact data is recorded", f"{INTEGRATION}/gateway/test_audit.py"),
    _by_suite("A30", "accessible", "-m", "a11y", "tests/pages"),
    Promise("scale", "of several copies any one may be lost", scale.prove, scale.control),
]

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
    a11_summer_time,
    a12_clocks,
    a13_poison,
    a14_rolling,
    a15_overload,
    a16_health,
    a17_restore,
    a18_model,
    a21_unknown,
    a25_bad_input,
    a28_erased,
    in_the_house,
    open_doors,
    scale,
)
from tests.prove.by_tests import sees, suite
from tests.prove.proof import Run

Part = Callable[[Run], Awaitable[None]]
INTEGRATION = "tests/integration"
ACCESSIBLE = "tests/pages/test_accessible.py"


@dataclass(frozen=True)
class Promise:
    """`control` is the proof without its guard. Of one that is `in_suite` the suite's own tests are the
    short form. One that `waits` has no figure that is a time, and may have another beside it."""

    name: str
    words: str
    prove: Part
    control: Part | None = None
    in_suite: bool = False
    waits: bool = False


def _by_suite(name: str, words: str, control: Part, *nodes: str) -> Promise:
    return Promise(name, words, suite(words, *nodes), control, in_suite=True, waits=True)


PROMISES = [
    Promise("A1", "a seat is never sold twice nor left unsold by error", a1_seats.prove, a1_seats.control),
    Promise("A2", "a booking we confirmed is never lost or doubled", a2_kill.prove, a2_kill.control),
    Promise("A3", "pressing the button twice books once", a3_once.prove, a3_once.control),
    Promise(
        "A4", "a restart of PostgreSQL costs seconds, not data", a4_postgres.prove, a4_postgres.control
    ),
    Promise("A5", "NATS lost: a quick clear answer, nothing done late", a5_nats.prove, a5_nats.control),
    Promise("A6", "events reach every consumer, once", a6_events.prove, a6_events.control),
    Promise(
        "A7",
        "losing all JetStream files loses nothing",
        a7_streams.prove,
        a7_streams.control,
        waits=True,
    ),
    Promise("A8", "no service runs on a careless store", a8_durable.prove, a8_durable.control),
    Promise("A9", "every due reminder is sent", a9_reminders.prove, a9_reminders.control),
    Promise(
        "A10",
        "no reminder after cancel or move",
        a10_no_longer_so.prove,
        a10_no_longer_so.control,
    ),
    Promise(
        "A11",
        "summer time is right",
        a11_summer_time.prove,
        a11_summer_time.control,
        in_suite=True,
        waits=True,
    ),
    Promise("A12", "clock jumps do no harm", a12_clocks.prove, a12_clocks.control, waits=True),
    Promise("A13", "one bad message cannot stop the rest", a13_poison.prove, a13_poison.control),
    Promise("A14", "a deploy drops no work", a14_rolling.prove, a14_rolling.control),
    Promise("A15", "overload degrades, then heals", a15_overload.prove),
    Promise("A16", "health checks tell the truth", a16_health.prove, a16_health.control),
    Promise("A17", "we can restore", a17_restore.prove, a17_restore.control),
    Promise("A18", "a model that is a dictionary agrees", a18_model.prove, a18_model.control),
    Promise(
        "A19",
        "mail scanners cannot act for the resident",
        in_the_house.scanners,
        in_the_house.a_look_that_acts,
        in_suite=True,
    ),
    Promise(
        "A20", "a stolen dump opens no door", in_the_house.dumps, in_the_house.a_kept_token, in_suite=True
    ),
    Promise(
        "A21",
        "nobody learns who uses the service",
        a21_unknown.prove,
        a21_unknown.control,
    ),
    _by_suite(
        "A22",
        "everyone sees only their own",
        open_doors.everybody_leads,
        f"{INTEGRATION}/gateway/test_role_matrix.py",
    ),
    _by_suite(
        "A23",
        "services cannot impersonate each other",
        open_doors.everybody_speaks,
        f"{INTEGRATION}/permissions",
    ),
    Promise(
        "A24",
        "no personal data in logs and traces",
        in_the_house.logs,
        in_the_house.a_loose_tongue,
        in_suite=True,
    ),
    Promise("A25", "bad input never gives 500", a25_bad_input.prove, a25_bad_input.control),
    Promise(
        "A26",
        "those in a group stay strangers to each other",
        suite(
            "strangers to each other in pages, JSON, streams, room tokens, mails",
            "tests/e2e/browser/test_group_journey.py",
            f"{INTEGRATION}/rooms/test_strangers.py",
            f"{INTEGRATION}/notify/test_privacy.py",
            least={
                "bytes sent to four people, searched for the other three": 100_000,
                "control: hands in which a planted address was found": 1,
            },
        ),
        in_suite=True,
        waits=True,
    ),
    Promise("A28", "deleted means deleted", a28_erased.prove),
    _by_suite(
        "A29",
        "every look at contact data is recorded",
        open_doors.nobody_writes,
        f"{INTEGRATION}/gateway/test_audit.py",
    ),
    Promise(
        "A30",
        "accessible",
        suite(
            "axe in light and dark, 320 pixels wide, a thumb: every page and state",
            "-m",
            "a11y",
            "tests/pages",
            least={"states of pages held against axe": 100},
        ),
        sees("a label, contrast, a narrow page, a high button", f"{ACCESSIBLE}::test_a_fault_is_seen"),
        in_suite=True,
        waits=True,
    ),
    Promise("scale", "of several copies any one may be lost", scale.prove, scale.control),
]

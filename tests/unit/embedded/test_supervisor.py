import json
from itertools import pairwise

from deploy.embedded.parts import worth_seeing
from deploy.embedded.supervisor import LONGEST_PAUSE, next_pause


def test_pauses_double_up_to_a_limit() -> None:
    pauses = [0.2]
    while pauses[-1] < LONGEST_PAUSE:
        pauses.append(next_pause(pauses[-1], up=1))

    assert all(later <= 2 * sooner for sooner, later in pairwise(pauses))
    assert next_pause(pauses[-1], up=1) == LONGEST_PAUSE


def test_a_part_that_was_up_for_long_starts_again_soon() -> None:
    assert next_pause(LONGEST_PAUSE, up=31) == 0.2


def test_everyday_lines_stay_in_the_log_file() -> None:
    assert worth_seeing(json.dumps({"level": "info", "event": "service.ready"})) == []


def test_an_error_is_shown_with_how_it_came_about() -> None:
    line = {
        "level": "error",
        "event": "job.failed",
        "job": "x",
        "service": "notify",
        "error": ["A", "  b:1"],
    }

    assert worth_seeing(json.dumps(line)) == ["error: job.failed job=x", "  A", "    b:1"]


def test_a_line_that_is_no_event_is_shown_as_it_is() -> None:
    assert worth_seeing("Traceback (most recent call last):") == ["Traceback (most recent call last):"]
    assert worth_seeing("[1]") == ["[1]"]
    assert worth_seeing("") == []

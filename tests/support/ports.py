"""Ports that nobody else takes: those who run tests beside each other share out the range among them."""

import os
import random
from collections import deque

from deploy.embedded import state

_given: deque[int] = deque(maxlen=200)
"""Of late: whoever asked for one may not listen there yet."""


def share_out() -> None:
    """Keep to one's own part from now on, as one of so many workers; servers do so too."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    part = len(state.PORTS) // workers
    state.PORTS = state.PORTS[worker * part : (worker + 1) * part]


def free_port() -> int:
    """One to listen at soon. The kernel gives none of these to a connection that goes out."""
    chosen = next(
        each
        for each in random.SystemRandom().sample(state.PORTS, k=500)
        if each not in _given and state.is_free(each)
    )
    _given.append(chosen)
    return chosen

"""Leaves a provider alone for a while when it keeps failing."""

import time

from services.notify.senders.letter import Resting

MOST_IN_A_ROW = 5
REST_SECONDS = 30.0


class Breaker:
    """After five failures in a row nothing is tried for half a minute; then one failure is enough.

    Only the provider's own failures count; a message refused for its receiver's
    sake shows that the provider is well.
    """

    def __init__(self) -> None:
        self._in_a_row = 0
        self._rests_until = 0.0

    def check(self) -> None:
        left = self._rests_until - time.monotonic()
        if left > 0:
            raise Resting(left)

    def failed(self) -> None:
        self._in_a_row += 1
        if self._in_a_row >= MOST_IN_A_ROW:
            self._rests_until = time.monotonic() + REST_SECONDS

    def worked(self) -> None:
        self._in_a_row = 0

"""Limits as a machine needs them on which everything may stand still for a second, and more."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.gateway import calls, helping, joining, meetings, together, who
from services.runtime import bus, db

SECONDS = 20.0
# Over those of the roles, which have tests of their own.
OF_THE_DATABASE = {
    "lock_timeout": "15s",
    "statement_timeout": "20s",
    "transaction_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
# After these a page is shown without what a neighbour would have said.
OF_THE_DOOR = (
    (calls, "WITHIN"),
    (helping, "ANSWER_WITHIN"),
    (joining, "NAME_WITHIN"),
    (meetings, "BOOKING_WITHIN"),
    (together, "WITHIN"),
    (who, "KNOWN_WITHIN"),
)


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Who holds a lock while nothing moves keeps others out for longer than they would wait, and a
    neighbour that answers after it would be taken for one that does not."""
    in_earnest = db._server_settings
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "ACQUIRE_SECONDS", SECONDS)
        patch.setattr(db, "STATEMENT_SECONDS", SECONDS)
        patch.setattr(db, "_server_settings", lambda schema: in_earnest(schema) | OF_THE_DATABASE)
        for module, name in OF_THE_DOOR:
            patch.setattr(module, name, timedelta(seconds=SECONDS))
        patch.setattr(calls, "BESIDE_SECONDS", SECONDS)
        patch.setattr(bus, "LOOK_SECONDS", SECONDS)
        yield

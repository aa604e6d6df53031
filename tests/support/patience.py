"""The database waits longer than in earnest: a machine on which tests run may stand still for a second."""

from collections.abc import Iterator

import pytest

from services.runtime import db

SECONDS = 20.0
# Over those of the roles, which have tests of their own.
LIMITS = {
    "lock_timeout": "15s",
    "statement_timeout": "20s",
    "transaction_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}


@pytest.fixture(scope="module", autouse=True)
def patient_database() -> Iterator[None]:
    """Who holds a lock while everything stands still keeps others out for longer than they would wait."""
    in_earnest = db._server_settings
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "ACQUIRE_SECONDS", SECONDS)
        patch.setattr(db, "STATEMENT_SECONDS", SECONDS)
        patch.setattr(db, "_server_settings", lambda schema: in_earnest(schema) | LIMITS)
        yield

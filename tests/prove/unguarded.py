"""Notify without one of the guards of what is in a worker's hands; DIGIAULA_WITHOUT says which."""

import os

from services.notify import app, store
from services.notify.config import Config
from services.runtime.main import Parts, Service, run

GUARDS = {
    "lease": ("next_try_at = $3", "next_try_at = least($2, $3)"),
    "taking over": ("state IN ('planned', 'sending')", "state = 'planned'"),
}


def build(parts: Parts, settings: Config) -> Service:
    guard, without = GUARDS[os.environ["DIGIAULA_WITHOUT"]]
    assert guard in store.CLAIM
    store.CLAIM = store.CLAIM.replace(guard, without)
    return app.build(parts, settings)


if __name__ == "__main__":
    run("notify", build, Config)

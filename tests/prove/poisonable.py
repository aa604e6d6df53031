"""Notify, in which some news is poison while the file that DIGIAULA_POISON names is there."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.contracts.envelope import Told
from services.notify import app
from services.notify.config import Config
from services.runtime.db import Tx
from services.runtime.hearing import EventHandler, Subscription
from services.runtime.main import Parts, Service, run

RAISES, HANGS, EXITS = 0xDEA1, 0xDEA2, 0xDEA3


def build(parts: Parts, settings: Config) -> Service:
    service = app.build(parts, settings)
    return replace(service, subscriptions=poisoned(service.subscriptions))


def poisoned(subscriptions: Sequence[Subscription]) -> list[Subscription]:
    return [
        replace(each, handlers={kind: _poisoned(hear) for kind, hear in each.handlers.items()})
        for each in subscriptions
    ]


def _poisoned(hear: EventHandler) -> EventHandler:
    async def taste(tx: Tx, event: Any, told: Told) -> None:
        last = event.booking_id.int & 0xFFFF if hasattr(event, "booking_id") else 0
        if last in (RAISES, HANGS, EXITS) and _flag_is_there():
            if last == RAISES:
                raise ZeroDivisionError
            if last == EXITS:
                os._exit(3)
            while _flag_is_there():
                await asyncio.sleep(0.1)
        await hear(tx, event, told)

    return taste


def _flag_is_there() -> bool:
    return Path(os.environ["DIGIAULA_POISON"]).exists()


if __name__ == "__main__":
    run("notify", build, Config)

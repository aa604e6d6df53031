"""How booking is put together: the only file that ties concrete things to each other."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from services.booking.config import BookingMode, Config
from services.booking.handlers import handlers
from services.booking.jobs import Jobs, holds_overdue
from services.booking.service.deps import Deps, Holidays
from services.booking.service.directory.people import ensure_first_coordinator
from services.booking.subscribers import subscriptions
from services.runtime.call import own_call
from services.runtime.db import Tx
from services.runtime.main import Parts, Service


def build(parts: Parts, settings: Config) -> Service:
    holidays = Holidays()
    deps = Deps(
        zone=ZoneInfo(settings.time_zone),
        confirm_first=settings.mode is BookingMode.CONFIRM,
        hold=timedelta(minutes=settings.hold_minutes),
        link_life=timedelta(days=settings.link_days),
        book_together=settings.book_together,
        rooms_open=timedelta(minutes=settings.room_opens_minutes),
        holidays=holidays,
    )

    async def on_start() -> None:
        year = parts.clock.now().year
        await asyncio.to_thread(holidays.load, range(year, year + 3))

        async def first(tx: Tx) -> None:
            await ensure_first_coordinator(
                tx, settings.first_coordinator, own_call("booking", parts.clock.now())
            )

        await parts.db.transact(first)

    return Service(
        handlers=handlers(parts.db, deps),
        subscriptions=subscriptions(),
        jobs=Jobs(parts.db, deps, parts.clock, settings.keep).all(),
        questions=[holds_overdue(parts.clock)],
        on_start=on_start,
    )

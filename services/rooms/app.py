"""Rooms, put together."""

from datetime import timedelta

from services.rooms import jobs
from services.rooms.config import Config
from services.rooms.handlers import handlers
from services.rooms.http import application
from services.rooms.service import Means
from services.rooms.subscribers import BOOKING
from services.runtime.jobs import Job
from services.runtime.main import Parts, Service


def build(parts: Parts, settings: Config) -> Service:
    means = Means(hours=settings.hours, signer=settings.signer)
    kept = timedelta(days=settings.keep_attendance_days)
    forget = jobs.forgetting(parts.db, parts.clock, kept)
    forgetting = Job("forgetting", forget, every=timedelta(hours=1), clock=parts.clock)
    return Service(
        handlers=handlers(parts.db, parts.bus, means),
        subscriptions=[BOOKING],
        jobs=[forgetting],
        web=application(parts.db, parts.clock, means, callback_secret=settings.callback_secret),
    )

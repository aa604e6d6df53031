"""Rooms, put together."""

from services.rooms.config import Config
from services.rooms.handlers import handlers
from services.rooms.service import Means
from services.rooms.subscribers import BOOKING
from services.runtime.main import Parts, Service


def build(parts: Parts, settings: Config) -> Service:
    means = Means(hours=settings.hours, signer=settings.signer)
    return Service(handlers=handlers(parts.db, parts.bus, means), subscriptions=[BOOKING])

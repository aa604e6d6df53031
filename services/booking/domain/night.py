"""The hours in which nobody is written to of what can wait, as booking reckons with them."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.contracts.notify import TOLD_AT_NIGHT_WITHIN

NIGHT_FROM, NIGHT_UNTIL = time(21), time(8)


def heard_at(moment: datetime, *, starts_at: datetime, zone: ZoneInfo) -> datetime:
    """When somebody hears what is said at `moment`: in the morning, unless the start is near."""
    return moment if starts_at - moment <= TOLD_AT_NIGHT_WITHIN else morning_after(moment, zone)


def morning_after(moment: datetime, zone: ZoneInfo) -> datetime:
    """The end of the night that `moment` falls into, or the moment itself by day."""
    local = moment.astimezone(zone)
    if NIGHT_UNTIL <= local.time() < NIGHT_FROM:
        return moment
    day = local.date() + timedelta(days=1 if local.time() >= NIGHT_FROM else 0)
    return datetime.combine(day, NIGHT_UNTIL, tzinfo=zone).astimezone(moment.tzinfo)

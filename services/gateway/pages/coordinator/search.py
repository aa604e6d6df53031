"""What a coordinator looks for among all times or bookings: a stretch of days, and ids to filter by.

It stands in the address, so that a list can be linked to. Names never do: one
cannot search by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from services.gateway.door import door_of
from services.gateway.forms import Form
from services.gateway.pages import catalogue
from services.gateway.pages.asking import everybody
from services.gateway.pages.rendering import language_of, say_for
from services.gateway.pages.words import in_language

AHEAD = timedelta(days=27)
LONGEST = timedelta(days=398)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
LONGEST_WORD = 100


@dataclass(frozen=True)
class Search:
    """Whole days, the last one included."""

    first: date
    last: date
    organisation: UUID | None = None
    host: UUID | None = None
    theme: str = ""
    status: str = ""

    @property
    def query(self) -> str:
        """As it stands in an address."""
        said = {
            "from": str(self.first),
            "to": str(self.last),
            "organisation": str(self.organisation or ""),
            "host": str(self.host or ""),
            "theme": self.theme,
            "status": self.status,
        }
        return urlencode({name: value for name, value in said.items() if value})

    def between(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        return (
            datetime.combine(self.first, time(), zone).astimezone(UTC),
            datetime.combine(self.last + timedelta(days=1), time(), zone).astimezone(UTC),
        )

    @property
    def form(self) -> Form:
        return Form.of(
            **{
                "from": str(self.first),
                "to": str(self.last),
                "organisation": str(self.organisation or ""),
                "host": str(self.host or ""),
                "theme": self.theme,
                "status": self.status,
            }
        )


def of_address(request: web.Request, statuses: Sequence[str]) -> Search:
    """What cannot be read in the address is as good as not said."""
    return _read({name: request.query.get(name, "") for name in _NAMES}, today_of(request), statuses)


def of_form(request: web.Request, form: Form, statuses: Sequence[str]) -> Search:
    return _read({name: form.value(name) for name in _NAMES}, today_of(request), statuses)


def today_of(request: web.Request) -> date:
    door = door_of(request)
    return door.clock.now().astimezone(door.settings.zone).date()


async def choices(
    request: web.Request, statuses: Sequence[tuple[str, str]], *, any_status: str
) -> dict[str, Any]:
    """What the form of a search offers to choose from."""
    say, language = say_for(request), language_of(request)
    people = await everybody(request)
    return {
        "organisation_options": [
            ("", say("Any")),
            *((str(item.id), item.name) for item in await catalogue.organisations(request)),
        ],
        "host_options": [
            ("", say("Anybody")),
            *((str(person.id), person.display_name) for person in people),
        ],
        "theme_options": [
            ("", say("Any theme")),
            *((item.id, in_language(item.name, language)) for item in await catalogue.all_themes(request)),
        ],
        "status_options": [("", any_status), *((code, say(words)) for code, words in statuses)],
    }


_NAMES = ("from", "to", "organisation", "host", "theme", "status")


def _read(said: dict[str, str], today: date, statuses: Sequence[str]) -> Search:
    first = _day(said["from"]) or today
    last = _day(said["to"]) or first + AHEAD
    found = Search(
        first=first,
        last=min(max(first, last), first + LONGEST),
        organisation=_id(said["organisation"]),
        host=_id(said["host"]),
        theme=said["theme"] if len(said["theme"]) <= LONGEST_WORD and said["theme"].isprintable() else "",
    )
    return replace(found, status=said["status"]) if said["status"] in statuses else found


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST < day < LATEST else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

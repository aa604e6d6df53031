"""Weekly reception hours. Hours are wall-clock times, written `13:00`."""

from datetime import date, time
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from services.contracts.booking import receptions as words
from services.contracts.booking.slots import HostSlot
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, field_refusal
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody
from services.gateway.api.slots import LanguageCode
from services.gateway.fields import Line, WallTime


class ExceptionBody(Struct, frozen=True, kw_only=True):
    """One date that differs: closed, or open at other hours."""

    on: date
    closed: bool = False
    starts: WallTime | None = None
    ends: WallTime | None = None

    def sound(self) -> bool:
        hours = (self.starts is not None, self.ends is not None)
        return hours == (False, False) if self.closed else hours == (True, True)


class HoursBody(Struct, frozen=True, kw_only=True):
    theme: Line
    weekday: Annotated[int, Meta(ge=1, le=7, description="1 is Monday")]
    starts: WallTime
    ends: WallTime
    slot_minutes: Annotated[int, Meta(ge=1, le=1440)]
    gap_minutes: Annotated[int, Meta(ge=0, le=1440)] = 0
    valid_from: date
    valid_until: date | None = None
    languages: list[LanguageCode]
    notice_hours: Annotated[int, Meta(ge=0, le=10000)] = 2
    horizon_days: Annotated[int, Meta(ge=1, le=100000)] = 60
    skip_holidays: bool = True
    exceptions: list[ExceptionBody] = []

    def check(self) -> None:
        if not all(exception.sound() for exception in self.exceptions):
            raise field_refusal(
                Code.FIELD_INVALID, "exceptions", "A date is closed, or has both a start and an end."
            )


class ReceptionBody(HoursBody, frozen=True, kw_only=True):
    """A coordinator may name the host; anybody else publishes their own hours."""

    host_id: UUID | None = None


class ReceptionView(Struct, frozen=True, kw_only=True):
    id: UUID
    host_id: UUID
    time_zone: str
    theme: str
    weekday: int
    starts: str
    ends: str
    slot_minutes: int
    gap_minutes: int
    valid_from: date
    valid_until: date | None
    languages: list[str]
    notice_hours: int
    horizon_days: int
    skip_holidays: bool
    exceptions: list[ExceptionBody]


class ConflictView(Struct, frozen=True, kw_only=True):
    """A start that was left out, and why: another time, no such hour that day, or twice that hour."""

    on: date
    starts: str
    reason: str


class PublishedView(ReceptionView, frozen=True, kw_only=True):
    """With the times that came of it, and the starts it left out."""

    slots: list[HostSlot]
    conflicts: list[ConflictView]


class ReceptionList(Struct, frozen=True, kw_only=True):
    items: list[ReceptionView]
    next: str | None = None


class ReceptionsQuery(Page, frozen=True, kw_only=True):
    host: UUID | None = None


async def browse(asking: Asking[ReceptionsQuery]) -> ReceptionList:
    query = asking.body
    found = await asking.ask(
        words.ListReceptions(host_id=query.host, limit=query.limit, cursor=query.cursor)
    )
    items = [ReceptionView(**_facts(item)) for item in found.items]
    return ReceptionList(items=items, next=found.next)


async def describe(asking: Asking[NoBody]) -> PublishedView:
    return _published(await asking.ask(words.GetReception(reception_id=asking.ids["reception_id"])))


async def add(asking: Asking[ReceptionBody]) -> PublishedView:
    hours = hours_of(asking.body)
    return _published(await asking.ask(words.AddReception(host_id=asking.body.host_id, hours=hours)))


async def preview(asking: Asking[ReceptionBody]) -> PublishedView:
    hours = hours_of(asking.body)
    return _published(await asking.ask(words.PreviewReception(host_id=asking.body.host_id, hours=hours)))


async def change(asking: Asking[ReceptionBody]) -> PublishedView:
    hours = hours_of(asking.body)
    return _published(
        await asking.ask(words.ChangeReception(reception_id=asking.ids["reception_id"], hours=hours))
    )


async def remove(asking: Asking[NoBody]) -> Nothing:
    return await asking.ask(words.RemoveReception(reception_id=asking.ids["reception_id"]))


def hours_of(said: HoursBody) -> words.Hours:
    facts: dict[str, Any] = {name: getattr(said, name) for name in HoursBody.__struct_fields__}
    facts["starts"], facts["ends"] = time.fromisoformat(said.starts), time.fromisoformat(said.ends)
    facts["exceptions"] = [
        words.HoursException(
            on=exception.on,
            closed=exception.closed,
            starts=time.fromisoformat(exception.starts) if exception.starts else None,
            ends=time.fromisoformat(exception.ends) if exception.ends else None,
        )
        for exception in said.exceptions
    ]
    return words.Hours(**facts)


def _published(published: words.Published) -> PublishedView:
    conflicts = [
        ConflictView(on=conflict.on, starts=_wall(conflict.starts), reason=conflict.reason)
        for conflict in published.conflicts
    ]
    return PublishedView(**_facts(published.reception), slots=published.slots, conflicts=conflicts)


def _facts(reception: words.Reception) -> dict[str, Any]:
    hours = reception.hours
    facts: dict[str, Any] = {name: getattr(hours, name) for name in words.Hours.__struct_fields__}
    return facts | {
        "id": reception.id,
        "host_id": reception.host_id,
        "time_zone": reception.time_zone,
        "starts": _wall(hours.starts),
        "ends": _wall(hours.ends),
        "exceptions": [
            ExceptionBody(
                on=exception.on,
                closed=exception.closed,
                starts=_wall(exception.starts) if exception.starts else None,
                ends=_wall(exception.ends) if exception.ends else None,
            )
            for exception in hours.exceptions
        ],
    }


def _wall(moment: time) -> str:
    return moment.strftime("%H:%M")

"""Groups for those who lead them, and for coordinators, who set them up."""

from datetime import date, time
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from services.contracts.booking import groups
from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.enrolment import AnswerApplication, LeaveGroup, MyGroup, SendAnnouncement
from services.contracts.envelope import Nothing
from services.contracts.refusals import Code, field_refusal
from services.gateway.api.catalogue import ThemeId
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking, NoBody
from services.gateway.api.slots import LanguageCode
from services.gateway.audit import Action, note
from services.gateway.fields import LongWords, Note, WallTime

MOST_FACILITATORS = 10
MOST_DAYS = 400

Capacity = Annotated[int, Meta(ge=2, le=1000)]
RoomLimit = Annotated[int, Meta(ge=2, le=2000)]
Facilitators = Annotated[list[UUID], Meta(max_length=MOST_FACILITATORS)]
Languages = Annotated[list[LanguageCode], Meta(min_length=1, max_length=10)]
Days = Annotated[list[date], Meta(max_length=MOST_DAYS)]


class GroupFacts(Struct, frozen=True, kw_only=True):
    """The whole of what a group is. `facilitators`: who leads it, the first one first."""

    name: Words
    description: Words
    theme: ThemeId
    organisation_id: UUID
    languages: Languages
    capacity: Capacity
    by_acceptance: bool = False
    room_limit: RoomLimit | None = None
    facilitators: Facilitators = []


class GroupChange(GroupFacts, frozen=True, kw_only=True):
    """The whole of what can be changed. `version`: the one it was made from, as `GET` of the group tells
    it; without one it is refused (`field_required`). When somebody else has changed the group since, it
    is refused (`changed_meanwhile`, with the `version` that stands); the same change twice is once."""

    version: int


class GroupBody(GroupFacts, frozen=True, kw_only=True):
    """Whether a group is open, for a whole series, or an evening for many stays as it was made."""

    open: bool
    whole_series: bool = False
    kind: SlotKind = SlotKind.GROUP


class SeriesBody(Struct, frozen=True, kw_only=True):
    """By the wall clock: from `first_on` every week or every other one, until `until`; and `dates`."""

    starts: WallTime
    ends: WallTime
    first_on: date | None = None
    every_weeks: Annotated[int, Meta(ge=1, le=2)] = 1
    until: date | None = None
    dates: Days = []
    skip: Days = []

    @property
    def series(self) -> groups.Series:
        return groups.Series(
            starts=time.fromisoformat(self.starts),
            ends=time.fromisoformat(self.ends),
            first_on=self.first_on,
            every_weeks=self.every_weeks,
            until=self.until,
            dates=self.dates,
            skip=self.skip,
        )


class SeriesWithReason(SeriesBody, frozen=True, kw_only=True):
    """The reason is told to everybody enrolled in a session that is left out. `version`: the one of the
    group that was seen before the series was looked at by its preview, as `GET` of the group tells it;
    without one it is refused (`field_required`). When somebody else has changed the group or its series
    since, it is refused (`changed_meanwhile`, with the `version` that stands); the same series twice is
    once."""

    reason: Note | None = None
    version: int


class EndBody(Struct, frozen=True, kw_only=True):
    """The reason is told to everybody enrolled."""

    reason: Note

    def check(self) -> None:
        if not self.reason:
            raise field_refusal(Code.REASON_REQUIRED, "reason", "Tell those who are enrolled why.")


class AnnouncementBody(Struct, frozen=True, kw_only=True):
    words: LongWords


class ApplicationBody(Struct, frozen=True, kw_only=True):
    accept: bool


async def browse(asking: Asking[Page]) -> groups.ManagedGroups:
    return await asking.ask(groups.ListManagedGroups(limit=asking.body.limit, cursor=asking.body.cursor))


async def describe(asking: Asking[NoBody]) -> groups.ManagedGroup:
    return await asking.ask(groups.GetManagedGroup(group_id=asking.ids["group_id"]))


async def add(asking: Asking[GroupBody]) -> groups.Group:
    await note(asking.door, asking.call, Action.GROUP_ADDED)
    return await asking.ask(groups.AddGroup(**_said(asking.body)))


async def change(asking: Asking[GroupChange]) -> groups.Group:
    group_id = await _noted(asking, Action.GROUP_CHANGED)
    return await asking.ask(groups.ChangeGroup(group_id=group_id, **_said(asking.body)))


async def preview_series(asking: Asking[SeriesBody]) -> groups.SeriesPreview:
    return await asking.ask(
        groups.PreviewSeries(group_id=asking.ids["group_id"], series=asking.body.series)
    )


async def set_series(asking: Asking[SeriesWithReason]) -> groups.SeriesPreview:
    group_id = await _noted(asking, Action.SERIES_SET)
    return await asking.ask(
        groups.SetSeries(
            group_id=group_id,
            series=asking.body.series,
            reason=asking.body.reason,
            version=asking.body.version,
        )
    )


async def end(asking: Asking[EndBody]) -> groups.Group:
    group_id = await _noted(asking, Action.GROUP_ENDED)
    return await asking.ask(groups.EndGroup(group_id=group_id, reason=asking.body.reason))


async def announce(asking: Asking[AnnouncementBody]) -> Nothing:
    """To everybody enrolled in any session ahead."""
    group_id = await _noted(asking, Action.ANNOUNCEMENT_SENT)
    return await asking.ask(SendAnnouncement(group_id=group_id, words=asking.body.words))


async def answer_application(asking: Asking[ApplicationBody]) -> MyGroup:
    booking_id = asking.ids["booking_id"]
    await note(asking.door, asking.call, Action.APPLICATION_ANSWERED, booking_id=booking_id)
    return await asking.ask(AnswerApplication(booking_id=booking_id, accept=asking.body.accept))


async def end_enrolment(asking: Asking[NoBody]) -> MyGroup:
    booking_id = asking.ids["booking_id"]
    await note(asking.door, asking.call, Action.ENROLMENT_ENDED, booking_id=booking_id)
    return await asking.ask(LeaveGroup(booking_id=booking_id))


async def _noted(asking: Asking[Any], action: Action) -> UUID:
    """The group that is changed, once that is written down."""
    group_id = asking.ids["group_id"]
    await note(asking.door, asking.call, action, group_id=group_id)
    return group_id


def _said(body: GroupFacts) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.__struct_fields__}

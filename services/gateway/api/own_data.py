"""What is known of one resident, as JSON: for themselves behind a fresh link, or for a coordinator."""

from uuid import UUID

from msgspec import Struct

from services.contracts.booking.own_data import Erased
from services.contracts.refusals import Code, field_refusal
from services.gateway import own_data
from services.gateway.api.serving import Asking, NoBody
from services.gateway.audit import Action, note_why
from services.gateway.fields import Line
from services.gateway.own_data import Reason, Report


class FreshToken(Struct, frozen=True, kw_only=True):
    """The last part of the link in the message; for erasing also the `key` that reading has answered."""

    token: Line


class OwnReport(Report, frozen=True, kw_only=True):
    key: str


class WithReason(Struct, frozen=True, kw_only=True):
    reason: Reason | None = None

    def check(self) -> None:
        if self.reason is None:
            raise field_refusal(Code.REASON_REQUIRED, "reason", "Say why this is done.")


async def ask(asking: Asking[NoBody]) -> None:
    await own_data.ask(asking.door, asking.call)


async def read(asking: Asking[FreshToken]) -> OwnReport:
    opened = await own_data.open_link(asking.door, asking.body.token, asking.call)
    report = opened.report
    return OwnReport(
        made_at=report.made_at,
        bookings=report.bookings,
        messages=report.messages,
        sightings=report.sightings,
        cards=report.cards,
        deeds=report.deeds,
        key=opened.key,
    )


async def erase(asking: Asking[FreshToken]) -> Erased:
    return Erased(await own_data.erase(asking.door, asking.body.token, asking.call))


async def read_for(asking: Asking[WithReason]) -> Report:
    booking_id = await _noted(asking, Action.DATA_READ)
    return await own_data.report_on(asking.door, booking_id, asking.call)


async def erase_for(asking: Asking[WithReason]) -> Erased:
    booking_id = await _noted(asking, Action.RESIDENT_ERASED)
    return Erased(await own_data.erase_resident(asking.door, booking_id, asking.call))


async def _noted(asking: Asking[WithReason], action: Action) -> UUID:
    assert asking.body.reason is not None, "checked with the body"
    booking_id = asking.ids["booking_id"]
    await note_why(asking.door, asking.call, action, booking_id=booking_id, reason=asking.body.reason)
    return booking_id

"""A few words to everybody in a session or a group, from those who lead it, who never see an address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.booking.domain import access
from services.booking.service.deps import Deps
from services.booking.store.enrolment.enrolments import lock_group
from services.booking.store.groups import announcements as store
from services.booking.store.staffing import coming, staffing
from services.contracts.booking import enrolment as words
from services.contracts.booking.events import AnnouncementMade
from services.contracts.booking.slots import SlotState
from services.contracts.envelope import Nothing, Staff
from services.contracts.refusals import Code, Refusal, field_refusal
from services.runtime import outbox
from services.runtime.call import Call
from services.runtime.db import Tx

LONGEST = 2000
MOST = 3
WITHIN = timedelta(days=1)
MAY_STAND = "\n\u200d"
"""Ends of lines, and what joins emojis to one."""


@dataclass(frozen=True)
class _Told:
    """Who is told: everybody in one session, or in any ahead of a group; and until when it is of use."""

    group_id: UUID
    slot_id: UUID | None
    by: Staff
    until: datetime


async def send_announcement(tx: Tx, request: words.SendAnnouncement, call: Call, _: Deps) -> Nothing:
    text = _checked(request.words)
    if (request.slot_id is None) == (request.group_id is None):
        raise field_refusal(Code.FIELD_INVALID, "slot_id", "Name either a session or a group.")
    if request.slot_id is not None:
        told = await _session(tx, request.slot_id, call)
    else:
        assert request.group_id is not None
        told = await _group(tx, request.group_id, call)
    await lock_group(tx, told.group_id)  # so that two at once count each other
    if await store.made_since(tx, told.group_id, call.now - WITHIN) >= MOST:
        raise Refusal(Code.TOO_MANY, f"At most {MOST} messages a day can be sent to one group.")
    announcement_id = uuid4()
    await store.add(
        tx,
        announcement_id,
        group_id=told.group_id,
        slot_id=told.slot_id,
        by=told.by.person_id,
        words=text,
        until=told.until,
        now=call.now,
    )
    await _tell(tx, announcement_id, told, call)
    return Nothing()


async def describe_announcement(
    tx: Tx, request: words.DescribeAnnouncement, call: Call, _: Deps
) -> words.AnnouncementFacts:
    row = await store.announcement(tx, request.announcement_id)
    if row is None:
        return words.AnnouncementFacts(words="", holds=False)
    return words.AnnouncementFacts(words=row["words"], holds=row["stands"] and call.now < row["until"])


async def forget_announcements(tx: Tx, call: Call) -> None:
    await store.forget(tx, now=call.now, counted_for=WITHIN)


async def _session(tx: Tx, slot_id: UUID, call: Call) -> _Told:
    session = await store.session(tx, slot_id)
    if session is None:
        raise access.not_found()
    actor = access.leads(call.actor, await staffing.leaders(tx, slot_id))
    if session["state"] != SlotState.OPEN:
        raise Refusal(Code.SLOT_CLOSED, "This session has been called off.")
    if call.now >= session["ends_at"] or session["ended_at"] is not None:
        raise Refusal(Code.ALREADY_STARTED, "This session is already over.")
    return _Told(session["group_id"], slot_id, actor, session["ends_at"])


async def _group(tx: Tx, group_id: UUID, call: Call) -> _Told:
    if not isinstance(call.actor, Staff) or not await store.group_exists(tx, group_id):
        raise access.not_found()
    person_id = call.actor.person_id
    leads = await store.leads_group(tx, group_id, person_id, now=call.now)
    actor = access.leads(call.actor, [person_id] if leads else [])
    until = await store.last_end(tx, group_id, now=call.now)
    if until is None:
        raise Refusal(Code.SLOT_CLOSED, "This group has no session ahead.")
    return _Told(group_id, None, actor, until)


async def _tell(tx: Tx, announcement_id: UUID, told: _Told, call: Call) -> None:
    if told.slot_id is not None:
        reached = await coming.reached_in_slot(tx, told.slot_id)
    else:
        reached = await coming.reached_in_group(tx, told.group_id, now=call.now)
    made = [AnnouncementMade(**facts, announcement_id=announcement_id) for facts in reached]
    await outbox.add_all(tx, made, call)


def _checked(said: str) -> str:
    """Plain text: lines and what can be printed."""
    text = said.replace("\r\n", "\n").strip()
    if not 1 <= len(text) <= LONGEST:
        raise field_refusal(Code.FIELD_INVALID, "words", f"Write from 1 to {LONGEST} characters.")
    if not all(character.isprintable() or character in MAY_STAND for character in text):
        raise field_refusal(Code.TEXT_INVALID, "words", "Write plain text.")
    return text

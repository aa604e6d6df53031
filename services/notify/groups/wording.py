"""Facts into words: what is said of groups, to those who come and to those who host."""

import re
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.contracts.booking.appointments import MessageFacts
from services.contracts.booking.enrolment import (
    EnrolledSession,
    GroupMessageFacts,
    UnansweredApplications,
)
from services.contracts.booking.people import AlertAddress
from services.contracts.booking.slots import BookingStatus, SlotState
from services.contracts.booking.staffing import Handover, WantedDuties
from services.contracts.notify import MessageKind
from services.notify.groups import messages
from services.notify.groups.messages import Before
from services.notify.senders.letter import Channel, Letter
from services.notify.writing import Writer, language_of, plain
from services.runtime.calendar import CalendarEntry, Method, uid_of
from services.runtime.series import Occurrence, Series, sequence_of

MOST_LISTED = 12
"""More lines than that nobody reads on a phone: how many there are besides is said instead."""
_WITH_CALENDAR = {MessageKind.CONFIRMATION, MessageKind.GROUP_CHANGE}
_OFF = {BookingStatus.CANCELLED, BookingStatus.EXPIRED}
_HAS_PLACE = {BookingStatus.CONFIRMED, BookingStatus.ATTENDED, BookingStatus.NO_SHOW}
_BY_US = {"host", "coordinator"}
_BLANK_LINES = re.compile(r"\n\s*\n")


class GroupWording:
    """Says what notify says of groups. Names no group to those who come: a mailbox has many readers."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def about_enrolment(
        self,
        message_id: UUID,
        kind: MessageKind,
        facts: GroupMessageFacts,
        *,
        before: Before,
        since: datetime | None,
        now: datetime,
    ) -> Letter:
        """Anything said of somebody's coming to a group, with its calendar object where that changes."""
        group = facts.group
        ahead = messages.ahead(group, now=now)
        near = messages.nearest(group, now=now)
        link = self._writer.link(near.booking_id, near.link_version)
        changed = messages.changed_since(group, since) if since else []
        without = [] if group.not_accepted else [each for each in changed if _without_them(each)]
        letter = self._writer.write(
            f"group/{kind}",
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link, f"{self._writer.public_url}/groups"],
            link=link,
            all_groups=f"{self._writer.public_url}/groups",
            near=near,
            ahead=ahead,
            most=MOST_LISTED,
            called_off=[each for each in changed if _called_off(each)],
            left=[each for each in without if _left(each)] if before.had_place else [],
            place_ended=[each for each in without if _place_ended(each)],
            moved=[each for each in changed if each in ahead],
            reason=plain(next((each.cancel_reason or "" for each in changed if _called_off(each)), "")),
            whole_series=group.whole_series and len(group.sessions) > 1,
            has_place=group.status in _HAS_PLACE,
            had_place=before.had_place,
            only_applied=before.only_applied,
            accompanies=group.accompanies,
            places=group.places,
            not_accepted=group.not_accepted,
            before_you=group.before_you or 0,
            offered_until=group.offered_until,
            held_until=group.held_until,
            nobody_leads=near.told_missing,
            host=plain(near.host.display_name) if near.staffed else "",
            organisation=plain(near.host.organisation),
            zone=near.time_zone,
        )
        with_calendar = kind in _WITH_CALENDAR and (before.had_place or group.status in _HAS_PLACE)
        if not with_calendar or letter.channel is not Channel.EMAIL:
            return letter
        return self._with_calendar(letter, facts, link, now=now)

    def announcement(self, message_id: UUID, facts: MessageFacts, words: str, *, now: datetime) -> Letter:
        """What somebody who leads a session has to say, in their own words, as the service's message."""
        link = self._writer.link(facts.booking_id, facts.link_version)
        return self._writer.write(
            "group/announcement",
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link],
            link=link,
            slot=facts.slot,
            words=[plain(piece) for piece in _BLANK_LINES.split(words.strip())],
            host=plain(facts.slot.host.display_name),
            zone=facts.slot.time_zone,
        )

    def about_host(
        self, message_id: UUID, kind: MessageKind, facts: MessageFacts, *, now: datetime
    ) -> Letter:
        """That nobody has promised yet to open a session, or that somebody has after all."""
        link = self._writer.link(facts.booking_id, facts.link_version)
        return self._writer.write(
            f"group/{kind}",
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link],
            link=link,
            slot=facts.slot,
            host=plain(facts.slot.host.display_name),
            zone=facts.slot.time_zone,
        )

    def host_asked(self, message_id: UUID, facts: WantedDuties, *, now: datetime) -> Letter:
        """To somebody who serves: would they open these sessions. They need to know which group it is."""
        link = f"{self._writer.public_url}/my/duties"
        return self._writer.write(
            "group/host_asked",
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link],
            link=link,
            near=facts.items[0],
            count=len(facts.items),
            duties=[(plain(getattr(each.name, language_of(facts))), each) for each in facts.items],
            most=MOST_LISTED,
            zone=facts.items[0].time_zone,
        )

    def application_waiting(
        self, message_id: UUID, facts: UnansweredApplications, *, now: datetime
    ) -> Letter:
        """To one of those who lead groups: somebody waits for their answer."""
        link = f"{self._writer.public_url}/my/groups"
        return self._writer.write(
            "group/application_waiting",
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link],
            link=link,
            groups=[(plain(getattr(each.name, language_of(facts))), each.parties) for each in facts.items],
            most=MOST_LISTED,
        )

    def host_replaced(self, message_id: UUID, facts: Handover, *, now: datetime) -> Letter:
        """To whoever was to lead a session: somebody else does."""
        link = f"{self._writer.public_url}/my/duties"
        return self._writer.write(
            "group/host_replaced",
            id=str(message_id),
            contact=facts,
            now=now,
            links=[link],
            link=link,
            group=plain(getattr(facts.name, language_of(facts))),
            session=facts,
            zone=facts.time_zone,
        )

    def to_coordinator(
        self,
        message_id: UUID,
        kind: MessageKind,
        number: int,
        receiver: AlertAddress,
        *,
        starts_at: datetime,
        now: datetime,
    ) -> Letter:
        """To one of the coordinators: nobody has promised to open a session, or somebody has after all."""
        link = f"{self._writer.public_url}/coordinator/staffing"
        return self._writer.write(
            f"group/{kind}",
            id=f"{message_id}.{number}",
            contact=receiver,
            now=now,
            links=[link],
            link=link,
            starts_at=starts_at,
            zone=self._writer.zone,
        )

    def _with_calendar(
        self, letter: Letter, facts: GroupMessageFacts, link: str, *, now: datetime
    ) -> Letter:
        group = facts.group
        ends = not any(_comes(each) for each in group.sessions)
        method = Method.CANCEL if ends else Method.REQUEST
        first = group.sessions[0]
        entry = CalendarEntry(
            uid=uid_of(group.enrolment_id, self._writer.public_url),
            sequence=sequence_of([each.sequence for each in group.sessions]),
            method=method,
            made_at=now,
            starts_at=first.starts_at,
            ends_at=first.ends_at,
            summary=self._writer.words(letter.language).pgettext("calendar", "Appointment"),
            url=link,
            organizer=self._writer.organizer,
            attendee=letter.to,
        )
        series = Series(
            entry=entry,
            time_zone=first.time_zone,
            occurrences=[_occurrence(each) for each in group.sessions],
        )
        return replace(letter, calendar=series.to_bytes(), calendar_method=str(method))


def _occurrence(session: EnrolledSession) -> Occurrence:
    return Occurrence(
        planned_start=session.series_start or session.starts_at,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        off=not _comes(session),
    )


def _comes(session: EnrolledSession) -> bool:
    return session.state is SlotState.OPEN and session.status not in _OFF


def _called_off(session: EnrolledSession) -> bool:
    return session.state is not SlotState.OPEN


def _without_them(session: EnrolledSession) -> bool:
    return session.state is SlotState.OPEN and session.status in _OFF


def _left(session: EnrolledSession) -> bool:
    return session.cancelled_by not in _BY_US


def _place_ended(session: EnrolledSession) -> bool:
    """Somebody who looks after the group has taken the person out of it, or off its list."""
    return session.cancelled_by in _BY_US

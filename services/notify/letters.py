"""What a message says: the owner is asked whether it still holds, and how things are at this moment."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from services.contracts.booking.appointments import (
    DescribeLinks,
    DescribeMessage,
    DescribeMessages,
    MessageFacts,
)
from services.contracts.booking.enrolment import (
    DescribeAnnouncement,
    DescribeApplications,
    DescribeGroupMessage,
    GroupMessageFacts,
)
from services.contracts.booking.people import AlertAddress, ListAlertAddresses
from services.contracts.booking.staffing import DescribeDuties, DescribeHandover
from services.contracts.envelope import Request
from services.contracts.gateway import PrepareOwnData, PrepareSignIn
from services.contracts.notify import MessageKind
from services.contracts.refusals import Refusal, Unavailable
from services.notify import domain, store
from services.notify.groups import messages as group_messages
from services.notify.groups import store as group_store
from services.notify.groups.messages import Before
from services.notify.groups.wording import GroupWording
from services.notify.senders.letter import Letter
from services.notify.store import Due
from services.notify.wording import Wording
from services.runtime.batching import Batches
from services.runtime.bus import AnswerFailed, Bus
from services.runtime.call import own_call
from services.runtime.clock import Clock
from services.runtime.db import Database

R = TypeVar("R")


TOGETHER = 32


class NotOwed(Exception):
    """The owner's facts say that this must not be sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Letters:
    """Writes what is due, for everybody who is to have it.

    `time` says what is over; `clock` is the one by which neighbours read deadlines.
    """

    def __init__(
        self,
        *,
        db: Database,
        bus: Bus,
        clock: Clock,
        time: Clock,
        wording: Wording,
        of_groups: GroupWording,
    ) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._time = time
        self._wording = wording
        self._of_groups = of_groups
        self._described = Batches(self._describe, largest=TOGETHER, at_once=2)

    async def write(self, due: Due) -> list[Letter]:
        """What there is to say now, as the owner knows it at this moment."""
        match due.kind:
            case MessageKind.SIGN_IN:
                mail = await self._ask(PrepareSignIn(sign_in_id=due.about))
                return [self._wording.sign_in(due.id, mail, now=self._time.now())]
            case MessageKind.ALERT:
                return await self._alerts(due)
            case MessageKind.OWN_DATA:
                return [await self._own_data(due)]
            case MessageKind.LINKS if due.booking_id is None:
                facts = await self._ask(DescribeLinks(link_request_id=due.about))
                return self._links(due, facts.bookings, renewed=False)
            case MessageKind.LINKS:
                return self._links(due, [await self._facts(due)], renewed=True)
            case MessageKind.HOST_ASKED:
                return [await self._to_host(due)]
            case MessageKind.APPLICATION_WAITING:
                return [await self._to_who_answers(due)]
            case MessageKind.HOST_REPLACED:
                return [await self._to_former_host(due)]
            case MessageKind.HOST_NOT_FOUND | MessageKind.HOST_FOUND_AFTER_ALL:
                return await self._to_coordinators(due)
            case MessageKind.ANNOUNCEMENT:
                return [await self._announcement(due)]
            case _ if due.enrolment_id is not None:
                return [await self._about_enrolment(due)]
            case _:
                return [await self._about_booking(due)]

    async def _about_booking(self, due: Due) -> Letter:
        booking = await self._facts(due)
        await self._check_session(due, booking)
        if due.kind in (MessageKind.HOST_MISSING, MessageKind.HOST_FOUND):
            return self._of_groups.about_host(due.id, due.kind, booking, now=self._time.now())
        return self._wording.about_booking(due.id, due.kind, booking, now=self._time.now())

    async def _own_data(self, due: Due) -> Letter:
        """To the contact on file, whatever became of the booking. The token is made last."""
        assert due.booking_id is not None
        facts = await self._ask(DescribeMessage(booking_id=due.booking_id))
        made = await self._ask(PrepareOwnData(own_data_link_id=due.about))
        return self._wording.own_data(due.id, facts, made, now=self._time.now())

    async def _about_enrolment(self, due: Due) -> Letter:
        assert due.enrolment_id is not None
        facts = await self._group(due.enrolment_id)
        now = self._time.now()
        if reason := group_messages.no_longer_true(
            due.kind, facts.group, since=due.since, not_after=due.not_after, now=now
        ):
            raise NotOwed(reason)
        before = await self._before(due.enrolment_id)
        return self._of_groups.about_enrolment(
            due.id, due.kind, facts, before=before, since=due.since, now=now
        )

    async def _before(self, enrolment_id: UUID) -> Before:
        return Before(await self._db.transact(lambda tx: group_store.said_before(tx, enrolment_id)))

    async def _group(self, enrolment_id: UUID) -> GroupMessageFacts:
        return await self._ask(DescribeGroupMessage(enrolment_id=enrolment_id))

    async def _check_session(self, due: Due, booking: MessageFacts) -> None:
        """What the booking does not tell, and its group does."""
        if due.kind not in group_messages.OF_ONE_SESSION or booking.enrolment_id is None:
            return
        group = (await self._group(booking.enrolment_id)).group
        if reason := group_messages.not_of_this_session(
            due.kind, group, booking.booking_id, now=self._time.now()
        ):
            raise NotOwed(reason)

    async def _announcement(self, due: Due) -> Letter:
        assert due.announcement_id is not None
        booking = await self._facts(due)
        said = await self._ask(DescribeAnnouncement(announcement_id=due.announcement_id))
        if not said.holds:
            raise NotOwed("over")
        return self._of_groups.announcement(due.id, booking, said.words, now=self._time.now())

    async def _to_host(self, due: Due) -> Letter:
        """All that somebody is asked for in one mail, also what they were asked for before."""
        wanted = await self._ask(DescribeDuties(person_id=due.about))
        if not wanted.items:
            raise NotOwed("not_wanted")
        return self._of_groups.host_asked(due.id, wanted, now=self._time.now())

    async def _to_who_answers(self, due: Due) -> Letter:
        unanswered = await self._ask(DescribeApplications(person_id=due.about))
        if not unanswered.items:
            raise NotOwed("answered")
        return self._of_groups.application_waiting(due.id, unanswered, now=self._time.now())

    async def _to_former_host(self, due: Due) -> Letter:
        assert due.slot_id is not None
        handover = await self._ask(DescribeHandover(slot_id=due.slot_id, person_id=due.about))
        return self._of_groups.host_replaced(due.id, handover, now=self._time.now())

    async def _to_coordinators(self, due: Due) -> list[Letter]:
        """What was heard last is so: that nobody comes, or that somebody does after all."""
        assert due.starts_at is not None
        other = group_messages.OPPOSITE[due.kind]
        if await self._db.transact(lambda tx: group_store.is_owed_later(tx, due, other)):
            raise NotOwed(other)
        return [
            self._of_groups.to_coordinator(
                due.id, due.kind, number, each, starts_at=due.starts_at, now=self._time.now()
            )
            for number, each in enumerate(await self._coordinators())
        ]

    async def _facts(self, due: Due) -> MessageFacts:
        facts = await self._described.put(due.booking_id or due.about)
        if isinstance(facts, Exception):
            raise facts
        if reason := domain.no_longer_true(due.kind, due.starts_at, facts, now=self._time.now()):
            raise NotOwed(reason)
        return facts

    async def _describe(self, booking_ids: Sequence[UUID]) -> Sequence[MessageFacts | Exception]:
        """As they are at a moment after each of them was asked for. What cannot be told of all together
        is asked one by one: an older release of the owner knows only that.
        """
        known: dict[UUID, MessageFacts] = {}
        if len(booking_ids) > 1:
            with suppress(Refusal, Unavailable, AnswerFailed):
                told = await self._ask(DescribeMessages(booking_ids=list(set(booking_ids))))
                known = {facts.booking_id: facts for facts in told.items}
        others = [booking_id for booking_id in booking_ids if booking_id not in known]
        told_alone = await asyncio.gather(*(self._describe_one(booking_id) for booking_id in others))
        found: dict[UUID, MessageFacts | Exception] = {
            **known,
            **dict(zip(others, told_alone, strict=True)),
        }
        return [found[booking_id] for booking_id in booking_ids]

    async def _describe_one(self, booking_id: UUID) -> MessageFacts | Exception:
        try:
            return await self._ask(DescribeMessage(booking_id=booking_id))
        except (Refusal, Unavailable, AnswerFailed) as error:
            return error

    def _links(self, due: Due, bookings: list[MessageFacts], *, renewed: bool) -> list[Letter]:
        now = self._time.now()
        live = [each for each in bookings if not domain.no_longer_true(due.kind, None, each, now=now)]
        if not live:
            raise NotOwed("nothing_to_say")
        return self._wording.links(due.id, live, renewed=renewed, now=now)

    async def _alerts(self, due: Due) -> list[Letter]:
        failed = await self._failed(due)
        return [
            self._wording.alert(
                due.id, number, each, failed=failed, booking_id=due.booking_id, now=self._time.now()
            )
            for number, each in enumerate(await self._coordinators())
        ]

    async def _coordinators(self) -> list[AlertAddress]:
        receivers = (await self._ask(ListAlertAddresses())).items
        if not receivers:
            raise NotOwed("nobody_to_tell")
        return receivers

    async def _failed(self, due: Due) -> MessageKind | None:
        """What an alert's failed message was; None when it is about news and not about a message."""
        if due.about == domain.UNREAD_NEWS:
            return None
        failed = await self._db.transact(lambda tx: store.kind_of(tx, due.about))
        if failed is None:
            raise NotOwed("nothing_to_say")
        return failed

    async def _ask(self, request: Request[R]) -> R:
        return await self._bus.call(request, own_call("notify", self._clock.now()))

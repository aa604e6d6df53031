"""Booking and gateway, as far as notify knows them: they spread news and answer when asked."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.appointments import (
    DescribeLinks,
    DescribeMessage,
    DescribeMessages,
    LinkFacts,
    MessageFacts,
    SeveralMessageFacts,
)
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.enrolment import (
    AnnouncementFacts,
    DescribeAnnouncement,
    DescribeApplications,
    DescribeGroupMessage,
    EnrolledSession,
    GroupMessageFacts,
    MyGroup,
    UnansweredApplications,
)
from services.contracts.booking.events import BookingEvent, LinksRequested
from services.contracts.booking.people import AlertAddress, AlertAddresses, ListAlertAddresses
from services.contracts.booking.staffing import (
    DescribeDuties,
    DescribeHandover,
    Handover,
    WantedDuties,
)
from services.contracts.envelope import Event, Told, encode, raw
from services.contracts.gateway import PrepareSignIn, SignInMail
from services.contracts.refusals import Code, Refusal
from services.runtime import outbox
from services.runtime.bus import Bus
from services.runtime.call import Call
from services.runtime.clock import Clock
from tests.support.facts import some_facts
from tests.support.system import System

COORDINATOR = AlertAddress(email="koordinaattori@example.org", language="fi")


class Neighbours:
    """`bookings` is what booking would say now; a test changes it as booking would."""

    def __init__(self, booking: Bus, gateway: Bus, clock: Clock) -> None:
        self.bookings: dict[UUID, MessageFacts] = {}
        self.wishes: dict[UUID, list[UUID]] = {}
        self.sign_ins: dict[UUID, SignInMail] = {}
        self.groups: dict[UUID, GroupMessageFacts] = {}
        self.announcements: dict[UUID, AnnouncementFacts] = {}
        self.duties: dict[UUID, WantedDuties] = {}
        self.handovers: dict[tuple[UUID, UUID], Handover] = {}
        self.applications: dict[UUID, UnansweredApplications] = {}
        self.coordinators = [COORDINATOR]
        self.asked = 0
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self._buses = {"booking": booking, "gateway": gateway}
        self._clock = clock

    @classmethod
    async def move_in(cls, system: System) -> "Neighbours":
        here = cls(await system.bus("booking"), await system.bus("gateway"), system.clock)
        for name, bus in here._buses.items():
            await bus.jetstream.add_stream(outbox.stream_config(name))
        await here.answer()
        return here

    async def answer(self) -> None:
        await self._buses["booking"].serve(
            {
                DescribeMessage: self._describe_message,
                DescribeMessages: self._describe_messages,
                DescribeLinks: self._describe_links,
                DescribeGroupMessage: self._describe_group_message,
                DescribeAnnouncement: self._describe_announcement,
                DescribeDuties: self._describe_duties,
                DescribeApplications: self._describe_applications,
                DescribeHandover: self._describe_handover,
                ListAlertAddresses: self._list_alert_addresses,
            }
        )
        await self._buses["gateway"].serve({PrepareSignIn: self._prepare_sign_in})

    async def go_away(self) -> None:
        for bus in self._buses.values():
            await bus.stop_serving(1)

    def has(self, facts: MessageFacts | None = None, **differently: Any) -> MessageFacts:
        """Booking has a booking, for three days from now unless `facts` say otherwise."""
        known = facts or some_facts(**{"booking_id": uuid4()} | differently)
        self.bookings[known.booking_id] = known
        return known

    def has_group(self, group: MyGroup, **contact: Any) -> MyGroup:
        """Booking has somebody's enrolment; again, it has changed."""
        usual: dict[str, Any] = {"language": "fi", "email": "anna@example.org"}
        self.groups[group.enrolment_id] = GroupMessageFacts(group=group, **usual | contact)
        return group

    async def tell(self, event: Event, *, event_id: UUID | None = None, at: datetime | None = None) -> UUID:
        """Publish as the owner's outbox would; `event_id` is the same at a repetition, `at` for all that
        came of one transaction."""
        owner = event.subject.partition(".")[0]
        event_id = event_id or uuid4()
        told = Told(event_id=event_id, at=at or self._clock.now(), body=raw(event))
        # Another message id each time: the stream must not be what takes out the doubles.
        await self._buses[owner].jetstream.publish(
            event.subject, encode(told), headers={"Nats-Msg-Id": str(uuid4())}
        )
        return event_id

    def now(self) -> datetime:
        return self._clock.now()

    async def nudge(self) -> None:
        """Make notify look at the clock: news that leads to nothing."""
        await self.tell(LinksRequested(link_request_id=uuid4()))

    async def _describe_message(self, request: DescribeMessage, _: Call) -> MessageFacts:
        self.asked += 1
        if self.before_answer is not None:
            await self.before_answer()
        if request.booking_id not in self.bookings:
            raise Refusal(Code.NOT_FOUND, "There is no such booking.")
        return self.bookings[request.booking_id]

    async def _describe_messages(self, request: DescribeMessages, _: Call) -> SeveralMessageFacts:
        self.asked += len(request.booking_ids)
        if self.before_answer is not None:
            await self.before_answer()
        known = [self.bookings.get(booking_id) for booking_id in request.booking_ids]
        return SeveralMessageFacts([facts for facts in known if facts is not None])

    async def _describe_group_message(self, request: DescribeGroupMessage, _: Call) -> GroupMessageFacts:
        return self.groups[request.enrolment_id]

    async def _describe_announcement(self, request: DescribeAnnouncement, _: Call) -> AnnouncementFacts:
        return self.announcements[request.announcement_id]

    async def _describe_duties(self, request: DescribeDuties, _: Call) -> WantedDuties:
        return self.duties[request.person_id]

    async def _describe_applications(
        self, request: DescribeApplications, _: Call
    ) -> UnansweredApplications:
        return self.applications[request.person_id]

    async def _describe_handover(self, request: DescribeHandover, _: Call) -> Handover:
        known = (request.slot_id, request.person_id)
        if known not in self.handovers:
            raise Refusal(Code.NOT_FOUND, "It is not so.")
        return self.handovers[known]

    async def _describe_links(self, request: DescribeLinks, _: Call) -> LinkFacts:
        known = self.wishes.get(request.link_request_id, [])
        return LinkFacts([self.bookings[booking_id] for booking_id in known])

    async def _list_alert_addresses(self, _: ListAlertAddresses, __: Call) -> AlertAddresses:
        return AlertAddresses(self.coordinators)

    async def _prepare_sign_in(self, request: PrepareSignIn, _: Call) -> SignInMail:
        if request.sign_in_id not in self.sign_ins:
            raise Refusal(Code.NOT_FOUND, "Nobody serves by that address.")
        return self.sign_ins[request.sign_in_id]


def news(kind: type[BookingEvent], facts: MessageFacts, *, version: int = 1, **more: Any) -> BookingEvent:
    """What booking would spread of this booking as it is now."""
    return kind(
        booking_id=facts.booking_id,
        slot_id=facts.slot.id,
        host_id=facts.slot.host.id,
        kind=facts.slot.kind,
        starts_at=facts.slot.starts_at,
        ends_at=facts.slot.ends_at,
        time_zone=facts.slot.time_zone,
        version=version,
        link_version=facts.link_version,
        sequence=facts.sequence,
        **more,
    )


def session_news(
    kind: type[BookingEvent], group: MyGroup, session: EnrolledSession, *, version: int = 1, **more: Any
) -> BookingEvent:
    """What booking would spread of one session of somebody's enrolment."""
    return kind(
        booking_id=session.booking_id,
        slot_id=session.slot_id,
        host_id=session.host.id,
        kind=SlotKind.GROUP,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        time_zone=session.time_zone,
        version=version,
        link_version=session.link_version,
        sequence=session.sequence,
        enrolment_id=group.enrolment_id,
        **more,
    )


async def ended(system: System, about: UUID, kind: str, state: str, reason: str | None = None) -> bool:
    rows = await system.sql(
        "SELECT 1 FROM notify.message "
        "WHERE about = $1 AND kind = $2 AND state = $3 AND last_error IS NOT DISTINCT FROM $4",
        about,
        kind,
        state,
        reason,
    )
    return bool(rows)


async def state_of(system: System, kind: str, state: str) -> bool:
    rows = await system.sql("SELECT 1 FROM notify.message WHERE kind = $1 AND state = $2", kind, state)
    return bool(rows)

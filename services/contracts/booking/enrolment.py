"""Coming to a group: enrolling, waiting, being offered a place, and leaving again.

An enrolment is one person's, for one session or for the whole series; each session of it is a booking
with its own seat and link. Those who come along are enrolled with the one they accompany: a party gets
its places together or waits for them together.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from services.contracts.booking.appointments import Companion
from services.contracts.booking.catalogue import Host, Words
from services.contracts.booking.slots import Attendee, BookingStatus, SlotState
from services.contracts.envelope import Nothing, Request


class Enrolled(Struct, frozen=True, kw_only=True):
    """What an enrolment answers. The link is made of `booking_id`, the next session's, and its version.

    `before_you`: how many parties wait before this one; None for who does not wait.
    """

    enrolment_id: UUID
    booking_id: UUID
    link_version: int
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    before_you: int | None = None
    held_until: datetime | None = None


class Enrol(Request[Enrolled], frozen=True, kw_only=True):
    """Take a place in one session (`slot_id`), or in every session ahead of a group for the whole series.

    Anyone may; a coordinator does it on somebody's behalf. With no place left the party is put on the
    waiting list, or refused `group_full` without `or_wait`. `walk_in`: into an open group's session that
    is going on or about to, with a nickname alone and no way to be reached. Refuses `already_started`
    for a closed group that has begun, `slot_closed`, and `party_too_large` for more people than there
    are places: they would wait for ever.
    """

    subject: ClassVar[str] = "booking.v1.rpc.enrol"
    reply = Enrolled
    group_id: UUID
    slot_id: UUID | None = None
    display_name: str
    email: str | None = None
    phone: str | None = None
    language: str = "fi"
    municipality: str | None = None
    age_group: str | None = None
    note: str | None = None
    companions: list[Companion] = []
    walk_in: bool = False
    or_wait: bool = True


class EnrolledSession(Struct, frozen=True, kw_only=True):
    """One session of an enrolment. `series_start`: where the rule had put it, before it was moved.

    `changed_at`: when it was last moved or called off, or the person left it. `told_missing`: nobody has
    promised to open it, and those who come have been told so. `cancelled_by`: resident, host or
    coordinator, once the place is cancelled. With `state` open the session goes on without its person:
    they left it themselves, or somebody ended their place.
    """

    booking_id: UUID
    link_version: int
    slot_id: UUID
    state: SlotState
    status: BookingStatus
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    host: Host
    staffed: bool
    told_missing: bool = False
    sequence: int
    series_start: datetime | None = None
    changed_at: datetime | None = None
    cancel_reason: str | None = None
    cancelled_by: str | None = None


class MyGroup(Struct, frozen=True, kw_only=True):
    """An enrolment as its person sees it: nobody else is in it. `sessions` are all of it, in order.

    `before_you` while waiting, `offered_until` while a place is offered, `held_until` while one waits to be
    confirmed; `places` is the party's size.
    `not_accepted`: they wished to be accepted, and were not. `member`: they come to the sessions that are
    added to the series, also while none of it is ahead.
    """

    enrolment_id: UUID
    group_id: UUID
    name: Words
    open: bool
    whole_series: bool
    status: BookingStatus
    places: int
    sessions: list[EnrolledSession]
    accompanies: bool = False
    before_you: int | None = None
    offered_until: datetime | None = None
    held_until: datetime | None = None
    not_accepted: bool = False
    member: bool = False


class DescribeEnrolment(Request[MyGroup], frozen=True, kw_only=True):
    """For the bearer of the link of any booking of it, its facilitators and coordinators.

    Refuses `not_found` for a booking that is no group's.
    """

    subject: ClassVar[str] = "booking.v1.rpc.describe_enrolment"
    reply = MyGroup
    booking_id: UUID


class AnswerOffer(Request[MyGroup], frozen=True, kw_only=True):
    """By the one to whom places are offered, for the party. Twice is once; refuses `offer_over`."""

    subject: ClassVar[str] = "booking.v1.rpc.answer_offer"
    reply = MyGroup
    booking_id: UUID
    accept: bool


class LeaveGroup(Request[MyGroup], frozen=True, kw_only=True):
    """Give back every session ahead, or the place on the waiting list. Twice is once.

    By the bearer of its link, or for them by those who lead the group and coordinators. Whoever is enrolled
    in a series leaves it also while none of it is ahead. One session is left by `CancelBooking`.
    """

    subject: ClassVar[str] = "booking.v1.rpc.leave_group"
    reply = MyGroup
    booking_id: UUID


class AnswerApplication(Request[MyGroup], frozen=True, kw_only=True):
    """A facilitator accepts who enrolled in a group by acceptance, or does not. With no place left the
    accepted party waits for one. Refuses `already_cancelled`."""

    subject: ClassVar[str] = "booking.v1.rpc.answer_application"
    reply = MyGroup
    booking_id: UUID
    accept: bool


class UnansweredGroup(Struct, frozen=True, kw_only=True):
    """A group with `parties` who wish to be accepted and have no answer yet."""

    group_id: UUID
    name: Words
    parties: int


class UnansweredApplications(Struct, frozen=True, kw_only=True):
    """What a message to a facilitator needs at the moment of sending: the groups they lead in which
    somebody waits for an answer, at most 50."""

    email: str
    language: str
    items: list[UnansweredGroup]


class DescribeApplications(Request[UnansweredApplications], frozen=True, kw_only=True):
    """Refuses `not_found` for one who serves no longer."""

    subject: ClassVar[str] = "booking.v1.rpc.describe_applications"
    reply = UnansweredApplications
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    person_id: UUID


class Attendees(Struct, frozen=True):
    items: list[Attendee]
    next: str | None = None


class ListAttendees(Request[Attendees], frozen=True, kw_only=True):
    """Who comes to one session, applies, waits or has been offered a place, in the order of coming.

    For those who host it, its facilitators and coordinators. No contact data.
    """

    subject: ClassVar[str] = "booking.v1.rpc.list_attendees"
    reply = Attendees
    slot_id: UUID
    limit: int = 100
    cursor: str | None = None


class SendAnnouncement(Request[Nothing], frozen=True, kw_only=True):
    """A few words to everybody enrolled in one session (`slot_id`), or in any session ahead of a group.

    By those who host it, its facilitators and coordinators: they never see an address, and the words
    leave as a message of the service. At most three a day for one group; refuses `too_many`.
    """

    subject: ClassVar[str] = "booking.v1.rpc.send_announcement"
    reply = Nothing
    group_id: UUID | None = None
    slot_id: UUID | None = None
    words: str


class AnnouncementFacts(Struct, frozen=True):
    """`holds` is false once the words are of no use any more."""

    words: str
    holds: bool


class DescribeAnnouncement(Request[AnnouncementFacts], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.describe_announcement"
    reply = AnnouncementFacts
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    announcement_id: UUID


class GroupMessageFacts(Struct, frozen=True, kw_only=True):
    """What a message about an enrolment needs at the moment of sending; kept nowhere else.

    Somebody who walked in has no contact.
    """

    language: str
    group: MyGroup
    email: str | None = None
    phone: str | None = None


class DescribeGroupMessage(Request[GroupMessageFacts], frozen=True, kw_only=True):
    subject: ClassVar[str] = "booking.v1.rpc.describe_group_message"
    reply = GroupMessageFacts
    asked_by: ClassVar[frozenset[str]] = frozenset({"notify"})
    enrolment_id: UUID

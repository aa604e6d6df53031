"""Requests in, replies out: each request with the one use case that answers it."""

from typing import Any
from uuid import UUID

from services.booking.service import neighbours
from services.booking.service.appointments import (
    afterwards,
    booking,
    changing,
    names,
    receptions,
    searching,
    slots,
)
from services.booking.service.appointments.together import book_together
from services.booking.service.deps import Deps
from services.booking.service.directory import catalogue, coordination, own, people, themes
from services.booking.service.enrolment import answering, applying, enrolling, leaving, my_group, places
from services.booking.service.enrolment.enrolling_together import enrol_together
from services.booking.service.forgetting import erasing, own_data
from services.booking.service.groups import announcements, groups, series, sessions
from services.booking.service.staffing import promising, relieving
from services.booking.store.enrolment import enrolments
from services.contracts.booking import appointments as a
from services.contracts.booking import catalogue as c
from services.contracts.booking import coordination as w
from services.contracts.booking import enrolment as e
from services.contracts.booking import groups as g
from services.contracts.booking import names as n
from services.contracts.booking import own as o
from services.contracts.booking import own_data as y
from services.contracts.booking import people as p
from services.contracts.booking import receptions as r
from services.contracts.booking import slots as s
from services.contracts.booking import staffing as d
from services.contracts.envelope import Request
from services.runtime.call import Handlers
from services.runtime.commands import UseCase, at_a_glance, in_transaction
from services.runtime.db import Database
from services.runtime.turns import About, Turns

USE_CASES: dict[type[Request[Any]], UseCase[Deps]] = {
    c.ListThemes: themes.list_themes,
    c.PutTheme: themes.put_theme,
    c.ListOrganisations: catalogue.list_organisations,
    c.AddOrganisation: catalogue.add_organisation,
    c.ChangeOrganisation: catalogue.change_organisation,
    c.ListHosts: catalogue.list_hosts,
    c.FindSlots: searching.find_slots,
    g.ListGroups: groups.list_groups,
    g.GetGroup: groups.get_group,
    g.AddGroup: groups.add_group,
    g.ChangeGroup: groups.change_group,
    g.EndGroup: groups.end_group,
    g.ListManagedGroups: groups.list_managed_groups,
    g.GetManagedGroup: groups.get_managed_group,
    g.PreviewSeries: series.preview_series,
    g.SetSeries: series.set_series,
    g.MoveSession: sessions.move_session,
    d.ListDuties: promising.list_duties,
    d.GetDuty: promising.get_duty,
    d.AcceptDuty: promising.accept_duty,
    d.GiveUpDuty: promising.give_up_duty,
    d.AskForStandIn: promising.ask_for_stand_in,
    d.AssignHost: promising.assign_host,
    d.RemoveCoHost: promising.remove_co_host,
    d.DescribeDuties: promising.describe_duties,
    d.DescribeHandover: relieving.describe_handover,
    e.SendAnnouncement: announcements.send_announcement,
    e.DescribeAnnouncement: announcements.describe_announcement,
    e.DescribeApplications: applying.describe_applications,
    p.Identify: people.identify,
    p.FindPersonByEmail: people.find_person_by_email,
    p.ListPeople: people.list_people,
    p.GetPerson: people.get_person,
    p.AddPerson: people.add_person,
    p.ChangePerson: people.change_person,
    p.DisablePerson: people.disable_person,
    p.EnablePerson: people.enable_person,
    p.ListAlertAddresses: people.list_alert_addresses,
    o.ChangeProfile: own.change_profile,
    o.DescribeCalendar: own.describe_calendar,
    o.FindCalendar: own.find_calendar,
    o.RenewCalendar: own.renew_calendar,
    o.ListOpenOutcomes: own.list_open_outcomes,
    y.DescribeOwnData: own_data.describe_own_data,
    y.EraseResident: erasing.erase_resident,
    w.SearchSlots: coordination.search_slots,
    w.SearchBookings: coordination.search_bookings,
    w.DescribeHistory: coordination.describe_history,
    r.ListReceptions: receptions.list_receptions,
    r.GetReception: receptions.get_reception,
    r.AddReception: receptions.add_reception,
    r.ChangeReception: receptions.change_reception,
    r.RemoveReception: receptions.remove_reception,
    r.PreviewReception: receptions.preview_reception,
    s.ListHostSlots: slots.list_host_slots,
    s.GetSlot: slots.get_slot,
    s.AddSlot: slots.add_slot,
    s.CancelSlot: slots.cancel_slot,
    a.Book: booking.book,
    a.DescribeBooking: changing.describe_booking,
    n.DescribeNames: names.describe_names,
    a.ConfirmBooking: places.confirm_booking,
    a.CancelBooking: places.cancel_booking,
    a.MoveBooking: places.move_booking,
    a.RenewLink: places.renew_link,
    a.RequestLinks: neighbours.request_links,
    a.GiveFeedback: afterwards.give_feedback,
    a.RecordOutcome: afterwards.record_outcome,
    a.ReadContact: afterwards.read_contact,
    a.DescribePlace: neighbours.describe_place,
    a.DescribeMessage: neighbours.describe_message,
    a.DescribeMessages: neighbours.describe_messages,
    a.DescribeLinks: neighbours.describe_links,
    e.Enrol: enrolling.enrol,
    e.DescribeEnrolment: my_group.describe_enrolment,
    e.DescribeGroupMessage: my_group.describe_group_message,
    e.AnswerOffer: answering.answer_offer,
    e.LeaveGroup: leaving.leave_group,
    e.AnswerApplication: answering.answer_application,
    e.ListAttendees: my_group.list_attendees,
}


# Asked far more often than anything else: by every page, every press of "join" and every message.
QUESTIONS = (
    c.ListThemes,
    c.ListHosts,
    c.FindSlots,
    p.Identify,
    p.FindPersonByEmail,
    a.DescribeBooking,
    n.DescribeNames,
    a.DescribeMessage,
    a.DescribeMessages,
)

# A group's seats are moved by one after the other: those who wait for it do so without a connection.
MOVES_SEATS = (e.LeaveGroup, e.AnswerOffer, e.AnswerApplication)


def handlers(db: Database, deps: Deps) -> Handlers:
    served = {request: in_transaction(db, deps, use_case) for request, use_case in USE_CASES.items()}
    served |= {request: at_a_glance(db, deps, USE_CASES[request]) for request in QUESTIONS}
    turns, group_of = Turns(), _group_of(db)
    for moves in MOVES_SEATS:
        served[moves] = turns.in_turn(served[moves], group_of)
    served[e.Enrol] = enrol_together(db, deps, served[e.Enrol])
    served[a.Book] = book_together(db, deps, served[a.Book], largest=deps.book_together)
    return served


def _group_of(db: Database) -> About:
    """The group that a request is about, as far as it can be known beforehand."""

    async def group_of(request: Any) -> UUID | None:
        return await enrolments.look_for_group(db, request.booking_id)

    return group_of

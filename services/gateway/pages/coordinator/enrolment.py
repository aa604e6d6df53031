"""Ending somebody's whole enrolment in a group for them: every time ahead, or their wait, in one act."""

from aiohttp import web

from services.contracts.booking.enrolment import DescribeEnrolment, LeaveGroup
from services.contracts.refusals import Code, Refusal
from services.gateway import enrolments, forms
from services.gateway.audit import Action
from services.gateway.door import door_of
from services.gateway.pages.asking import do, note
from services.gateway.pages.coordinator import booking
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, sentence

NOTHING_LEFT = N_("There is nothing left to end: they come to no time of the group any more.")


async def ask_to_end(request: web.Request) -> web.Response:
    booking_id = booking.booking_id_of(request)
    await note(request, Action.BOOKING_READ, booking_id=booking_id)
    mine, now = await do(request, DescribeEnrolment(booking_id=booking_id)), door_of(request).clock.now()
    if "leave_group" not in enrolments.actions(mine, now):
        return await booking.show(request, problem=say_for(request)(NOTHING_LEFT), status=409)
    return render(
        request,
        "coordinator/end_enrolment.html",
        group=mine,
        sessions=[session for session in mine.sessions if enrolments.is_ahead(session, now)],
        booking_id=booking_id,
    )


async def end(request: web.Request) -> web.Response:
    await forms.read(request)
    booking_id = booking.booking_id_of(request)
    await note(request, Action.ENROLMENT_ENDED, booking_id=booking_id)
    try:
        await do(request, LeaveGroup(booking_id=booking_id))
    except Refusal as refusal:
        if refusal.code != Code.ALREADY_STARTED:
            raise
        return await booking.show(request, problem=sentence(refusal.code, say_for(request)), status=409)
    return see_other(f"/bookings/{booking_id}?done=enrolment-ended")

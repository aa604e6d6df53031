"""Every URL on one screen. The router, the role check, the API's description and the role tests come of it.

A row says who may come; what a row of the API reads and answers stands in its handler's signature.
The rows of the pages are in pages/table.py.
"""

from services.gateway.api import (
    bookings,
    catalogue,
    coordination,
    events,
    groups,
    openapi,
    own,
    people,
    receptions,
    residents,
    signing_in,
    slots,
    undelivered,
)
from services.gateway.limits import Limit
from services.gateway.pages.table import PAGES
from services.gateway.routing import ANYONE, COORDINATOR, LINK, STAFF, Route, api

EVENTS = "text/event-stream"
ICS = "text/calendar"

API: tuple[Route, ...] = (
    # anyone
    api("GET", "/openapi.json", openapi.show, ANYONE, "This description", status=200),
    api("GET", "/themes", catalogue.themes, ANYONE, "What help there is"),
    api("GET", "/organisations", catalogue.organisations, ANYONE, "Who offers it"),
    api("GET", "/hosts", catalogue.hosts, ANYONE, "People with free times"),
    api("GET", "/groups", groups.browse, ANYONE, "Remote groups"),
    api("GET", "/slots", catalogue.free_slots, ANYONE, "Free times"),
    api("POST", "/bookings", bookings.book, ANYONE | COORDINATOR, "Book", makes=True, limit=Limit.BOOKING),
    api("POST", "/links", residents.request_links, ANYONE, "Send my links", status=202, limit=Limit.LINKS),
    api("POST", "/sign-in", signing_in.ask, ANYONE, "Send a sign-in link", status=202, limit=Limit.SIGN_IN),
    api("POST", "/sign-in/confirm", signing_in.confirm, ANYONE, "Sign in", limit=Limit.TOKEN),
    # residents, by their link
    api("GET", "/t/{token}", residents.look, LINK, "How the meeting stands"),
    api("GET", "/t/{token}/events", events.stream, LINK, "Live news of it", media=EVENTS, stream=True),
    api("GET", "/t/{token}/calendar.ics", residents.calendar, LINK, "For a calendar", media=ICS),
    api("POST", "/t/{token}/join", residents.join, LINK, "Come in", also=(202,), limit=Limit.TOKEN),
    api("POST", "/t/{token}/help", residents.ask_for_help, LINK, "Say that one cannot get in"),
    api("POST", "/t/{token}/leave", residents.leave, LINK, "Go away"),
    api("POST", "/t/{token}/confirm", residents.confirm, LINK, "Confirm a kept time"),
    api("POST", "/t/{token}/cancel", residents.cancel, LINK, "Give the time back"),
    api("POST", "/t/{token}/move", residents.move, LINK, "Take another time instead"),
    api("POST", "/t/{token}/renew", residents.renew, LINK, "Replace the link", limit=Limit.LINKS),
    api("POST", "/t/{token}/send-again", residents.send_again, LINK, "Send it again", status=202),
    api("POST", "/t/{token}/feedback", residents.feedback, LINK, "Say how it was"),
    # everyone who serves
    api("POST", "/sign-out", signing_in.sign_out, STAFF, "Sign out"),
    api("GET", "/me", signing_in.me, STAFF, "Who am I"),
    api("PUT", "/me", own.change, STAFF, "Change my profile"),
    api("GET", "/me/calendar", own.calendar, STAFF, "Where my calendar is"),
    api("POST", "/me/calendar/renew", own.renew_calendar, STAFF, "Give my calendar a new address"),
    api("GET", "/me/outcomes", own.open_outcomes, STAFF, "My past meetings without an outcome"),
    api("GET", "/me/slots", slots.mine, STAFF, "My times, and who comes"),
    api("POST", "/slots", slots.add, STAFF, "Publish one time", makes=True),
    api("GET", "/slots/{slot_id}", slots.describe, STAFF, "One of my times"),
    api("GET", "/slots/{slot_id}/room", slots.room, STAFF, "How its room stands"),
    api("POST", "/slots/{slot_id}/cancel", slots.cancel, STAFF, "Call a time off"),
    api("POST", "/slots/{slot_id}/join", slots.join, STAFF, "Open the room"),
    api("POST", "/slots/{slot_id}/leave", slots.leave, STAFF, "Leave the room"),
    api("POST", "/slots/{slot_id}/close", slots.close, STAFF, "End the meeting"),
    api("GET", "/receptions", receptions.browse, STAFF, "Weekly hours"),
    api("POST", "/receptions", receptions.add, STAFF, "Publish weekly hours", makes=True),
    api("POST", "/receptions/preview", receptions.preview, STAFF, "What would come of hours"),
    api("GET", "/receptions/{reception_id}", receptions.describe, STAFF, "Hours and their times"),
    api("PUT", "/receptions/{reception_id}", receptions.change, STAFF, "Change the hours"),
    api("DELETE", "/receptions/{reception_id}", receptions.remove, STAFF, "Take the hours back"),
    api("GET", "/bookings/{booking_id}", bookings.describe, STAFF, "A booking"),
    api("PUT", "/bookings/{booking_id}/outcome", bookings.record_outcome, STAFF, "What came of it"),
    api("GET", "/bookings/{booking_id}/contact", bookings.contact, STAFF, "How to reach them"),
    # coordinators
    api("GET", "/bookings/{booking_id}/messages", bookings.messages, COORDINATOR, "What they were sent"),
    api(
        "POST",
        "/bookings/{booking_id}/resend",
        undelivered.resend,
        COORDINATOR,
        "Send them the link again",
        status=202,
    ),
    api("GET", "/coordination/failed-messages", undelivered.failed_messages, COORDINATOR, "What failed"),
    api(
        "POST",
        "/coordination/failed-messages/{message_id}/settle",
        undelivered.settle,
        COORDINATOR,
        "Taken care of",
    ),
    api(
        "POST",
        "/coordination/failed-messages/{message_id}/retry",
        undelivered.retry,
        COORDINATOR,
        "Send a failed message after all",
        status=202,
    ),
    api("GET", "/coordination/dead-letters", undelivered.dead_letters, COORDINATOR, "News given up"),
    api(
        "POST",
        "/coordination/dead-letters/redrive",
        undelivered.redrive,
        COORDINATOR,
        "Handle news once more",
        status=202,
    ),
    api("GET", "/bookings/{booking_id}/history", coordination.history, COORDINATOR, "Who changed it"),
    api("POST", "/bookings/{booking_id}/cancel", coordination.cancel, COORDINATOR, "Cancel for somebody"),
    api("POST", "/bookings/{booking_id}/move", coordination.move, COORDINATOR, "Move for somebody"),
    api("POST", "/bookings/{booking_id}/renew", coordination.renew, COORDINATOR, "Replace their link"),
    api("POST", "/bookings/{booking_id}/card", coordination.make_card, COORDINATOR, "Its card", makes=True),
    api("GET", "/coordination/slots", coordination.search_slots, COORDINATOR, "Everybody's times"),
    api("GET", "/coordination/bookings", coordination.search_bookings, COORDINATOR, "All bookings"),
    api("POST", "/organisations", catalogue.add_organisation, COORDINATOR, "Add one", makes=True),
    api("PUT", "/organisations/{organisation_id}", catalogue.change_organisation, COORDINATOR, "Rename it"),
    api("POST", "/themes", catalogue.add_theme, COORDINATOR, "Add a theme", makes=True),
    api("PUT", "/themes/{theme}", catalogue.change_theme, COORDINATOR, "Change its words or its place"),
    api("GET", "/people", people.browse, COORDINATOR, "Everybody who serves"),
    api("POST", "/people", people.add, COORDINATOR, "Invite somebody", makes=True),
    api("GET", "/people/{person_id}", people.describe, COORDINATOR, "One who serves"),
    api("POST", "/people/{person_id}/enable", people.enable, COORDINATOR, "Let somebody in again"),
    api("PUT", "/people/{person_id}", people.change, COORDINATOR, "Change somebody"),
    api("POST", "/people/{person_id}/disable", people.disable, COORDINATOR, "Shut somebody out"),
    api("GET", "/audit", people.trail, COORDINATOR, "What staff looked at and did"),
)

ROUTES = API + PAGES

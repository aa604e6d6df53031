"""What is known of me: asked for on the meeting's page, seen or erased behind a link that comes by message.

Opening a page of these changes and tells nothing: mail programs look behind links too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from services.gateway import forms, own_data
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.own_bookings import KnownBooking
from services.gateway.own_data import Report
from services.gateway.pages import catalogue, words
from services.gateway.pages.coordinator.booking import BY, CHANGED, WHAT
from services.gateway.pages.coordinator.bookings import STATUSES
from services.gateway.pages.message_words import CHANNELS, STATES, kind_of
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, Say
from services.gateway.who import caller_of
from services.runtime.call import Call

SEEN = {
    "waiting": N_("waited"),
    "joined": N_("came in"),
    "left": N_("left"),
    "help": N_("could not get in"),
}
STAFF = N_("somebody who serves")


@dataclass(frozen=True)
class Line:
    at: datetime
    what: str
    by: str = ""


@dataclass(frozen=True)
class Told:
    """One booking with everything about it, in words."""

    booking: KnownBooking
    status: str
    language: str
    age_group: str
    comes_as: str
    changes: list[Line]
    messages: list[Line]
    seen: list[Line]
    cards: list[datetime]
    deeds: list[datetime]


async def ask(request: web.Request) -> web.Response:
    return render(
        request,
        "own_data/ask.html",
        token=request.match_info["token"],
        sent=request.query.get("done") == "sent",
    )


async def send(request: web.Request) -> web.Response:
    await forms.read(request)
    await own_data.ask(door_of(request), call_for(request, caller_of(request).actor))
    return see_other(f"/t/{request.match_info['token']}/own-data?done=sent")


async def offer(request: web.Request) -> web.Response:
    """The same page for every secret: whether it works is found out by pressing."""
    return render(request, "own_data/offer.html", here=_here(request))


async def show(request: web.Request) -> web.Response:
    await forms.read(request)
    opened = await own_data.open_link(door_of(request), request.match_info["secret"], _call(request))
    return await page_of(
        request,
        opened.report,
        save_at=f"/own-data/{opened.key}/file",
        erase_at=f"/own-data/{opened.key}/erase",
    )


async def save(request: web.Request) -> web.Response:
    await forms.read(request)
    report = await own_data.report_again(door_of(request), request.match_info["secret"], _call(request))
    return file_of(report)


async def ask_to_erase(request: web.Request) -> web.Response:
    return render(request, "own_data/erase.html", here=_here(request))


async def erase(request: web.Request) -> web.Response:
    await forms.read(request)
    await own_data.erase(door_of(request), request.match_info["secret"], _call(request))
    return see_other("/erased")


async def erased(request: web.Request) -> web.Response:
    return render(request, "own_data/erased.html")


async def page_of(request: web.Request, report: Report, **where: Any) -> web.Response:
    return render(
        request,
        "own_data/shown.html",
        told=tell(report, say_for(request)),
        theme_name=await catalogue.theme_names(request),
        **where,
    )


def file_of(report: Report) -> web.Response:
    body = msgspec.json.format(msgspec.json.encode(report), indent=2)
    return web.Response(
        body=body,
        content_type="application/json",
        charset="utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="digiaula.json"',
            "Cache-Control": "no-store",
        },
    )


def tell(report: Report, say: Say) -> list[Told]:
    return [_told(booking, report, say) for booking in report.bookings]


def _told(booking: KnownBooking, report: Report, say: Say) -> Told:
    return Told(
        booking=booking,
        status=say(STATUSES[booking.status]),
        language=say(words.SPOKEN[booking.language]),
        age_group=_said(words.AGE_GROUPS, booking.age_group, say) or booking.age_group or "",
        comes_as=_said(words.COMPANIONS, booking.comes_as, say) or booking.comes_as or "",
        changes=[
            Line(change.at, say(WHAT.get(change.what, CHANGED)), say(BY.get(change.by, STAFF)))
            for change in booking.changes
        ],
        messages=[
            Line(
                each.sent_at or each.due_at,
                kind_of(each.kind, say),
                ", ".join(
                    said for said in (say(STATES[each.state]), _said(CHANNELS, each.channel, say)) if said
                ),
            )
            for each in report.messages
            if each.booking_id == booking.id
        ],
        seen=[
            Line(each.at, say(SEEN.get(each.what, CHANGED)))
            for each in report.sightings
            if each.booking_id == booking.id
        ],
        cards=[each.made_at for each in report.cards if each.booking_id == booking.id],
        deeds=[each.at for each in report.deeds if each.booking_id == booking.id],
    )


def _said(named: Mapping[str, str], code: str | None, say: Say) -> str:
    """A code in words; nothing for one that is not there, of which a catalogue would tell its own head."""
    known = named.get(code or "")
    return say(known) if known else ""


def _here(request: web.Request) -> str:
    return f"/own-data/{request.match_info['secret']}"


def _call(request: web.Request) -> Call:
    return call_for(request, caller_of(request).actor)

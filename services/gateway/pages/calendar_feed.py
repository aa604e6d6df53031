"""What calendar programs fetch. They are no people: every answer is a calendar or one plain line."""

from aiohttp import ETag, web

from services.contracts.booking.own import Calendar, DescribeCalendar
from services.contracts.envelope import Anyone
from services.contracts.refusals import Code, Refusal
from services.gateway import calendars
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages.rendering import PAGES

MAY_BE_KEPT = "private, max-age=300"


async def feed(request: web.Request) -> web.Response:
    door = door_of(request)
    link = calendars.read(door, request.match_info["token"])
    if link is None:
        return web.Response(status=404, text="There is no such calendar.\n")
    call = call_for(request, Anyone())
    try:
        asked = DescribeCalendar(person_id=link.subject_id, version=link.version)
        calendar = await door.bus.call(asked, call)
    except Refusal as refusal:
        if refusal.code is not Code.LINK_EXPIRED:
            raise
        return web.Response(status=410, text="This calendar's address is no longer in use.\n")
    return _answer(request, calendar)


def _answer(request: web.Request, calendar: Calendar) -> web.Response:
    door = door_of(request)
    headers = {"Cache-Control": MAY_BE_KEPT}
    digest = calendars.digest(calendar)
    if any(tag.value in (digest, "*") for tag in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        say = request.config_dict[PAGES].texts.translations(calendar.language).gettext
        body = calendars.written(door, calendar, say, door.clock.now())
        response = web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)
    response.etag = ETag(digest)
    return response

"""What the service is, who keeps what is told to it and for how long; and the same in easy language."""

from aiohttp import web

from services.gateway.door import door_of
from services.gateway.pages.rendering import render


async def about(request: web.Request) -> web.Response:
    settings = door_of(request).settings
    return render(
        request,
        "about.html",
        controller=settings.controller,
        feedback_email=settings.feedback_email,
        accessibility_url=settings.accessibility_url,
        phone=settings.phone,
        keep_contact=settings.keep_contact_days,
        keep_note=settings.keep_note_days,
        keep_attendance=settings.keep_attendance_days,
        keep_messages=settings.keep_messages_days,
    )


async def easy(request: web.Request) -> web.Response:
    settings = door_of(request).settings
    return render(request, "easy.html", controller=settings.controller, phone=settings.phone)

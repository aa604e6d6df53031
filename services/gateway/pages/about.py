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
    )


async def easy(request: web.Request) -> web.Response:
    settings = door_of(request).settings
    return render(request, "easy.html", controller=settings.controller, phone=settings.phone)

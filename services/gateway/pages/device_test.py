"""Trying the camera, the microphone, the sound and the connection before a meeting, or just so.

All of it happens in the browser: nothing that is seen or heard is sent anywhere, us included.
"""

from aiohttp import web

from services.gateway.pages.rendering import render


async def show(request: web.Request) -> web.Response:
    token = request.match_info.get("token")
    return render(request, "device_test.html", back=f"/t/{token}" if token else "")

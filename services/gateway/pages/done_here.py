""" "I am done on this computer": who uses it next is led to nobody's page, and finds nobody's wishes.

The pages themselves stay in a browser's history, which only its user can clear: that is said.
"""

from aiohttp import web

from services.gateway import forms
from services.gateway.pages import find_time, kept_place
from services.gateway.pages.groups import browse
from services.gateway.pages.rendering import render, see_other


async def forget(request: web.Request) -> web.Response:
    await forms.read(request)
    response = see_other("/done-here")
    kept_place.forget(request, response, kept_place.forms_of(request))
    response.del_cookie(find_time.WISH_COOKIE, path="/times")
    response.del_cookie(browse.WISH_COOKIE, path="/groups")
    return response


async def forgotten(request: web.Request) -> web.Response:
    return render(request, "done_here.html")

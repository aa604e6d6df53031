"""Every URL on one screen. The router, the role check, the API's description and the tests come of it."""

from services.gateway.routing import Route

API: tuple[Route, ...] = ()

PAGES: tuple[Route, ...] = (
    # page("GET", "/times", find_time.show, ANYONE),
)

ROUTES = API + PAGES

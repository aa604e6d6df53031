"""What every answer tells the browser not to do."""

from aiohttp import web

from services.gateway.config import Config
from services.gateway.routing import LINK, Route

_STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE = (
    "default-src 'none'; script-src 'self'{video}; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'; frame-src {frame}"
)
_DEVICES = ("camera", "microphone", "display-capture", "autoplay", "fullscreen")


class SecurityHeaders:
    """Put on 100 % of the answers just before they go out, whoever made them."""

    def __init__(self, settings: Config) -> None:
        video = f"https://{settings.jitsi_domain}" if settings.jitsi_domain else ""
        self._page = _PAGE.format(video="", frame="'none'")
        self._video = _PAGE.format(video=f" {video}" if video else "", frame=video or "'none'")
        allowed = f'(self "{video}")' if video else "()"
        self._no_devices = _permissions("()")
        self._devices = _permissions(allowed)
        self._own_devices = _permissions("(self)")
        self._secure = settings.secure

    def put(self, response: web.StreamResponse, route: Route | None) -> None:
        headers = response.headers
        is_page = response.content_type == "text/html"
        with_video = is_page and route is not None and route.video
        headers["Content-Security-Policy"] = (
            (self._video if with_video else self._page) if is_page else _STRICT
        )
        with_devices = is_page and route is not None and route.devices
        headers["Permissions-Policy"] = (
            self._devices if with_video else self._own_devices if with_devices else self._no_devices
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["X-Frame-Options"] = "DENY"
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Cache-Control", "no-store")
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if route is not None and (route.roles == LINK or "{token}" in route.path or route.api):
            headers["X-Robots-Tag"] = "noindex, nofollow"


def _permissions(devices: str) -> str:
    asked = ", ".join(f"{name}={devices}" for name in _DEVICES)
    return f"{asked}, geolocation=(), payment=(), usb=()"

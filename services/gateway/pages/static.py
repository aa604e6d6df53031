"""Our style, scripts and mark: small, from this host, kept by browsers while they stay the same."""

from aiohttp import web

from services.gateway.pages.rendering import PAGES, YEAR


async def static_file(request: web.Request) -> web.Response:
    """An address that names an older content meets the present one, which then is not kept."""
    known = request.config_dict[PAGES].static.get(request.match_info["name"])
    if known is None:
        raise web.HTTPNotFound
    lasting = f"public, max-age={YEAR}, immutable" if request.path == known.url else "no-cache"
    return web.Response(
        body=known.body,
        content_type=known.content_type,
        charset="utf-8",
        headers={"Cache-Control": lasting},
    )

"""Remote groups, for anyone, for those who lead them and for coordinators."""

from services.contracts.booking import groups
from services.gateway.api.paging import Page
from services.gateway.api.serving import Asking


async def browse(asking: Asking[Page]) -> groups.Groups:
    return await asking.ask(groups.ListGroups(limit=asking.body.limit, cursor=asking.body.cursor))

"""Who leads a session is told to those who come when it has been promised, and not before."""

from datetime import date, time
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.groups import Series, SetSeries
from services.contracts.booking.staffing import AcceptDuty
from tests.integration.gateway.conftest import Doorstep
from tests.support.page import Visitor as Reader
from tests.support.sessions import a_group
from tests.support.visitor import Visitor

NAME = "Vieno Vetäjä"
TWO_EVENINGS = Series(starts=time(18), ends=time(19), first_on=date(2027, 2, 4), until=date(2027, 2, 11))


async def ways_to_a_name(doorstep: Doorstep, visitor: Visitor, group_id: UUID, link: str) -> list[str]:
    """Every address, for anyone and for one who has enrolled, at which the name stands."""
    asked = (f"/groups/{group_id}", f"{link}/group", link)
    named = [path for path in asked if NAME.encode() in (await visitor.get(path)).body]
    async with Reader(doorstep.system.http("gateway")) as reader:
        shown = (f"/groups/{group_id}", link)
        return named + [f"page {path}" for path in shown if NAME in (await reader.open(path)).html]


async def test_whoever_has_not_promised_to_lead_is_named_nowhere(doorstep: Doorstep) -> None:
    house, system = doorstep.house, doorstep.system
    host = await house.expert(display_name=NAME)
    group_id = await a_group(house, host, open=False, whole_series=True)
    await system.ask(SetSeries(group_id=group_id, series=TWO_EVENINGS), house.coordinator, key=str(uuid4()))
    visitor = await doorstep.visitor()
    said: dict[str, Any] = {"display_name": "Kielo", "email": "kielo@posti.example", "consent": True}
    enrolled = (await visitor.post(f"/groups/{group_id}/enrolments", said)).json
    link = f"/t/{enrolled['manage_url'].rpartition('/')[2]}"

    assert await ways_to_a_name(doorstep, visitor, group_id, link) == []
    first, _ = (await visitor.get(f"/groups/{group_id}")).json["sessions"]
    assert (first["staffed"], first["host"]) == (False, None)

    await system.ask(AcceptDuty(slot_id=UUID(first["slot_id"])), host)

    sessions = (await visitor.get(f"{link}/group")).json["sessions"]
    assert [session["host"] and session["host"]["display_name"] for session in sessions] == [NAME, None]
    assert await ways_to_a_name(doorstep, visitor, group_id, link) == [
        f"/groups/{group_id}",
        f"{link}/group",
        f"page /groups/{group_id}",
        f"page {link}",
    ]

"""Who leads a session is told to those who come when it has been promised, and not before."""

from datetime import date, time
from typing import Any
from uuid import UUID, uuid4

from services.contracts.booking.groups import Series, SetSeries
from services.contracts.booking.staffing import AcceptDuty
from tests.integration.gateway.conftest import Doorstep
from tests.integration.gateway.test_own_data import token_by_mail
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


async def own_data(doorstep: Doorstep, visitor: Visitor, link: str) -> Any:
    """What is told of them to whoever has the link, as a program gets it and as the page is saved."""
    await visitor.post(f"{link}/own-data")
    return (await visitor.post("/own-data", {"token": await token_by_mail(doorstep)})).json["bookings"]


async def own_page(doorstep: Doorstep, link: str) -> str:
    """The same on the page that a fresh link opens."""
    async with Reader(doorstep.system.http("gateway")) as reader:
        await reader.send((await reader.open(f"{link}/own-data")).form(f"{link}/own-data"))
        fresh = f"/own-data/{await token_by_mail(doorstep)}"
        return (await reader.send((await reader.open(fresh)).form(fresh))).html


async def test_ones_own_data_name_only_who_has_promised_to_lead(doorstep: Doorstep) -> None:
    house, system = doorstep.house, doorstep.system
    await system.start("notify")
    host = await house.expert(display_name=NAME)
    group_id = await a_group(house, host, open=False, whole_series=True)
    await system.ask(SetSeries(group_id=group_id, series=TWO_EVENINGS), house.coordinator, key=str(uuid4()))
    visitor = await doorstep.visitor()
    said: dict[str, Any] = {"display_name": "Kielo", "email": "kielo@posti.example", "consent": True}
    enrolled = (await visitor.post(f"/groups/{group_id}/enrolments", said)).json
    link = f"/t/{enrolled['manage_url'].rpartition('/')[2]}"

    first, second = await own_data(doorstep, visitor, link)
    assert [first["slot"]["host"], second["slot"]["host"]] == [None, None]
    assert NAME not in await own_page(doorstep, link)

    await system.ask(AcceptDuty(slot_id=UUID(first["slot"]["id"])), host)

    hosts = [booking["slot"]["host"] for booking in await own_data(doorstep, visitor, link)]
    assert [each and each["display_name"] for each in hosts] == [NAME, None]
    assert (await own_page(doorstep, link)).count(NAME) == 1

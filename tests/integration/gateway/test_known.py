"""With booking away: who was known a short while ago comes in, and nobody else."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.contracts.booking.events import PersonDisabled
from services.contracts.booking.people import FindPersonByEmail, Identify, Person
from services.contracts.envelope import Role
from services.contracts.gateway import PrepareSignIn
from services.contracts.refusals import Code, Refusal
from services.gateway.known import GOOD_FOR
from tests.integration.gateway.conftest import Doorstep, a_booking
from tests.support.eventually import eventually
from tests.support.neighbours import Neighbours
from tests.support.system import System
from tests.support.visitor import Visitor

AINO = Person(
    id=UUID(int=1), role=Role.EXPERT, display_name="Aino", email="aino@posti.example", languages=["fi"]
)


@pytest.fixture
async def tables(system: System) -> Neighbours:
    neighbours = await Neighbours.beside(system)
    await system.start("gateway")
    neighbours.answers(FindPersonByEmail, AINO)
    neighbours.answers(Identify, AINO)
    return neighbours


async def sign_in(visitor: Visitor, system: System) -> None:
    await visitor.post("/sign-in", {"email": AINO.email})
    rows = await system.sql("SELECT id FROM gateway.sign_in ORDER BY requested_at DESC LIMIT 1")
    await visitor.sign_in((await system.ask(PrepareSignIn(sign_in_id=rows[0]["id"]))).token)


async def test_who_was_known_is_known_while_booking_is_away_and_no_longer_than_that(
    system: System, tables: Neighbours
) -> None:
    async with Visitor(system.http("gateway")) as aino, Visitor(system.http("gateway")) as stranger:
        await sign_in(aino, system)
        await tables.away("booking")

        assert (await aino.get("/me")).json["display_name"] == "Aino"
        assert (await stranger.get("/me")).code == "not_signed_in"
        system.clock.advance(GOOD_FOR + timedelta(seconds=1))
        assert (await aino.get("/me")).code == "unavailable"
        await tables.back("booking")
        assert (await aino.get("/me")).status == 200


async def test_booking_has_the_word_whenever_it_answers(system: System, tables: Neighbours) -> None:
    async with Visitor(system.http("gateway")) as aino:
        await sign_in(aino, system)
        tables.refuses(Identify, Refusal(Code.SESSION_ENDED, "Disabled."))

        assert (await aino.get("/me")).code == "session_ended"
        await tables.away("booking")
        assert (await aino.get("/me")).code == "not_signed_in"


async def test_somebody_disabled_is_not_known_when_booking_goes_away(
    system: System, tables: Neighbours
) -> None:
    async with Visitor(system.http("gateway")) as aino, Visitor(system.http("gateway")) as other:
        await sign_in(aino, system)
        await sign_in(other, system)
        await tables.tell(PersonDisabled(person_id=UUID(int=2)))
        await tables.away("booking")
        assert (await aino.get("/me")).status == 200

        await tables.tell(PersonDisabled(person_id=AINO.id))

        async def out() -> bool:
            return (await aino.get("/me")).code == "unavailable"

        assert await eventually(out)
        assert (await other.get("/me")).code == "unavailable"


async def test_after_signing_out_nobody_is_known(system: System, tables: Neighbours) -> None:
    async with Visitor(system.http("gateway")) as aino:
        await sign_in(aino, system)
        await tables.away("booking")

        assert (await aino.post("/sign-out")).status == 204

        assert (await aino.get("/me")).code == "not_signed_in"


async def test_a_meeting_begins_while_booking_is_away(doorstep: Doorstep) -> None:
    """The host finds it in their week, opens it, and the resident follows."""
    system, house = doorstep.system, doorstep.house
    host = await house.expert()
    slot = await house.slot(host, system.clock.now() + timedelta(minutes=10))
    resident = await doorstep.visitor()
    made = await resident.post("/bookings", a_booking(slot.id))
    link = "/t/" + made.json["manage_url"].rpartition("/")[2]
    expert = await doorstep.signed_in(host.person_id)

    async def heard() -> bool:
        assert await system.sql("SELECT 1 FROM rooms.place WHERE slot_id = $1", slot.id)
        return (await expert.get(f"/slots/{slot.id}/room")).status == 200

    await eventually(heard)
    await system.stop("booking")

    week = (await expert.get("//my/week")).body.decode()
    assert f"/my/week/slots/{slot.id}/join" in week
    assert "Kielo" not in week
    assert (await expert.post(f"/slots/{slot.id}/join")).status == 200
    assert (await resident.post(f"{link}/join")).json["state"] == "open"
    assert (await expert.get("/people")).status == 403
    assert (await expert.get("/me/slots")).code == "unavailable"

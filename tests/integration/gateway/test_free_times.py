"""Free times go out as booking tells them: the gateway lets their JSON pass."""

from datetime import timedelta
from urllib.parse import urlencode

import msgspec

from services.contracts.booking.catalogue import FindSlots, FreeSlot, Host, ListOrganisations, SlotKind
from services.contracts.envelope import Anyone
from services.gateway.routes import ROUTES
from tests.integration.gateway.conftest import Doorstep


async def test_the_answer_is_bookings_own_byte_by_byte(shared: Doorstep) -> None:
    host = await shared.house.expert()
    begins = shared.system.clock.now() + timedelta(hours=30)
    for hour in range(3):
        await shared.house.slot(host, begins + timedelta(hours=hour))
    wanted = FindSlots(from_at=begins, to_at=begins + timedelta(days=1), host=host.person_id, limit=2)
    told = await shared.system.ask(wanted, Anyone())
    query = {"from": wanted.from_at.isoformat(), "to": wanted.to_at.isoformat(), "limit": 2}
    visitor = await shared.visitor()

    reply = await visitor.get("/slots?" + urlencode(query | {"host": host.person_id}))

    assert (len(told.items), told.next is not None) == (2, True)
    assert reply.body == msgspec.json.encode(told)


async def test_a_free_time_says_what_it_is_and_with_whom(shared: Doorstep) -> None:
    host = await shared.house.expert(display_name="Ilona", languages=["sv"])
    starts_at = shared.system.clock.now() + timedelta(hours=50)
    slot = await shared.house.slot(
        host, starts_at, kind=SlotKind.GROUP, capacity=4, theme="digineuvonta", languages=["sv", "en"]
    )
    organisations = await shared.system.ask(ListOrganisations(), shared.house.coordinator)
    names = {each.id: each.name for each in organisations.items}

    (found,) = await shared.house.free(host=host.person_id)

    assert found == FreeSlot(
        id=slot.id,
        kind=SlotKind.GROUP,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=45),
        time_zone="Europe/Helsinki",
        host=Host(
            id=host.person_id,
            display_name="Ilona",
            organisation=names[shared.house.organisation_id],
            organisation_id=shared.house.organisation_id,
        ),
        theme="digineuvonta",
        languages=["sv", "en"],
        capacity=4,
        seats_left=4,
    )


def test_what_passes_is_described_as_what_booking_answers() -> None:
    [route] = [each for each in ROUTES if (each.method, each.path) == ("GET", "/api/v1/slots")]
    assert route.api is not None
    assert route.api.reply is FindSlots.reply

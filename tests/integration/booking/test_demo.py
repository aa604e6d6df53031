"""The demo data: what `make run` begins with, loaded through the same requests as everything else."""

from deploy.embedded.demo import Demo
from services.contracts.booking.catalogue import SlotKind
from services.contracts.booking.groups import GetManagedGroup, ListManagedGroups, Staffing
from services.contracts.booking.people import ListPeople
from tests.support.house import House
from tests.support.system import System


async def test_the_demo_has_three_groups_with_hosts_and_loads_once_however_often(system: System) -> None:
    """By the clock of today: the demo counts from the day on which it is loaded."""
    await system.start("booking")
    house = await House.build(system)
    for _ in range(2):
        await Demo(await system.bus("gateway")).load()

    listed = await system.ask(ListManagedGroups(), house.coordinator)
    groups = [
        await system.ask(GetManagedGroup(group_id=each.group.id), house.coordinator)
        for each in listed.items
    ]
    shape = {
        (each.group.open, each.group.whole_series, each.group.kind, each.group.capacity, len(each.sessions))
        for each in groups
    }
    staffing = [session.staffing for each in groups for session in each.sessions]
    people = (await system.ask(ListPeople(), house.coordinator)).items

    assert shape == {
        (True, False, SlotKind.GROUP, 12, 6),
        (False, True, SlotKind.GROUP, 6, 8),
        (True, False, SlotKind.EVENT, 600, 1),
    }
    assert staffing.count(Staffing.STAND_IN_WANTED) == 1
    assert staffing.count(Staffing.ACCEPTED) == len(staffing) - 1
    assert [person.email for person in people if person.trained and person.themes] == [
        "aulalahettilas@digiaula.example"
    ]
    await system.check_invariants()

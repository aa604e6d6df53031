"""A28: deleted means deleted. Some go through everything there is, have themselves erased, and are nowhere;
those who do not are known as before."""

from tests.e2e import test_erasing
from tests.e2e.test_erasing import Canary
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.stack import running_stack

PEOPLE = 8


async def prove(run: Run) -> None:
    stack = await run.ground.shared("stack", lambda folder: running_stack(folder))
    canaries = [Canary() for _ in range(run.choose(long=PEOPLE, short=2))]
    booked = []
    for canary in canaries:
        booked.append(await test_erasing.journey(stack, canary))
    leaving = sorted(run.chance.sample(range(len(canaries)), len(canaries) // 2))
    gone = [canaries[number] for number in leaving]
    stay = [canary for canary in canaries if canary not in gone]
    before = await test_erasing.found(stack, gone)
    for number in leaving:
        await test_erasing.erase(stack, booked[number], canaries[number])

    async def nowhere() -> bool:
        return not await test_erasing.found(stack, gone)

    try:
        await eventually(nowhere, within=IN_THE_END)
    except AssertionError:
        run.errors.append("still somewhere")
    run.at_least("control: places in which they were before", len(before), 1)
    run.none(f"places in which {len(gone)} erased people are", await test_erasing.found(stack, gone))
    known = [canary for canary in stay if "booking.booking" in await test_erasing.found(stack, [canary])]
    run.holds("others known as before", len(known), str(len(stay)), len(known) == len(stay))

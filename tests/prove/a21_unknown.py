"""A21: nobody learns from an answer, or from how long it took, who uses the service."""

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from tests.prove.door import Answer, Door
from tests.prove.fleet import a_fleet
from tests.prove.proof import IN_THE_END, Run
from tests.support.eventually import eventually
from tests.support.house import A_TUESDAY
from tests.support.system import FIRST_COORDINATOR

KNOWN_RESIDENT = "tunnettu@posti.example"


async def prove(run: Run) -> None:
    """The two forms anybody may fill in with an address, each asked about one that is known and one that
    is not, in an order that nobody can foresee."""
    samples = run.choose(long=500, short=40)
    async with a_fleet(run) as fleet:
        host = await fleet.house.expert()
        slot = await fleet.house.slot(host, A_TUESDAY)
        await fleet.house.book(slot.id, email=KNOWN_RESIDENT)
        door = Door(fleet.gateways, fleet.host)
        for form, known in (("/sign-in", FIRST_COORDINATOR), ("/links", KNOWN_RESIDENT)):
            answers: dict[bool, list[Answer]] = {True: [], False: []}
            order = [True, False] * samples
            run.chance.shuffle(order)
            await door.ask("POST", form, {"email": known}, key="first")
            for number, is_known in enumerate(order):
                email = known if is_known else f"tuntematon{number}@posti.example"
                answers[is_known].append(await _answered(door, form, email, key=f"{form}{number}"))
            _judge(run, form, answers)
        await door.close()


async def _answered(door: Door, form: str, email: str, *, key: str) -> Answer:
    """To come again later is no answer to the question, and tells how busy the machine is."""

    async def definite() -> Answer:
        answer = await door.ask("POST", form, {"email": email}, key=key)
        assert not answer.retry_after, answer.what
        return answer

    return await eventually(definite, within=IN_THE_END)


def _judge(run: Run, form: str, answers: dict[bool, list[Answer]]) -> None:
    said = {is_known: {_said(each) for each in those} for is_known, those in answers.items()}
    run.holds(f"{form}: answers that tell", len(said[True] ^ said[False]), "0", said[True] == said[False])
    took = {is_known: [each.seconds * 1000 for each in those] for is_known, those in answers.items()}
    run.measured(f"{form}: medians apart", abs(median(took[True]) - median(took[False])), 10, "ms")
    if not run.short:
        p = same_distribution(took[True], took[False])
        run.holds(f"{form}: Kolmogorov-Smirnov p", f"{p:.3f}", "> 0.01", p > 0.01)


def _said(answer: Answer) -> tuple[int, Any]:
    return answer.status, str(answer.body)


def same_distribution(one: Sequence[float], other: Sequence[float]) -> float:
    """The chance that two samples of one distribution are as far apart as these (two-sided, for many)."""
    marks = sorted([*((each, 1) for each in one), *((each, 0) for each in other)])
    farthest, seen = 0.0, [0, 0]
    for _, of in marks:
        seen[of] += 1
        farthest = max(farthest, abs(seen[1] / len(one) - seen[0] / len(other)))
    size = math.sqrt(len(one) * len(other) / (len(one) + len(other)))
    scaled = (size + 0.12 + 0.11 / size) * farthest
    total: float = 2 * sum((-1) ** (n - 1) * math.exp(-2 * (n * scaled) ** 2) for n in range(1, 101))
    return min(1.0, max(0.0, total))


async def control(run: Run) -> None:
    """Two samples that a thousandth of a second sets apart are told apart."""
    one = [run.chance.gauss(10, 1) for _ in range(500)]
    other = [run.chance.gauss(11, 1) for _ in range(500)]
    p = same_distribution(one, other)
    run.control("the same work for both", f"p {p:.2g}", broke=p < 0.01)

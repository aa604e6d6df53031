"""What those who lead groups are told besides being asked."""

from datetime import timedelta
from uuid import UUID, uuid4

from deploy.embedded.mailbox import Message
from services.contracts.booking.catalogue import Words
from services.contracts.booking.enrolment import UnansweredApplications, UnansweredGroup
from services.contracts.booking.events import ApplicationWaiting, HostFoundAfterAll, HostReplaced
from services.contracts.booking.staffing import Handover
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS, ZONE
from tests.support.groups import LONG
from tests.support.system import System

GATHERED = timedelta(minutes=5, seconds=1)
CIRCLE = UnansweredGroup(group_id=uuid4(), name=Words("Omaiset", "Anhöriga", "Carers"), parties=3)


async def one_is_planned(system: System, kind: str) -> bool:
    (row,) = await system.sql(
        "SELECT count(*) FROM notify.message WHERE kind = $1 AND state = 'planned'", kind
    )
    return bool(row["count"] == 1)


async def apply(system: System, neighbours: Neighbours, person_id: UUID) -> None:
    await neighbours.tell(ApplicationWaiting(group_id=CIRCLE.group_id, person_id=person_id))
    await eventually(lambda: one_is_planned(system, "application_waiting"))


async def test_one_mail_in_hours_speaks_of_all_who_wait_for_an_answer(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    person_id = uuid4()
    neighbours.applications[person_id] = UnansweredApplications(
        email="ohjaaja@example.org", language="fi", items=[CIRCLE]
    )
    for _ in range(3):
        await apply(notify, neighbours, person_id)
    clock.set(NOW + GATHERED)
    await neighbours.nudge()

    mail = await mailroom.mail()
    assert mail.to == "ohjaaja@example.org"
    assert "Omaiset" not in mail.subject
    assert "”Omaiset”: 3 pyyntöä." in mail.text
    assert mail.links[0].endswith("/my/groups")
    await eventually(lambda: ended(notify, person_id, "application_waiting", "sent"))

    await apply(notify, neighbours, person_id)
    (row,) = await notify.sql(
        "SELECT due_at FROM notify.message WHERE kind = 'application_waiting' AND state = 'planned'"
    )
    assert timedelta(hours=2.5) < row["due_at"] - clock.now() <= timedelta(hours=3)


async def test_a_mail_that_is_on_its_way_counts_as_told(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """Whoever applies while it is being sent is told of hours later, not minutes."""
    person_id = uuid4()
    neighbours.applications[person_id] = UnansweredApplications(
        email="ohjaaja@example.org", language="fi", items=[CIRCLE]
    )

    async def one_more(_: Message) -> None:
        mailroom.on_data = None
        await apply(notify, neighbours, person_id)

    await apply(notify, neighbours, person_id)
    mailroom.on_data = one_more
    clock.set(NOW + GATHERED)
    await neighbours.nudge()
    await eventually(lambda: ended(notify, person_id, "application_waiting", "sent"))

    (row,) = await notify.sql(
        "SELECT due_at FROM notify.message WHERE kind = 'application_waiting' AND state = 'planned'"
    )
    assert timedelta(hours=2.5) < row["due_at"] - clock.now() <= timedelta(hours=3)


async def test_nobody_is_told_of_what_has_been_answered_meanwhile(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    person_id = uuid4()
    neighbours.applications[person_id] = UnansweredApplications(
        email="ohjaaja@example.org", language="fi", items=[]
    )
    await apply(notify, neighbours, person_id)
    clock.set(NOW + GATHERED)
    await neighbours.nudge()

    await eventually(lambda: ended(notify, person_id, "application_waiting", "skipped", "answered"))
    assert mailroom.taken == []


async def test_a_host_who_is_replaced_is_told_while_it_is_so(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    person_id, kept, taken_over = uuid4(), uuid4(), uuid4()
    neighbours.handovers[(taken_over, person_id)] = Handover(
        email="isanta@example.org",
        language="fi",
        name=CIRCLE.name,
        starts_at=STARTS,
        ends_at=STARTS + LONG,
        time_zone=ZONE,
    )
    for slot_id in (kept, taken_over):
        await neighbours.tell(
            HostReplaced(slot_id=slot_id, person_id=person_id, starts_at=STARTS, ends_at=STARTS + LONG)
        )

    mail = await mailroom.mail()
    assert mail.to == "isanta@example.org"
    assert "”Omaiset”" in mail.text
    assert mail.links[0].endswith("/my/duties")
    await eventually(lambda: ended(notify, person_id, "host_replaced", "sent"))
    await eventually(lambda: ended(notify, person_id, "host_replaced", "skipped", "not_found"))


async def test_coordinators_hear_that_somebody_leads_the_session_after_all(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    await neighbours.tell(HostFoundAfterAll(slot_id=uuid4(), starts_at=STARTS, ends_at=STARTS + LONG))

    mail = await mailroom.mail()
    assert mail.to == "koordinaattori@example.org"
    assert mail.subject.startswith("Ryhmälle on ohjaaja")
    assert mail.links[0].endswith("/coordinator/staffing")

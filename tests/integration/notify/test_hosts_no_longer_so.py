"""Who leads a session may change while a message about it waits: what is not so any more is not said."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from services.contracts.booking.events import (
    BookingEvent,
    HostFound,
    HostFoundAfterAll,
    HostMissing,
    HostNotFound,
)
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended, news
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import NOW, STARTS
from tests.support.groups import LONG, a_group, a_session
from tests.support.system import System

AGAIN = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("event", "kind", "staffed", "outcome"),
    [
        (HostMissing, "host_missing", False, ("sent", None)),
        (HostMissing, "host_missing", True, ("skipped", "host_found")),
        (HostFound, "host_found", True, ("sent", None)),
        (HostFound, "host_found", False, ("skipped", "no_host")),
    ],
)
async def test_those_who_come_hear_who_leads_as_it_is_when_the_message_goes_out(
    notify: System,
    neighbours: Neighbours,
    mailroom: Mailroom,
    event: type[BookingEvent],
    kind: str,
    staffed: bool,
    outcome: tuple[str, str | None],
) -> None:
    session = a_session(booking_id=uuid4(), staffed=staffed)
    group = neighbours.has_group(a_group(session))
    facts = neighbours.has(booking_id=session.booking_id, enrolment_id=group.enrolment_id)

    await neighbours.tell(news(event, facts))

    await eventually(lambda: ended(notify, facts.booking_id, kind, *outcome))
    assert len(mailroom.taken) == (outcome[0] == "sent")


async def test_a_coordinator_does_not_hear_late_that_nobody_comes_to_what_somebody_leads(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    slot_id, other = uuid4(), uuid4()
    mailroom.answers.extend(["451 4.3.0 Later, please"] * 2)
    for slot in (slot_id, other):
        await neighbours.tell(HostNotFound(slot_id=slot, starts_at=STARTS, ends_at=STARTS + LONG, round=1))
    for slot in (slot_id, other):
        await eventually(partial(ended, notify, slot, "host_not_found", "planned", "smtp_451"))
    clock.set(NOW + timedelta(seconds=5))
    await neighbours.tell(HostFoundAfterAll(slot_id=slot_id, starts_at=STARTS, ends_at=STARTS + LONG))
    await eventually(lambda: ended(notify, slot_id, "host_found_after_all", "sent"))

    clock.set(NOW + AGAIN)
    await neighbours.nudge()

    await eventually(lambda: ended(notify, slot_id, "host_not_found", "skipped", "host_found_after_all"))
    await eventually(lambda: ended(notify, other, "host_not_found", "sent"))
    assert len(mailroom.taken) == 2

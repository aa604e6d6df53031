"""Those who lead groups are told a few times a day too, and asked by one mail for what is still wanted."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from msgspec.structs import replace

from services.contracts.booking.catalogue import Words
from services.contracts.booking.events import HostAsked, HostReplaced
from services.contracts.booking.staffing import Handover, WantedDuties
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, ended
from tests.integration.notify.several_groups import HELD, SECOND, are
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.facts import STARTS, ZONE
from tests.support.groups import LONG, WEEK, a_duty
from tests.support.system import System

NIGHT = datetime(2027, 1, 5, 21, tzinfo=UTC)  # 23 in Helsinki
MORNING = datetime(2027, 1, 6, 5, tzinfo=UTC)
ADDRESS = "ohjaaja@example.org"


async def replace_them(neighbours: Neighbours, person_id: UUID, *numbers: int) -> None:
    """Somebody else leads these sessions which this person was to lead."""
    for number in numbers:
        slot_id = uuid4()
        starts = STARTS + timedelta(minutes=number)
        neighbours.handovers[slot_id, person_id] = Handover(
            email=ADDRESS,
            language="fi",
            name=Words(f"Ryhmä {number}", "Grupp", "Group"),
            starts_at=starts,
            ends_at=starts + LONG,
            time_zone=ZONE,
        )
        await neighbours.tell(
            HostReplaced(slot_id=slot_id, person_id=person_id, starts_at=starts, ends_at=starts + LONG)
        )


def asking(person_id: UUID, number: int, *, round_: int = 1) -> HostAsked:
    starts = STARTS + number * WEEK
    return HostAsked(
        slot_id=UUID(int=200 + number),
        person_id=person_id,
        starts_at=starts,
        ends_at=starts + LONG,
        time_zone=ZONE,
        stand_in=True,
        round=round_,
    )


async def test_who_leads_hears_a_few_times_a_day_and_of_the_rest_by_one_mail(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    person_id = uuid4()
    for number in range(3):
        await replace_them(neighbours, person_id, number)
        await eventually(partial(are, notify, number + 1, "kind = 'host_replaced' AND state = 'sent'"))
        clock.advance(timedelta(minutes=5, seconds=1))
    await replace_them(neighbours, person_id, 3, 4)
    await eventually(partial(are, notify, 2, HELD))
    neighbours.duties[person_id] = WantedDuties(email=ADDRESS, language="fi", items=[a_duty()])
    await neighbours.tell(asking(person_id, 0))
    await eventually(partial(are, notify, 1, "kind = 'host_asked' AND state = 'planned'"))
    clock.advance(timedelta(seconds=61))
    await neighbours.nudge()
    await eventually(partial(are, notify, 3, HELD))
    assert len(mailroom.taken) == 3

    clock.set(MORNING + SECOND)
    await neighbours.nudge()

    text = "\n".join(mail.text for mail in await mailroom.mails(4))
    assert all(f"”Ryhmä {number}”" in text for number in range(5))
    assert "”Vertaisryhmä”" in mailroom.taken[3].text
    await eventually(partial(are, notify, 6, "state = 'sent'"))
    assert len(mailroom.taken) == 4


async def test_who_is_asked_for_a_session_tomorrow_hears_it_today_also_after_the_days_few(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """Booking reckons so: it asks others soon, and tells the coordinator that nobody answers."""
    person_id = uuid4()
    for number in range(3):
        await replace_them(neighbours, person_id, number)
        await eventually(partial(are, notify, number + 1, "kind = 'host_replaced' AND state = 'sent'"))
        clock.advance(timedelta(minutes=5, seconds=1))
    await replace_them(neighbours, person_id, 3)
    await eventually(partial(are, notify, 1, HELD))
    neighbours.duties[person_id] = WantedDuties(email=ADDRESS, language="fi", items=[a_duty()])

    tomorrow = clock.now() + timedelta(days=1)
    await neighbours.tell(replace(asking(person_id, 0), starts_at=tomorrow, ends_at=tomorrow + LONG))
    await eventually(partial(are, notify, 1, "kind = 'host_asked' AND state = 'planned'"))
    clock.advance(timedelta(seconds=61))
    await neighbours.nudge()

    asked = (await mailroom.mails(4))[3]
    assert "”Vertaisryhmä”" in asked.text
    assert "”Ryhmä 3”" in asked.text
    await eventually(partial(are, notify, 5, "state = 'sent'"))


async def test_what_somebody_is_asked_for_is_listed_once_in_a_mail_that_takes_a_later_question_along(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """The first could not be handed over for hours."""
    person_id = uuid4()
    neighbours.duties[person_id] = WantedDuties(email=ADDRESS, language="fi", items=[a_duty()])
    mailroom.answers.extend(["451 not just now"] * 2)
    await neighbours.tell(asking(person_id, 0))
    await eventually(partial(are, notify, 1, "kind = 'host_asked' AND state = 'planned'"))
    clock.advance(timedelta(seconds=61))
    await neighbours.nudge()
    await eventually(partial(are, notify, 1, "attempts = 1 AND state = 'planned'"))
    await neighbours.tell(asking(person_id, 1))
    await eventually(partial(are, notify, 2, "kind = 'host_asked' AND state = 'planned'"))
    clock.advance(timedelta(hours=3, minutes=1))
    await neighbours.nudge()
    await eventually(partial(are, notify, 1, "attempts = 2 AND state = 'planned'"))
    await eventually(partial(are, notify, 1, HELD))

    clock.advance(timedelta(seconds=20))
    await neighbours.nudge()

    assert (await mailroom.mail()).text.count("”Vertaisryhmä”") == 1
    await eventually(partial(are, notify, 2, "kind = 'host_asked' AND state = 'sent'"))
    assert len(mailroom.taken) == 1


async def test_who_was_asked_at_night_for_several_sessions_gets_one_mail_for_those_still_wanted(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    clock.set(NIGHT)
    asked, late = uuid4(), uuid4()
    for number in range(3):
        await neighbours.tell(asking(asked, number))
        await neighbours.tell(asking(asked, number, round_=2))
    await neighbours.tell(asking(late, 0))
    await eventually(partial(are, notify, 2, f"kind = 'host_asked' AND due_at = '{MORNING.isoformat()}'"))
    # Before the morning somebody promises to lead the first of them.
    neighbours.duties[asked] = WantedDuties(email=ADDRESS, language="fi", items=[a_duty(1), a_duty(2)])
    neighbours.duties[late] = WantedDuties(email="toinen@example.org", language="fi", items=[])

    clock.set(MORNING + SECOND)
    await neighbours.nudge()

    mail = await mailroom.mail()
    assert (mail.to, mail.text.count("”Vertaisryhmä”")) == (ADDRESS, 2)
    await eventually(lambda: ended(notify, late, "host_asked", "skipped", "not_wanted"))
    assert len(mailroom.taken) == 1

"""What goes along with another is neither lost nor told twice when the two meet with trouble."""

import asyncio
from datetime import timedelta
from email import message_from_bytes
from functools import partial

from structlog.testing import capture_logs

from deploy.embedded.mailbox import Message
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours
from tests.integration.notify.several_groups import (
    GATHERED,
    HELD,
    WORDS,
    are,
    changes,
    count_of,
    words_are_said,
)
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.system import System

SOON = timedelta(seconds=20)  # later than the second try of what could not be handed over
SENT = "kind IN ('group_change', 'announcement') AND state = 'sent'"


async def one_goes_out(system: System, neighbours: Neighbours, clock: SetClock) -> None:
    """A change is due, and notify looks."""
    await changes(neighbours, 1)
    await eventually(partial(are, system, 1, "kind = 'group_change' AND state = 'planned'"))
    clock.advance(GATHERED)
    await neighbours.nudge()


def id_of(mail: Message) -> str:
    return str(message_from_bytes(mail.raw)["Message-ID"])


async def test_with_something_more_along_a_second_try_is_another_letter(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """The server took the first and its answer was lost: a receiver who folds repetitions reads both."""

    async def lose_the_answer(_: Message) -> None:
        mailroom.on_data = None
        mailroom.hang_up()

    mailroom.on_data = lose_the_answer
    await one_goes_out(notify, neighbours, clock)
    await eventually(partial(are, notify, 1, "attempts = 1 AND state = 'planned'"))
    await words_are_said(neighbours)
    await eventually(partial(are, notify, 1, HELD))

    clock.advance(SOON)
    await neighbours.nudge()

    alone, together = await mailroom.mails(2)
    await eventually(partial(are, notify, 2, SENT))
    assert WORDS not in alone.text
    assert WORDS in together.text
    assert id_of(alone) != id_of(together)


async def test_what_is_refused_for_anothers_words_goes_alone_and_they_come_by_themselves(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """A filter does not take the words of somebody who leads; what has changed is told all the same."""

    async def refuse_the_words(mail: Message) -> None:
        if WORDS in mail.text:
            refused.append(mail)

    refused: list[Message] = []
    mailroom.on_data = refuse_the_words
    mailroom.answers.append("451 not just now")
    await one_goes_out(notify, neighbours, clock)
    await eventually(partial(are, notify, 1, "attempts = 1 AND state = 'planned'"))
    await words_are_said(neighbours)
    await eventually(partial(are, notify, 1, HELD))

    mailroom.answers.append("554 not these words")
    clock.advance(SOON)
    await neighbours.nudge()
    alone = await mailroom.mail()
    await eventually(partial(are, notify, 1, "kind = 'group_change' AND state = 'sent'"))
    await eventually(partial(are, notify, 1, HELD))
    assert len(refused) == 1
    (row,) = await notify.sql("SELECT id FROM notify.message WHERE kind = 'group_change'")
    assert id_of(alone).startswith(f"<n-{row['id']}@")

    mailroom.answers.append("554 not these words")
    clock.advance(GATHERED)
    await neighbours.nudge()

    await eventually(partial(are, notify, 1, "kind = 'announcement' AND state = 'failed'"))
    assert await count_of(notify, "kind = 'group_change' AND state = 'sent'") == 1


async def test_what_cannot_be_written_stops_none_of_the_news_it_would_go_along_with(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    mailroom.answers.append("451 not just now")
    await one_goes_out(notify, neighbours, clock)
    await eventually(partial(are, notify, 1, "attempts = 1 AND state = 'planned'"))
    broken = await words_are_said(neighbours)
    await eventually(partial(are, notify, 1, HELD))
    await words_are_said(neighbours, "Ota mukaan viltti.")
    await eventually(partial(are, notify, 2, HELD))
    facts = neighbours.announcements.pop(broken)

    clock.advance(SOON)
    with capture_logs() as logs:
        await neighbours.nudge()
        together = await mailroom.mail()
        await eventually(partial(are, notify, 1, HELD))

    assert "viltti" in together.text
    (left,) = await notify.sql("SELECT id FROM notify.message WHERE announcement_id = $1", broken)
    assert {each["message"] for each in logs if each["event"] == "message.broken"} == {left["id"]}
    neighbours.announcements[broken] = facts
    clock.advance(GATHERED)
    await neighbours.nudge()
    assert WORDS in (await mailroom.mails(2))[1].text


async def test_what_is_on_its_way_with_another_does_not_come_by_itself_meanwhile(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    """The mail server takes its time, and meanwhile a session gets so near that its news would not wait."""
    answer = asyncio.Event()

    async def take_ones_time(_: Message) -> None:
        await answer.wait()

    mailroom.answers.append("451 not just now")
    await one_goes_out(notify, neighbours, clock)
    await eventually(partial(are, notify, 1, "attempts = 1 AND state = 'planned'"))
    ends_at = clock.now() + timedelta(hours=12, minutes=5)  # of its start nothing has been heard
    await words_are_said(neighbours, starts_at=ends_at - timedelta(minutes=45))
    await eventually(partial(are, notify, 1, HELD))
    mailroom.on_data = take_ones_time
    clock.advance(timedelta(minutes=4, seconds=50))
    await neighbours.nudge()
    await mailroom.mail()

    clock.advance(timedelta(minutes=1))
    await neighbours.nudge()
    await eventually(partial(are, notify, 3, "kind = 'links' AND state = 'skipped'"))
    answer.set()

    await eventually(partial(are, notify, 2, SENT))
    assert [WORDS in mail.text for mail in mailroom.taken] == [True]

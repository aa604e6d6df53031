"""News that cannot be taken in becomes a dead letter, and those who serve hear of it."""

from datetime import timedelta

from services.contracts.booking.events import BookingConfirmed
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import COORDINATOR, Neighbours, news, state_of
from tests.support.clock import SetClock
from tests.support.eventually import eventually
from tests.support.system import System


async def garble(system: System, times: int) -> None:
    """Spread what nobody can read, and wait until it was given up."""
    booking = await system.bus("booking")
    before = await dead_letters(system)
    for _ in range(times):
        await booking.jetstream.publish(BookingConfirmed.subject, b"{")

    async def buried() -> bool:
        return await dead_letters(system) == before + times

    await eventually(buried)


async def dead_letters(system: System) -> int:
    (row,) = await system.sql("SELECT count(*) FROM notify.dead_letter")
    count: int = row[0]
    return count


async def test_coordinators_are_told_once_an_hour_and_led_to_the_list(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, clock: SetClock
) -> None:
    await garble(notify, 3)

    alert = await mailroom.mail()
    assert alert.to == COORDINATOR.email
    assert alert.subject == "Digiaulassa tarvitaan sinua"
    assert any(link.endswith("/coordinator/to-do") for link in alert.links)
    await eventually(lambda: state_of(notify, "alert", "sent"))
    await garble(notify, 2)
    assert len(await notify.sql("SELECT 1 FROM notify.message")) == 1

    clock.advance(timedelta(hours=1))
    await garble(notify, 1)

    await mailroom.mails(2)


async def test_news_that_is_read_troubles_nobody(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    await neighbours.tell(news(BookingConfirmed, neighbours.has()))

    await mailroom.mail()
    assert not await notify.sql("SELECT 1 FROM notify.message WHERE kind = 'alert'")

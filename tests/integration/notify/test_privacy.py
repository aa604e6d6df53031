"""What notify forgets: names, addresses, links and topics."""

from uuid import uuid4

import msgspec
import pytest

from services.contracts.booking.catalogue import Host
from services.contracts.booking.events import BookingCancelled, BookingConfirmed
from services.contracts.booking.slots import BookingStatus
from services.contracts.gateway import SignInMail, SignInRequested
from tests.integration.notify.mailroom import Mailroom
from tests.integration.notify.neighbours import Neighbours, news
from tests.support.eventually import eventually
from tests.support.facts import NOW, a_slot
from tests.support.system import System

CANARIES = ["canary-nick", "canary-mail", "canary-host", "canary-house", "canary-reason", "canary-token"]
TOPIC = "bereavement"


async def test_no_name_address_link_or_topic_is_kept_or_logged(
    notify: System, neighbours: Neighbours, mailroom: Mailroom, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through everything that can happen to a message: sent, refused, given up, alerted about."""
    host = Host(id=uuid4(), display_name="canary-host", organisation="canary-house")
    facts = neighbours.has(
        display_name="canary-nick", email="canary-mail@example.org", slot=a_slot(host=host)
    )
    mailroom.receiver_answers.extend(["451 canary-mail is busy", "550 canary-mail is unknown"])
    refused = [facts, neighbours.has(email="canary-mail@example.org")]
    for each in refused:
        await neighbours.tell(news(BookingConfirmed, each))
    gone = msgspec.structs.replace(
        facts, status=BookingStatus.CANCELLED, cancelled_by="host", cancel_reason="canary-reason"
    )
    await eventually(lambda: attempts(notify, 2))
    await neighbours.tell(news(BookingCancelled, neighbours.has(gone), version=2, by="host"))
    sign_in = uuid4()
    neighbours.sign_ins[sign_in] = SignInMail(
        email="canary-mail@example.org", language="fi", token="canary-token", expires_at=NOW
    )
    await neighbours.tell(SignInRequested(sign_in_id=sign_in))
    mails = await mailroom.mails(3)  # the alert, the cancellation, the sign-in
    await eventually(lambda: attempts(notify, 5))
    links = [link.rpartition("/")[2] for mail in mails for link in mail.links if "/t/" in link]

    kept = await everything_in(notify)
    logged = capsys.readouterr().out

    sent = "".join(mail.raw.decode() + mail.text for mail in mails)
    assert "canary-reason" in sent  # the canaries were really there
    assert "canary-token" in sent
    assert str(facts.booking_id) in kept
    assert "message.failed" in logged
    for secret in [*CANARIES, TOPIC, *links]:
        assert secret not in kept
        assert secret not in logged
        if secret == TOPIC:
            assert secret not in sent


async def test_a_subject_tells_neither_who_nor_what(
    notify: System, neighbours: Neighbours, mailroom: Mailroom
) -> None:
    await neighbours.tell(news(BookingConfirmed, neighbours.has()))

    mail = await mailroom.mail()

    head = mail.raw.partition(b"\r\n\r\n")[0].decode()
    for secret in (TOPIC, "Maija", "Toivo", "Nickname Canary"):
        assert secret not in head


async def attempts(system: System, count: int) -> bool:
    (row,) = await system.sql("SELECT count(*) FROM notify.receipt")
    return bool(row[0] >= count)


async def everything_in(system: System) -> str:
    """Every row of every table that notify has, as text."""
    tables = await system.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'notify'")
    texts = []
    for table in tables:
        rows = await system.sql(
            f"SELECT t::text, to_jsonb(t)::text FROM notify.{table['tablename']} t"  # noqa: S608
        )
        texts += [text for row in rows for text in row]
    outbox = await system.sql("SELECT convert_from(body, 'UTF8') FROM notify.outbox")
    return "\n".join(texts + [row[0] for row in outbox])

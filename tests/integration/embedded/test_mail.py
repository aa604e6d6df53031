from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest

from deploy.embedded.parts import mail_catcher
from deploy.embedded.state import read_json


@pytest.fixture
async def ports(state: Path) -> AsyncIterator[dict[str, int]]:
    catcher = await mail_catcher(state).start()
    yield read_json(state / "ports.json")
    await catcher.stop()


@pytest.fixture
async def http(ports: dict[str, int]) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{ports['mail']}") as session:
        yield session


async def send(ports: dict[str, int], html: str = "<p>Hei</p>") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = "digiaula@example.org", "asukas@example.org"
    mail["Subject"] = "Aikasi on varattu ä"
    mail.set_content("Avaa https://digiaula.example/t/abc ja odota.")
    mail.add_alternative(html, subtype="html")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=ports["smtp"])
    return mail.as_bytes()


async def get(http: aiohttp.ClientSession, path: str) -> aiohttp.ClientResponse:
    response = await http.get(path)
    await response.read()
    return response


async def test_a_mail_sent_can_be_read(ports: dict[str, int], http: aiohttp.ClientSession) -> None:
    await send(ports)

    (summary,) = await (await get(http, "/messages")).json()
    details = await (await get(http, f"/messages/{summary['id']}")).json()
    raw = await (await get(http, f"/messages/{summary['id']}/raw")).read()

    assert set(summary) == {"id", "to", "subject", "received_at"}
    assert summary["to"] == "asukas@example.org"
    assert details["subject"] == summary["subject"] == "Aikasi on varattu ä"
    assert details["text"].strip() == "Avaa https://digiaula.example/t/abc ja odota."
    assert details["html"].strip() == "<p>Hei</p>"
    assert details["attachments"] == []
    assert details["links"] == ["https://digiaula.example/t/abc"]
    assert b"To: asukas@example.org" in raw


async def test_a_text_message_appears_with_its_number(http: aiohttp.ClientSession) -> None:
    message = {"to": "+358401234567", "text": "Aikasi: https://d.example/t/x", "id": "7"}

    taken = await http.post("/sms", json=message)

    (summary,) = await (await get(http, "/messages")).json()
    details = await (await get(http, f"/messages/{summary['id']}")).json()
    assert taken.status == 202
    assert summary["to"] == "+358401234567"
    assert details["links"] == ["https://d.example/t/x"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"to": "+358401234567"}'])
async def test_half_a_text_message_is_refused(http: aiohttp.ClientSession, body: bytes) -> None:
    assert (await http.post("/sms", data=body)).status == 400


async def test_the_newest_comes_first_and_all_can_be_removed(http: aiohttp.ClientSession) -> None:
    for number in ("1", "2"):
        await http.post("/sms", json={"to": number, "text": "hei", "id": number})

    listed = await (await get(http, "/messages")).json()
    removed = await http.delete("/messages")

    assert [each["to"] for each in listed] == ["2", "1"]
    assert removed.status == 204
    assert await (await get(http, "/messages")).json() == []
    assert (await get(http, f"/messages/{listed[0]['id']}")).status == 404


async def test_the_page_shows_messages_and_runs_nothing_from_them(
    ports: dict[str, int], http: aiohttp.ClientSession
) -> None:
    await send(ports, html='<script>alert(1)</script><a href="https://digiaula.example/t/abc">x</a>')
    (summary,) = await (await get(http, "/messages")).json()

    listing = await (await get(http, "/")).text()
    response = await get(http, f"/show/{summary['id']}")
    page = await response.text()

    assert f'href="/show/{summary["id"]}"' in listing
    assert '<a href="https://digiaula.example/t/abc">' in page
    assert "<script>" not in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_a_foreign_name_for_this_machine_gets_no_answer(http: aiohttp.ClientSession) -> None:
    response = await http.get("/messages", headers={"Host": "rebound.example"})

    assert response.status == 403

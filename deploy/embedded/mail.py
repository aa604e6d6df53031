"""The mail catcher: takes every message, sends none, and shows them on a page and as JSON.

    python -m deploy.embedded.mail --smtp PORT --http PORT

It knows sign-in links and residents' links, so it listens on this machine alone, and answers only
when addressed as this machine: a web page elsewhere cannot read it through a name of its own.
"""

import argparse
import asyncio
import json
import signal
from pathlib import Path

import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.embedded.mailbox import (
    LINK,
    SENTENCE_END,
    Mailbox,
    Message,
    read_mail,
    read_text_message,
)

HOST = "127.0.0.1"
OWN_NAMES = {"127.0.0.1", "localhost"}
LARGEST_MAIL = 20_000_000
MAILBOX = web.AppKey("mailbox", Mailbox)
# Nothing in a message may run or be fetched; it may be styled, and its links open a new window.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True
)


class Reception:
    """The SMTP side; one stored message for each receiver."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(  # noqa: N802 - the library looks for this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        for receiver in envelope.rcpt_tos:
            self.mailbox.add(read_mail(content, to=receiver))
        return "250 OK"


def application(mailbox: Mailbox) -> web.Application:
    app = web.Application(client_max_size=1_000_000, middlewares=[only_this_machine])
    app[MAILBOX] = mailbox
    app.on_response_prepare.append(_protect)
    app.add_routes(
        [
            web.get("/", index_page),
            web.get("/show/{id}", message_page),
            web.post("/clear", clear_from_page),
            web.get("/messages", list_messages),
            web.delete("/messages", clear),
            web.get("/messages/{id}", show_message),
            web.get("/messages/{id}/raw", show_raw),
            web.post("/sms", take_text_message),
        ]
    )
    return app


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.url.host not in OWN_NAMES:
        raise web.HTTPForbidden(text="The mail catcher answers on this machine only.\n")
    return await handler(request)


async def index_page(request: web.Request) -> web.Response:
    return _page("mail_list.html", messages=request.app[MAILBOX].all())


async def message_page(request: web.Request) -> web.Response:
    message = _asked_for(request)
    return _page("mail_message.html", message=message, pieces=pieces(message.text))


async def list_messages(request: web.Request) -> web.Response:
    return web.json_response([each.summary() for each in request.app[MAILBOX].all()])


async def show_message(request: web.Request) -> web.Response:
    return web.json_response(_asked_for(request).details())


async def show_raw(request: web.Request) -> web.Response:
    return web.Response(body=_asked_for(request).raw, content_type="text/plain", charset="utf-8")


async def clear(request: web.Request) -> web.Response:
    request.app[MAILBOX].clear()
    return web.Response(status=204)


async def clear_from_page(request: web.Request) -> web.Response:
    request.app[MAILBOX].clear()
    raise web.HTTPSeeOther("/")


async def take_text_message(request: web.Request) -> web.Response:
    """Stand in for a text message provider: it confirms with an id of its own."""
    body = await request.read()
    try:
        asked = json.loads(body)
        to, text = str(asked["to"]), str(asked["text"])
    except (ValueError, KeyError, TypeError):
        return web.json_response({"error": "to and text are needed"}, status=400)
    message = read_text_message(to=to, text=text, raw=body)
    request.app[MAILBOX].add(message)
    return web.json_response({"id": message.id}, status=202)


def pieces(text: str) -> list[tuple[str, bool]]:
    """The text cut up for display: each piece, and whether it is a link."""
    cut: list[tuple[str, bool]] = []
    end = 0
    for found in LINK.finditer(text):
        link = found.group().rstrip(SENTENCE_END)
        cut += [(text[end : found.start()], False), (link, True)]
        end = found.start() + len(link)
    return [*cut, (text[end:], False)]


def _asked_for(request: web.Request) -> Message:
    message = request.app[MAILBOX].get(request.match_info["id"])
    if message is None:
        raise web.HTTPNotFound(text="There is no such message here.\n")
    return message


def _page(name: str, **values: object) -> web.Response:
    return web.Response(text=PAGES.get_template(name).render(values), content_type="text/html")


async def _protect(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"


async def serve(*, smtp: int, http: int) -> None:
    """Take messages until told to stop."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    reception = Reception(mailbox)
    server = await loop.create_server(
        lambda: SMTP(
            reception,
            hostname="localhost",
            ident="Digiaula mail catcher",
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            loop=loop,
        ),
        HOST,
        smtp,
    )
    runner = web.AppRunner(application(mailbox), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, http, shutdown_timeout=1).start()
    await stop.wait()
    server.close()
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes every message and sends none.")
    parser.add_argument("--smtp", type=int, default=2525)
    parser.add_argument("--http", type=int, default=8025)
    wish = parser.parse_args()
    asyncio.run(serve(smtp=wish.smtp, http=wish.http))


if __name__ == "__main__":
    main()

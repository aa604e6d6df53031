"""What somebody got of us, and when: a section for a booking's page, and a page of its own.

render(request, "…", told=await told.about(request, booking_id))    with
{% include "coordinator/messages.html" %}
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from services.contracts.notify import ListMessages, Message, MessageState, Receipt, Resend
from services.contracts.refusals import Code, Refusal
from services.gateway import forms
from services.gateway.audit import Action
from services.gateway.forms import Form
from services.gateway.pages import message_words
from services.gateway.pages.asking import do, done_in, note
from services.gateway.pages.book import id_in
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, Say, sentence

DONE = {"resent": N_("It is on its way. You see here how it goes; load the page again in a moment.")}


@dataclass(frozen=True)
class Line:
    """One message in words. `at` is when it was sent, or is due."""

    message: Message
    kind: str
    state: str
    at: Any
    channel: str
    reason: str
    attempts: list[tuple[Receipt, str]]

    @property
    def ahead(self) -> bool:
        return message_words.is_ahead(self.message)

    @property
    def sent(self) -> bool:
        return self.message.state is MessageState.SENT

    @property
    def failed(self) -> bool:
        return self.message.state is MessageState.FAILED


@dataclass(frozen=True)
class Told:
    """`lines`: what has happened, the newest first; `coming`: what is still ahead, the next first."""

    booking_id: UUID
    lines: list[Line]
    coming: list[Line]


async def about(request: web.Request, booking_id: UUID) -> Told:
    """Written into the audit trail as a look. Coordinators only: notify says so too."""
    await note(request, Action.MESSAGES_READ, booking_id=booking_id)
    say = say_for(request)
    found = (await do(request, ListMessages(booking_id=booking_id))).items
    lines = [_line(message, say) for message in found]
    past = [line for line in lines if not line.ahead]
    return Told(
        booking_id=booking_id,
        lines=sorted(past, key=lambda line: line.at, reverse=True),
        coming=[line for line in lines if line.ahead],
    )


async def messages(request: web.Request) -> web.Response:
    return await _show(request)


async def resend(request: web.Request) -> web.Response:
    form, booking_id = await forms.read(request), _booking_id(request)
    await note(request, Action.MESSAGE_RESENT, booking_id=booking_id)
    try:
        await do(request, Resend(booking_id=booking_id), key=form.key)
    except Refusal as refusal:
        if refusal.code not in (Code.TOO_LATE, Code.ALREADY_CANCELLED):
            raise
        return await _show(request, problem=sentence(refusal.code, say_for(request)), status=409)
    return see_other(f"/bookings/{booking_id}/messages?done=resent")


async def _show(request: web.Request, *, problem: str = "", status: int = 200) -> web.Response:
    return render(
        request,
        "coordinator/told.html",
        status=status,
        told=await about(request, _booking_id(request)),
        done=done_in(request, DONE),
        problem=problem,
        form=Form(),
    )


def _line(message: Message, say: Say) -> Line:
    return Line(
        message=message,
        kind=message_words.kind_of(message.kind, say),
        state=say(message_words.STATES[message.state]),
        at=message.sent_at or (message.receipts[-1].at if message.receipts else message.due_at),
        channel=_channel(message.channel, say),
        reason=message_words.reason_of(message.last_error, say),
        attempts=[(receipt, _attempt(receipt, say)) for receipt in message.receipts],
    )


def _attempt(receipt: Receipt, say: Say) -> str:
    outcome = say(message_words.OUTCOMES.get(receipt.outcome, message_words.OUTCOMES["failed"]))
    parts = [outcome, _channel(receipt.channel, say), message_words.reason_of(receipt.code, say)]
    return ", ".join(part for part in parts if part)


def _channel(channel: str | None, say: Say) -> str:
    words = message_words.CHANNELS.get(channel or "")
    return say(words) if words else ""


def _booking_id(request: web.Request) -> UUID:
    return id_in(request, "booking_id")

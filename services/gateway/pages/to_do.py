"""What did not get through, as a coordinator's list of things to do."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from services.contracts.letters import LISTS
from services.contracts.notify import (
    FailedMessage,
    ListFailedMessages,
    RetryFailedMessage,
    SettleFailedMessage,
)
from services.contracts.refusals import Code, Refusal, Unavailable
from services.gateway import forms, undelivered
from services.gateway.audit import Action
from services.gateway.calls import call_for
from services.gateway.door import door_of
from services.gateway.pages import message_words
from services.gateway.pages.asking import do, done_in, note
from services.gateway.pages.book import id_in
from services.gateway.pages.rendering import render, say_for, see_other
from services.gateway.pages.words import N_, Say, sentence
from services.gateway.who import caller_of

PATH = "/coordinator/to-do"
DONE = {
    "settled": N_("It is off the list."),
    "retried": N_("It is being sent again. If that fails too, it comes back to this list."),
    "redriven": N_("It is being tried again. What fails again comes back to this list."),
}
OWNERS = {
    "booking": N_("Bookings"),
    "rooms": N_("Meeting rooms"),
    "notify": N_("Messages"),
}
REASONS = {
    "too_many_tries": N_("it failed every time it was tried"),
    "unreadable": N_("it could not be read"),
}
FAILED_AGAIN = N_("it was tried again and failed (%s)")


@dataclass(frozen=True)
class Failed:
    """A failed message in words."""

    message: FailedMessage
    kind: str
    reason: str
    advice: str


@dataclass(frozen=True)
class Waiting:
    """How much there is to do; None for what cannot be told just now. `messages` counts to a hundred."""

    messages: int | None
    letters: int


async def waiting(request: web.Request) -> Waiting:
    """For the overview, which must come up also when notify is away."""
    found = await undelivered.dead_letters(door_of(request), call_for(request, caller_of(request).actor))
    letters = sum(owner.count for owner in found)
    try:
        failed = await do(request, ListFailedMessages(limit=100))
    except Unavailable:
        return Waiting(None, letters)
    return Waiting(len(failed.items), letters)


async def to_do(request: web.Request) -> web.Response:
    return await _show(request, cursor=request.query.get("after"))


async def settle(request: web.Request) -> web.Response:
    await forms.read(request)
    await note(request, Action.MESSAGE_SETTLED)
    await do(request, SettleFailedMessage(message_id=_message_id(request)))
    return see_other(f"{PATH}?done=settled")


async def retry(request: web.Request) -> web.Response:
    await forms.read(request)
    await note(request, Action.MESSAGE_RETRIED)
    try:
        await do(request, RetryFailedMessage(message_id=_message_id(request)))
    except Refusal as refusal:
        if refusal.code != Code.TOO_LATE:
            raise
        return await _show(request, problem=sentence(refusal.code, say_for(request)), status=409)
    return see_other(f"{PATH}?done=retried")


async def redrive(request: web.Request) -> web.Response:
    """One letter, or with none named all of a service's."""
    form = await forms.read(request)
    service, number = form.value("service"), form.value("letter")
    named = number.isascii() and number.isdigit() and 0 < len(number) <= 18
    if service not in LISTS or (number and not named):
        raise Refusal(Code.FIELD_INVALID, "Say what is to be tried again.")
    await note(request, Action.LETTERS_REDRIVEN)
    call = call_for(request, caller_of(request).actor)
    await undelivered.redrive(door_of(request), call, service, [int(number)] if number else [])
    return see_other(f"{PATH}?done=redriven")


async def _show(
    request: web.Request, *, cursor: str | None = None, problem: str = "", status: int = 200
) -> web.Response:
    say = say_for(request)
    failed = await do(request, ListFailedMessages(limit=50, cursor=cursor))
    call = call_for(request, caller_of(request).actor)
    letters = await undelivered.dead_letters(door_of(request), call)
    return render(
        request,
        "coordinator/to_do.html",
        status=status,
        here=PATH,
        failed=[_failed(message, say) for message in failed.items],
        more=failed.next,
        is_first=cursor is None,
        letters=[owner for owner in letters if owner.items],
        away=[say(OWNERS[owner.service]) for owner in letters if owner.away],
        owner_name={service: say(name) for service, name in OWNERS.items()},
        reason_of=lambda reason: _reason(reason, say),
        done=done_in(request, DONE),
        problem=problem,
    )


def _failed(message: FailedMessage, say: Say) -> Failed:
    return Failed(
        message=message,
        kind=message_words.kind_of(message.kind, say),
        reason=message_words.reason_of(message.code, say),
        advice=message_words.advice_on(message.kind, message.code, may_retry=message.may_retry, say=say),
    )


def _reason(reason: str, say: Say) -> str:
    return say(REASONS[reason]) if reason in REASONS else say(FAILED_AGAIN) % reason


def _message_id(request: web.Request) -> UUID:
    return id_in(request, "message_id")

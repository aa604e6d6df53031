"""Messages in words: what kind it is, how it went, why not, and what one can do about it."""

from collections.abc import Mapping

from services.contracts.notify import Message, MessageKind, MessageState
from services.gateway.pages.words import N_, Say

KINDS: Mapping[str, str] = {
    MessageKind.HOLD: N_("A request to confirm the time"),
    MessageKind.CONFIRMATION: N_("The confirmation of the booking"),
    MessageKind.CHANGE: N_("News that the time was moved"),
    MessageKind.CANCELLATION: N_("News that the time was cancelled"),
    MessageKind.REMINDER_DAY: N_("The reminder a day before"),
    MessageKind.REMINDER_HOUR: N_("The reminder an hour before"),
    MessageKind.FEEDBACK: N_("The question how it was"),
    MessageKind.LINKS: N_("Links that were asked for"),
    MessageKind.SIGN_IN: N_("A sign-in link"),
    MessageKind.OWN_DATA: N_("A link to one's own data"),
    MessageKind.APPLICATION: N_("News that the wish to join a group was passed on"),
    MessageKind.WAITING: N_("News of the place on a waiting list"),
    MessageKind.OFFER: N_("The offer of a place in a group"),
    MessageKind.OFFER_OVER: N_("News that the wait for a group is over"),
    MessageKind.GROUP_CHANGE: N_("News of what has changed in a group"),
    MessageKind.ANNOUNCEMENT: N_("A message from those who lead a group"),
    MessageKind.HOST_MISSING: N_("News that a group may not be held"),
    MessageKind.HOST_FOUND: N_("News that a group is held after all"),
    MessageKind.HOST_ASKED: N_("The question whether somebody could lead a group"),
    MessageKind.HOST_NOT_FOUND: N_("News that nobody leads a group"),
    MessageKind.HOST_FOUND_AFTER_ALL: N_("News that somebody leads a group after all"),
    MessageKind.HOST_REPLACED: N_("News that somebody else leads a group"),
    MessageKind.APPLICATION_WAITING: N_("News that somebody wishes to join a group"),
}
OTHER_KIND = N_("A message")

CHANNELS: Mapping[str, str] = {"email": N_("by e-mail"), "sms": N_("by text message")}

OUTCOMES: Mapping[str, str] = {
    "sent": N_("handed over"),
    "retry": N_("not taken yet, tried again later"),
    "failed": N_("given up"),
    "skipped": N_("not sent"),
}

STATES: Mapping[str, str] = {
    MessageState.PLANNED: N_("coming"),
    MessageState.SENDING: N_("on its way"),
    MessageState.SENT: N_("sent"),
    MessageState.SKIPPED: N_("not sent"),
    MessageState.FAILED: N_("failed"),
}

REASONS: Mapping[str, str] = {
    "cancelled": N_("the booking was cancelled"),
    "expired": N_("the time was not confirmed soon enough"),
    "moved": N_("the booking has another time now"),
    "over": N_("the meeting was over"),
    "goes_on": N_("the group goes on, and is asked after the last time"),
    "offer_over": N_("the offer was over"),
    "not_wanted": N_("they were not asked any more"),
    "answered": N_("everybody had been answered already"),
    "offered": N_("a place had been offered"),
    "waiting": N_("they were waiting for a place"),
    "applied": N_("they had not been accepted yet"),
    "confirmed": N_("the time had been confirmed already"),
    "attended": N_("the meeting has been held already"),
    "no_show": N_("they did not come"),
    "held": N_("the time was not confirmed yet"),
    "not_over": N_("the meeting was not over yet"),
    "too_late": N_("it was too late for it to be of use"),
    "no_contact": N_("there is no e-mail address and no phone number"),
    "not_found": N_("the booking is no longer kept"),
    "nothing_to_say": N_("nothing is booked by that address or number"),
    "address_invalid": N_("the e-mail address cannot be used"),
    "sms_not_set_up": N_("no text message provider is set up"),
    "timeout": N_("it took too long"),
    "internal": N_("something went wrong on our side"),
    "too_many_attempts": N_("something went wrong on our side"),
}
BY_SMS = N_("the text message provider did not take it (%s)")
BY_MAIL = N_("the mail server did not take it (%s)")
UNKNOWN = N_("for another reason (%s)")

RING = N_("Look up the phone number and ring them, or ask the host to.")
ADDRESS = N_("The address is probably wrong. Look up the contact; if there is a phone number, ring.")
PROVIDER = N_("Ring them. Ask whoever runs the service to set up a text message provider.")
AGAIN = N_("The mail server was away for long. Try again; if it fails again, ring them.")
LATE = N_("There is no use in sending it any more. If it mattered, ring them.")
OWN = N_("Somebody of yours wanted to sign in. Check the address under people.")


def kind_of(kind: str, say: Say) -> str:
    return say(KINDS.get(kind, OTHER_KIND))


def reason_of(code: str | None, say: Say) -> str:
    """Why an attempt did not succeed. A server's own number is kept: it tells an operator what it was."""
    if code is None:
        return ""
    if code in REASONS:
        return say(REASONS[code])
    service, _, number = code.partition("_")
    pattern = {"sms": BY_SMS, "smtp": BY_MAIL}.get(service, UNKNOWN)
    return say(pattern) % (number or code)


def advice_on(kind: str, code: str | None, *, may_retry: bool, say: Say) -> str:
    """What a coordinator can do about a message that failed."""
    if kind == MessageKind.SIGN_IN:
        return say(OWN)
    if code == "sms_not_set_up":
        return say(PROVIDER)
    if code == "address_invalid" or (code or "").startswith("smtp_55"):
        return say(ADDRESS)
    if not may_retry:
        return say(LATE)
    return say(AGAIN) if (code or "").startswith("smtp_") else say(RING)


def is_ahead(message: Message) -> bool:
    return message.state in (MessageState.PLANNED, MessageState.SENDING)

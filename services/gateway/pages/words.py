"""What pages say of the codes and values that services use. English here; the catalogues hold the rest."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from services.contracts.booking.catalogue import Words
from services.contracts.refusals import Code

Say = Callable[[str], str]


def N_(text: str) -> str:  # noqa: N802  # the name by which catalogues are made
    """Mark a text that is translated later."""
    return text


# The languages of the pages, each by its own name.
TONGUES = (("fi", "Suomi"), ("sv", "Svenska"), ("en", "English"))

# The languages in which people meet.
SPOKEN: Mapping[str, str] = {
    "fi": N_("Finnish"),
    "sv": N_("Swedish"),
    "en": N_("English"),
    "uk": N_("Ukrainian"),
    "ru": N_("Russian"),
    "et": N_("Estonian"),
}

# The languages into which somebody may wish an interpreter.
INTERPRETED: Mapping[str, str] = {
    **SPOKEN,
    "ar": N_("Arabic"),
    "so": N_("Somali"),
    "fsl": N_("Finnish sign language"),
    "other": N_("Another language"),
}

MUNICIPALITIES = (
    "Iisalmi", "Joroinen", "Kaavi", "Keitele", "Kiuruvesi", "Kuopio", "Lapinlahti", "Leppävirta",
    "Pielavesi", "Rautalampi", "Rautavaara", "Siilinjärvi", "Sonkajärvi", "Suonenjoki", "Tervo",
    "Tuusniemi", "Varkaus", "Vesanto", "Vieremä",
)  # fmt: skip

ELSEWHERE = "other"

# The classes in which the field counts. A parent may give the child's.
AGE_GROUPS: Mapping[str, str] = {
    "0-1": N_("0–1 years"),
    "2-6": N_("2–6 years"),
    "7-12": N_("7–12 years"),
    "13-17": N_("13–17 years"),
    "18-29": N_("18–29 years"),
    "30-64": N_("30–64 years"),
    "65-99": N_("65 years or more"),
}

COMPANIONS: Mapping[str, str] = {
    "close_person": N_("Somebody close to me"),
    "support_person": N_("A support person"),
    "interpreter": N_("An interpreter"),
}

WEEKDAYS = (
    N_("Mondays"),
    N_("Tuesdays"),
    N_("Wednesdays"),
    N_("Thursdays"),
    N_("Fridays"),
    N_("Saturdays"),
    N_("Sundays"),
)

CONFLICTS: Mapping[str, str] = {
    "overlap": N_("you have another time then"),
    "time_does_not_exist": N_("there is no such time: the clocks go forward"),
    "time_ambiguous": N_("that time comes twice: the clocks go back"),
    "booked": N_("somebody has booked it, so it stays as it is"),
}

ROLES: Mapping[str, str] = {
    "volunteer": N_("volunteer"),
    "expert": N_("expert"),
    "coordinator": N_("coordinator"),
}

# What is wrong with a field, or with what was asked as a whole.
SENTENCES: Mapping[str, str] = {
    Code.FIELD_INVALID: N_("Check this."),
    Code.FIELD_REQUIRED: N_("This is needed."),
    Code.NAME_INVALID: N_("Write a shorter name, or one without special signs."),
    Code.NICKNAME_INVALID: N_("Write a name or nickname that is no e-mail address and no phone number."),
    Code.EMAIL_INVALID: N_("Write one e-mail address, for example maija@example.fi."),
    Code.EMAIL_NOT_SUPPORTED: N_("We cannot send mail to this address. Use another, or a phone number."),
    Code.PHONE_INVALID: N_("Write the whole phone number, for example 040 123 4567."),
    Code.PHONE_NOT_ALLOWED: N_("We cannot send messages to this kind of number. Use another, or e-mail."),
    Code.CONTACT_REQUIRED: N_(
        "Write an e-mail address or a phone number, so that we can send you the link."
    ),
    Code.CONSENT_REQUIRED: N_("Tick the box, so that we may use what you wrote."),
    Code.TIME_INVALID: N_("Check the day and the time."),
    Code.TIME_DOES_NOT_EXIST: N_("There is no such time on that day, because the clocks go forward."),
    Code.TIME_AMBIGUOUS: N_(
        "That time comes twice on that day, because the clocks go back. Choose another."
    ),
    Code.TEXT_INVALID: N_("Take out the special signs."),
    Code.NUMBER_INVALID: N_("Check the number."),
    Code.REASON_REQUIRED: N_("Tell the reason. It is shown to those who have booked."),
    Code.RECURRENCE_TOO_LONG: N_("The hours go on for too long."),
    Code.SLOT_TAKEN: N_("That time has just been taken."),
    Code.SLOT_CLOSED: N_("That time can no longer be booked."),
    Code.GROUP_FULL: N_("The group is full."),
    Code.PARTY_TOO_LARGE: N_("The group has fewer places than there are of you. Come with fewer people."),
    Code.OVERLAP: N_("You already have another time then."),
    Code.HAS_BOOKINGS: N_("Somebody has booked a time in these hours. Cancel those times first."),
    Code.PERSON_EXISTS: N_("Somebody already serves by this address."),
    Code.NAME_TAKEN: N_("There is already one by that name."),
    Code.CHANGED_MEANWHILE: N_(
        "Somebody else has changed this while you did. Nothing of yours is lost, and nothing is saved yet."
    ),
    Code.ALREADY_STARTED: N_("The meeting has already begun."),
    Code.ALREADY_CANCELLED: N_("This has already been cancelled."),
    Code.NOT_STARTED: N_("The meeting has not begun yet."),
    Code.HOLD_EXPIRED: N_("The time was not confirmed soon enough, and has been given back."),
    Code.ROOM_NOT_OPEN: N_("The room is not open now."),
    Code.TOO_LATE: N_("It is too late for that to be of use."),
    Code.ROOM_CLOSED: N_("The meeting has ended."),
    Code.REMOVED: N_("You cannot come into this session any more."),
    Code.CAPACITY_TOO_SMALL: N_("More people than that are enrolled already."),
    Code.HOST_REQUIRED: N_("Choose first who leads the group."),
    Code.OFFER_OVER: N_("The place is no longer offered: the time to answer is over."),
    Code.NOT_TRAINED: N_("This is for those who have been trained for it."),
    Code.DUTY_TAKEN: N_("Somebody else has just promised to come. Thank you all the same."),
    Code.KEY_REUSED: N_("This form has already been sent. Look at the message we sent you."),
    Code.TOO_MANY: N_("There have been too many requests from your network. Wait a while and try again."),
    Code.FORBIDDEN: N_("This page is for others."),
    Code.CSRF: N_("The form had been open for too long or came from elsewhere. Open the page again."),
    Code.BODY_TOO_LARGE: N_("The text is too long."),
}


# What to do about a field that was left empty.
NEEDED: Mapping[str, str] = {
    "display_name": N_("Write a name or a nickname."),
    "companion_name": N_("Write the name or nickname of the person who comes along."),
    "companion2_name": N_("Write the name or nickname of the person who comes along."),
    "email": N_("Write your e-mail address."),
    "starts": N_("Write when it starts, for example 13.00."),
    "ends": N_("Write when it ends, for example 16.00."),
    "valid_from": N_("Write the first day."),
    "on": N_("Write the day."),
    "minutes": N_("Write how many minutes it lasts."),
    "languages": N_("Choose at least one language."),
    "reason": N_("Tell the reason. It is shown to those who have booked."),
}


def when_empty(field: str, say: Say) -> str:
    return say(NEEDED.get(field, SENTENCES[Code.FIELD_REQUIRED]))


def sentence(code: str, say: Say) -> str:
    return say(SENTENCES.get(code, SENTENCES[Code.FIELD_INVALID]))


def in_language(words: Words, language: str) -> str:
    text: str = getattr(words, language)
    return text


def hours(starts: datetime, ends: datetime, zone: str, language: str) -> str:
    """ "13.00–13.45", as the language writes it."""
    pattern = "%H:%M" if language == "en" else "%-H.%M"
    return "–".join(at.astimezone(ZoneInfo(zone)).strftime(pattern) for at in (starts, ends))

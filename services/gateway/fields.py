"""What people type, field by field: how it is cleaned, and why it is refused. Forms and the API share it.

A rule takes the text and gives it back clean, or raises a Refusal; which field
it was is for the caller to say. The owner checks again what must hold.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

import idna
import phonenumbers
from msgspec import Meta
from phonenumbers import PhoneNumberType

from services.contracts.refusals import Code, Refusal

REGION = "FI"
LONGEST_NAME = 80
LONGEST_NOTE = 500
LONGEST_WORDS = 2000
MOST_MARKS = 3
MOST_IN_A_ROW = 30  # as Unicode has it for texts that can be worked on piece by piece

_ADDRESS = re.compile(r"(?P<local>[^@\s]{1,64})@(?P<domain>[^@\s]{1,253})")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_JOINERS = "\u200c\u200d"  # names in some scripts need them
_UNREACHABLE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
}
_EARLIEST, _LATEST = 2000, 2100


def name(text: str) -> str:
    """A name or a nickname, as its bearer writes it. Refuses `name_invalid`."""
    clean = _composed(text.strip(), Code.NAME_INVALID)
    if not 0 < len(clean) <= LONGEST_NAME or not any(unicodedata.category(c)[0] in "LNSP" for c in clean):
        raise Refusal(Code.NAME_INVALID, f"Give a name or a nickname of at most {LONGEST_NAME} characters.")
    if any(_is_hidden(character) for character in clean) or _piles_marks(clean):
        raise Refusal(Code.NAME_INVALID, "The name holds characters that cannot be shown.")
    return clean


def nickname(text: str) -> str:
    """The name shown in a meeting. Refuses `nickname_invalid`."""
    try:
        return name(text)
    except Refusal as refusal:
        raise Refusal(Code.NICKNAME_INVALID, refusal.detail) from refusal


def _composed(text: str, code: Code) -> str:
    """Each letter as one sign. Marks are put into their order on the way, and that of thousands on one
    letter takes seconds."""
    row = 0
    for character in text if not text.isascii() else "":
        row = row + 1 if unicodedata.combining(character) else 0
        if row > MOST_IN_A_ROW:
            raise Refusal(code, "The text holds characters that cannot be shown.")
    return unicodedata.normalize("NFC", text)


def _is_hidden(character: str) -> bool:
    """Controls, and what turns or hides the text around it."""
    category = unicodedata.category(character)
    return category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or (
        category == "Cf" and character not in _JOINERS
    )


def _piles_marks(text: str) -> bool:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks > MOST_MARKS:
            return True
    return False


def email(text: str) -> str:
    """Exactly one address. Refuses `email_invalid`, and `email_not_supported` for letters beyond ASCII
    before the @, which not every mail server on the way can carry."""
    match = _ADDRESS.fullmatch(text.strip(" "))
    if match is None:
        raise _not_an_address()
    local, domain = match["local"], match["domain"]
    if not local.isascii() and _LOCAL.fullmatch(re.sub(r"[^\x00-\x7f]", "a", local)):
        raise Refusal(Code.EMAIL_NOT_SUPPORTED, "Use an address without letters such as å before the @.")
    labels = _domain(domain).split(".")
    if not _LOCAL.fullmatch(local) or len(labels) < 2 or labels[-1].isdigit():
        raise _not_an_address()
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _not_an_address()
    return f"{local}@{'.'.join(labels)}"


def _domain(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise _not_an_address() from error


def _not_an_address() -> Refusal:
    return Refusal(Code.EMAIL_INVALID, "Give one e-mail address, such as name@example.fi.")


def phone(text: str) -> str:
    """A Finnish number that a text message can reach, as +358…. Refuses `phone_invalid` and
    `phone_not_allowed` for foreign and paid numbers, and for those of telephones on a wall."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException as error:
        raise _not_a_number() from error
    if len(text) > 30 or not re.fullmatch(r"[+0-9 ()/.\-\u00a0\u2011\u2013]*", text):
        raise _not_a_number()
    if number.country_code != phonenumbers.country_code_for_region(REGION):
        raise Refusal(Code.PHONE_NOT_ALLOWED, "Give a Finnish number, or an e-mail address instead.")
    if phonenumbers.number_type(number) in _UNREACHABLE:
        raise Refusal(
            Code.PHONE_NOT_ALLOWED, "Give a mobile number: messages cannot be sent to this kind of number."
        )
    if not phonenumbers.is_valid_number(number):
        raise _not_a_number()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _not_a_number() -> Refusal:
    return Refusal(Code.PHONE_INVALID, "Give a whole phone number, such as 040 123 4567.")


def line(text: str) -> str:
    """One line of text."""
    clean = _composed(text.strip(), Code.TEXT_INVALID)
    if any(_is_hidden(character) for character in clean):
        raise Refusal(Code.TEXT_INVALID, "The text holds characters that cannot be shown.")
    return clean


def words(text: str) -> str:
    """Text of several lines."""
    clean = _composed(text.replace("\r\n", "\n").replace("\r", "\n").strip(), Code.TEXT_INVALID)
    if any(_is_hidden(character) for character in clean if character not in "\n\t"):
        raise Refusal(Code.TEXT_INVALID, "The text holds characters that cannot be shown.")
    return clean


def instant(moment: datetime) -> datetime:
    """A moment with its offset, in a year in which somebody could meet. Refuses `time_invalid`."""
    if moment.tzinfo is None or not _EARLIEST <= moment.year <= _LATEST:
        raise Refusal(
            Code.TIME_INVALID, "Give the time with its offset, such as 2026-03-12T13:00:00+02:00."
        )
    return moment.astimezone(UTC)


def wall_time(text: str) -> str:
    """An hour on the wall, `13:00`. Refuses `time_invalid`."""
    try:
        if not re.fullmatch(r"[0-2]\d:[0-5]\d(:00)?", text):
            raise ValueError
        return time.fromisoformat(text).strftime("%H:%M")
    except ValueError as error:
        raise Refusal(Code.TIME_INVALID, "Give an hour such as 13:00.") from error


Rule = Callable[[Any], Any]

# The rule of a field is found by its name; the limits beside it are for the description of the API.
RULES: dict[str, Rule] = {
    rule.__name__: rule for rule in (name, nickname, email, phone, line, words, instant, wall_time)
}


def _described(rule: Rule, **schema: Any) -> Meta:
    return Meta(extra={"rule": rule.__name__}, extra_json_schema=schema)


Name = Annotated[str, _described(name, minLength=1, maxLength=LONGEST_NAME)]
Nickname = Annotated[str, _described(nickname, minLength=1, maxLength=LONGEST_NAME)]
Email = Annotated[str, _described(email, format="email", maxLength=254)]
Phone = Annotated[str, _described(phone, examples=["+358401234567"], maxLength=30)]
Line = Annotated[str, Meta(max_length=100, extra={"rule": line.__name__})]
Title = Annotated[str, Meta(min_length=1, max_length=200, extra={"rule": line.__name__})]
Note = Annotated[str, Meta(max_length=LONGEST_NOTE, extra={"rule": words.__name__})]
LongWords = Annotated[str, Meta(max_length=LONGEST_WORDS, extra={"rule": words.__name__})]
Instant = Annotated[datetime, Meta(tz=True, extra={"rule": instant.__name__})]
WallTime = Annotated[str, _described(wall_time, pattern="^[0-2][0-9]:[0-5][0-9]$", examples=["13:00"])]
Language = Literal["fi", "sv", "en"]
Rating = Annotated[int, Meta(ge=1, le=5)]

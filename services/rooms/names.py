"""The name a person goes by in one meeting: shown to the others, kept nowhere.

What is kept is a keyed digest, which tells that two are alike to the eye, and a number. "Aino" is the
first of her name, the second one is shown as "Aino 2"; whoever calls herself so asks for that number.
"""

import hmac
import re
import unicodedata
from uuid import UUID

from services.contracts.refusals import Code, Refusal, field_refusal
from services.rooms.domain import Name

LONGEST = 80
MARKS_IN_A_ROW = 4
PHONE_DIGITS = 6

_PHONE = re.compile(r"\+?\d[\d\s().,/\-–]*")
_SPACES = re.compile(r"[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_MARKS = re.compile(r"[\W_]*")
_NUMBERED = re.compile(r"(.+\S) ([2-9]|[1-9][0-9]{1,3})")


def known_as(name: str, *, key: bytes, slot_id: UUID) -> Name:
    """`name` as it is kept. Without the key, and for another room, nothing can be told from it."""
    base, number = _parts(name)
    return Name(hmac.digest(key, slot_id.bytes + base.encode(), "sha256")[:16], number)


def told_apart(name: str, number: int) -> str:
    """As the others see it, by the number that was given."""
    _, asked = _parts(name)
    if number == asked:
        return name
    plain = name if asked == 1 else name.rpartition(" ")[0]
    return f"{plain} {number}"


def _parts(name: str) -> tuple[str, int]:
    """Neither case nor the width of a sign nor spaces make another name. A number comes after it."""
    folded = " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())
    found = _NUMBERED.fullmatch(folded)
    return (found[1], int(found[2])) if found else (folded, 1)


def display_name(text: str) -> str:
    """`text` as it may be shown, or a refusal of what is no name or gives a contact away.

    Characters that cannot be seen are taken out first: they could hide an address
    or turn the direction of what follows.
    """
    kept = "".join(mark for mark in text if unicodedata.category(mark) != "Cf")
    name = _SPACES.sub(" ", unicodedata.normalize("NFC", kept)).strip(" ")
    if not name:
        raise _refused("Give a name or a nickname.")
    if len(name) > LONGEST:
        raise _refused(f"Use at most {LONGEST} characters.")
    if any(unicodedata.category(mark) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for mark in name):
        raise _refused("Use letters, numbers and spaces.")
    if _MARKS.fullmatch(name) or _heaps_marks(name):
        raise _refused("Use letters, numbers and spaces.")
    seen = unicodedata.normalize("NFKC", name)
    if "@" in seen or any(_digits(run) >= PHONE_DIGITS for run in _PHONE.findall(seen)):
        raise _refused("Use a name or a nickname, not an e-mail address or a phone number.")
    return name


def _heaps_marks(name: str) -> bool:
    run = 0
    for mark in name:
        run = run + 1 if unicodedata.combining(mark) else 0
        if run > MARKS_IN_A_ROW:
            return True
    return False


def _digits(run: str) -> int:
    return sum(mark.isdecimal() for mark in run)


def _refused(detail: str) -> Refusal:
    return field_refusal(Code.NICKNAME_INVALID, "display_name", detail)

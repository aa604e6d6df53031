"""What a person must and may tell to take a seat."""

from collections.abc import Iterator

from services.contracts.booking.appointments import Book
from services.contracts.booking.enrolment import Enrol
from services.contracts.refusals import Code, Refusal

LANGUAGES = ("fi", "sv", "en")
LONGEST_NAME = 80
LONGEST_NOTE = 500
MOST_COMPANIONS = 5


def check_party(asked: Book | Enrol, *, walk_in: bool = False) -> None:
    """Whoever asks for a seat, and all who come along: they are written to in the language of the one."""
    check(
        display_name=asked.display_name,
        email=asked.email,
        phone=asked.phone,
        language=asked.language,
        note=asked.note,
        companions=len(asked.companions),
        walk_in=walk_in,
    )
    for companion in asked.companions:
        check(
            display_name=companion.display_name,
            email=companion.email,
            phone=companion.phone,
            language=asked.language,
            walk_in=walk_in,
        )


def check(
    *,
    display_name: str,
    email: str | None,
    phone: str | None,
    language: str,
    note: str | None = None,
    companions: int = 0,
    walk_in: bool = False,
) -> None:
    """Refuse with every field that is wrong. The door has checked their form; this is what must hold.

    Whoever walks in needs no way to be reached.
    """
    reachable = bool(email or phone) or walk_in
    wrong = list(_wrong_fields(display_name, reachable, language, note, companions))
    if wrong:
        errors = [{"field": field, "code": str(code), "detail": detail} for field, code, detail in wrong]
        raise Refusal(wrong[0][1], wrong[0][2], errors=errors)


def _wrong_fields(
    display_name: str,
    reachable: bool,
    language: str,
    note: str | None,
    companions: int,
) -> Iterator[tuple[str, Code, str]]:
    if not display_name.strip() or len(display_name) > LONGEST_NAME or not display_name.isprintable():
        yield "display_name", Code.NAME_INVALID, f"A name or nickname has 1 to {LONGEST_NAME} characters."
    if not reachable:
        yield "email", Code.CONTACT_REQUIRED, "An e-mail address or a phone number is needed."
    if language not in LANGUAGES:
        yield "language", Code.FIELD_INVALID, "Messages come in Finnish, Swedish or English."
    if note is not None and len(note) > LONGEST_NOTE:
        yield "note", Code.FIELD_INVALID, f"At most {LONGEST_NOTE} characters."
    if companions > MOST_COMPANIONS:
        yield "companions", Code.FIELD_INVALID, f"At most {MOST_COMPANIONS} people can come along."

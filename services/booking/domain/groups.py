"""What a group's numbers must be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from uuid import UUID

from services.booking.domain.enrolment import SEATED
from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.slots import BookingStatus
from services.contracts.refusals import Code, Refusal

LARGEST = 1000
LARGEST_ROOM = 2000
LONGEST_NAME = 120
LONGEST_DESCRIPTION = 2000
MOST_FACILITATORS = 10


def check(
    *,
    name: Words,
    description: Words,
    capacity: int,
    room_limit: int | None,
    facilitators: Sequence[UUID],
    kind: SlotKind = SlotKind.GROUP,
) -> None:
    """Refuse with every field that is wrong."""
    wrong = [
        *_wrong_words("name", name, LONGEST_NAME, Code.NAME_INVALID),
        *_wrong_words("description", description, LONGEST_DESCRIPTION, Code.TEXT_INVALID),
        *_wrong_numbers(capacity, room_limit),
    ]
    if kind not in (SlotKind.GROUP, SlotKind.EVENT):
        wrong.append(("kind", Code.FIELD_INVALID, "A group's sessions are of kind group or event."))
    if len(set(facilitators)) < len(facilitators) or len(facilitators) > MOST_FACILITATORS:
        wrong.append(("facilitators", Code.FIELD_INVALID, f"At most {MOST_FACILITATORS}, each once."))
    if wrong:
        errors = [{"field": field, "code": str(code), "detail": detail} for field, code, detail in wrong]
        raise Refusal(wrong[0][1], wrong[0][2], errors=errors)


def _wrong_words(field: str, words: Words, longest: int, code: Code) -> Iterator[tuple[str, Code, str]]:
    for language in ("fi", "sv", "en"):
        text: str = getattr(words, language)
        if not 1 <= len(text.strip()) <= longest:
            yield f"{field}.{language}", code, f"From 1 to {longest} characters."


def _wrong_numbers(capacity: int, room_limit: int | None) -> Iterator[tuple[str, Code, str]]:
    if not 2 <= capacity <= LARGEST:
        yield "capacity", Code.FIELD_INVALID, f"A group has from 2 to {LARGEST} places."
    elif room_limit is not None and not capacity <= room_limit <= LARGEST_ROOM:
        yield "room_limit", Code.FIELD_INVALID, f"From the number of places to {LARGEST_ROOM}."


def check_capacity(capacity: int, *, fullest: int) -> None:
    if capacity < fullest:
        raise Refusal(
            Code.CAPACITY_TOO_SMALL,
            "More people than that are enrolled already.",
            enrolled=fullest,
        )


def room_limit(chosen: int | None, *, capacity: int, hosts: int) -> int:
    """How many connections a room takes: without a chosen number everybody enrolled, a second device for
    every fourth, and two for each who leads."""
    return chosen or min(LARGEST_ROOM, capacity + ceil(capacity / 4) + 2 * hosts)


@dataclass(frozen=True)
class Member:
    """One enrolled in a whole series, as they are to be in a session that is added to it."""

    enrolment_id: UUID
    accompanies: UUID | None
    status: BookingStatus


def members_with_room(members: Iterable[Member], capacity: int) -> list[Member]:
    """Those who come to an added session, as far as its seats reach: a party comes together or not.

    In the order of their coming. Who waits or applies does so for this session too, and takes no seat.
    """
    together: dict[UUID, list[Member]] = {}
    for member in members:
        together.setdefault(member.accompanies or member.enrolment_id, []).append(member)
    coming: list[Member] = []
    for main_id, party in together.items():
        seats = sum(member.status in SEATED for member in party)
        led = any(member.enrolment_id == main_id for member in party)
        if led and seats <= capacity:
            capacity -= seats
            coming += party
    return coming

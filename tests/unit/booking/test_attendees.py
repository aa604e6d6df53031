"""Whoever asks for a seat, alone or with others, is checked in one way."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from services.booking.domain import attendees
from services.contracts.booking.appointments import Book, Companion, CompanionKind
from services.contracts.booking.enrolment import Enrol
from services.contracts.refusals import Code, Refusal

KIELO: dict[str, Any] = {"display_name": "Kielo", "email": "kielo@posti.example"}
FRIEND = Companion(display_name="Vuokko", phone="+358401234567", comes_as=CompanionKind.CLOSE_PERSON)
NAMELESS = Companion(display_name=" ", phone="+358401234567", comes_as=CompanionKind.CLOSE_PERSON)
UNREACHED = Companion(display_name="Vuokko", comes_as=CompanionKind.CLOSE_PERSON)

WAYS: list[Callable[..., Book | Enrol]] = [
    lambda **said: Book(slot_id=UUID(int=1), **said),
    lambda **said: Enrol(group_id=UUID(int=2), **said),
]
WRONG: list[tuple[dict[str, Any], str, Code]] = [
    ({"display_name": ""}, "display_name", Code.NAME_INVALID),
    ({"email": None}, "email", Code.CONTACT_REQUIRED),
    ({"language": "de"}, "language", Code.FIELD_INVALID),
    ({"note": "a" * 501}, "note", Code.FIELD_INVALID),
    ({"companions": [FRIEND] * 6}, "companions", Code.FIELD_INVALID),
    ({"companions": [FRIEND, NAMELESS]}, "display_name", Code.NAME_INVALID),
    ({"companions": [UNREACHED]}, "email", Code.CONTACT_REQUIRED),
]


@pytest.mark.parametrize("way", WAYS, ids=["booking", "enrolling"])
@pytest.mark.parametrize(("said", "field", "code"), WRONG)
def test_what_is_wrong_with_a_party_is_the_same_by_either_way(
    way: Callable[..., Book | Enrol], said: dict[str, Any], field: str, code: Code
) -> None:
    attendees.check_party(way(**KIELO, companions=[FRIEND]))

    with pytest.raises(Refusal) as refused:
        attendees.check_party(way(**KIELO | said))

    assert refused.value.code is code
    assert [error["field"] for error in refused.value.facts["errors"]] == [field]


def test_who_walks_in_with_others_needs_no_way_to_be_reached_and_all_need_names() -> None:
    asked = Enrol(group_id=UUID(int=2), display_name="Kielo", companions=[UNREACHED])
    attendees.check_party(asked, walk_in=True)

    with pytest.raises(Refusal) as refused:
        attendees.check_party(asked)
    assert refused.value.code is Code.CONTACT_REQUIRED

    nameless = Enrol(group_id=UUID(int=2), display_name="Kielo", companions=[NAMELESS])
    with pytest.raises(Refusal) as refused:
        attendees.check_party(nameless, walk_in=True)
    assert refused.value.code is Code.NAME_INVALID

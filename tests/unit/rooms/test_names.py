"""Which names may be shown in a room."""

import unicodedata
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.refusals import Code, Refusal
from services.rooms.domain import Name
from services.rooms.names import LONGEST, display_name, known_as, told_apart


@pytest.mark.parametrize(
    "name",
    [
        "Aino",
        "Åsa Öhman-D'Arc",
        "Эльмира",
        "李小龙",
        "Mummo 75",
        "Anna 1985",
        "Vieras 12",
        "<img src=x onerror=alert(1)>",
        "=HYPERLINK(A1)",
        "Niğâr ل",
        "x" * LONGEST,
        "Ääni 🌼",
    ],
)
def test_a_name_stays_exactly_what_it_was(name: str) -> None:
    assert display_name(name) == name


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Aino  ", "Aino"),
        ("Aino   Maria", "Aino Maria"),
        ("A\u0308iti", "Äiti"),
        ("Ai\u200bno", "Aino"),
        ("\u202eoniA", "oniA"),
        ("Ai\u00adno", "Aino"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(typed: str, shown: str) -> None:
    assert display_name(typed) == shown


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u200b\u202e",
        "...",
        "-",
        "aino@example.org",
        "aino＠example.org",
        "ai\u200bno@example.org",
        "Aino 040 123 4567",
        "+358401234567",
        "(040) 123-45-67",
        "０４０１２３４５",
        "٠٤٠١٢٣٤٥",
        "123456",
        "x" * (LONGEST + 1),
        "Ai\nno",
        "Ai\x00no",
        "Ai\tno",
        "Ai\u2028no",
        "\ud800",
        "\ue000",
        "a" + "\u0316" * 70,
    ],
)
def test_what_is_no_name_or_gives_a_contact_away_is_refused(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        display_name(name)

    assert refused.value.code is Code.NICKNAME_INVALID
    assert refused.value.facts["errors"][0]["field"] == "display_name"


@given(st.text(max_size=120))
def test_whatever_is_typed_is_shown_safely_or_refused(typed: str) -> None:
    try:
        shown = display_name(typed)
    except Refusal:
        return

    assert shown
    assert len(shown) <= LONGEST
    assert shown == unicodedata.normalize("NFC", shown)
    assert display_name(shown) == shown
    assert not any(unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Zl", "Zp") for mark in shown)


KEY = b"k" * 32
ROOM = UUID(int=1)


def known(name: str) -> Name:
    return known_as(name, key=KEY, slot_id=ROOM)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aino", "aino"),
        ("Aino", " Aino  "),
        ("Aino", "Ａｉｎｏ"),
        ("Strauß", "STRAUSS"),
        ("Aino 2", "aino ２"),
        ("Åsa", "A\u030asa"),
        ("Ma ri", "ma  ri"),
    ],
)
def test_names_alike_to_the_eye_are_one(one: str, other: str) -> None:
    assert known(one) == known(other)


@pytest.mark.parametrize(("one", "other"), [("Aino", "Kaino"), ("Aino 2", "Aino 3"), ("Mari", "Märi")])
def test_other_names_are_others(one: str, other: str) -> None:
    assert known(one) != known(other)


def test_a_number_after_a_name_is_that_number_of_the_name() -> None:
    assert known("Aino").digest == known("Aino 2").digest
    assert [known(name).number for name in ("Aino", "Aino 2", "Mummo 75", "Aino 1985")] == [1, 2, 75, 1985]


@pytest.mark.parametrize("name", ["Aino 0", "Aino 1", "Aino 02", "Aino 12345", "Aino2", "2", "75"])
def test_other_numbers_belong_to_the_name(name: str) -> None:
    assert known(name).number == 1
    assert known(name).digest != known("Aino").digest


def test_without_the_key_or_in_another_room_a_name_is_not_recognised() -> None:
    assert known_as("Aino", key=b"x" * 32, slot_id=ROOM) != known("Aino")
    assert known_as("Aino", key=KEY, slot_id=UUID(int=2)) != known("Aino")


@pytest.mark.parametrize(
    ("name", "number", "shown"),
    [
        ("Aino", 1, "Aino"),
        ("Aino", 2, "Aino 2"),
        ("Aino 2", 2, "Aino 2"),
        ("Aino 2", 3, "Aino 3"),
        ("Mummo 75", 75, "Mummo 75"),
        ("Mummo 75", 2, "Mummo 2"),
    ],
)
def test_a_name_is_shown_with_the_number_it_was_given(name: str, number: int, shown: str) -> None:
    assert told_apart(name, number) == shown


@given(
    names=st.lists(st.sampled_from(["Aino", "aino", "Aino 2", "Aino 3", "Pihla", "AINO 2"]), unique=True),
    number=st.integers(2, 9999),
)
def test_whoever_is_shown_alike_is_known_as_one(names: list[str], number: int) -> None:
    """So a number that only one may have means a name that only one may have."""
    for name in names:
        digest = known(name).digest
        assert known(told_apart(name, number)) == Name(digest, number)

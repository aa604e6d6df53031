"""Which names may be shown in a room."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.refusals import Code, Refusal
from services.rooms.names import LONGEST, display_name


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

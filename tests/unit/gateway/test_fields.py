"""What people type, and what becomes of it."""

from collections.abc import Callable
from datetime import datetime
from time import process_time

import pytest

from services.contracts.refusals import Code, Refusal
from services.gateway import fields

COMBINING = "\u0301"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Åsa Öhman-D'Arc", "Åsa Öhman-D'Arc"),
        ("  Kielo ", "Kielo"),
        ("A\u030asa", "Åsa"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ('=HYPERLINK("http://evil")', '=HYPERLINK("http://evil")'),
        ("Олена", "Олена"),
        ("क्\u200dष", "क्\u200dष"),
        ("x" * 80, "x" * 80),
        ("\N{GRINNING FACE}", "\N{GRINNING FACE}"),
    ],
)
def test_a_name_stays_as_its_bearer_writes_it(typed: str, kept: str) -> None:
    assert fields.name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "   ", "x" * 81, "a\u202eb", "a\u200bb", "\ufeffa", "a\nb", "a\tb"),
        *("a" + COMBINING * 10_000, "a" + COMBINING * 5, "\u200d", COMBINING),
        *("a\x00b", "a\u2028b", "\ue000"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        fields.name(typed)
    assert refused.value.code is Code.NAME_INVALID


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("kielo@posti.example", "kielo@posti.example"),
        (" Kielo.K+aula@Posti.EXAMPLE ", "Kielo.K+aula@posti.example"),
        ("o'brien@posti.fi", "o'brien@posti.fi"),
        ("kielo@äänekoski.fi", "kielo@xn--nekoski-4waa.fi"),
    ],
)
def test_one_address_is_taken(typed: str, kept: str) -> None:
    assert fields.email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "a",
            "a@b",
            "@b.fi",
            "a@",
            "a@b.fi\r\nBcc: x@y.fi",
            "a@b.fi, c@d.fi",
            "<a@b.fi>",
            "<a@b.fi>,",
        ),
        *("a b@c.fi", "a@b..fi", ".a@b.fi", "a.@b.fi", "a@-b.fi", "a@b.fi\n", "a@[127.0.0.1]"),
        *("a@127.0.0.1", '"a b"@c.fi', "a@b.fi;c@d.fi", "x" * 65 + "@b.fi", "a@@b.fi"),
        *("a@b.fi\x00", "a@b_c.fi"),
    ],
)
def test_anything_but_one_address_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        fields.email(typed)
    assert refused.value.code is Code.EMAIL_INVALID


def test_an_address_that_not_every_server_can_carry_has_its_own_answer() -> None:
    with pytest.raises(Refusal) as refused:
        fields.email("åsa@posti.fi")
    assert refused.value.code is Code.EMAIL_NOT_SUPPORTED


@pytest.mark.parametrize("typed", ["0401234567", "040 123 4567", "+358 40 123 4567", "+358 (0)40-123 4567"])
def test_a_number_is_kept_in_one_form(typed: str) -> None:
    assert fields.phone(typed) == "+358401234567"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", Code.PHONE_INVALID),
        ("+358 40 123", Code.PHONE_INVALID),
        ("112", Code.PHONE_INVALID),
        ("kielo", Code.PHONE_INVALID),
        ("040 CALL ME", Code.PHONE_INVALID),
        ("0401234567;ext=1", Code.PHONE_INVALID),
        ("0700 12345", Code.PHONE_NOT_ALLOWED),
        ("0600 12345", Code.PHONE_NOT_ALLOWED),
        ("0800 12345", Code.PHONE_NOT_ALLOWED),
        ("09 123 4567", Code.PHONE_NOT_ALLOWED),
        ("017 123 456", Code.PHONE_NOT_ALLOWED),
        ("+46 70 123 45 67", Code.PHONE_NOT_ALLOWED),
        ("+372 5123 4567", Code.PHONE_NOT_ALLOWED),
    ],
)
def test_a_number_that_no_message_can_reach_is_refused(typed: str, code: Code) -> None:
    with pytest.raises(Refusal) as refused:
        fields.phone(typed)
    assert refused.value.code is code


@pytest.mark.parametrize("year", [1999, 2101, 9999])
def test_a_moment_in_which_nobody_could_meet_is_refused(year: int) -> None:
    with pytest.raises(Refusal) as refused:
        fields.instant(datetime.fromisoformat(f"{year}-01-01T00:00:00+00:00"))
    assert refused.value.code is Code.TIME_INVALID


@pytest.mark.parametrize("typed", ["24:00", "9:00", "13.00", "13:60", "", "13:00:01", "13:00Z"])
def test_an_hour_that_no_clock_shows_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        fields.wall_time(typed)
    assert refused.value.code is Code.TIME_INVALID


def test_text_of_several_lines_keeps_them_and_nothing_hidden() -> None:
    assert fields.words(" eka\r\ntoka ") == "eka\ntoka"
    with pytest.raises(Refusal):
        fields.words("a\u202eb")
    with pytest.raises(Refusal):
        fields.line("eka\ntoka")


@pytest.mark.parametrize("rule", [fields.name, fields.nickname, fields.line, fields.words])
def test_a_tower_of_marks_is_refused_before_it_costs_anything(rule: Callable[[str], str]) -> None:
    began = process_time()
    with pytest.raises(Refusal):
        rule("a" + COMBINING + "\u0327\u0301" * 15_000)
    assert process_time() - began < 0.5


def test_letters_with_several_marks_are_text() -> None:
    assert fields.words("Vie\u0323\u0302t") == "Việt"

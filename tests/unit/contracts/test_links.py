"""The resident's link: whoever has no key cannot make one, and a wrong one tells nothing by its time."""

import base64
import hmac
import string
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.contracts import links
from services.contracts.links import Link, LinkKey, Purpose

ANNA = UUID("01234567-89ab-4def-8123-456789abcdef")
LINK = Link(purpose=Purpose.BOOKING, subject_id=ANNA, version=3)
OLD, NEW, STRANGE = (LinkKey(number=n, secret=bytes([n]) * 32) for n in (1, 2, 3))
ALPHABET = string.ascii_letters + string.digits + "-_"


def written(key: LinkKey) -> str:
    return f"k{key.number}:{base64.urlsafe_b64encode(key.secret).decode()}"


@given(
    purpose=some.sampled_from(Purpose),
    subject=some.uuids(),
    version=some.integers(min_value=0, max_value=2**32 - 1),
)
def test_what_was_made_is_read(purpose: Purpose, subject: UUID, version: int) -> None:
    link = Link(purpose=purpose, subject_id=subject, version=version)

    token = links.make([NEW], link)

    assert links.read([NEW], token) == link
    assert set(token) <= set(ALPHABET)


def test_no_single_character_can_be_altered() -> None:
    token = links.make([NEW], LINK)

    for place in range(len(token)):
        for other in ALPHABET + "+/= é%":
            if other != token[place]:
                altered = token[:place] + other + token[place + 1 :]
                assert links.read([NEW], altered) is None, (place, other)


def test_a_token_has_one_spelling() -> None:
    """The decoder takes + and / for - and _; a link that works in two spellings cannot be counted."""
    tokens = (links.make([NEW], Link(Purpose.BOOKING, ANNA, version)) for version in range(1000))
    token = next(token for token in tokens if "-" in token and "_" in token)

    assert links.read([NEW], token.replace("-", "+")) is None
    assert links.read([NEW], token.replace("_", "/")) is None
    assert links.read([NEW], token)


@pytest.mark.parametrize(
    "spoil",
    [
        str.upper,
        str.lower,
        lambda token: token[:-1],
        lambda token: token[1:],
        lambda token: token[:-4],
        lambda token: token + "=",
        lambda token: token + "A",
        lambda token: token + token,
        lambda token: f" {token}",
        lambda _: "",
        lambda _: "é" * 56,
        lambda _: "A" * 100_000,
    ],
)
def test_a_spoilt_token_opens_nothing(spoil: Any) -> None:
    assert links.read([NEW], spoil(links.make([NEW], LINK))) is None


@given(some.text(max_size=80))
def test_no_text_opens_anything(text: str) -> None:
    assert links.read([NEW, OLD], text) is None


def test_another_key_opens_nothing_even_under_the_same_number() -> None:
    impostor = LinkKey(number=NEW.number, secret=STRANGE.secret)

    assert links.read([NEW], links.make([STRANGE], LINK)) is None
    assert links.read([NEW], links.make([impostor], LINK)) is None


def test_a_purpose_cannot_be_swapped_or_made_up() -> None:
    token = base64.urlsafe_b64decode(links.make([NEW], LINK))
    for purpose in range(256):
        if purpose != LINK.purpose:
            altered = token[:1] + bytes([purpose]) + token[2:]
            assert links.read([NEW], base64.urlsafe_b64encode(altered).decode()) is None

    made_up = links.make([NEW], Link(9, ANNA, 1))  # type: ignore[arg-type]  # by a later release, say
    assert links.read([NEW], made_up) is None


def test_while_a_key_is_replaced_old_and_new_links_work() -> None:
    made_before = links.make([OLD], LINK)
    made_since = links.make([NEW, OLD], LINK)

    assert made_before != made_since
    assert links.read([NEW, OLD], made_before) == links.read([NEW, OLD], made_since) == LINK
    assert links.read([NEW], made_before) is None


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 56, "A" * 57, "A" * 10_000, "sound", "unknown key"])
def test_every_token_costs_one_mac_and_one_comparison(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time tells apart what is unknown, altered or no token at all, unless the work is the same."""
    work: list[str] = []
    made = {"sound": links.make([NEW], LINK), "unknown key": links.make([STRANGE], LINK)}
    new, compare = hmac.new, hmac.compare_digest

    def count_new(*args: Any) -> Any:
        work.append("mac")
        return new(*args)

    def count_compare(*args: Any) -> bool:
        work.append("compare")
        return compare(*args)

    monkeypatch.setattr(hmac, "new", count_new)
    monkeypatch.setattr(hmac, "compare_digest", count_compare)

    links.read([NEW, OLD], made.get(token, token))

    assert work == ["mac", "compare"]


def test_keys_are_read_as_they_are_written() -> None:
    assert links.parse_keys(f"{written(NEW)}, {written(OLD)}") == (NEW, OLD)
    assert links.parse_keys(written(NEW).rstrip("=")) == (NEW,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k1",
        "k1:",
        "k1:AAAA",
        "1:" + "A" * 44,
        "kx:" + "A" * 44,
        "k1:" + "é" * 44,
        written(OLD) + ",",
        f"{written(OLD)},{written(OLD)}",
        f"{written(OLD)},k257:{'B' * 43}",
    ],
)
def test_keys_that_are_weak_broken_or_twice_the_same_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
        links.parse_keys(text)

"""Every message has an example, made once: what was said yesterday is understood today.

`python -m tests.contract.test_messages` writes the examples that are missing, and leaves those that are
there. One that can no longer be read is not to be made anew: the message has changed for those who speak
the old words, and wants a `v2`.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import inspect

from services.contracts.envelope import (
    Answered,
    Anyone,
    Asked,
    Failed,
    Refused,
    Resident,
    Service,
    Staff,
    Told,
    encode,
)
from tests.architecture.code import events, requests

FOLDER = Path(__file__).parent / "examples"
SURROUNDING: tuple[type, ...] = (
    Asked,
    Anyone,
    Resident,
    Staff,
    Service,
    Told,
    Answered,
    Refused,
    Failed,
)
ENVELOPE = {f"envelope.{kind.__name__.lower()}": {"message": kind} for kind in SURROUNDING}
SIMPLE: dict[type[inspect.Type], Any] = {
    inspect.StrType: "words",
    inspect.IntType: 3,
    inspect.FloatType: 0.5,
    inspect.BoolType: True,
    inspect.NoneType: None,
    inspect.AnyType: "anything",
    inspect.RawType: {},
    inspect.UUIDType: UUID("01234567-89ab-4def-8123-456789abcdef"),
    inspect.DateTimeType: datetime(2027, 3, 2, 11, 0, tzinfo=UTC),
    inspect.DateType: date(2027, 3, 2),
    inspect.TimeType: time(13, 0),
}


def messages() -> dict[str, dict[str, Any]]:
    """What stands in each file: its parts and their types."""
    asked = {subject: {"request": each, "reply": each.reply} for subject, each in requests().items()}
    told = {subject: {"event": each} for subject, each in events().items()}
    return {**asked, **told, **ENVELOPE}


def example(of: inspect.Type) -> Any:
    """A value of this type with everything in it that can be said."""
    match of:
        case inspect.StructType(cls=cls, fields=fields, tag=tag, tag_field=tag_field):
            said = {field.encode_name: example(field.type) for field in fields}
            return {tag_field: tag, **said} if cls.__struct_config__.tag_field else said
        case inspect.EnumType(cls=cls):
            return next(iter(cls)).value
        case inspect.UnionType(types=types):
            return example(next(each for each in types if not isinstance(each, inspect.NoneType)))
        case inspect.ListType(item_type=item) | inspect.FrozenSetType(item_type=item):
            return [example(item)]
        case inspect.DictType(key_type=key, value_type=value):
            return {example(key): example(value)}
        case _:
            return SIMPLE[type(of)]


def lacks(today: Any, yesterday: Any, path: str = "") -> list[str]:
    """What yesterday's message says that today's does not, by its path."""
    if isinstance(yesterday, dict) and isinstance(today, dict):
        gone = [f"{path}.{key}" for key in yesterday if key not in today]
        there = [key for key in yesterday if key in today]
        return gone + [each for key in there for each in lacks(today[key], yesterday[key], f"{path}.{key}")]
    if isinstance(yesterday, list) and isinstance(today, list) and len(today) == len(yesterday):
        pairs = enumerate(zip(today, yesterday, strict=True))
        return [each for n, (new, old) in pairs for each in lacks(new, old, f"{path}[{n}]")]
    return [] if today == yesterday else [path]


def misunderstood(written: bytes, parts: dict[str, Any]) -> list[str]:
    """What of an example is not understood by today's types, or understood as something else."""
    said: dict[str, Any] = msgspec.json.decode(written)
    found = sorted(parts.keys() ^ said.keys())
    for part, kind in parts.items():
        understood = msgspec.json.decode(msgspec.json.encode(said.get(part)), type=kind)
        found += lacks(msgspec.json.decode(encode(understood)), said.get(part), part)
    return found


def test_every_message_has_an_example_and_every_example_a_message() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == messages().keys()


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_what_was_said_yesterday_is_understood_today(name: str) -> None:
    assert misunderstood((FOLDER / f"{name}.json").read_bytes(), messages()[name]) == []


class Before(msgspec.Struct):
    kept: int
    dropped: str | None = None


class FieldDropped(msgspec.Struct):
    kept: int


class FieldNeeded(msgspec.Struct):
    kept: int
    dropped: str | None
    needed: int


class TypeChanged(msgspec.Struct):
    kept: str
    dropped: str | None = None


class FieldAdded(Before):
    added: int | None = None


BEFORE = encode({"message": example(inspect.type_info(Before))})


def test_a_field_may_be_added_if_it_is_optional() -> None:
    assert misunderstood(BEFORE, {"message": FieldAdded}) == []


def test_a_field_may_not_be_dropped() -> None:
    assert misunderstood(BEFORE, {"message": FieldDropped}) == ["message.dropped"]


@pytest.mark.parametrize("after", [FieldNeeded, TypeChanged])
def test_a_field_may_not_become_needed_or_another_thing(after: type) -> None:
    with pytest.raises(msgspec.ValidationError):
        misunderstood(BEFORE, {"message": after})


def write_missing(say: Callable[[str], object]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, parts in messages().items():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            said = {part: example(inspect.type_info(kind)) for part, kind in parts.items()}
            path.write_bytes(msgspec.json.format(encode(said), indent=2) + b"\n")
            say(f"wrote {name}")


if __name__ == "__main__":
    write_missing(print)

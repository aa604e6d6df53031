"""What somebody who means well could send: values of the types that a handler reads."""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from random import Random
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

OFTEN = 0.6
SELDOM = 0.35
LANGUAGES = ("fi", "sv", "en")
PAIRS = (("starts_at", "ends_at"), ("from", "to"))
SPOKEN = (*LANGUAGES, "ar", "uk")


@dataclass
class Sound:
    """`things` are what there is to speak of, by the name of the field, `own` those that belong together;
    `word` is what texts hold.
    """

    chance: Random
    things: Mapping[str, Sequence[str]]
    word: str
    own: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: Any, name: str = "") -> Any:
        if get_origin(kind) in (Union, types.UnionType):
            arms = [arm for arm in get_args(kind) if arm is not type(None)]
            return self.of(arms[0], name) if self.chance.random() < OFTEN else None
        metas = [meta for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, Meta)]
        base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        if isinstance(base, type) and issubclass(base, Struct):
            return self._struct(base)
        origin = get_origin(base)
        if origin is list:
            return [self.of(get_args(base)[0], name) for _ in range(self.chance.randint(1, 2))]
        if origin is dict:
            keys = self.chance.sample(range(1, 11), 2)
            return {str(key): self.of(get_args(base)[1], name) for key in keys}
        if origin is Literal:
            return self.chance.choice(get_args(base))
        return self._plain(base, name, metas)

    def _struct(self, kind: type[Struct]) -> dict[str, Any]:
        said = {
            each.encode_name: self.of(each.type, each.encode_name)
            for each in msgspec.structs.fields(kind)
            if each.required or self.chance.random() < SELDOM or each.encode_name in ("consent", "email")
        }
        if set(said) == {"email", "phone"}:
            del said[self.chance.choice(("email", "phone"))]  # who only says who they are says it once
        for first, last in PAIRS:
            if first in said and last in said:  # in their order, and not far apart
                start = self.moment()
                said[first], said[last] = start.isoformat(), (start + timedelta(hours=1)).isoformat()
        return said

    def _plain(self, base: Any, name: str, metas: list[Meta]) -> Any:
        if isinstance(base, type) and issubclass(base, Enum):
            return self.chance.choice(list(base)).value
        if base in (int, float):
            low = max((int(meta.ge) for meta in metas if meta.ge is not None), default=0)
            high = min((int(meta.le) for meta in metas if meta.le is not None), default=100)
            return self.chance.randint(low, min(high, max(low + 50, 60)))
        if base is bool:
            return name == "consent" or self.chance.random() < SELDOM
        makers: dict[Any, Callable[[str], str]] = {
            UUID: self.an_id,
            datetime: lambda _: self.moment().isoformat(),
            date: lambda _: self.moment().date().isoformat(),
            time: lambda _: self.hour(),
        }
        return makers.get(base, self.text)(name)

    def an_id(self, name: str) -> str:
        """One that there is, mostly, and that belongs with what the path names."""
        if name in self.own and self.chance.random() < OFTEN:
            return self.own[name]
        known = self.things.get(name) or self.things.get(f"{name.rstrip('s')}_id") or ()
        if known and self.chance.random() < 0.95:
            return self.chance.choice(known)
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def moment(self) -> datetime:
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        return start + timedelta(minutes=30 * self.chance.randint(-20, 2000))

    def hour(self, first: int = 7, last: int = 12) -> str:
        return f"{self.chance.randint(first, last):02}:{self.chance.choice(('00', '15', '30'))}"

    def text(self, name: str) -> str:
        """By its name, as a form's field has no type."""
        if known := self.things.get(name):
            return self.chance.choice(known)
        if name.endswith(("_id", "host", "person", "organisation", "booking")):
            return self.an_id(name)
        makers: dict[str, Callable[[], str]] = {
            "email": lambda: f"{self.word}@posti.example",
            "phone": lambda: f"+35840{self.chance.randint(1_000_000, 9_999_999)}",
            "contact": lambda: f"{self.word}@posti.example",
            "language": lambda: self.chance.choice(LANGUAGES),
            "languages": lambda: self.chance.choice(SPOKEN),
            "starts": self.hour,
            "ends": lambda: self.hour(13, 20),
        }
        return makers[name]() if name in makers else self.word

"""From what was sent to a typed request, saying everything that is wrong with it at once."""

import re
import types
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Annotated, Any, Protocol, TypeVar, Union, cast, get_args, get_origin, runtime_checkable

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo
from multidict import MultiMapping

from services.contracts.refusals import Code, Refusal
from services.gateway.body import check_text
from services.gateway.fields import RULES, Rule

T = TypeVar("T")

MOST_ITEMS = 400
PAGE_FIELDS = ("limit", "cursor")

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SPACE_FOR_PLUS = re.compile(r"(T\d\d:\d\d:\d\d(\.\d+)?) (\d\d:\d\d)$")


@runtime_checkable
class Checked(Protocol):
    """A request that knows more than its single fields: raises a Refusal when they do not fit together."""

    def check(self) -> None: ...


def from_object(kind: type[T], data: dict[str, Any]) -> T:
    """The request that a JSON object says, or a refusal listing every field at fault in `errors`."""
    said = _at_once(kind, data)
    return said if said is not None else field_by_field(kind, data)


def field_by_field(kind: type[T], data: dict[str, Any]) -> T:
    """The same, the long way: it knows what is wrong, and of which field."""
    return _Reading(strict=True).whole(kind, data)


def from_query(kind: type[T], query: MultiMapping[str]) -> T:
    """The same for query parameters. A parameter given empty counts as not given."""
    names = [name for name, _ in query.items()]
    if len(set(names)) != len(names):
        raise Refusal(Code.PARAMETER_REPEATED, "A parameter was given twice.")
    given = {name: text for name, text in query.items() if text}
    check_text(given)
    return _Reading(strict=False).whole(kind, given)


@dataclass(frozen=True)
class _Shape:
    """What the library knows of a struct. It reads every annotation anew each time it is asked.

    `plain` are the fields without parts of their own, by the name they are sent under, each with its rule.
    """

    fields: tuple[FieldInfo, ...]
    names: frozenset[str]
    plain: dict[str, tuple[str, Rule | None]]
    needs_something: bool
    is_checked: bool


_shapes: dict[type, _Shape] = {}


def _shape(kind: type[Any]) -> _Shape:
    if (known := _shapes.get(kind)) is not None:
        return known
    fields = msgspec.structs.fields(kind)
    shape = _shapes[kind] = _Shape(
        fields=fields,
        names=frozenset(field.encode_name for field in fields),
        plain={
            field.encode_name: (field.name, _rule_of(_given_kind(field.type)))
            for field in fields
            if _is_plain(field.type)
        },
        needs_something=any(field.required for field in fields),
        is_checked=issubclass(kind, Checked),
    )
    return shape


def needs_something(kind: type[Any]) -> bool:
    """Whether an empty object cannot be such a request."""
    return _shape(kind).needs_something


def _at_once(kind: type[T], data: dict[str, Any]) -> T | None:
    """What nearly everybody sends: plain fields and nothing wrong with them. None for everything else."""
    shape = _shape(kind)
    if not data.keys() <= shape.plain.keys():
        return None
    try:
        said = msgspec.convert(data, kind, strict=True)
        clean: dict[str, Any] = {}
        for given, value in data.items():
            name, rule = shape.plain[given]
            if rule is not None and value is not None:
                clean[name] = rule(getattr(said, name))
    except (msgspec.ValidationError, Refusal):
        return None
    if clean:
        said = cast(T, msgspec.structs.replace(cast(Struct, said), **clean))
    if shape.is_checked:
        cast(Checked, said).check()
    return said


def _given_kind(kind: Any) -> Any:
    """Of a field that may be left out, what it is when it is given."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(arm for arm in get_args(kind) if arm is not type(None))
    return kind


def _is_plain(kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType) and len(get_args(kind)) > 2:
        return False
    kind = _given_kind(kind)
    base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_origin(base) is not list and not (isinstance(base, type) and issubclass(base, Struct))


class _Reading:
    """One pass over what was sent; collects what is wrong instead of stopping at the first."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._errors: list[dict[str, str]] = []

    def whole(self, kind: type[T], data: dict[str, Any]) -> T:
        said = self._struct(kind, data, "")
        if self._errors:
            first = self._errors[0]
            raise Refusal(Code(first["code"]), first["detail"], errors=self._errors)
        if _shape(kind).is_checked:
            cast(Checked, said).check()
        return said

    def _struct(self, kind: type[T], data: Any, path: str) -> T:
        """The struct, or an unfinished one nobody will see when something is wrong with it."""
        values: dict[str, Any] = {}
        shape = _shape(kind)
        for unknown in data.keys() - shape.names:
            self._add(Code.FIELD_UNKNOWN, path + _shown(unknown), "There is no such field.")
        for field in shape.fields:
            where = path + field.encode_name
            if field.encode_name in data:
                values[field.name] = self._value(field.type, data[field.encode_name], where)
            elif field.required:
                self._add(Code.FIELD_REQUIRED, where, "This is needed.")
        return kind(**values) if not self._errors else _nothing()

    def _value(self, kind: Any, given: Any, where: str) -> Any:
        if get_origin(kind) in (Union, types.UnionType):
            if given is None:
                return None
            kind = _given_kind(kind)
        base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
        if isinstance(base, type) and issubclass(base, Struct):
            return self._inner(base, given, where)
        if get_origin(base) is list:
            return self._items(get_args(base)[0], given, where, at_most=_most(kind))
        return self._plain(kind, base, given, where)

    def _inner(self, kind: type[Struct], given: Any, where: str) -> Any:
        if isinstance(given, dict):
            return self._struct(kind, given, where + ".")
        return self._add(Code.JSON_TYPE, where, "This must be an object.")

    def _items(self, kind: Any, given: Any, where: str, *, at_most: int) -> Any:
        if not isinstance(given, list) or len(given) > at_most:
            return self._add(Code.FIELD_INVALID, where, "This must be a list, and not a long one.")
        return [self._value(kind, item, f"{where}.{number}") for number, item in enumerate(given)]

    def _plain(self, kind: Any, base: Any, given: Any, where: str) -> Any:
        if isinstance(given, str) and base is datetime:
            given = _SPACE_FOR_PLUS.sub(r"\1+\3", given)
        try:
            value = msgspec.convert(given, kind, strict=self._strict)
        except msgspec.ValidationError:
            code = Code.PAGE_INVALID if self._is_paging(where) else _code_for(base)
            return self._add(code, where, _SENTENCES[code])
        try:
            return _ruled(kind, value)
        except Refusal as refusal:
            return self._add(refusal.code, where, refusal.detail)

    def _is_paging(self, where: str) -> bool:
        return not self._strict and where in PAGE_FIELDS

    def _add(self, code: Code, where: str, detail: str) -> None:
        self._errors.append({"field": where, "code": str(code), "detail": detail})


_SENTENCES = {
    Code.PAGE_INVALID: "There is no such page of the list.",
    Code.NUMBER_INVALID: "This must be a number within its limits.",
    Code.TIME_INVALID: "This must be a time with its offset, such as 2026-03-12T13:00:00+02:00.",
    Code.FIELD_INVALID: "This cannot be used.",
}


def _code_for(base: Any) -> Code:
    if base in (int, float):
        return Code.NUMBER_INVALID
    if base in (datetime, date, time):
        return Code.TIME_INVALID
    return Code.FIELD_INVALID


def _most(kind: Any) -> int:
    """How many items a list may have, as its type says."""
    metas = (meta for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, Meta))
    return min((meta.max_length for meta in metas if meta.max_length is not None), default=MOST_ITEMS)


def _ruled(kind: Any, value: Any) -> Any:
    """The value after the rule that its field's type names, if it names one."""
    rule = _rule_of(kind)
    return value if rule is None else rule(value)


@cache
def _rule_of(kind: Any) -> Rule | None:
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.extra and "rule" in meta.extra:
            return RULES[meta.extra["rule"]]
    return None


def _shown(name: str) -> str:
    """A field's name is said back only when it looks like one."""
    return name if _PLAIN_NAME.fullmatch(name) else "?"


def _nothing() -> Any:
    return None

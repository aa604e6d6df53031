"""Settings: read from the environment once, checked whole, refused whole."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec


class Secret(str):
    """A setting that must never be seen: prints as `***`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


class SettingsError(Exception):
    """Names every setting that is missing or unusable, never a value."""


def setting(name: str, **kwargs: Any) -> Any:
    """A field read from environment variable `name`, or from the file that `name`_FILE names."""
    return field(metadata={"env": name}, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every service needs to live."""

    database_url: Secret = setting("DIGIAULA_DATABASE_URL")
    database_connections: Annotated[int, msgspec.Meta(ge=1)] = setting(
        "DIGIAULA_DATABASE_CONNECTIONS", default=8
    )
    nats_url: Secret = setting("DIGIAULA_NATS_URL")
    nats_replicas: int = setting("DIGIAULA_NATS_REPLICAS", default=1)
    http_host: str = setting("DIGIAULA_HTTP_HOST", default="127.0.0.1")
    http_port: int = setting("DIGIAULA_HTTP_PORT")
    log_level: str = setting("DIGIAULA_LOG_LEVEL", default="info")
    version: str = setting("DIGIAULA_VERSION", default="dev")
    traces: str = setting("DIGIAULA_TRACES", default="")
    traces_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = setting("DIGIAULA_TRACES_SHARE", default=1.0)


LONGEST_KEPT = 36_500


def check_lengths(lengths: Mapping[str, int]) -> None:
    """For how long something is kept, by the names of the settings: at least one, and not for ever."""
    unusable = [name for name, number in lengths.items() if not 1 <= number <= LONGEST_KEPT]
    if unusable:
        raise SettingsError("unusable settings: " + ", ".join(unusable))


C = TypeVar("C")


def load(config_type: type[C], environ: Mapping[str, str] | None = None) -> C:
    """Read `config_type` (a dataclass of `setting`s), or raise SettingsError naming all that is wrong."""
    environ = os.environ if environ is None else environ
    hints = get_type_hints(config_type, include_extras=True)
    values: dict[str, Any] = {}
    missing, unusable = [], []
    for item in fields(config_type):  # type: ignore[arg-type]  # every config is a dataclass
        name = item.metadata["env"]
        try:
            text = _read(name, environ)
            if text is not None:
                values[item.name] = _convert(text, hints[item.name])
            elif _required(item):
                missing.append(name)
        except (ValueError, OSError):
            unusable.append(name)
    if missing or unusable:
        said = []
        if missing:
            said.append("missing settings: " + ", ".join(missing))
        if unusable:
            said.append("unusable settings: " + ", ".join(unusable))
        raise SettingsError("; ".join(said))
    return config_type(**values)


def _read(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable, or its file's content; an empty variable counts as not set."""
    if text := environ.get(name, "").strip():
        return text
    if path := environ.get(f"{name}_FILE", "").strip():
        return Path(path).read_text(encoding="utf-8").strip() or None
    return None


def _required(item: "Field[Any]") -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _convert(text: str, kind: Any) -> Any:
    if kind is Secret:
        return Secret(text)
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError from error

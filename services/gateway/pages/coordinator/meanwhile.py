"""What somebody else has changed while its form was open: what stands now beside what was typed."""

from collections.abc import Iterator, Mapping

from services.gateway.forms import Form

EMPTY = "–"


def version_of(form: Form) -> int:
    """Of what stood when the form was opened; of a form that tells none 0, which nothing has."""
    given = form.value("version")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def has_seen(form: Form, version: int) -> None:
    """Whoever sends the form again has been shown this version."""
    form.values = {**form.values, "version": [str(version)]}


def differing(typed: Form, newer: Form, labels: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The fields in which the two differ, in their order: the label of each, and what stands now; "no" of
    what was ticked, and is not."""
    for name, label in labels.items():
        said, now = all_of(typed, name), all_of(newer, name)
        if sorted(said) != sorted(now):
            yield label, now or (["no"] if said == ["yes"] else [])


def all_of(form: Form, name: str) -> list[str]:
    """As typed, but for the ends of lines, which browsers write in their own way."""
    said = (value.replace("\r\n", "\n").strip() for value in form.all(name))
    return [value for value in said if value]

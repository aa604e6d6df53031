"""One request after another: sound for its row of the table, then spoiled in one to three places."""

import re
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from services.gateway.routing import WITHOUT_BODY, Route
from tests.prove.fuzz import nasty, spoiling
from tests.prove.fuzz.crowd import Actor, Bundle, Crowd
from tests.prove.fuzz.draft import Draft
from tests.prove.fuzz.shown import Fields
from tests.prove.fuzz.sound import Sound
from tests.prove.fuzz.wire import Sent

SOUND = 0.2


@dataclass(frozen=True)
class Case:
    route: Route
    number: int
    actor: Actor
    sent: Sent
    word: str
    spoiled: tuple[str, ...]

    @property
    def named(self) -> str:
        how = ", ".join(self.spoiled) or "as it is"
        return f"{self.route.named} #{self.number} by {self.actor.name}, spoiled: {how}"


class Maker:
    """`forms` are those that pages have shown, by the row that they are sent to."""

    def __init__(self, crowd: Crowd, host: str, seed: int, forms: dict[str, list[Fields]]) -> None:
        self.crowd = crowd
        self._host = host
        self._seed = seed
        self._forms = forms

    def make(self, route: Route, number: int) -> Case:
        """The same again for the same seed, row and number, save for the ids that there are by then."""
        chance = Random(f"{self._seed} {route.named} {number}")
        word = f"kanari{self._seed % 9973:04x}{chance.getrandbits(40):010x}"
        bundle = self._bundle(route, chance)
        actor = self.crowd.actor_for(route.roles, chance, bundle["owner"])
        sound = Sound(chance, self.crowd.things, word, bundle)
        draft = Draft(route.method, [_filled(part, bundle, sound) for part in route.path.split("/")[1:]])
        draft.put("Host", self._host)
        if actor.cookie:
            draft.put("Cookie", f"sid={actor.cookie}")
        if route.method not in ("GET", "HEAD"):
            self._write(route, draft, actor, sound)
        elif route.api is not None and route.api.query is not None:
            draft.query = _query(sound.of(route.api.query))
        elif chance.random() < 0.3:
            draft.query = [(chance.choice(PARAMETERS), chance.choice((word, nasty.cursor(chance))))]
        if chance.random() >= SOUND:
            for _ in range(chance.choice((1, 1, 1, 1, 2, 3))):
                spoiling.spoil(draft, chance, word)
        return Case(route, number, actor, draft.sent(), word, tuple(draft.spoiled))

    def _bundle(self, route: Route, chance: Random) -> Bundle:
        """Things that belong together, with everything that the path names if there are such."""
        named = re.findall(r"\{(\w+)\}", route.path)
        fitting = [each for each in self.crowd.bundles if all(name in each for name in named)]
        found = dict(chance.choice(fitting or self.crowd.bundles))
        for beginning in ("calendar", "sign-in"):
            if route.path.startswith(f"/{beginning}/"):
                found["token"] = found[beginning]
        return found

    def _write(self, route: Route, draft: Draft, actor: Actor, sound: Sound) -> None:
        if route.api is None:
            self._form(route, draft, actor, sound)
            return
        if actor.csrf:
            draft.put("X-CSRF-Token", actor.csrf)
        if route.method == "POST":
            draft.put("Idempotency-Key", str(uuid4()))
        if route.method not in WITHOUT_BODY and route.api.body is not None:
            draft.put("Content-Type", "application/json")
            draft.data = sound.of(route.api.body)

    def _form(self, route: Route, draft: Draft, actor: Actor, sound: Sound) -> None:
        """As a page showed it, with something typed into what was empty and other things in places."""
        chance = sound.chance
        draft.put("Content-Type", "application/x-www-form-urlencoded")
        draft.put("Sec-Fetch-Site", "same-origin")
        shown = self._forms.get(route.named)
        fields = _filled_in(chance.choice(shown), sound) if shown else _guessed(sound)
        path = "/" + "/".join(draft.path)
        token = actor.csrf if actor.csrf and _knows(route) else self.crowd.form_token(path)
        draft.fields = [("csrf", token), ("key", str(uuid4())), *fields]


def _knows(route: Route) -> bool:
    """Whether the row asks who comes, so that its forms carry the token of the session."""
    return not route.roles <= frozenset({"anyone", "link"})


PARAMETERS = (
    "lang",
    "week",
    "after",
    "done",
    "back",
    "from",
    "to",
    "host",
    "theme",
    "status",
    "person",
    "x",
)
FIELDS = (
    *(
        "display_name",
        "email",
        "phone",
        "contact",
        "language",
        "languages",
        "theme",
        "reason",
        "note",
        "words",
    ),
    *(
        "starts",
        "ends",
        "starts_at",
        "date",
        "on",
        "weekday",
        "slot_minutes",
        "capacity",
        "consent",
        "code",
    ),
    *("slot_id", "person_id", "host", "status", "role", "name_fi", "name_sv", "name_en", "act", "accept"),
)


def _filled(part: str, bundle: Bundle, sound: Sound) -> str:
    """The part of a path with things in the place of names; now and then others than belong together."""

    def thing(match: "re.Match[str]") -> str:
        name = match[1]
        if name.endswith("_id") and sound.chance.random() < 0.1:
            return sound.an_id(name)
        return quote(bundle.get(name) or sound.text(name), safe="")

    return re.sub(r"\{(\w+)\}", thing, part)


def _filled_in(shown: Fields, sound: Sound) -> list[tuple[str, str]]:
    """By somebody who chooses what there is to choose, types into what is empty and presses one button."""
    chance = sound.chance
    fields = [
        (name, sound.text(name) if not value or chance.random() < 0.2 else value)
        for name, value, kind in shown
        if kind == "text"
    ]
    for name in dict.fromkeys(name for name, _, kind in shown if kind == "one"):
        fields.append((name, chance.choice([value for its, value, _ in shown if its == name])))
    fields += [(name, value) for name, value, kind in shown if kind == "some" and chance.random() < 0.6]
    buttons = [(name, value) for name, value, kind in shown if kind == "button"]
    return fields + ([chance.choice(buttons)] if buttons else [])


def _guessed(sound: Sound) -> list[tuple[str, str]]:
    return [(name, sound.text(name)) for name in FIELDS if sound.chance.random() < 0.3]


def _query(said: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in said.items() if value is not None]

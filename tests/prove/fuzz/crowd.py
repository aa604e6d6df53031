"""Those who come to the door, and the things there are for them to ask about."""

import base64
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from services.contracts import links
from services.contracts.envelope import Role, Staff
from services.contracts.links import Link, Purpose
from services.gateway.pages import rendering
from services.gateway.routing import ANYONE, COORDINATOR, LINK, Roles
from tests.support.enrolling import Circle
from tests.support.house import House

THEMES = ("vertaistuki", "omaishoito")  # these are renamed and hidden
ADD_SESSION = "INSERT INTO gateway.session (digest, person_id, created_at, seen_at) VALUES ($1, $2, $3, $3)"
EARLIER = (
    """
    UPDATE booking.slot SET starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval,
           local_start = local_start - $2::interval, bookable_until = bookable_until - $2::interval
    WHERE id = $1
    """,
    """
    UPDATE rooms.room SET starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval
    WHERE slot_id = $1
    """,
)
ADD_SIGN_IN = """
    INSERT INTO gateway.sign_in (id, requested_at, person_id, token_digest, expires_at)
    VALUES (gen_random_uuid(), now(), $1, $2, now() + interval '15 minutes')
"""
ADD_OWN_DATA = """
    INSERT INTO gateway.own_data_link (id, booking_id, requested_at, token_digest, expires_at)
    VALUES (gen_random_uuid(), $1, now(), $2, now() + interval '10 minutes')
"""
STATIC = sorted(Path(rendering.__file__).parent.parent.joinpath("static").iterdir())
ONCE = ("sign-in", "secret")
WRONG_ONE = 0.1
NOTHING: dict[str, Any] = {}
_weeks = count(2)


@dataclass
class Actor:
    """`csrf` is what the forms and writes of a signed-in person carry; others' follow from the path."""

    name: str
    person: Staff | None = None
    cookie: str = ""
    csrf: str = ""


Bundle = dict[str, str]
"""Things that belong together, by the names that the paths give them."""


@dataclass
class Crowd:
    house: House
    form_key: str
    actors: dict[str, Actor] = field(default_factory=dict)
    bundles: list[Bundle] = field(default_factory=list)

    @property
    def things(self) -> dict[str, list[str]]:
        """All that there is of each kind."""
        found: dict[str, list[str]] = {"theme": list(THEMES), "themes": list(THEMES)}
        for bundle in self.bundles:
            for name, value in bundle.items():
                if name.endswith("_id"):
                    found.setdefault(name, []).append(value)
        found["token"] = [each[name] for each in self.bundles for name in ONCE if name in each]
        found["facilitators"] = found["host"] = found["host_id"] = found.get("person_id", [])
        return found

    def actor_for(self, roles: Roles, chance: Random, owner: str) -> Actor:
        """Somebody whom the row is for, mostly, and rather the one whose things they are."""
        staff = [name for name in ("volunteer", "expert", "coordinator") if name in roles]
        if chance.random() < WRONG_ONE:
            return chance.choice(list(self.actors.values()))
        if roles in (ANYONE, LINK) or not staff:
            return self.actors["anonymous"]
        likely = ["coordinator"] if roles == COORDINATOR else [*staff, owner, owner, owner]
        return self.actors[chance.choice(likely)]

    async def sign_in(self, actor: Actor) -> None:
        """A session of its own, as a link in a mail would have opened it."""
        assert actor.person is not None
        cookie = secrets.token_urlsafe(32)
        digest = sha256(cookie.encode()).digest()
        await self.house.system.sql(ADD_SESSION, digest, actor.person.person_id, datetime.now(UTC))
        mac = hmac.new(self.form_key.encode(), b"digiaula csrf v1\0" + cookie.encode(), sha256)
        actor.cookie, actor.csrf = cookie, base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()

    def form_token(self, path: str) -> str:
        """That of a form for somebody who is not signed in."""
        mac = hmac.new(self.form_key.encode(), b"digiaula form v1\0" + path.encode(), sha256)
        return base64.urlsafe_b64encode(mac.digest()[:18]).decode("ascii")


async def gather(house: House, *, form_key: str, link_keys: str) -> Crowd:
    """New people with new things: what the requests do to them has no end."""
    crowd = Crowd(house, form_key)
    keys = links.parse_keys(link_keys)
    people: dict[str, Staff] = {}
    for name in ("volunteer", "expert", "coordinator", "spare"):
        role = Role.EXPERT if name == "spare" else Role(name)
        organisation = None if role is Role.COORDINATOR else house.organisation_id
        differs = {"email": f"{name}-{secrets.token_hex(4)}@digiaula.example", "trained": True}
        people[name] = await house.expert(
            role=role, organisation_id=organisation, themes=list(THEMES), **differs
        )
    crowd.actors = {"anonymous": Actor("anonymous")}
    crowd.actors |= {name: Actor(name, person) for name, person in people.items() if name != "spare"}
    for actor in crowd.actors.values():
        if actor.person is not None:
            await crowd.sign_in(actor)
    await _things(crowd, people, keys)
    return crowd


async def _things(crowd: Crowd, people: dict[str, Staff], keys: tuple[links.LinkKey, ...]) -> None:
    """An appointment soon, one to come, one that is over; a group's session soon and two to come; all with
    somebody who comes."""
    house, expert = crowd.house, people["expert"]
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    later = now.replace(minute=0) + timedelta(weeks=next(_weeks) % 20 + 1)
    spare_slot = await house.slot(people["spare"], later + timedelta(days=3), theme=THEMES[0])
    circles = [
        (await Circle.build(house, *starts, capacity=6, host=people[owner], theme=THEMES[1], **kind), owner)
        for owner, starts, kind in (
            ("volunteer", [now + timedelta(minutes=8)], NOTHING),
            ("expert", [later + timedelta(days=1), later + timedelta(days=8)], NOTHING),
            ("expert", [later + timedelta(days=2), later + timedelta(days=9)], {"open": False}),
        )
    ]
    hours: dict[str, Any] = {"theme": THEMES[0], "horizon_days": 14, "skip_holidays": False}
    reception = await house.hours(people["volunteer"], **hours)
    shared = {
        "reception_id": str(reception.reception.id),
        "person_id": str(people["spare"].person_id),
        "organisation_id": str(house.organisation_id),
        "message_id": str(UUID(int=secrets.randbits(128), version=4)),
        "theme": THEMES[0],
        "owner": "expert",
        "calendar": links.make(keys, Link(Purpose.CALENDAR, expert.person_id, 1)),
        "name": STATIC[0].name,
        "digest": sha256(STATIC[0].read_bytes()).hexdigest()[:12],
    }
    appointments = [now + timedelta(minutes=6), later, later + timedelta(hours=3)]
    for number, starts_at in enumerate(appointments):
        slot = await house.slot(expert, starts_at, theme=THEMES[0])
        made = await house.book(slot.id, email=f"asukas{secrets.token_hex(4)}@posti.example")
        token = links.make(keys, Link(Purpose.BOOKING, made.id, made.link_version))
        bundle = shared | {"slot_id": str(slot.id), "booking_id": str(made.id), "token": token}
        crowd.bundles.append(bundle)
        if number == 2:
            crowd.bundles.append(bundle | {"slot_id": str(spare_slot.id)})
    for circle, owner in circles:
        enrolled = await circle.enrol(email=f"ryhma{secrets.token_hex(4)}@posti.example")
        token = links.make(keys, Link(Purpose.BOOKING, enrolled.booking_id, enrolled.link_version))
        bundle = shared | {"group_id": str(circle.id), "slot_id": str(circle.sessions[0]), "token": token}
        crowd.bundles.append(bundle | {"booking_id": str(enrolled.booking_id), "owner": owner})
    for number, bundle in enumerate(crowd.bundles):
        crowd.bundles[number] = bundle | await _tokens(house, people["spare"], UUID(bundle["booking_id"]))
    past = crowd.bundles[1]["slot_id"]
    for statement in EARLIER:
        await house.system.sql(statement, UUID(past), later - now + timedelta(days=1))


async def _tokens(house: House, person: Staff, booking_id: UUID) -> dict[str, str]:
    """Those that messages would have brought, each good for once."""
    tokens = {name: secrets.token_urlsafe(32) for name in ONCE}
    digests = {name: sha256(token.encode()).digest() for name, token in tokens.items()}
    await house.system.sql(ADD_SIGN_IN, person.person_id, digests["sign-in"])
    await house.system.sql(ADD_OWN_DATA, booking_id, digests["secret"])
    return tokens

"""Sessions of groups as one person may take part in leading them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.booking.domain import staffing as rules
from services.booking.domain.staffing import SEARCHED_FROM, Server, Session
from services.booking.store.directory.catalogue import host_of
from services.booking.store.staffing.staffing import FREE, SUITS, TRAINED, session_of
from services.contracts.booking.catalogue import Host, Words
from services.contracts.booking.groups import Staffing
from services.contracts.booking.staffing import Duty, DutyScope, WantedDuty
from services.contracts.envelope import Role
from services.runtime.db import Tx

_COLUMNS = f"""
    s.id, s.group_id, s.state, s.starts_at, s.ends_at, s.ended_at, s.time_zone, s.theme_id, s.languages,
    s.staffing, s.asked_at, s.alerted_at, s.told_missing_at, s.taken, s.capacity, s.host_id,
    g.name_fi, g.name_sv, g.name_en, h.display_name, h.organisation_id,
    coalesce(o.name, '') AS organisation, p.id AS person_id, p.disabled_at,
    c.person_id IS NOT NULL AS co_hosting, c.accepted_at IS NOT NULL AS co_host_accepted,
    EXISTS (SELECT FROM group_facilitator f
            WHERE f.group_id = s.group_id AND f.person_id = p.id) AS facilitating,
    p.role, p.trained, {SUITS} AS suits, {FREE} AS free
"""
_FROM = """
    FROM slot s JOIN peer_group g ON g.id = s.group_id JOIN person p ON p.id = $1
    JOIN person h ON h.id = s.host_id LEFT JOIN organisation o ON o.id = h.organisation_id
    LEFT JOIN co_host c ON c.slot_id = s.id AND c.person_id = p.id AND c.live
"""
DUTY = f"SELECT {_COLUMNS} {_FROM} WHERE s.id = $2"
_MINE = "(c.person_id IS NOT NULL OR s.host_id = p.id AND s.staffing <> 'needs_host')"
# The same as the rule `may_take`, for many sessions at once.
_WANTED = f"""
    s.ends_at > $7 AND s.ended_at IS NULL
    AND (s.staffing IN ('needs_host', 'stand_in_wanted') OR s.staffing = 'asked' AND s.starts_at <= $8)
    AND NOT (s.host_id = p.id AND s.staffing <> 'needs_host')
    AND (c.person_id IS NULL OR c.accepted_at IS NOT NULL)
    AND p.disabled_at IS NULL AND {TRAINED} AND {SUITS} AND {FREE}
"""
_SCOPES = f"""
    CASE $9::text WHEN 'mine' THEN {_MINE} WHEN 'wanted' THEN {_WANTED}
                  WHEN 'unstaffed' THEN s.staffing <> 'accepted' ELSE true END
"""
DUTIES = f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE s.group_id IS NOT NULL AND s.state = 'open' AND s.starts_at >= $2 AND s.starts_at < $3
      AND ($4::timestamptz IS NULL OR (s.starts_at, s.id) > ($4, $5::uuid)) AND {_SCOPES}
    ORDER BY s.starts_at, s.id LIMIT $6
"""
CO_HOSTS = """
    SELECT c.slot_id, p.id AS host_id, p.display_name, p.organisation_id,
           coalesce(o.name, '') AS organisation
    FROM co_host c JOIN person p ON p.id = c.person_id LEFT JOIN organisation o ON o.id = p.organisation_id
    WHERE c.slot_id = ANY ($1::uuid[]) AND c.live ORDER BY p.display_name, p.id
"""
IS_ASKED = "SELECT true FROM stand_in_asked WHERE slot_id = $1 AND person_id = $2"
# A message to them is of use until the session is promised, or they have promised that hour to another one.
UNANSWERED = f"""
    SELECT s.id, g.name_fi, g.name_sv, g.name_en, s.starts_at, s.ends_at, s.time_zone, s.taken
    FROM slot s JOIN peer_group g ON g.id = s.group_id JOIN person p ON p.id = $1
    LEFT JOIN co_host c ON c.slot_id = s.id AND c.person_id = $1 AND c.live
    WHERE s.state = 'open' AND s.ended_at IS NULL AND s.starts_at > $2 AND (
        s.host_id = $1 AND s.staffing = 'asked'
        OR c.accepted_at IS NULL AND c.person_id IS NOT NULL
        OR s.staffing <> 'accepted' AND {FREE} AND EXISTS (
            SELECT FROM stand_in_asked a WHERE a.slot_id = s.id AND a.person_id = $1 AND NOT a.cannot))
    ORDER BY s.starts_at, s.id LIMIT 50
"""  # noqa: S608 - words of ours


@dataclass(frozen=True)
class DutyRow:
    """A session, and how the one who looks stands to it."""

    session: Session
    person: Server
    disabled: bool
    facilitating: bool
    group_id: UUID
    name: Words
    ends_at: datetime
    time_zone: str
    theme: str
    languages: list[str]
    host: Host
    taken: int
    capacity: int

    @property
    def hosting(self) -> bool:
        """Who gave a session up is answerable for it until there is another host, and hosts it no more."""
        named = self.session.host_id == self.person.person_id
        return named and self.session.staffing is not Staffing.NEEDS_HOST

    def view(self, co_hosts: Sequence[Host], *, now: datetime) -> Duty:
        accepted = self.session.promised if self.hosting else self.person.co_host_accepted
        return Duty(
            slot_id=self.session.slot_id,
            group_id=self.group_id,
            name=self.name,
            starts_at=self.session.starts_at,
            ends_at=self.ends_at,
            time_zone=self.time_zone,
            theme=self.theme,
            languages=self.languages,
            staffing=self.session.staffing,
            host=self.host,
            co_hosts=list(co_hosts),
            taken=self.taken,
            capacity=self.capacity,
            hosting=self.hosting,
            co_hosting=self.person.co_hosting,
            accepted=accepted,
            facilitating=self.facilitating,
            may_take=not self.disabled and rules.may_take(self.session, self.person, now=now),
        )


def _duty(row: Record) -> DutyRow:
    return DutyRow(
        session=session_of(row),
        person=Server(
            person_id=row["person_id"],
            trained=rules.is_trained(Role(row["role"]), row["trained"]),
            suits=row["suits"],
            free=row["free"],
            co_hosting=row["co_hosting"],
            co_host_accepted=row["co_host_accepted"],
        ),
        disabled=row["disabled_at"] is not None,
        facilitating=row["facilitating"],
        group_id=row["group_id"],
        name=words_of(row),
        ends_at=row["ends_at"],
        time_zone=row["time_zone"],
        theme=row["theme_id"],
        languages=row["languages"],
        host=host_of(row),
        taken=row["taken"],
        capacity=row["capacity"],
    )


def words_of(row: Record) -> Words:
    return Words(fi=row["name_fi"], sv=row["name_sv"], en=row["name_en"])


async def duty(tx: Tx, slot_id: UUID, person_id: UUID) -> DutyRow | None:
    row = await tx.fetchrow(DUTY, person_id, slot_id)
    return _duty(row) if row else None


async def duties(
    tx: Tx,
    person_id: UUID,
    scope: DutyScope,
    *,
    from_at: datetime,
    to_at: datetime,
    after: tuple[datetime | None, UUID | None],
    limit: int,
    now: datetime,
) -> Sequence[DutyRow]:
    rows = await tx.fetch(DUTIES, person_id, from_at, to_at, *after, limit, now, now + SEARCHED_FROM, scope)
    return [_duty(row) for row in rows]


async def co_hosts(tx: Tx, slot_ids: Sequence[UUID]) -> dict[UUID, list[Host]]:
    """Those named as co-hosts, whether or not they have answered."""
    found: dict[UUID, list[Host]] = {slot_id: [] for slot_id in slot_ids}
    for row in await tx.fetch(CO_HOSTS, slot_ids):
        found[row["slot_id"]].append(host_of(row))
    return found


async def is_asked(tx: Tx, slot_id: UUID, person_id: UUID) -> bool:
    return bool(await tx.fetchval(IS_ASKED, slot_id, person_id))


async def unanswered(tx: Tx, person_id: UUID, *, now: datetime) -> Sequence[WantedDuty]:
    """The sessions ahead that somebody is asked to open, in order; the first 50."""
    return [
        WantedDuty(
            slot_id=row["id"],
            name=words_of(row),
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            time_zone=row["time_zone"],
            taken=row["taken"],
        )
        for row in await tx.fetch(UNANSWERED, person_id, now)
    ]

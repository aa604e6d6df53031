"""People who serve and their organisations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.contracts.booking.catalogue import Organisation
from services.contracts.booking.people import Person
from services.contracts.envelope import Role
from services.runtime.db import Tx

PERSON_BY_ID = """
    SELECT id, role, display_name, email, languages, organisation_id, disabled_at, trained, themes,
           version
    FROM person WHERE id = $1
"""
PERSON_BY_EMAIL = """
    SELECT id, role, display_name, email, languages, organisation_id, disabled_at, trained, themes,
           version
    FROM person WHERE lower(email) = lower($1)
"""
PEOPLE = """
    SELECT id, role, display_name, email, languages, organisation_id, disabled_at, trained, themes,
           version
    FROM person WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2
"""
ADD_PERSON = """
    INSERT INTO person (id, role, organisation_id, email, display_name, languages, trained, themes,
                        created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
ADD_FIRST_COORDINATOR = """
    INSERT INTO person (id, role, email, display_name, languages, created_at)
    SELECT $1, 'coordinator', $2, 'Koordinaattori', '{fi}', $3
    WHERE NOT EXISTS (SELECT FROM person WHERE role = 'coordinator')
    ON CONFLICT DO NOTHING
    RETURNING true
"""
CHANGE_PERSON = """
    UPDATE person SET role = $2, organisation_id = $3, email = $4, display_name = $5, languages = $6,
                      trained = $7, themes = $8, version = version + 1
    WHERE id = $1
"""
DISABLE_PERSON = "UPDATE person SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL RETURNING true"
ENABLE_PERSON = """
    UPDATE person SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL RETURNING true
"""
COORDINATORS = """
    SELECT email, languages FROM person
    WHERE role = 'coordinator' AND disabled_at IS NULL ORDER BY created_at
"""
ORGANISATION_EXISTS = "SELECT true FROM organisation WHERE id = $1"
ADD_ORGANISATION = """
    INSERT INTO organisation (id, name, created_at) VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT organisation_name_once DO NOTHING
    RETURNING true
"""
CHANGE_ORGANISATION = "UPDATE organisation SET name = $2 WHERE id = $1 RETURNING true"
ORGANISATION_BY_NAME = "SELECT id, name FROM organisation WHERE name = $1"
ORGANISATIONS = """
    SELECT id, name FROM organisation WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2
"""


def _person(row: Record) -> Person:
    return Person(
        id=row["id"],
        role=Role(row["role"]),
        display_name=row["display_name"],
        email=row["email"],
        languages=row["languages"],
        organisation_id=row["organisation_id"],
        disabled=row["disabled_at"] is not None,
        trained=row["trained"],
        themes=row["themes"],
        version=row["version"],
    )


async def person(tx: Tx, person_id: UUID) -> Person | None:
    row = await tx.fetchrow(PERSON_BY_ID, person_id)
    return _person(row) if row else None


async def person_by_email(tx: Tx, email: str) -> Person | None:
    row = await tx.fetchrow(PERSON_BY_EMAIL, email)
    return _person(row) if row else None


async def people(tx: Tx, *, after: UUID | None, limit: int) -> Sequence[Person]:
    return [_person(row) for row in await tx.fetch(PEOPLE, after, limit)]


async def add_person(tx: Tx, new: Person, *, now: datetime) -> None:
    await tx.execute(ADD_PERSON, *_values(new), now)


async def add_first_coordinator(tx: Tx, person_id: UUID, email: str, *, now: datetime) -> bool:
    """False when there is one already."""
    return bool(await tx.fetchval(ADD_FIRST_COORDINATOR, person_id, email, now))


async def change_person(tx: Tx, new: Person) -> None:
    await tx.execute(CHANGE_PERSON, *_values(new))


def _values(new: Person) -> tuple[object, ...]:
    return (
        new.id,
        new.role,
        new.organisation_id,
        new.email,
        new.display_name,
        new.languages,
        new.trained,
        new.themes,
    )


async def disable_person(tx: Tx, person_id: UUID, *, now: datetime) -> bool:
    """True when they were not disabled before."""
    return bool(await tx.fetchval(DISABLE_PERSON, person_id, now))


async def enable_person(tx: Tx, person_id: UUID) -> bool:
    """True when they were disabled before."""
    return bool(await tx.fetchval(ENABLE_PERSON, person_id))


async def coordinators(tx: Tx) -> Sequence[Record]:
    return await tx.fetch(COORDINATORS)


async def organisation_exists(tx: Tx, organisation_id: UUID) -> bool:
    return bool(await tx.fetchval(ORGANISATION_EXISTS, organisation_id))


async def add_organisation(tx: Tx, new: Organisation, *, now: datetime) -> Organisation:
    """The new one, or the one that has the name already."""
    if await tx.fetchval(ADD_ORGANISATION, new.id, new.name, now):
        return new
    row = await tx.fetchrow(ORGANISATION_BY_NAME, new.name)
    return Organisation(id=row["id"], name=row["name"]) if row else new


async def change_organisation(tx: Tx, after: Organisation) -> bool:
    """False when there is none; organisation_name_once keeps two from having one name."""
    return bool(await tx.fetchval(CHANGE_ORGANISATION, after.id, after.name))


async def organisations(tx: Tx, *, after: UUID | None, limit: int) -> Sequence[Organisation]:
    rows = await tx.fetch(ORGANISATIONS, after, limit)
    return [Organisation(id=row["id"], name=row["name"]) for row in rows]

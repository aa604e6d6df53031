"""Nobody reads a neighbour's tables: what each database role may do equals the written rules."""

import itertools
from collections.abc import AsyncIterator
from typing import TypeAlias

import asyncpg
import pytest

from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.secrets import load_secrets

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SERVICES = ("booking", "rooms", "notify", "gateway")
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
OWN = {"SELECT", "INSERT", "UPDATE", "DELETE"}

TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY($1)"
MAY = """
    SELECT has_schema_privilege($1, $2, 'USAGE')
       AND has_table_privilege($1, format('%I.%I', $2::text, $3::text), $4)
"""
IN_SCHEMA = "SELECT has_schema_privilege($1, $2, 'USAGE'), has_schema_privilege($1, $2, 'CREATE')"
ATTEMPTS = (
    "SELECT FROM {0}.inbox",
    "INSERT INTO {0}.inbox (consumer, event_id) SELECT 'x', gen_random_uuid() WHERE false",
    "UPDATE {0}.inbox SET consumer = consumer WHERE false",
    "DELETE FROM {0}.inbox WHERE false",
    "TRUNCATE {0}.inbox",
    "DROP TABLE {0}.inbox",
    "ALTER TABLE {0}.inbox ADD COLUMN extra text",
    "CREATE TABLE {0}.extra ()",
)
FORBIDDEN_EVERYWHERE = (
    "CREATE SCHEMA extra",
    "CREATE TABLE public.extra ()",
    "CREATE TEMPORARY TABLE extra ()",
    "CREATE ROLE extra",
    "SET ROLE postgres",
    "SET ROLE migrator",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT rolpassword FROM pg_authid",
)


async def connect(postgres: Postgres, role: str, database: str) -> Connection:
    password = load_secrets(postgres.state).roles[role]
    connection: Connection = await asyncpg.connect(postgres.dsn(role, password, database))
    return connection


@pytest.fixture
async def superuser(postgres: Postgres, database: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(postgres.superuser_dsn(database))
    yield connection
    await connection.close()


async def allowed(connection: Connection, statement: str) -> bool:
    """Whether the server lets it; whatever it did is undone."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return False
    finally:
        await transaction.rollback()
    return True


async def test_every_role_enters_its_own_schema_and_no_other(superuser: Connection) -> None:
    for role, schema in itertools.product(SERVICES, (*SERVICES, "public")):
        usage, create = await superuser.fetchrow(IN_SCHEMA, role, schema) or (None, None)

        assert (usage, create) == (schema == role, False), (role, schema)


async def test_every_role_has_its_own_tables_and_no_other(superuser: Connection) -> None:
    tables = [tuple(row) for row in await superuser.fetch(TABLES, SERVICES)]
    assert {schema for schema, _ in tables} == set(SERVICES)

    for role, (schema, table) in itertools.product(SERVICES, tables):
        may = {verb for verb in VERBS if await superuser.fetchval(MAY, role, schema, table, verb)}

        # A migration may take rights away (a trail that is only added to), never give more.
        assert may <= (OWN if schema == role else set()), (role, schema, table)
        assert ("SELECT" in may) is (schema == role), (role, schema, table)


@pytest.mark.parametrize("role", SERVICES)
@pytest.mark.parametrize("schema", SERVICES)
async def test_a_role_can_do_in_a_schema_what_is_written(
    postgres: Postgres, database: str, role: str, schema: str
) -> None:
    connection = await connect(postgres, role, database)
    try:
        outcome = [await allowed(connection, attempt.format(schema)) for attempt in ATTEMPTS]
    finally:
        await connection.close()

    # Rows of its own are its business; the shape of its tables is the migrator's.
    assert outcome == [schema == role] * 4 + [False] * 4


@pytest.mark.parametrize("role", SERVICES)
async def test_a_role_can_do_nothing_outside_its_schema(postgres: Postgres, role: str) -> None:
    """In the database itself: what CREATE DATABASE does not copy from a template counts too."""
    connection = await connect(postgres, role, DATABASE)
    try:
        outcome = {statement: await allowed(connection, statement) for statement in FORBIDDEN_EVERYWHERE}
    finally:
        await connection.close()

    assert outcome == dict.fromkeys(FORBIDDEN_EVERYWHERE, False)


@pytest.mark.parametrize("role", SERVICES)
async def test_limits_come_with_the_role(postgres: Postgres, database: str, role: str) -> None:
    connection = await connect(postgres, role, database)
    try:
        settings = {
            name: await connection.fetchval("SELECT current_setting($1)", name)
            for name in (
                "search_path",
                "statement_timeout",
                "lock_timeout",
                "deadlock_timeout",
                "idle_in_transaction_session_timeout",
                "transaction_timeout",
                "timezone",
            )
        }
    finally:
        await connection.close()

    assert settings == {
        "search_path": role,
        "statement_timeout": "3s",
        "lock_timeout": "1s",
        "deadlock_timeout": "200ms",
        "idle_in_transaction_session_timeout": "10s",
        "transaction_timeout": "8s",
        "timezone": "UTC",
    }


async def test_the_migrator_owns_the_schemas_and_is_no_superuser(
    postgres: Postgres, superuser: Connection
) -> None:
    owners = "SELECT nspname, nspowner::regrole::text AS owner FROM pg_namespace WHERE nspname = ANY($1)"
    powers = """
        SELECT count(*) FROM pg_roles WHERE rolname = ANY($1)
        AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR rolinherit)
    """

    found = {row["nspname"]: row["owner"] for row in await superuser.fetch(owners, SERVICES)}

    assert found == dict.fromkeys(SERVICES, "migrator")
    assert await superuser.fetchval(powers, [*SERVICES, "migrator"]) == 0


async def test_roles_may_be_declared_again(postgres: Postgres) -> None:
    secrets = load_secrets(postgres.state)

    await prepare_database(postgres, secrets)
    await prepare_database(postgres, secrets)

    connection = await connect(postgres, "booking", DATABASE)
    assert await connection.fetchval("SELECT current_user") == "booking"
    await connection.close()

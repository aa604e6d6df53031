from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import Postgres
from deploy.embedded.provision import DATABASE, prepare_database
from deploy.embedded.secrets import load_secrets
from tests.support.eventually import eventually
from tests.support.processes import descendants, is_alive


@pytest.fixture
async def own(state: Path) -> AsyncIterator[Postgres]:
    """A server of this test's own, to be stopped and killed."""
    server = await Postgres(state, durable=False).start()
    yield server
    await server.stop("immediate")
    server.remove()


async def one(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_data_address_and_passwords_outlive_a_restart(own: Postgres) -> None:
    dsn = own.superuser_dsn()
    await one(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")

    await own.restart()

    assert own.superuser_dsn() == dsn
    assert await one(dsn, "SELECT answer FROM kept") == 42


async def test_committed_data_outlives_a_kill_and_nothing_of_the_server_does(own: Postgres) -> None:
    await one(own.superuser_dsn(), "CREATE TABLE kept AS SELECT 42 AS answer")
    family = {own.pid, *descendants(own.pid)}

    await own.kill()

    await eventually(lambda: not any(is_alive(pid) for pid in family))
    await own.start()
    assert await one(own.superuser_dsn(), "SELECT answer FROM kept") == 42


async def test_the_file_of_a_crashed_server_whose_number_was_reused_does_not_block(own: Postgres) -> None:
    await own.stop()
    (own.data / "postmaster.pid").write_text("1\n")

    await own.start()

    assert await one(own.superuser_dsn(), "SELECT 1") == 1


async def test_it_asks_everybody_for_a_password(own: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own.dsn("postgres", "wrong", "postgres"))


async def test_preparing_twice_changes_nothing_and_every_role_can_come_in(own: Postgres) -> None:
    secrets = load_secrets(own.state)

    for _ in range(2):
        await prepare_database(own, secrets)

    for role, password in secrets.roles.items():
        assert await one(own.dsn(role, password, DATABASE), "SELECT current_user::text") == role


async def test_text_sorts_and_folds_by_code_point_in_unicode(own: Postgres) -> None:
    row = "SELECT lower('ÄÅÖ') || ' ' || current_setting('server_encoding')"

    assert await one(own.superuser_dsn(), row) == "äåö UTF8"


async def test_what_people_typed_stays_out_of_its_log(own: Postgres) -> None:
    connection = await asyncpg.connect(own.superuser_dsn())
    await connection.execute("CREATE TABLE person (email text CONSTRAINT person_email UNIQUE)")
    insert = "INSERT INTO person VALUES ($1)"
    await connection.execute(insert, "salainen@example.org")

    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(insert, "salainen@example.org")

    await connection.close()
    log = (own.state / "log" / "postgres.log").read_text()
    assert "person_email" in log
    assert "salainen" not in log

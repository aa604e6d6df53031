"""PostgreSQL is set alike where it is embedded and in its container."""

from deploy.embedded.postgres import ENVIRONMENT, SETTINGS
from tests.architecture.test_compose import PARTS, environment

WHERE_IT_LISTENS = {"listen_addresses", "unix_socket_directories"}
# initdb of the embedded form says it to the host rules; in the container it is a setting.
ONLY_IN_THE_CONTAINER = {"password_encryption"}


def test_what_is_measured_embedded_is_what_runs_in_the_container() -> None:
    contained = dict(option.removeprefix("--").split("=", 1) for option in PARTS["postgres"]["command"][1:])
    embedded = {name: value for name, value in SETTINGS.items() if name not in WHERE_IT_LISTENS}
    assert embedded == {n: value for n, value in contained.items() if n not in ONLY_IN_THE_CONTAINER}


def test_sessions_give_back_what_they_have_freed_in_the_container_too() -> None:
    embedded, contained = (
        {name: value for name, value in told.items() if name.startswith("MALLOC_")}
        for told in (ENVIRONMENT, environment("postgres"))
    )
    assert embedded == contained == {"MALLOC_TRIM_THRESHOLD_": "131072"}

"""The message server is set alike where it is embedded and in its container."""

from deploy.embedded.nats import ENVIRONMENT
from tests.architecture.test_compose import environment


def test_what_is_measured_embedded_is_what_runs_in_the_container() -> None:
    contained = {name: value for name, value in environment("nats").items() if name.startswith("GO")}
    assert ENVIRONMENT == contained == {"GOGC": "50"}

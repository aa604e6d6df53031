"""Run a command beside the running system, as one of its services would.

python -m deploy.embedded.within SERVICE sql        a database prompt with that service's rights
python -m deploy.embedded.within SERVICE redrive    `python -m services.SERVICE redrive`
"""

import os
import subprocess
import sys

from deploy.embedded.environment import SERVICES
from deploy.embedded.installation import settle
from deploy.embedded.provision import DATABASE
from deploy.embedded.stack import Stack
from deploy.embedded.state import ROOT, state_folder


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or arguments[0] not in SERVICES:
        print(f"which service? one of {', '.join(SERVICES)}: s=booking", file=sys.stderr)
        return 2
    service, *words = arguments
    state = state_folder()
    if not (state / "state.json").exists():
        print("nothing runs here: start it with `make run`", file=sys.stderr)
        return 1
    stack = Stack(state)
    stack.find_running()
    settings = stack.service_environment(service)
    if words == ["sql"]:
        address = f"postgresql://{service}@{stack.postgres.address(DATABASE)}"
        command = [str(settle(state).bin / "psql"), address]
        settings |= {"PGPASSWORD": stack.secrets.roles[service]}
        settings |= {"TERM": os.environ.get("TERM", "dumb")}
    else:
        command = [sys.executable, "-m", f"services.{service}", *words]
    return subprocess.run(command, env=settings, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Remove everything one state folder holds, and what it keeps outside itself."""

import shutil
import sys

from deploy.embedded.installation import leave_refuge
from deploy.embedded.state import AlreadyRunningError, only_one, state_folder


def main() -> int:
    state = state_folder()
    try:
        with only_one(state):
            leave_refuge(state)
            shutil.rmtree(state)
    except AlreadyRunningError:
        print("it runs: stop it first (Ctrl-C where `make run` was started)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

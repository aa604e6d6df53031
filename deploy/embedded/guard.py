"""Becomes another command, one that cannot outlive the process that started it.

    python guard.py [--signal N] [--parent PID] [--user UID:GID] -- command …

Run by path and without site-packages, so that it costs milliseconds. It is a program and not a
function in the child between fork and exec, because that is a dangerous place to run Python in.
The order matters: changing the user clears the wish for a last signal, exec keeps it.
"""

import argparse
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(last: int, parent: int) -> None:
    """Ask the kernel to send `last` when the parent is gone; Linux only, elsewhere a wish."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, last, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if parent and os.getppid() != parent:
        sys.exit("the parent ended before this began")


def become(user: str) -> None:
    """Give up root, with every group it had."""
    uid, gid = (int(each) for each in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--parent", type=int, default=0)
    parser.add_argument("--user")
    parser.add_argument("command", nargs="+")
    wish = parser.parse_args()
    if wish.user:
        become(wish.user)
    die_with_parent(wish.signal, wish.parent)
    os.execvp(wish.command[0], wish.command)  # noqa: S606 - what it is for


if __name__ == "__main__":
    main()

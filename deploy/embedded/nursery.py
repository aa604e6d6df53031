"""Imports what the parts have in common, and becomes each of them when asked: their pages stay shared.

    python -P -u nursery.py LINE SUPERVISOR MODULE …

LINE is a socket; each message on it, with where to write, asks for one part. Whoever takes the message is
a fork already: what one part is told must not lie in the memory of its neighbours. The part itself is the
child of that fork, which ends at once, so that the kernel gives it to the supervisor.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

PR_SET_NAME = 15
LARGEST_WISH = 200_000
GUARD = runpy.run_path(str(Path(__file__).with_name("guard.py")))


def main() -> None:
    line, supervisor = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    prepare(sys.argv[3:])
    line.send(b"ready")
    while line.recv(1, socket.MSG_PEEK):
        if between := os.fork():
            os.waitpid(between, 0)
        else:
            module = become(line, supervisor)
            line.close()
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            return


def prepare(modules: list[str]) -> None:
    """Have everything in memory that will never go, and nothing that a fork would lose: a thread."""
    sys.path.insert(0, str(Path.cwd()))
    for module in modules:
        with suppress(Exception):  # the part that needs it will say so
            importlib.import_module(module)
    if threading.active_count() > 1:
        sys.exit("an import began a thread")
    gc.collect()
    gc.freeze()  # a collection would write to every page


def become(line: socket.socket, supervisor: int) -> str:
    """Be one part, as if it had been started by itself; the module to run."""
    told, (sink, *_), _, _ = socket.recv_fds(line, LARGEST_WISH, 1)
    wish, between = json.loads(told), os.getpid()
    if os.fork():
        os._exit(0)
    os.setsid()
    while os.getppid() == between:
        time.sleep(0.0005)
    GUARD["die_with_parent"](signal.SIGKILL, supervisor)
    ctypes.CDLL(None).prctl(PR_SET_NAME, wish["name"].encode(), 0, 0, 0)
    for stream in (1, 2):
        os.dup2(sink, stream)
    os.close(sink)
    os.environ.clear()
    os.environ.update(wish["environment"])
    sys.argv = wish["command"]
    line.send(str(os.getpid()).encode())
    return sys.argv[0]


if __name__ == "__main__":
    main()

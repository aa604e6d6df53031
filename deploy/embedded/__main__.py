"""`make run`: bring everything up, keep it running, take it down on Ctrl-C."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

from deploy.embedded.processes import NotReadyError
from deploy.embedded.stack import Stack, say
from deploy.embedded.state import ROOT, AlreadyRunningError, only_one, read_json, state_folder

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


# `make` passes on a signal that the terminal or a group has sent to us already: that is one wish.
SAME_WISH = 0.3


class Wishes:
    """The first signal asks for a clean stop, a later one for an end now."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()
        self._first = 0.0
        loop = asyncio.get_running_loop()
        for number in STOPPING:
            loop.add_signal_handler(number, self._heard)

    def _heard(self) -> None:
        now = monotonic()
        if not self.stop.is_set():
            self._first = now
            self.stop.set()
        elif now - self._first > SAME_WISH:
            self.hurry.set()


async def run(stack: Stack) -> int:
    wishes = Wishes()
    stopping = asyncio.create_task(wishes.stop.wait())
    starting = asyncio.create_task(stack.up())
    failed = False
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done() and (error := starting.exception()):
        if not isinstance(error, NotReadyError):
            await stack.kill()
            raise error
        say(str(error))
        failed = True
    elif starting.done():
        announce(stack)
        await stopping
    stopping.cancel()
    starting.cancel()
    with suppress(asyncio.CancelledError, NotReadyError):
        await starting
    await _take_down(stack, wishes)
    return 1 if failed else 0


async def _take_down(stack: Stack, wishes: Wishes) -> None:
    say("stopping; once more to stop at once")
    going_down = asyncio.create_task(stack.down())
    hurry = asyncio.create_task(wishes.hurry.wait())
    await asyncio.wait({going_down, hurry}, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if going_down.done():
        going_down.result()
    else:
        going_down.cancel()
        await stack.kill()
    say("stopped")


def announce(stack: Stack) -> None:
    """Say where to go and who one can be."""
    known = read_json(stack.state_file)
    print(f"\n  Digiaula      {known['gateway']}\n  Mail catcher  {known['mail']}")
    for person in known["people"]:
        print(f"  {person['role']:13} {person['email']}")
    print(f"\n  Logs in {stack.state / 'log'}. Ctrl-C stops everything.\n", flush=True)


def main() -> int:
    state = state_folder()
    code = Path(os.environ.get("DIGIAULA_EMBEDDED_CODE") or ROOT)
    try:
        with only_one(state):
            (state / "state.json").unlink(missing_ok=True)  # of a copy that was killed
            return asyncio.run(run(Stack(state, code=code)))
    except AlreadyRunningError:
        known = read_json(state / "state.json")
        where = f": {known['gateway']}" if known else ", and is not ready yet"
        print(f"Digiaula already runs from {state}{where}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

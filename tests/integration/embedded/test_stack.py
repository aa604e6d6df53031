"""The whole embedded form, and above all its ends."""

import os
import signal
from pathlib import Path
from subprocess import PIPE

import aiohttp

from tests.integration.embedded.conftest import STAND_IN, Copy, stop
from tests.support.eventually import eventually
from tests.support.processes import called, descendants, is_alive


async def test_state_json_says_where_everything_is(a_copy: Copy) -> None:
    async with a_copy.running(), aiohttp.ClientSession() as http:
        known = a_copy.known()

        assert set(known["services"]) == {"booking", "rooms", "notify", "gateway"}
        assert known["database"].startswith("postgresql://")
        assert known["nats"].startswith("nats://")
        assert known["people"] == []
        for name, service in known["services"].items():
            assert is_alive(service["pid"])
            assert called(service["pid"]) == name  # it began as a fork
            assert (await http.get(service["health"])).status == 200
        assert (await http.get(known["mail"] + "/messages")).status == 200
        told = await (await http.get(known["gateway"])).json(content_type=None)
        assert told["DIGIAULA_PUBLIC_URL"] == known["gateway"]


async def test_one_interrupt_stops_everything_and_the_next_start_keeps_the_data(a_copy: Copy) -> None:
    async with a_copy.running() as supervisor:
        before, family = a_copy.known(), descendants(supervisor.pid)
        assert len(family) > 7

        assert await stop(supervisor) == 0

        assert a_copy.known() is None
        assert not any(is_alive(pid) for pid in family)
    async with a_copy.running():
        after = a_copy.known()
        assert (after["gateway"], after["database"]) == (before["gateway"], before["database"])


async def test_a_killed_supervisor_leaves_nothing_behind(a_copy: Copy) -> None:
    async with a_copy.running() as supervisor:
        family = descendants(supervisor.pid)
        assert len(family) > 7  # PostgreSQL's own processes are among them

        supervisor.kill()

        await eventually(lambda: not any(is_alive(pid) for pid in family))
    async with a_copy.running() as supervisor:
        assert await stop(supervisor) == 0


async def test_whatever_is_killed_runs_again_and_state_json_says_so(a_copy: Copy) -> None:
    async with a_copy.running() as supervisor:
        before = a_copy.known()
        for pid in _pids(before):
            os.kill(pid, signal.SIGKILL)

        await eventually(lambda: not _pids(before) & _pids(a_copy.known()), within=60)

        after = a_copy.known()
        assert all(is_alive(pid) for pid in _pids(after))
        assert after["gateway"] == before["gateway"]
        assert after["database"] == before["database"]
        assert await stop(supervisor, signal.SIGTERM) == 0


async def test_a_second_interrupt_does_not_wait_for_a_service_that_lingers(a_copy: Copy) -> None:
    lingering = a_copy.code / "services" / "rooms.py"
    lingering.write_text(f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{STAND_IN}")
    async with a_copy.running() as supervisor:
        booking, family = a_copy.known()["services"]["booking"]["pid"], descendants(supervisor.pid)
        supervisor.send_signal(signal.SIGINT)
        await eventually(lambda: not is_alive(booking))

        async def ended() -> bool:
            supervisor.send_signal(signal.SIGINT)
            return supervisor.poll() is not None

        await eventually(ended)

        assert not any(is_alive(pid) for pid in family)
        assert a_copy.known() is None


async def test_a_second_start_says_where_the_first_one_is(a_copy: Copy) -> None:
    async with a_copy.running():
        second = a_copy.start(stderr=PIPE)
        _, said = second.communicate(timeout=120)

        assert second.returncode == 1
        assert a_copy.known()["gateway"] in said.decode()


async def test_a_service_that_cannot_start_ends_the_start_with_its_reason(
    a_copy: Copy, state: Path
) -> None:
    (a_copy.code / "services" / "rooms.py").write_text("raise SystemExit('rooms: missing DIGIAULA_X')")

    done = a_copy.start(stdout=PIPE)
    said, _ = done.communicate(timeout=120)

    assert done.returncode == 1
    assert "missing DIGIAULA_X" in said.decode()
    assert not (state / "state.json").exists()


def _pids(known: dict[str, dict[str, dict[str, int]]]) -> set[int]:
    return {each["pid"] for group in ("services", "parts") for each in known[group].values()}

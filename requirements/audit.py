"""What we stand on, looked at from outside: a list of it (SBOM), and what is known against it.

`python requirements/audit.py` writes build/sbom.json and asks an index about every locked package. It fails
for a known hole alone. Where the index or the network denies it, it says what was not looked at, and
passes: a check that could not be made is no hole, and must not look like a clean one either.
"""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
LOCK = ROOT / "requirements" / "traces.txt"  # what runs, and the one extra that may run with it
TOOLS = ("pip-audit==2.10.1", "cyclonedx-bom==7.5.0")


def judge(report: Any) -> tuple[int, str]:
    """What pip-audit's report comes to: it calls a package that it could not ask about no failure."""
    packages = report["dependencies"]
    asked = [each for each in packages if "skip_reason" not in each]
    holes = [(each["name"], hole["id"]) for each in asked for hole in each["vulns"]]
    if holes:
        listed = ", ".join(f"{name} ({hole})" for name, hole in holes)
        return 1, f"known holes: {listed}"
    if not asked:
        return 0, f"NOT AUDITED: the index answered about none of {len(packages)} packages"
    if missed := len(packages) - len(asked):
        return 0, f"no known hole in {len(asked)} packages; NOT AUDITED: {missed} the index does not know"
    return 0, f"no known hole in {len(asked)} packages"


def install(folder: Path) -> bool:
    """The tools in an environment of their own, apart from what they look at."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *TOOLS]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def main() -> int:
    if os.environ.get("CI") != "true":
        print("supply chain: looked at where CI=true, since it asks an index about every package")
        return 0
    tools = BUILD / "audit"
    if not install(tools):
        print("supply chain: NOT LOOKED AT, the tools could not be had from the index")
        return 0
    sbom = [str(tools / "bin" / "cyclonedx-py"), "requirements", str(LOCK), "--of", "JSON"]
    made = subprocess.run([*sbom, "-o", str(BUILD / "sbom.json")], check=False).returncode == 0
    print("supply chain: build/sbom.json" if made else "supply chain: the SBOM could not be made")
    audit = [str(tools / "bin" / "pip-audit"), "--requirement", str(LOCK), "--no-deps", "--disable-pip"]
    audit += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run(audit, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        code, words = judge(json.loads(done.stdout))
    except (ValueError, KeyError):
        code, words = 0, "NOT AUDITED: the index could not be asked"
    print(f"supply chain: {words}")
    return code


if __name__ == "__main__":
    sys.exit(main())

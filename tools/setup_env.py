"""Make the virtual environment that the Makefile works in, or return at once if it is there already.

    python3 tools/setup_env.py .venv test,check

It needs nothing but Python and an index of packages, does the same as the three commands below, and writes their output
to ``setup.log`` in the environment's folder. A stamp in that folder records what was installed, so that a second call
costs nothing until pyproject.toml, constraints.txt or this file changes.

    python3 -m venv .venv
    .venv/bin/pip install --no-deps --no-compile "torch==<the pin>"
    .venv/bin/pip install -c constraints.txt -e ".[test,check]"
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ("3.12", "3.11")
CPU_TORCH = "https://download.pytorch.org/whl/cpu"


def main(folder: str, extras: str) -> int:
    """Bring the environment in ``folder`` to the state that ``extras`` (comma-separated) ask for."""
    if sys.version_info < (3, 11):
        return with_another_python(folder, extras)
    venv = (ROOT / folder).absolute()
    wanted = set(extras.split(","))
    stamp = venv / "latentalign-setup.json"
    known = json.loads(stamp.read_text(encoding="utf8")) if stamp.is_file() else {}
    if known.get("key") == key(venv) and wanted <= set(known["extras"]):
        return 0
    wanted |= set(known.get("extras", ()))
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    try:
        install(venv, ",".join(sorted(wanted)))
    except subprocess.CalledProcessError as error:
        return explain(error, venv)
    stamp.write_text(json.dumps({"key": key(venv), "extras": sorted(wanted)}), encoding="utf8")
    say(f"ready after {time.monotonic() - started:.0f} s")
    return 0


def key(venv: Path) -> str:
    """Return a hash of everything that decides what is installed: the two files, this one, and the Python."""
    digest = hashlib.sha256()
    for path in (ROOT / "pyproject.toml", ROOT / "constraints.txt", Path(__file__), venv / "pyvenv.cfg"):
        digest.update(path.read_bytes() if path.is_file() else b"absent")
    return digest.hexdigest()


def install(venv: Path, extras: str) -> None:
    """Run the three commands. Raises CalledProcessError for the first that fails."""
    if not (venv / "bin" / "python").exists():
        say(f"making {venv.name} with Python {sys.version.split()[0]}")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    say(f"installing latentalign[{extras}] into {venv.name}; the first time takes 1 to 3 minutes")
    with (venv / "setup.log").open("w", encoding="utf8") as log:
        pip = [str(venv / "bin" / "python"), "-m", "pip"]
        install_torch(pip, log)
        target = ["-c", "constraints.txt", "-e", f".[{extras}]"]
        subprocess.run([*pip, "install", *target], check=True, cwd=ROOT, stdout=log, stderr=log)


def install_torch(pip: list[str], log: TextIO) -> None:
    """Install the pinned torch: the CPU build where there is no NVIDIA driver, which saves gigabytes.

    The CPU builds have an index of their own. Where that cannot be reached, pip skips it after one short try, and the
    build of the default index does.
    """
    pin = re.search(r"^torch==\S+", (ROOT / "constraints.txt").read_text(encoding="utf8"), re.MULTILINE)
    command = [*pip, "install", "--no-deps", "--no-compile", pin.group()]
    if sys.platform == "linux" and not has_nvidia_driver():
        quick = ["--extra-index-url", CPU_TORCH, "--timeout", "10", "--retries", "0"]
        if subprocess.run([*command, *quick], check=False, stdout=log, stderr=log).returncode == 0:
            return
    subprocess.run(command, check=True, stdout=log, stderr=log)


def has_nvidia_driver() -> bool:
    """Return whether a CUDA build of torch would be of use here."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def with_another_python(folder: str, extras: str) -> int:
    """Hand over to a Python that is new enough, if there is one; otherwise say what is missing."""
    for version in SUPPORTED:
        other = shutil.which("python" + version)
        # A version manager's shim can be found and still not run.
        if other and subprocess.run([other, "-c", ""], check=False, capture_output=True).returncode == 0:
            os.execv(other, [other, __file__, folder, extras])
    say(f"wanted Python 3.11 or 3.12, got {sys.version.split()[0]} ({sys.executable}).")
    say("To fix it: install one of them, then `make PYTHON=/path/to/python3.12 ...`")
    return 1


def explain(error: subprocess.CalledProcessError, venv: Path) -> int:
    """Print the end of what the failed command wrote, and what to do."""
    log = venv / "setup.log"
    if "venv" in error.cmd:
        shutil.rmtree(venv, ignore_errors=True)
        say("this Python cannot make a virtual environment. To fix it: on Debian or Ubuntu, `apt install python3-venv`")
    elif log.is_file():
        say("\n".join(log.read_text(encoding="utf8", errors="replace").splitlines()[-20:]))
        say(f"failed: {' '.join(error.cmd)}")
        say(f"To fix it: see {log}; then run the same make command again")
    return 1


def say(text: str) -> None:
    """Print a line of progress on stderr, where it does not mix with results."""
    print(f"set-up: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

"""Virtual environments for what TaskOverflow is measured against: their pins conflict with ours."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def bin_of(name: str) -> Path:
    """The folder of commands of the environment that NAME.txt describes; made if need be."""
    folder = ROOT / ".venv-bench" / name
    wanted = (HERE / f"{name}.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        sys.stderr.write(f"Installing tests/bench/{name}.txt …\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "-qq"]
        subprocess.run(
            [*pip, "--disable-pip-version-check", "--no-deps", "-r", HERE / f"{name}.txt"],
            check=True,
        )
        stamp.write_text(wanted)
    return folder / "bin"


def environ(**more: str) -> dict[str, str]:
    """The environment in which our yardsticks can be imported there."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}

"""Has schemathesis try the running service with all of its checks; the arguments are its own."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.serve import service

HERE = Path(__file__).parent
BINARIES = Path(".venv-fuzz/bin").absolute()


def main() -> int:
    """Validate the document, and run schemathesis by it. Returns the exit code."""
    with service() as (url, token, _):
        command = [
            BINARIES / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run",
            f"{url}/openapi.json", "--header", f"Authorization: Bearer {token}", "--checks", "all",
            "--request-timeout", "60", "--no-color", "--workers", "2", *sys.argv[1:],
        ]  # fmt: skip
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
        with tempfile.TemporaryDirectory() as folder:  # it leaves files of its own
            done = subprocess.run(command, cwd=folder, env=environment, check=False)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())

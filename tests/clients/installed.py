"""The foreign programs: where they are, and what happens when one is not there."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import ON_CI

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-clients" / "bin"


def or_skip(there: object, reason: str) -> None:
    """A laptop without a client skips its tests; on CI they fail."""
    if there:
        return
    if ON_CI:
        pytest.fail(reason)
    pytest.skip(reason)


def found(program: str) -> str:
    """The path of a program: of .venv-clients, or else of the system."""
    path = shutil.which(program, path=VENV) or shutil.which(program)
    or_skip(path, f"{program} is not installed; scripts/clients-test --help says how")
    assert path
    return path

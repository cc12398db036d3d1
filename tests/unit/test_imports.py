"""What a process loads: read off a real one, so that no indirect import slips through."""

import subprocess
import sys

import pytest


def modules_after(statements: str) -> set[str]:
    code = f"{statements}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_web_process_never_imports_icalendar():
    loaded = modules_after(
        "import taskoverflow.cli, taskoverflow.web.server, os\n"
        "from taskoverflow.settings import read_settings\n"
        "taskoverflow.web.server.create_app(read_settings({}))"
    )
    assert "starlette" in loaded
    assert not loaded & {"icalendar", "jobs", "flask"}


def test_the_worker_never_imports_starlette():
    loaded = modules_after("import taskoverflow.cli, jobs.worker")
    assert "icalendar" in loaded
    assert not loaded & {"starlette", "uvicorn", "jinja2", "flask"}


@pytest.mark.parametrize("module", ["taskoverflow.settings", "taskoverflow.errors"])
def test_settings_and_errors_are_light(module):
    assert not modules_after(f"import {module}") & {"peewee", "rq", "redis", "starlette"}

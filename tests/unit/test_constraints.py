"""constraints.txt has all that setup.cfg asks for, with hashes, and can be read by the group."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")
GROUPS = {"base": SETUP["options"]["install_requires"], **SETUP["options.extras_require"]}
# What is written over several lines, as pip reads it.
LOCKED = re.compile(
    r"^([a-z0-9-]+)==(\S+).*((?:\\\n    --hash=sha256:[0-9a-f]{64} ?)+)$", re.MULTILINE
)


def locked(*groups):
    return subprocess.run(
        [ROOT / "scripts" / "locked", *groups], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("group", GROUPS)
def test_all_that_a_group_asks_for_is_there_at_a_version_it_allows_with_hashes(group):
    printed = locked("base", group).stdout
    versions = {name: version for name, version, _ in LOCKED.findall(printed)}
    assert len(versions) == len(re.findall("==", re.sub(" ;.*", "", printed)))
    for line in filter(None, GROUPS[group].splitlines()):
        wanted = Requirement(line)
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), line


def test_what_only_the_tests_need_is_not_in_the_image():
    assert "pytest==" in locked("test").stdout
    assert "pytest==" not in locked("base").stdout


def test_a_group_that_is_not_there_is_said_to_be_missing():
    done = locked("base", "tset")
    assert done.returncode == 2
    assert "nothing for tset" in done.stderr

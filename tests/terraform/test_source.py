"""The configuration as it is written: form, validity, its own tests, and what checkov finds."""

import json
import re
import subprocess

import pytest

from tests.terraform.conftest import ROOT, Terraform


def test_the_files_are_formatted_and_valid(terraform: Terraform):
    assert terraform("fmt", "-check", "-recursive", "-diff") == ""
    assert "Success!" in terraform("validate")


@pytest.mark.timeout(300)
def test_its_own_tests_pass(terraform: Terraform):
    found = re.search(r"(\d+) passed, 0 failed\.", terraform("test"))
    assert found
    assert int(found[1]) >= 10


@pytest.mark.timeout(300)
def test_checkov_finds_nothing_and_each_exception_has_its_reason():
    checkov = [ROOT / ".venv-checkov/bin/checkov", "--framework", "terraform", "--skip-download"]
    done = subprocess.run(
        [*checkov, "--directory", ROOT / "terraform", "--output", "json"],
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    failed = [f"{one['check_id']} {one['resource']}" for one in found["results"]["failed_checks"]]
    assert failed == []
    assert found["summary"]["passed"] > 90
    reasons = {
        one["check_result"]["suppress_comment"] for one in found["results"]["skipped_checks"]
    }
    assert all(len(reason.split()) >= 2 for reason in reasons), reasons

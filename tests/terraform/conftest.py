"""Terraform in a folder of its own, and an imitation of AWS: see scripts/terraform-test."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import free_port, wait_until

ROOT = Path(__file__).parents[2]
MOTO = ROOT / ".venv-terraform/bin"
EXAMPLES = ROOT / "terraform/examples"


@dataclass
class Terraform:
    """`terraform` with a state, plug-ins and environment of its own."""

    folder: Path
    environ: dict[str, str]

    def __call__(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command; returns what it printed. Fails the test on another exit code."""
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode in codes, done.stdout[-8000:]
        return done.stdout

    def aws(self, *arguments: str) -> Any:
        """What the AWS command line answers."""
        done = subprocess.run(
            [MOTO / "aws", *arguments, "--output", "json"],
            env=self.environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")


@pytest.fixture
def terraform(tmp_path: Path) -> Terraform:
    """Terraform on a copy of terraform/, initialised, with nobody's credentials."""
    folder = tmp_path / "terraform"
    shutil.copytree(ROOT / "terraform", folder, ignore=shutil.ignore_patterns(".terraform*"))
    environ = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    found = Terraform(folder, environ | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"})
    found("init", "-backend=false")
    return found


@pytest.fixture
def fake_aws(terraform: Terraform, tmp_path: Path) -> Iterator[Terraform]:
    """Terraform, and an AWS of its own that it may change."""
    url = f"http://127.0.0.1:{free_port()}"
    script = Path(os.environ["TERRAFORM_TOOLS"]) / "fake_aws.py"
    with (tmp_path / "moto.log").open("wb") as log:
        moto = subprocess.Popen(
            [MOTO / "python", script, url.rpartition(":")[2]], stdout=log, stderr=log
        )
    terraform.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        wait_until(lambda: answers(url), timeout=60)
        trust = '{"Version": "2012-10-17", "Statement": []}'
        role = ["--role-name", "LabRole", "--assume-role-policy-document", trust]
        terraform.aws("iam", "create-role", *role)
        yield terraform
    finally:
        moto.kill()
        moto.wait()


def answers(url: str) -> bool:
    """Whether a web server answers there."""
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture
def certificate(fake_aws: Terraform) -> Callable[[str], str]:
    """Makes a certificate for a name; returns its ARN."""

    def make(name: str) -> str:
        made = fake_aws.aws("acm", "request-certificate", "--domain-name", name)
        return str(made["CertificateArn"])

    return make

"""What the compose files are given: the passwords of docker/make-secrets, and the settings."""

import re
import subprocess
from pathlib import Path

import msgspec

from taskoverflow.settings import Settings, read_settings, setting_names

DOCKER = Path(__file__).parents[2] / "docker"
COMPOSE_S_OWN = {"TASKOVERFLOW_IMAGE", "TASKOVERFLOW_SECRETS"}


def make_secrets(folder):
    subprocess.run([DOCKER / "make-secrets", folder], check=True)
    return {path.name: path.read_text().strip() for path in folder.iterdir()}


def test_the_secrets_fit_together_and_the_folder_keeps_others_out(tmp_path):
    made = make_secrets(tmp_path / "secrets")
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert f":{made['database-password']}@" in made["database-url"]
    assert f":{made['redis.conf'].removeprefix('requirepass ')}@" in made["redis-url"]
    files = {
        "DATABASE_URL_FILE": str(tmp_path / "secrets" / "database-url"),
        "REDIS_URL_FILE": str(tmp_path / "secrets" / "redis-url"),
        "TASKOVERFLOW_DASHBOARD_PASSWORD_FILE": str(tmp_path / "secrets" / "dashboard-password"),
    }
    assert len(read_settings(files).dashboard_password) == 48


def test_secrets_that_are_there_are_kept_and_no_two_are_the_same(tmp_path):
    made = make_secrets(tmp_path / "one")
    assert make_secrets(tmp_path / "one") == made
    assert not set(make_secrets(tmp_path / "two").values()) & set(made.values())


def test_the_settings_that_compose_hands_on_are_the_code_s():
    for name in ("compose.yaml", "compose.dev.yaml", ".env.example", "Dockerfile"):
        named = set(re.findall(r"\bTASKOVERFLOW_[A-Z_]+", (DOCKER / name).read_text()))
        ours = {setting.removesuffix("_FILE") for setting in named - COMPOSE_S_OWN}
        assert ours <= set(setting_names()), name


def test_what_can_be_changed_is_shown_with_its_default():
    defaults = {field.encode_name: field.default for field in msgspec.structs.fields(Settings)}
    example = (DOCKER / ".env.example").read_text()
    shown = re.findall(r"^#(TASKOVERFLOW_\w+)=(.*)$", example, re.MULTILINE)
    assert shown
    for name, value in shown:
        assert value == str(defaults[name]).removesuffix(".0"), name

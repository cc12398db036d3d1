import os
import re

import pytest

from taskoverflow.settings import SettingsError, read_settings, setting_names


def test_nothing_given_means_everything_in_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert settings.data_folder == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/taskoverflow.db"
    assert settings.embedded_redis
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 6400, 2)


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URI", "SQLALCHEMY_DATABASE_URI"])
def test_the_course_s_names_for_the_database_are_honoured(name):
    assert read_settings({name: "sqlite:///x.db"}).database_url == "sqlite:///x.db"


def test_two_names_for_the_database_that_differ_are_refused():
    given = {"DATABASE_URL": "sqlite:///x.db", "SQLALCHEMY_DATABASE_URI": "sqlite:///y.db"}
    with pytest.raises(SettingsError, match="DATABASE_URL and SQLALCHEMY_DATABASE_URI"):
        read_settings(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TASKOVERFLOW_PORT", "0"),
        ("TASKOVERFLOW_PORT", "65536"),
        ("TASKOVERFLOW_PORT", "http"),
        ("TASKOVERFLOW_WORKERS", "-1"),
        ("TASKOVERFLOW_WORKERS", "2.5"),
        ("TASKOVERFLOW_ICAL_DELAY", "-1"),
        ("TASKOVERFLOW_ICAL_DELAY", "nan"),
        ("TASKOVERFLOW_RESULT_TTL", "0"),
        ("TASKOVERFLOW_QUEUE", "a b"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "localhost:6379"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(name, value):
    with pytest.raises(SettingsError, match=f"^{name}: "):
        read_settings({name: value})


def test_a_secret_can_come_from_a_file(tmp_path):
    secret = tmp_path / "url"
    secret.write_text("postgresql://me:pw@db/todos\n")
    settings = read_settings({"DATABASE_URL_FILE": str(secret)})
    assert settings.database_url == "postgresql://me:pw@db/todos"


def test_a_secret_s_missing_file_is_refused_by_its_name(tmp_path):
    with pytest.raises(SettingsError, match="^REDIS_URL_FILE: cannot read"):
        read_settings({"REDIS_URL_FILE": str(tmp_path / "none")})


def test_a_bad_secret_is_not_shown():
    with pytest.raises(SettingsError) as refused:
        read_settings({"DATABASE_URL": "oracle://me:hunter2@db"})
    assert "hunter2" not in str(refused.value)


def test_an_empty_variable_counts_as_not_given():
    assert read_settings(dict.fromkeys(setting_names(), "")).port == 6400


@pytest.mark.parametrize("folder", ["/" + "x" * 200, "/my data", "/a=b", "/" + "\u00e4" * 60])
def test_the_socket_s_path_is_one_that_redis_py_takes(folder):
    settings = read_settings({"TASKOVERFLOW_DATA_DIR": folder})
    assert re.fullmatch(r"[^\s=]+", str(settings.redis_socket))
    assert len(os.fsencode(settings.redis_socket)) <= 100
    other = read_settings({"TASKOVERFLOW_DATA_DIR": folder + "y"})
    assert settings.redis_socket != other.redis_socket

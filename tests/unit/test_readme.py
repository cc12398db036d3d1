"""The README's tables, held to the code."""

import re
from pathlib import Path

import msgspec

from taskoverflow.settings import SECRETS, Settings
from taskoverflow.web.routes import API, routes

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_table_of_settings_is_the_code_s():
    documented = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", README, re.MULTILINE)
    fields = msgspec.structs.fields(Settings)
    assert [name for name, _ in documented] == [field.encode_name for field in fields]
    for (name, shown), field in zip(documented, fields, strict=True):
        if field.default == "":
            assert "`" not in shown, name  # said in words
        else:
            assert shown == f"`{field.default}`".replace(".0`", "`"), name


def test_every_secret_s_file_form_is_named():
    for name in SECRETS:
        assert f"`{name}_FILE`" in README


def test_every_call_of_the_api_is_in_the_table():
    documented = set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \|", README, re.MULTILINE))
    served = {
        f"{method} {re.sub('(todo|job|feed)_id', 'id', route.path)}"
        for route in routes()
        if route.path.startswith(API)
        for method in route.methods - {"HEAD"}
    }
    assert documented == served


def test_each_test_that_the_table_of_threats_names_is_there():
    section = README.partition("## Security\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", section))
    tests = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert named
    assert {name for name in named if f"def {name}(" not in tests} == set()

"""What the pages say, in one place: templates and scripts take their words from en.json.

A translation is another file of the same keys. A text with `{name}` takes a value; one that
depends on a number has the forms `one` and `other`.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).parent
ENGLISH: dict[str, str | dict[str, str]] = json.loads((FOLDER / "en.json").read_text("utf-8"))


def message(key: str, /, **values: object) -> str:
    """The text of a key. Raises KeyError for one that is not there."""
    text = ENGLISH[key]
    if isinstance(text, dict):
        text = text["one" if values.get("count") == 1 else "other"]
    return text.format(**values)

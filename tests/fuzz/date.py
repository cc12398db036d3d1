"""atheris on the reader of times: a time without an offset, or InvalidInput, and nothing else."""

import sys
from datetime import datetime

import atheris

with atheris.instrument_imports(include=["taskoverflow"]):
    from taskoverflow.errors import InvalidInput
    from taskoverflow.web.schemas.fields import parse_time


def try_one(data: bytes) -> None:
    """Read a text that is a time but for some of its parts."""
    provider = atheris.FuzzedDataProvider(data)
    text = ""
    for part in ("2026", "-", "02", "-", "28", "T", "23", ":", "59", ":", "59", ".", "5", "+10:00"):
        match provider.ConsumeIntInRange(0, 7):  # 0 when there is no more data
            case 1:
                text += provider.ConsumeUnicode(4)
            case 2:
                text += str(provider.ConsumeIntInRange(0, 10_000)).zfill(len(part))
            case 3:
                break
            case _:
                text += part
    text += provider.ConsumeUnicode(3)
    try:
        moment = parse_time(text, "deadline_at")
    except InvalidInput:
        return
    assert isinstance(moment, datetime)
    assert moment.tzinfo is None
    assert parse_time(moment.isoformat(), "deadline_at") == moment


atheris.Setup(sys.argv, try_one)
atheris.Fuzz()

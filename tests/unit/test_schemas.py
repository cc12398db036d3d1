from datetime import datetime

import pytest

from taskoverflow.errors import InvalidInput
from taskoverflow.web.schemas.fields import parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-02-27T00:00:00", datetime(2023, 2, 27)),
        ("2023-02-27 13:14:15.123", datetime(2023, 2, 27, 13, 14, 15, 123000)),
        ("2023-02-27T13:14", datetime(2023, 2, 27, 13, 14)),
        ("2023-02-27T13:14:15Z", datetime(2023, 2, 27, 13, 14, 15)),
        ("2023-02-27t13:14:15z", datetime(2023, 2, 27, 13, 14, 15)),
        ("2023-02-27T13:14:15+10:00", datetime(2023, 2, 27, 3, 14, 15)),
        ("2023-02-27T13:14:15.123456789-0330", datetime(2023, 2, 27, 16, 44, 15, 123456)),
        ("2024-02-29T00:00:00+10", datetime(2024, 2, 28, 14)),
        ("0001-01-01T00:00:00", datetime(1, 1, 1)),
        ("9999-12-31T23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_iso_8601_is_understood_and_becomes_utc(text, expected):
    assert parse_time(text, "deadline_at") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2023-02-27",
        "20230227T000000",
        "2023-W09-1T00:00:00",
        "2023-02-29T00:00:00",
        "2023-13-01T00:00:00",
        "2023-02-27T24:01:00",
        "2023-02-27T00:00:60",
        "2023-02-27T00:00:00+25:00",
        "2023-02-27T00:00:00 ",
        "2023-02-27T00:00:00\n",
        "٢٠٢٣-02-27T00:00:00",
        "0000-01-01T00:00:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_date_and_time_is_refused_with_the_field_s_name(text):
    with pytest.raises(InvalidInput, match="^deadline_at: ") as refused:
        parse_time(text, "deadline_at")
    assert refused.value.field == "deadline_at"

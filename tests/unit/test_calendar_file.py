import pytest

from taskoverflow.web.calendar_file import accepts_gzip
from taskoverflow.web.conditional import matches


@pytest.mark.parametrize("header", ["gzip", "GZIP", "br, gzip;q=0.5", "*", "*;q=0.1", "gzip;q=1"])
def test_gzip_is_sent_to_who_takes_it(header):
    assert accepts_gzip(header)


@pytest.mark.parametrize(
    "header", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "*, gzip;q=0", "*;q=0", "gzipped"]
)
def test_gzip_is_not_sent_to_who_does_not(header):
    assert not accepts_gzip(header)


@pytest.mark.parametrize("header", ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*"])
def test_an_etag_that_the_client_has_matches(header):
    assert matches(header, '"a"')


@pytest.mark.parametrize("header", ["", '"b"', "a", '"a-gzip"', '"*"'])
def test_another_etag_does_not_match(header):
    assert not matches(header, '"a"')

"""A short tour of what scripts/fuzz hostile sends: no error 500, no hang, and nothing changed."""

import httpx

from tests.fuzz.hostile import assail, is_fended_off, state_of
from tests.fuzz.serve import service

NUMBER = 1500


def test_hostile_requests_are_fended_off():
    with service(workers=0) as (url, token, web):
        # From an address of its own: those of the attacks have tried too many tokens.
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.1"}
        with httpx.Client(base_url=url, headers=headers, timeout=20) as client:
            client.post("/api/v1/todos", json={"title": "stays"})
            before = state_of(client)
            counts = assail(url, token, NUMBER)
            assert sum(counts.values()) == NUMBER
            assert is_fended_off(counts), counts
            assert state_of(client) == before
            assert web.poll() is None

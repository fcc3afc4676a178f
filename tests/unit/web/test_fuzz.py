"""Whatever is sent, the api answers it: never a crash, never a traceback (RELIABILITY 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.web.server import Served

NAMES = st.sampled_from(
    [
        "site",
        "symptom",
        "reporter",
        "performed_by",
        "performed_at",
        "channel",
        "request_id",
        "fields",
        "reason",
        "expected_end",
        "for_seconds",
        "starts_at",
        "devices",
        "mode",
        "repeat",
        "occurred_at",
        "version",
        "origin",
    ]
)
AWKWARD = ["kec-sekupang", "contoh-kadis", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\ud800", "\x00"]
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(AWKWARD))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
FIELDS = st.dictionaries(
    st.sampled_from(["forwarded_to", "disposition_text", "urgency", "initialled_on", "decimal", "reason"]), VALUES, max_size=4
)
BODIES = st.dictionaries(NAMES, st.one_of(VALUES, FIELDS), max_size=6)
TARGETS = st.sampled_from(
    [
        "tickets",
        "tickets/{t}/actions/dispose",
        "tickets/{t}/actions/cancel",
        "tickets/{t}/hold",
        "tickets/{t}/resume",
        "maintenance",
        "incidents/1/acknowledge",
        "incidents/99999999999999999999/acknowledge",
        "maintenance/x%00y/end",
        "tickets/%ff/documents",
    ]
)


@pytest.fixture(scope="module")
def line(served: Served) -> Iterator[tuple[httpx.Client, str]]:
    with served.client() as client:
        ticket = client.post("/api/v1/tickets", json={"site": "kel-tiban", "symptom": "mati", "reporter": "Contoh"}).json()["id"]
        yield client, ticket


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=TARGETS, body=BODIES)
def test_any_json_is_answered_without_a_crash(line: tuple[httpx.Client, str], target: str, body: dict[str, Any]) -> None:
    client, ticket = line
    octets = json.dumps(body).encode()
    answer = client.post(f"/api/v1/{target.replace('{t}', ticket)}", content=octets, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 403, 404, 409, 422), answer.text
    assert "Traceback" not in answer.text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    octets=st.binary(max_size=300), kind=st.sampled_from(["application/json", "multipart/form-data; boundary=x", "text/plain"])
)
def test_any_octets_are_answered_without_a_crash(line: tuple[httpx.Client, str], octets: bytes, kind: str) -> None:
    client, ticket = line
    answer = client.post(f"/api/v1/tickets/{ticket}/documents", content=octets, headers={"content-type": kind})
    assert answer.status_code in (400, 403, 422), answer.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=30))
def test_any_name_in_the_address_is_answered_without_a_crash(line: tuple[httpx.Client, str], text: str) -> None:
    from urllib.parse import quote

    client, _ = line
    for path in ("tickets", "why", "devices", "incidents"):
        answer = client.get(f"/api/v1/{path}/{quote(text, safe='', errors='replace')}")
        assert answer.status_code in (200, 404, 422), (path, answer.text)

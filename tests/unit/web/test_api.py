"""The api through its real socket."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import subprocess
from typing import Any

import pytest

from tests.unit.casework.office import PDF
from tests.unit.web.server import Served


def report(served: Served, site: str = "kec-sekupang") -> Any:
    with served.client() as client:
        answer = client.post("/api/v1/tickets", json={"site": site, "symptom": "mati", "reporter": "Contoh"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_socket_is_open_to_owner_and_group_only(served: Served) -> None:
    assert stat.S_IMODE(served.socket.stat().st_mode) == 0o660


def test_the_description_is_openapi_3_1_and_names_every_change(served: Served) -> None:
    with served.client() as client:
        described = client.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert "post" in described["paths"]["/api/v1/tickets/{ticket}/actions/{action}"]
    assert "multipart/form-data" in described["paths"]["/api/v1/tickets"]["post"]["requestBody"]["content"]


def test_every_answer_has_its_headers_and_its_trace(served: Served) -> None:
    with served.client() as client:
        for path in ("/api/v1/status", "/api/v1/nothing", "/-/healthy"):
            answer = client.get(path, headers={"X-Request-Id": "spur-1"})
            assert answer.headers["x-request-id"] == "spur-1"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_an_error_has_one_shape(served: Served) -> None:
    with served.client() as client:
        answer = client.get("/api/v1/tickets/NW-2026-999999")
    body = answer.json()
    assert answer.status_code == 404
    assert body["schema"] == "netwatch.error/1"
    assert set(body) == {"schema", "error", "reasons", "trace"}
    assert set(body["reasons"][0]) == {"key", "id", "en"}


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        json.dumps({"site": "kec-sekupang"}),
        json.dumps({"site": "kec-sekupang", "symptom": "x", "reporter": "y", "recorded_by": "contoh-kadis"}),
        json.dumps({"site": "kec-sekupang", "symptom": "x", "reporter": "y", "step": "done"}),
        json.dumps({"site": "nowhere", "symptom": "x", "reporter": "y"}),
        json.dumps({"site": "kec-sekupang", "symptom": "x", "reporter": "y", "origin": "automatic"}),
        json.dumps({"site": "kec-sekupang", "symptom": "x", "reporter": "y", "occurred_at": "yesterday"}),
    ],
)
def test_what_is_malformed_or_cannot_be_set_is_422(served: Served, body: str) -> None:
    """RELIABILITY 6: recorded_by, recorded_at, origin, step cannot be set by anybody."""
    with served.client() as client:
        answer = client.post("/api/v1/tickets", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert answer.json()["schema"] == "netwatch.error/1"


def test_a_refusal_is_403_with_keys_and_both_languages(served: Served) -> None:
    ticket = report(served)["id"]
    with served.client() as client:
        answer = client.post(f"/api/v1/tickets/{ticket}/actions/approve", json={"performed_by": "contoh-kadis"})
    assert answer.status_code == 403
    reason = answer.json()["reasons"][0]
    assert reason["key"] == "action_not_here"
    assert reason["id"] != reason["en"]


def test_a_request_with_an_origin_is_not_taken_on_the_socket(served: Served) -> None:
    with served.client() as client:
        answer = client.get("/api/v1/status", headers={"Origin": "http://evil.invalid"})
    assert answer.status_code == 403
    assert answer.json()["reasons"][0]["key"] == "origin_refused"


def test_a_body_beyond_the_limit_is_refused_whether_it_says_its_length_or_not(served: Served) -> None:
    huge = b"x" * (1 << 20) + b"x"
    with served.client() as client:
        answer = client.post("/api/v1/tickets", content=huge, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        chunked = client.post("/api/v1/tickets", content=(huge[i : i + 65536] for i in range(0, len(huge), 65536)))
        assert chunked.status_code in (413, 422)


def test_a_file_beyond_15_mb_is_refused(served: Served) -> None:
    with served.client() as client:
        files = {"incoming_letter": ("surat.pdf", PDF + b"x" * 15_000_000)}
        body = json.dumps({"site": "kec-sekupang", "symptom": "x", "reporter": "y"})
        answer = client.post("/api/v1/tickets", data={"body": body}, files=files)
    assert answer.status_code == 422
    assert "15 MB" in answer.text


def test_a_document_comes_back_as_an_attachment_octet_by_octet(served: Served) -> None:
    with served.client() as client:
        body = json.dumps({"site": "kel-tiban", "symptom": "x", "reporter": "y"})
        answer = client.post("/api/v1/tickets", data={"body": body}, files={"incoming_letter": ("surat.pdf", PDF)})
        ticket = answer.json()["id"]
        fetched = client.get(f"/api/v1/tickets/{ticket}/documents/incoming_letter/1")
    assert fetched.content == PDF
    assert fetched.headers["content-disposition"].startswith("attachment")


def test_status_is_as_interfaces_says(served: Served) -> None:
    with served.client() as client:
        status = client.get("/api/v1/status").json()
    assert status["schema"] == "netwatch.status/1"
    assert set(status["monitor"]) >= {"isolated", "since", "late_rounds", "configuration_ok"}
    assert set(status["devices"][0]) >= {"device", "site", "state", "since", "loss_ratio", "rtt_seconds"}
    assert set(status["incidents"]) == {"open"}
    assert set(status["tickets"]) == {"open", "overdue"}
    assert set(status["outbox"]) == {"waiting", "dead"}


def test_ready_says_what_is_missing_and_metrics_have_help(served: Served) -> None:
    with served.client() as client:
        assert client.get("/-/healthy").status_code == 200
        assert client.head("/-/healthy").status_code == 200
        ready = client.get("/-/ready")
        assert ready.status_code in (200, 503)
        text = client.get("/metrics").text
        open_metrics = client.get("/metrics", headers={"accept": "application/openmetrics-text"})
    for name in ("tickets", "ticket_step_overdue", "ticket_step_duration_seconds", "outbox_messages", "build_info"):
        assert f"# HELP netwatch_{name} " in text
    assert 'netwatch_build_info{revision="",version=' in text, "the same labels as the monitor's"
    assert open_metrics.text.endswith("# EOF\n")


def test_a_reload_with_a_bad_file_keeps_what_runs_and_says_so(served: Served) -> None:
    people = served.office.settings_file.parent / "people.yaml"
    good = people.read_text()
    people.write_text(good + "  no: {}\n")
    try:
        with served.client() as client:
            answer = client.post("/api/v1/reload").json()
            assert answer["api"]["ok"] is False
            assert any("people.yaml:" in fault for fault in answer["api"]["faults"])
            assert client.get("/api/v1/status").json()["monitor"]["configuration_ok"] is False
            assert "netwatch_config_last_reload_successful 0.0" in client.get("/metrics").text
            assert client.get("/api/v1/people").status_code == 200
    finally:
        people.write_text(good)
        with served.client() as client:
            assert client.post("/api/v1/reload").json()["api"]["ok"] is True


def test_garbage_on_the_socket_disturbs_nobody(served: Served) -> None:
    for garbage in (
        b"\x00" * 2000,
        b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 70_000,
        b"POST /api/v1/tickets HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            line.connect(str(served.socket))
            line.sendall(garbage)
            line.recv(4096)
    with served.client() as client:
        assert client.get("/-/healthy").status_code == 200


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_finds_nothing_to_say_about_the_metrics_but_one_known_name(served: Served) -> None:
    """CONVENTIONS 2 names the calendar's metric in days, because people read it in days."""
    report(served)
    with served.client() as client:
        text = client.get("/metrics").text
    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30)
    complaints = (said.stdout + said.stderr).splitlines()
    assert [each for each in complaints if not each.startswith("netwatch_calendar_days_remaining use base unit")] == []

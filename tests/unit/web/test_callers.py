"""Who may come in: the kernel says who is calling, people.yaml who that is."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from netwatch.errors import CannotListen
from tests.unit.casework.office import typing_for_others
from tests.unit.web.callers import ask_as, only_root
from tests.unit.web.server import Served, serve

ROOT = Path(__file__).resolve().parents[3]
PEOPLE = (
    (ROOT / "config" / "people.yaml")
    .read_text()
    .replace("accounts: [kadis]", "accounts: [games]")
    .replace("accounts: [teknisi1]", "accounts: [man]")
)
DISPOSE = {"forwarded_to": "contoh-kabid", "disposition_text": "mohon diperiksa"}


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@pytest.fixture(scope="module")
def open_house() -> Iterator[tuple[Served, int]]:
    """An api whose socket every account of the machine can reach, as if all were in its group; and a TCP port."""
    folder = Path(tempfile.mkdtemp(prefix="netwatch-callers-"))
    folder.chmod(0o755)
    port = free_port()
    try:
        with serve(folder, people=PEOPLE, listen=f"'127.0.0.1:{port}'") as served:
            served.socket.parent.chmod(0o755)
            served.socket.chmod(0o666)
            yield served, port
    finally:
        shutil.rmtree(folder)


@only_root
def test_an_account_that_people_yaml_does_not_know_is_refused_before_its_body_is_read(open_house: tuple[Served, int]) -> None:
    served, _ = open_house
    for method, target in (("GET", "/api/v1/status"), ("POST", "/api/v1/tickets"), ("GET", "/api/v1/nothing")):
        status, body = ask_as("daemon", served.socket, method, target, {"not": "read"})
        assert (status, body["reasons"][0]["key"]) == (403, "unknown_account")


@only_root
@pytest.mark.parametrize("uid", [65534, 2**32 - 2])
def test_an_unmapped_uid_is_nobody(open_house: tuple[Served, int], uid: int) -> None:
    """An unmapped uid shows as 65534 (RELIABILITY 3); it may not even see that the process is alive."""
    served, _ = open_house
    status, _body = ask_as(uid, served.socket, "GET", "/api/v1/status")
    assert status == 403


@only_root
def test_a_person_acts_in_his_own_name_and_nobody_elses(open_house: tuple[Served, int]) -> None:
    served, _ = open_house
    status, ticket = ask_as(
        "man", served.socket, "POST", "/api/v1/tickets", {"site": "kel-tiban", "symptom": "mati", "reporter": "Contoh"}
    )
    assert status == 200
    act = f"/api/v1/tickets/{ticket['id']}/actions/dispose"
    status, body = ask_as("man", served.socket, "POST", act, {"fields": DISPOSE})
    assert (status, {reason["key"] for reason in body["reasons"]} >= {"role_missing"}) == (403, True)
    status, body = ask_as("man", served.socket, "POST", act, {"performed_by": "contoh-kadis", "fields": DISPOSE})
    assert (status, "not_a_recorder" in {reason["key"] for reason in body["reasons"]}) == (403, True)
    status, body = ask_as("games", served.socket, "POST", act, {"fields": DISPOSE})
    assert (status, body["step"]["key"]) == (200, "staff_assignment")
    entry = ask_as("games", served.socket, "GET", f"/api/v1/tickets/{ticket['id']}/journal")[1]["entries"][-1]
    assert (entry["performed_by"], entry["recorded_by"], entry["os_uid"], entry["channel"]) == (
        "contoh-kadis",
        "contoh-kadis",
        5,
        "cli",
    )


@only_root
def test_who_may_not_reload_is_told_who_may(open_house: tuple[Served, int]) -> None:
    served, _ = open_house
    assert ask_as("games", served.socket, "POST", "/api/v1/reload")[0] == 403
    assert ask_as("man", served.socket, "POST", "/api/v1/reload")[0] == 200


@only_root
def test_who_leaves_people_yaml_is_refused_at_his_next_request(open_house: tuple[Served, int]) -> None:
    served, _ = open_house
    people = served.office.settings_file.parent / "people.yaml"
    assert ask_as("man", served.socket, "GET", "/api/v1/tickets")[0] == 200
    people.write_text(typing_for_others(PEOPLE).replace("accounts: [man]", "accounts: []"))
    try:
        assert ask_as(0, served.socket, "POST", "/api/v1/reload")[0] == 200
        assert ask_as("man", served.socket, "GET", "/api/v1/tickets")[0] == 403
    finally:
        people.write_text(typing_for_others(PEOPLE))
        assert ask_as(0, served.socket, "POST", "/api/v1/reload")[0] == 200


def test_over_tcp_there_is_only_something_to_read(open_house: tuple[Served, int]) -> None:
    _, port = open_house
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        for path in ("/-/healthy", "/metrics", "/api/v1/status"):
            assert client.get(path).status_code == 200, path
        assert client.get("/-/ready").status_code in (200, 503)
        for path in ("/api/v1/tickets", "/api/v1/people", "/api/v1/openapi.json", "/"):
            assert client.get(path).status_code == 403, path
        for path in ("/api/v1/status", "/metrics", "/api/v1/reload", "/-/reload", "/api/v1/tickets"):
            assert client.post(path, json={}).status_code == 403, path


def test_a_second_api_on_the_same_socket_is_refused_and_a_dead_socket_is_replaced(
    open_house: tuple[Served, int], tmp_path: Path
) -> None:
    from netwatch.web import sockets

    served, port = open_house
    with pytest.raises(CannotListen, match="already runs"):
        sockets.unix_socket(served.socket)
    with pytest.raises(CannotListen, match="taken"):
        sockets.tcp_socket(served.office.world.settings.api.listen)
    dead = tmp_path / "dead.sock"
    sockets.unix_socket(dead).close()
    sockets.unix_socket(dead).close()
    assert port

"""What a command does when the configuration is broken or not for this account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.cli import places
from netwatch.errors import InvalidFile
from tests.unit.web.server import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("places")) as made:
        yield made


class Shut(type(Path())):  # type: ignore[misc]
    """A path in a folder that this account may not look into."""

    def exists(self) -> bool:
        raise PermissionError(13, "Permission denied", str(self))


def test_status_answers_over_a_broken_netwatch_yaml_and_names_what_a_reload_refused(served: Served) -> None:
    """INTERFACES 2: on reload a bad file keeps the running configuration, and `netwatch status` says so."""
    file = served.office.settings_file
    good = file.read_text()
    file.write_text(good + "foo: 1\n")
    try:
        assert served.netwatch(["reload"]).code == 3
        said = served.netwatch(["status"])
        assert "unknown key 'foo'" in said.out
        assert "netwatch check" in said.err
        assert json.loads(served.netwatch(["status", "--json"]).out)["monitor"]["configuration_ok"] is False
    finally:
        file.write_text(good)
        assert served.netwatch(["reload"]).code == 0


def test_a_broken_file_without_a_running_daemon_is_the_fault_that_is_told(tmp_path: Path) -> None:
    file = tmp_path / "netwatch.yaml"
    file.write_text("foo: 1\n")
    with pytest.raises(InvalidFile, match="unknown key 'foo'"):
        places.api_socket(file, None)


def test_a_configuration_for_others_says_whom_to_ask() -> None:
    with pytest.raises(places.NoConfiguration, match="netwatch"):
        places.api_socket(Shut("/etc/netwatch/netwatch.yaml"), None)


def test_why_of_nothing_is_told_in_both_languages(served: Served) -> None:
    assert "Tidak ada perangkat, tempat atau tiket hantu." in served.netwatch(["why", "hantu"]).err
    with served.client() as client:
        reason = client.get("/api/v1/why/hantu").json()["reasons"][0]
    assert reason["en"] == "There is no device, site or ticket hantu."

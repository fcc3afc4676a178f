"""The command line against a real api: data on stdout, messages on stderr, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from netwatch.cli.app import run
from tests.process.wire import why_no_ping
from tests.stories.drive import Answer, drive
from tests.unit.casework.office import PDF, write_configuration
from tests.unit.web.server import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("cli"), extra="tickets: {stable_before_close: 0}\n") as made:
        yield made


@pytest.fixture
def ticket(served: Served) -> Iterator[str]:
    """An outage at Sekupang with its ticket; the network is well again afterwards."""
    number = served.office.open("sekupang-rtr", "sekupang-sw")["id"]
    served.office.recover("sekupang-rtr", "sekupang-sw")
    yield number
    served.office.beat()


def opened(served: Served, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    answer = served.netwatch(
        ["ticket", "open", "--site", "kel-tiban", "--symptom", "mati", "--reporter", "Contoh", "--json", *options]
    )
    assert answer.code == 0, answer.err
    document: dict[str, object] = json.loads(answer.out)
    return document


def process(*arguments: str, environment: dict[str, str] | None = None, **kwargs: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "netwatch", *arguments],
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
        **kwargs,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize("branch", ["repair", "replacement", "data_center", "data_center_replacement"])
def test_a_script_that_reads_only_the_actions_drives_a_ticket_to_done(
    served: Served, ticket: str, branch: str, tmp_path: Path
) -> None:
    """Issue 2, "shows itself by"."""
    served.office.beat()
    shown = drive(served.netwatch, ticket, branch, tmp_path)
    assert shown["state"] == "done"
    journal = served.netwatch(["ticket", "journal", ticket, "--verify"])
    assert journal.code == 0, journal.err


def test_a_refused_act_is_exit_4_with_its_reasons_and_changes_nothing(served: Served, ticket: str) -> None:
    before = json.loads(served.netwatch(["ticket", "show", ticket, "--json"]).out)
    answer = served.netwatch(["ticket", "do", ticket, "approve", "--by", "contoh-kadis", "--json"])
    assert (answer.code, answer.out) == (4, "")
    assert "[action_not_here]" in answer.err
    assert json.loads(served.netwatch(["ticket", "show", ticket, "--json"]).out)["version"] == before["version"]


def test_of_two_people_at_once_one_gets_exit_5_and_reads_who_was_first(served: Served, ticket: str, tmp_path: Path) -> None:
    sheet = tmp_path / "lembar.pdf"
    sheet.write_bytes(PDF)
    arguments = ["ticket", "do", ticket, "dispose", "--by", "contoh-kadis", "--field", "forwarded_to=contoh-kabid"]
    arguments += [
        "--field",
        "disposition_text=mohon diperiksa",
        "--attach",
        f"disposition_sheet={sheet}",
        "--config",
        str(served.office.settings_file),
    ]
    answers: list[subprocess.CompletedProcess[str]] = []
    threads = [threading.Thread(target=lambda: answers.append(process(*arguments))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.returncode for answer in answers) == [0, 5], [answer.stderr for answer in answers]
    assert "contoh-kadis" in next(answer.stderr for answer in answers if answer.returncode == 5)


def test_the_same_request_id_twice_is_done_once_and_answered_the_same(served: Served, ticket: str, tmp_path: Path) -> None:
    sheet = tmp_path / "lembar.pdf"
    sheet.write_bytes(PDF)
    arguments = [
        "ticket",
        "do",
        ticket,
        "dispose",
        "--by",
        "contoh-kadis",
        "--field",
        "forwarded_to=contoh-kabid",
        "--request-id",
        f"id-{ticket}",
    ]
    arguments += ["--field", "disposition_text=mohon diperiksa", "--attach", f"disposition_sheet={sheet}", "--json"]
    first, second = served.netwatch(arguments), served.netwatch(arguments)
    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out


def test_a_report_joins_the_open_ticket_of_its_place(served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    letter = tmp_path / "surat.pdf"
    letter.write_bytes(PDF)
    first = opened(served, capsys)
    second = opened(served, capsys, "--letter", str(letter))
    assert second["id"] == first["id"]
    out = tmp_path / "keluar"
    answer = served.netwatch(["ticket", "documents", str(first["id"]), "--out", str(out), "--json"])
    assert answer.code == 0
    assert (out / "incoming_letter-1.pdf").read_bytes() == PDF


def test_validation_is_3_usage_is_2_not_found_is_1(served: Served) -> None:
    assert served.netwatch(["ticket", "open", "--site", "nowhere", "--symptom", "x", "--reporter", "y"]).code == 3
    assert served.netwatch(["ticket", "open", "--site", "kel-tiban"]).code == 2
    assert served.netwatch(["ticket", "do", "NW-2026-000001", "dispose", "--field", "no-sign"]).code == 2
    assert served.netwatch(["ticket", "do", "NW-2026-000001", "dispose", "--attach", "a=/no/such/file"]).code == 2
    assert served.netwatch(["ticket", "show", "NW-1999-000001"]).code == 1
    assert served.netwatch(["nonsense"]).code == 2


def test_nobody_on_the_socket_is_exit_6_and_says_what_to_do(tmp_path: Path) -> None:
    settings = write_configuration(tmp_path)
    answer = process("status", "--config", str(settings), environment={"NETWATCH_LANGUAGE": "en"})
    assert answer.returncode == 6
    assert answer.stdout == ""
    assert "netwatch run" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_no_configuration_is_one_sentence(tmp_path: Path) -> None:
    answer = process("ticket", "list", "--config", str(tmp_path / "none.yaml"))
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1


def test_the_language_is_indonesian_unless_asked_otherwise(served: Served) -> None:
    file = str(served.office.settings_file)
    indonesian = process("ticket", "show", "NW-1999-000001", "--config", file)
    english = process("ticket", "list", "--config", file, environment={"NETWATCH_LANGUAGE": "en"})
    assert indonesian.returncode == 1
    assert english.stdout.startswith("TICKET")
    assert process("ticket", "list", "--config", file).stdout.startswith("TIKET")


def test_a_closed_pipe_ends_quietly(served: Served) -> None:
    shell = f"{sys.executable} -m netwatch status --json --config {served.office.settings_file} | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr


def test_status_is_exit_1_when_the_monitor_is_silent_and_0_when_it_is_not(served: Served) -> None:
    served.office.beat()
    assert served.netwatch(["status"]).code == 0
    served.office.beat(isolated=True)
    answer = served.netwatch(["status", "--json"])
    assert answer.code == 1
    assert json.loads(answer.out)["ready"] is False
    served.office.beat()


def test_maintenance_is_announced_listed_and_ended(served: Served) -> None:
    added = served.netwatch(["maintenance", "add", "--for", "2h", "--reason", "ganti kabel", "--site", "kel-tiban", "--json"])
    assert added.code == 0, added.err
    window = json.loads(added.out)["id"]
    assert window in served.netwatch(["maintenance", "list"]).out
    assert served.netwatch(["maintenance", "end", window]).code == 0
    assert window not in served.netwatch(["maintenance", "list"]).out
    assert served.netwatch(["maintenance", "end", window]).code == 1
    assert served.netwatch(["maintenance", "add", "--for", "2h", "--reason", "x", "--site", "kel-tibn"]).code == 3
    assert served.netwatch(["maintenance", "add", "--for", "soon", "--reason", "x", "--site", "kel-tiban"]).code == 2


def test_an_incident_shows_how_it_was_judged_once_more_after_its_recovery(served: Served) -> None:
    """Beside the cause of the outage, not instead of it."""
    served.office.open("tiban-rtr")
    shown = json.loads(served.netwatch(["incident", "list", "--json"]).out)["incidents"][0]
    number, cause = shown["id"], shown["cause"]
    assert json.loads(served.netwatch(["incident", "show", str(number), "--json"]).out)["cause_after_recovery"] is None
    evidence = [{"code": "not_rebooted", "id": "tiban-rtr tidak menyala ulang", "en": "tiban-rtr did not restart"}]
    body = {"cause": {**cause, "kind": "link", "element": "contoh/tiban-rtr", "confidence": 0.9, "evidence": evidence}}
    served.office.store.run("aftermath", lambda tx: tx.incidents.add_evidence(number, "after_recovery", body))
    document = json.loads(served.netwatch(["incident", "show", str(number), "--json"]).out)
    assert document["cause"] == cause
    assert document["cause_after_recovery"]["element"] == "contoh/tiban-rtr"
    told = served.netwatch(["incident", "show", str(number)]).out
    assert "setelah pulih: link contoh/tiban-rtr" in told
    assert "tiban-rtr tidak menyala ulang" in told
    served.office.recover("tiban-rtr")


def test_an_incident_is_acknowledged_with_a_reason(served: Served) -> None:
    served.office.open("tiban-rtr")
    number = json.loads(served.netwatch(["incident", "list", "--json"]).out)["incidents"][0]["id"]
    assert served.netwatch(["incident", "acknowledge", str(number)]).code == 2
    assert served.netwatch(["incident", "acknowledge", str(number), "--reason", " "]).code == 3
    assert served.netwatch(["incident", "acknowledge", str(number), "--reason", "teknisi di jalan", "--for", "2h"]).code == 0
    shown = json.loads(served.netwatch(["incident", "show", str(number), "--json"]).out)
    assert shown["acknowledgements"][0]["reason"] == "teknisi di jalan"
    served.office.recover("tiban-rtr")
    assert served.netwatch(["incident", "acknowledge", str(number), "--reason", "lagi"]).code == 5


def test_why_explains_devices_sites_and_tickets_in_both_languages(served: Served, ticket: str) -> None:
    for what in ("sekupang-rtr", "kec-sekupang", ticket):
        document = json.loads(served.netwatch(["why", what, "--json"]).out)
        assert document["because"]
        assert all(each["id"] and each["en"] for each in document["because"])
    assert served.netwatch(["why", "nothing-like-this"]).code == 1


def test_check_finds_everything_and_says_what_to_do(served: Served, tmp_path: Path) -> None:
    good = served.netwatch(["check", "--json"])
    wrong = [finding["part"] for finding in json.loads(good.out)["findings"] if finding["level"] == "error"]
    assert wrong == ([] if why_no_ping() is None else ["icmp"]), good.out
    assert good.code == (1 if wrong else 0)
    settings = write_configuration(tmp_path)
    (tmp_path / "inventory.yaml").write_text("version: 1\nvantage: nowhere\ndevices: {}\n")
    (tmp_path / "people.yaml").write_text("version: 1\npeople: {a: {nmae: x}}\n")
    bad = Answer(*_checked(settings))
    assert bad.code == 3
    for file in ("inventory.yaml:", "people.yaml:"):
        assert file in bad.out


def _checked(settings: Path) -> tuple[int, str, str]:
    done = process("check", "--config", str(settings))
    return done.returncode, done.stdout, done.stderr


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from netwatch.cli import version

    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(version, "release", interrupted)
    assert run(["version"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_foreign_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from netwatch.cli import output

    output.line("a\x1b[31mred\x07")
    output.table(["x"], [["\x1b]0;title\x07"]])
    assert "\x1b" not in capsys.readouterr().out

"""The configuration and the secrets."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
from pathlib import Path

import pytest

from netwatch.errors import InvalidFile
from netwatch.settings import Channel, Credential, Listen, Secret, Settings, load_credentials, load_settings, packaged, shipped

ROOT = Path(__file__).parents[2]


def load(tmp_path: Path, text: str = "language: id\n", **environ: str) -> Settings:
    path = tmp_path / "netwatch.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ)


def faults(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        load(tmp_path, text, **environ)
    assert caught.value.exit_code == 3
    return [str(fault).replace(f"{tmp_path}/", "") for fault in caught.value.faults]


def private(tmp_path: Path, text: str, mode: int = 0o600, name: str = "credentials.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_shipped_configuration_says_what_the_defaults_are(tmp_path: Path) -> None:
    """The file documents the defaults: leaving everything out must mean the same."""
    written = load_settings(ROOT / "config" / "netwatch.yaml", {})
    silent = load(tmp_path)
    for name in ("monitor", "api", "detection", "tickets", "snmp", "ssh", "traps", "notifications", "language"):
        ours, theirs = getattr(written, name), getattr(silent, name)
        assert str(ours).replace(str(ROOT / "config"), "") == str(theirs).replace(str(tmp_path), ""), name
    assert (written.procedure, written.holidays, written.agency) == (silent.procedure, silent.holidays, silent.agency)


def test_the_defaults_are_those_of_the_interfaces(tmp_path: Path) -> None:
    s = load(tmp_path)
    assert (s.detection.interval, s.detection.timeout, s.detection.confirm_window, s.detection.up_after) == (10, 1, 20, 10)
    assert s.detection.false_down_per_device_year == 0.001
    assert (s.tickets.open_after, s.tickets.reopen_within) == (180, 1800)
    assert (s.tickets.stable_before_close, s.tickets.cancel_if_recovered_for) == (1800, 3600)
    assert (s.snmp.interval, s.snmp.timeout, s.snmp.retries, s.snmp.engine) == (60, 2, 2, "auto")
    assert (s.ssh.timeout, s.ssh.concurrent) == (15, 4)
    assert (s.monitor.listen, s.api.listen) == (Listen("127.0.0.1", 9877), Listen("127.0.0.1", 9878))
    assert (s.traps.listen, s.traps.metrics) == (Listen("127.0.0.1", 1162), Listen("127.0.0.1", 9879))
    assert s.notifications.channels == (Channel("log"),)
    assert s.language == "id"
    assert s.credentials is None


def test_relative_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    s = load(tmp_path, "inventory: inventory.d\nmonitor: {socket: run/m.sock}\nstate_directory: /var/lib/netwatch\n")
    assert s.inventory == tmp_path / "inventory.d"
    assert s.monitor.socket == tmp_path / "run" / "m.sock"
    assert s.api.socket == tmp_path / "state" / "netwatch.sock"
    assert s.state_directory == Path("/var/lib/netwatch")
    assert s.database == f"sqlite:///{tmp_path}/state/netwatch.db"


@pytest.mark.parametrize(
    "url", ["sqlite:////var/lib/netwatch/n.db", "postgresql://localhost/netwatch", "postgresql+psycopg://h/n"]
)
def test_absolute_databases_stay_as_they_are(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, f"database: {url}").database == url


def test_settings_are_frozen_and_hashable_parts(tmp_path: Path) -> None:
    s = load(tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        s.language = "en"  # type: ignore[misc]
    assert dataclasses.replace(s.detection, interval=5).interval == 5


def test_the_environment_is_stronger_than_the_file(tmp_path: Path) -> None:
    s = load(
        tmp_path,
        "language: id\ninventory: a.yaml",
        NETWATCH_LANGUAGE="en",
        NETWATCH_DATABASE="sqlite:////x.db",
        NETWATCH_INVENTORY="/i",
    )
    assert (s.language, s.database, s.inventory) == ("en", "sqlite:////x.db", Path("/i"))


def test_paths_of_the_environment_are_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    s = load(tmp_path, NETWATCH_INVENTORY="i.yaml", NETWATCH_DATABASE="sqlite:///n.db")
    assert (s.inventory, s.database) == (tmp_path / "here" / "i.yaml", f"sqlite:///{tmp_path}/here/n.db")


def test_a_fault_of_the_environment_is_named_by_its_variable(tmp_path: Path) -> None:
    assert set(faults(tmp_path, "language: id\nsnmp: 1", NETWATCH_LANGUAGE="nl")) == {
        "NETWATCH_LANGUAGE: language: expected one of id, en, found 'nl'",
        "netwatch.yaml:2:7: snmp: expected a mapping, found '1'",
    }


def test_all_faults_of_the_configuration_are_named_at_once(tmp_path: Path) -> None:
    text = (
        "detection: {interval: 5, timeot: 2}\n"
        'monitor: {listen: "[::1]:70000"}\n'
        "databse: x\n"
        "snmp: {engine: gofu, retries: 1_0}\n"
        "tickets: {open_after: -1}\n"
        "language: nl\n"
    )
    assert faults(tmp_path, text) == [
        "netwatch.yaml:1:26: detection: unknown key 'timeot'; did you mean 'timeout'?",
        "netwatch.yaml:2:19: monitor.listen: expected host:port such as 127.0.0.1:9877, found '[::1]:70000'",
        "netwatch.yaml:3:1: unknown key 'databse'; did you mean 'database'?",
        "netwatch.yaml:4:16: snmp.engine: expected one of auto, pysnmp, gufo, found 'gofu'",
        "netwatch.yaml:4:31: snmp.retries: expected a whole number such as 10, found '1_0'",
        "netwatch.yaml:5:23: tickets.open_after: expected at least 0, found '-1'",
        "netwatch.yaml:6:11: language: expected one of id, en, found 'nl'",
    ]


def test_a_timeout_longer_than_the_interval_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, "detection: {timeout: 11}") == [
        "netwatch.yaml:1:12: detection: timeout (11 s) must not be longer than interval (10 s)"
    ]


def test_a_wrong_database_is_named_where_it_was_written(tmp_path: Path) -> None:
    assert faults(tmp_path, "language: id\ndatabase: mysql://x") == [
        "netwatch.yaml:2:11: database: expected sqlite:///FILE or postgresql://..."
    ]
    assert faults(tmp_path, "language: id", NETWATCH_DATABASE="x") == [
        "NETWATCH_DATABASE: database: expected sqlite:///FILE or postgresql://..."
    ]


def test_nothing_to_listen_on_is_allowed_and_ipv6_too(tmp_path: Path) -> None:
    s = load(tmp_path, 'monitor: {listen: null}\napi: {listen: "[::1]:0"}')
    assert s.monitor.listen is None
    assert str(s.api.listen) == "[::1]:0"


def test_a_database_with_a_password_is_named_and_never_shown(tmp_path: Path) -> None:
    private(tmp_path, "credentials: {db: {url: 'postgresql://n:hunter2@db/n'}}")
    s = load(tmp_path, "credentials: credentials.yaml\ndatabase: credential:db")
    assert s.database == "postgresql://n:hunter2@db/n"
    assert "hunter2" not in repr(s)
    assert faults(tmp_path, "credentials: credentials.yaml\ndatabase: credential:dbx") == [
        "netwatch.yaml:2:11: database: 'dbx' is not a credential with a url; did you mean 'db'?"
    ]


def test_the_copy_that_systemd_gives_is_used_first(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    private(tmp_path / "given", "credentials: {}")
    s = load(tmp_path, "credentials: credentials.yaml", CREDENTIALS_DIRECTORY=str(tmp_path / "given"))
    assert s.credentials == tmp_path / "given" / "credentials.yaml"
    assert (
        load(tmp_path, "credentials: credentials.yaml", CREDENTIALS_DIRECTORY="/nonexistent").credentials
        == tmp_path / "credentials.yaml"
    )


def test_what_comes_with_netwatch_is_found_in_a_wheel_and_in_a_working_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipped("netwatch.yaml") == ROOT / "config" / "netwatch.yaml"
    (tmp_path / "sop.yaml").touch()
    monkeypatch.setattr(packaged, "_PLACES", (tmp_path, ROOT / "config"))
    assert shipped("sop.yaml") == tmp_path / "sop.yaml"
    assert shipped("missing.yaml") == tmp_path / "missing.yaml"


# --- secrets


def test_credentials_hold_what_opens_devices(tmp_path: Path) -> None:
    path = private(
        tmp_path,
        "version: 1\ncredentials:\n"
        "  snmp-ro: {community: public}\n"
        "  snmp-v3: {username: n, auth_protocol: sha256, auth_key: authauth, privacy_protocol: aes, privacy_key: privpriv}\n"
        "  ssh-ro: {username: n, password: '0123'}\n"
        "  ssh-key: {username: n, key_file: keys/id_ed25519, passphrase: yes}\n"
        "  telegram: {url: 'tgram://x/y'}\n",
    )
    found = load_credentials(path)
    assert found["snmp-ro"] == Credential("snmp-ro", community=Secret("public"))
    assert found["ssh-ro"].password == Secret("0123")
    assert found["ssh-key"].key_file == tmp_path / "keys" / "id_ed25519"
    assert found["ssh-key"].passphrase == Secret("yes")
    assert found["snmp-v3"].auth_protocol == "sha256"
    assert found["snmp-v3"].privacy_key == Secret("privpriv")
    assert found["telegram"].url == Secret("tgram://x/y")


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")
    credential = Credential("x", community=secret)
    for shown in (str(secret), repr(secret), f"{secret}", f"{credential}", repr(dataclasses.asdict(credential)), "%s" % secret):  # noqa: UP031
        assert "hunter2" not in shown
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")
    assert secret != Secret("hunter3")
    assert secret != "hunter2"
    assert len({secret, Secret("hunter2")}) == 1
    assert pickle.loads(pickle.dumps(secret)) == secret


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o620, 0o601])
def test_a_file_that_others_may_touch_is_refused_with_the_command_that_helps(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path, "credentials: {}", mode)
    with pytest.raises(InvalidFile, match=rf"group or others may read it \(mode {mode:04o}\); run: chmod 600") as caught:
        load_credentials(path)
    assert caught.value.exit_code == 3


def test_the_copy_of_systemd_may_show_group_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The access list that lets the service read it shows as a mask in the mode."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load_credentials(private(tmp_path, "credentials: {}", 0o440)) == {}
    with pytest.raises(InvalidFile):
        load_credentials(private(tmp_path, "credentials: {}", 0o444, "other.yaml"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = private(tmp_path, "credentials: {}")
    os.chown(path, 65534, 65534)
    with pytest.raises(InvalidFile, match="belongs to user 65534"):
        load_credentials(path)


def test_no_file_means_no_credentials_and_a_missing_file_is_said(tmp_path: Path) -> None:
    assert load_credentials(None) == {}
    with pytest.raises(InvalidFile, match="cannot be read: No such file"):
        load_credentials(tmp_path / "none.yaml")


def test_faults_in_the_credentials_are_all_named_and_show_no_value(tmp_path: Path) -> None:
    path = private(
        tmp_path,
        "credentials:\n"
        "  b: {username: x, pasword: hunter2}\n"
        "  c: hunter2\n"
        "  d: {hunter2}\n"
        "  e: {username: x, auth_protocol: hunter2, auth_key: [hunter2]}\n"
        "  f: {username: x, auth_key: hunter2}\n"
        "  g: {password: hunter2}\n"
        "  h: {}\n"
        "  i: {username: x, privacy_protocol: aes, privacy_key: hunter2}\n"
        "  j: {community: ''}\n",
    )
    with pytest.raises(InvalidFile) as caught:
        load_credentials(path)
    assert [str(fault).replace(f"{path}:", "") for fault in caught.value.faults] == [
        "2:20: credentials.b: unknown key; did you mean 'password'?",
        "3:6: credentials.c: expected a mapping",
        "4:7: credentials.d: unknown key",
        "5:35: credentials.e.auth_protocol: expected one of md5, sha, sha224, sha256, sha384, sha512",
        "5:54: credentials.e.auth_key: expected text",
        "6:6: credentials.f: auth_protocol and auth_key belong together",
        "7:6: credentials.g: 'username' is missing",
        "8:6: credentials.h: expected a community, a username or a url",
        "9:6: credentials.i: privacy needs auth_protocol and auth_key (SNMPv3 has no encryption without authentication)",
        "10:18: credentials.j: expected text".replace("j:", "j.community:"),
    ]

"""Host keys: remembered at first sight, never replaced by themselves, accepted by a person, readable by the daemon afterwards."""

from __future__ import annotations

import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netwatch.probe.ssh.errors import SshError
from netwatch.probe.ssh.hostkeys import HostKey, HostKeys
from netwatch.probe.ssh.line import Limits, shown_key
from netwatch.probe.ssh.login import Login
from tests.lab.kernel import find_tool

ONE, TWO = HostKey("ssh-ed25519", b"one"), HostKey("ssh-rsa", b"two")


def test_a_key_is_remembered_at_first_sight_in_a_private_file(tmp_path):
    keys = HostKeys(tmp_path)
    assert keys.known("sw") is None
    keys.check("sw", ONE)
    keys.check("sw", ONE)
    assert keys.known("sw") == ONE
    assert stat.S_IMODE((tmp_path / "known_hosts" / "sw").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "known_hosts").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "known_hosts").iterdir()] == ["sw"]


def test_another_key_is_refused_with_both_fingerprints_and_nothing_is_overwritten(tmp_path):
    keys = HostKeys(tmp_path)
    keys.check("sw", ONE)
    with pytest.raises(SshError) as refused:
        keys.check("sw", TWO)
    assert refused.value.key == "host_key_changed"
    assert ONE.fingerprint in refused.value.detail
    assert TWO.fingerprint in refused.value.detail
    assert keys.known("sw") == ONE


def test_an_accepted_key_replaces_the_old_one_and_the_file_says_who_did_it(tmp_path):
    keys = HostKeys(tmp_path)
    keys.check("sw", ONE)
    assert keys.accept("sw", TWO, who="petugas-contoh", at="2026-11-24T01:00:00Z") == ONE
    assert keys.accept("sw", ONE, who="petugas-contoh", at="2026-11-24T02:00:00Z") == TWO
    keys.check("sw", ONE)
    history = [line for line in (tmp_path / "known_hosts" / "sw").read_text().splitlines() if line.startswith("#")]
    assert history == [
        f"# 2026-11-24T01:00:00Z petugas-contoh accepted {TWO} in place of {ONE}",
        f"# 2026-11-24T02:00:00Z petugas-contoh accepted {ONE} in place of {TWO}",
    ]


def test_of_two_that_see_a_device_first_one_key_stays(tmp_path):
    keys = [HostKey("ssh-ed25519", bytes([number])) for number in range(16)]

    def first(key: HostKey) -> str:
        try:
            HostKeys(tmp_path).check("sw", key)
        except SshError as error:
            return error.key
        return "mine"

    with ThreadPoolExecutor(16) as threads:
        ends = list(threads.map(first, keys))
    assert sorted(set(ends)) == ["host_key_changed", "mine"]
    assert [key for key, end in zip(keys, ends, strict=True) if end == "mine"] == [HostKeys(tmp_path).known("sw")]
    assert [path.name for path in (tmp_path / "known_hosts").iterdir()] == ["sw"]


@pytest.mark.parametrize("text", ["sw ssh-ed25519 ???\n", "only words\n", "\xff"])
def test_a_broken_file_is_an_error_and_not_a_new_device(tmp_path, text):
    (tmp_path / "known_hosts").mkdir()
    (tmp_path / "known_hosts" / "sw").write_text(text, encoding="latin-1")
    with pytest.raises(SshError) as broken:
        HostKeys(tmp_path).check("sw", ONE)
    assert broken.value.key == "state"


def test_an_empty_file_is_a_device_that_was_never_seen(tmp_path):
    (tmp_path / "known_hosts").mkdir()
    (tmp_path / "known_hosts" / "sw").touch()
    HostKeys(tmp_path).check("sw", ONE)
    assert HostKeys(tmp_path).known("sw") == ONE


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for others")
def test_what_root_accepts_belongs_to_the_owner_of_the_state_directory(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    HostKeys(tmp_path).check("sw", ONE)
    HostKeys(tmp_path).accept("sw", TWO, who="root", at="2026-11-24T01:00:00Z")
    assert {path.stat().st_uid for path in (tmp_path / "known_hosts", tmp_path / "known_hosts" / "sw")} == {65534}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_who_may_not_write_is_told_so(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SshError) as refused:
        HostKeys(tmp_path).check("sw", ONE)
    assert refused.value.key == "state"


@pytest.mark.skipif(find_tool("ssh-keygen") is None, reason="ssh-keygen is missing (Debian package openssh-client)")
def test_fingerprints_and_files_are_those_of_openssh(tmp_path: Path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    kind, coded, *_ = (tmp_path / "key.pub").read_text().split()
    (tmp_path / "known_hosts").mkdir()
    (tmp_path / "known_hosts" / "sw").write_text(f"sw {kind} {coded}\n")
    key = HostKeys(tmp_path).known("sw")
    assert key is not None
    said = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True).stdout
    assert key.fingerprint in said


def test_a_closed_port_shows_no_key():
    with pytest.raises(SshError) as refused:
        shown_key(Login("sw", "127.0.0.1", None, None, port=1), limits=Limits())
    assert refused.value.key == "refused"

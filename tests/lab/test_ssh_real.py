"""The SSH reader against a real sshd with a vendor's command line, on loopback: faults are told apart, and nothing hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netwatch.clock import SystemClock
from netwatch.probe.ssh import HostKeys, Login, SshReader
from netwatch.probe.ssh.pool import Pool
from netwatch.settings import Credential, Secret
from tests.lab.kernel import find_tool, ip_batch, run, why_no_namespaces
from tests.lab.ssh_server import Server

pytestmark = pytest.mark.lab
SLOW_LOG = {"prompt": "sw-contoh#", "answers": {"show interfaces": "Gi0/1 is up, line protocol is up", "show logging": "x"}}
PORTS = frozenset({"ports"})


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def shown_of(pid: int) -> bytes:
    """Return what a process shows to everybody."""
    try:
        return b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
    except OSError:
        return b""


async def until(look: Callable[[], bool]) -> None:
    """Look until it is true."""
    for _ in range(3000):
        if look():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


@pytest.mark.parametrize("platform", ["cisco_ios", "huawei_vrp", "ruijie_os", "linux"])
def test_a_device_is_read_over_a_real_session(server, platform):
    server.start(platform=platform)
    reading = server.read(server.login(platform=platform))
    assert (reading.answered, reading.platform) == (True, platform)
    own = {name for _, name in socket.if_nameindex()} - {"lo"}
    if own:  # a host without a network card has no ports to show
        assert reading.error is None
        assert {port.name for port in reading.ports} <= own
    assert reading.uptime_s is not None
    assert abs(reading.uptime_s - time.clock_gettime(time.CLOCK_BOOTTIME)) < 180
    assert any("neighbours: " in note for note in reading.notes) == (platform != "linux" or not reading.neighbours)
    assert (server.place / "state" / "known_hosts" / "sw-contoh").stat().st_size > 0


@pytest.fixture
def ports(server: Server) -> Iterator[str]:
    """Make a namespace whose ports are those of the device: one as it should be, one whose cable is pulled, one that was shut."""
    if reason := why_no_namespaces():
        pytest.skip(reason)
    name = f"nwssh{os.getpid()}"
    run("ip", "netns", "add", name)
    try:
        pairs = [f"link add ge{n} type veth peer name far{n}" for n in (1, 2, 3)]
        up = [f"link set {end}{n} up" for n in (1, 2, 3) for end in ("ge", "far")]
        ip_batch([*pairs, *up, "link set far2 down", "link set ge3 down"], namespace=name)
        server.inside = [find_tool("ip") or "ip", "netns", "exec", name]
        yield name
    finally:
        run("ip", "netns", "del", name)


@pytest.mark.parametrize("platform", ["cisco_ios", "huawei_vrp", "ruijie_os", "mikrotik_routeros", "linux"])
def test_a_shut_port_a_pulled_cable_and_a_good_port_are_told_apart_on_real_ports(server, ports, platform):
    server.start(platform=platform)
    reading = server.read(server.login(platform=platform), ["ge1", "ge2", "ge3"], wanted=PORTS)
    states = {port.name: f"{port.admin}/{port.oper}" for port in reading.ports}
    assert states == {"ge1": "up/up", "ge2": "up/down", "ge3": "down/down"}, reading


def test_a_changed_host_key_is_a_finding_with_both_fingerprints_and_nobody_logs_in(server):
    script = {"prompt": "sw-contoh#", "answers": {}}
    server.start(script=script)
    assert server.read(server.login()).answered
    before = HostKeys(server.place / "state").known("sw-contoh")
    sent = len(server.sent())
    for key in ("host_two", "host_rsa"):
        server.start(key, script=script)
        reading = server.read(server.login())
        assert not reading.answered
        assert (reading.error or "").startswith(f"host_key_changed: known {before}, now ssh-")
    assert len(server.sent()) == sent, "nothing was sent"
    assert HostKeys(server.place / "state").known("sw-contoh") == before
    server.start(script=script)
    assert server.read(server.login()).answered


def test_a_device_that_gets_a_second_kind_of_key_is_still_the_same_device(server):
    server.start("host_rsa")
    assert server.read(server.login(), wanted=PORTS).answered
    server.start("host_rsa", "host_one")
    assert server.read(server.login(), wanted=PORTS).answered


def test_a_refused_key_is_told_from_everything_else(server):
    server.start()
    reading = server.read(server.login(key="stranger"))
    assert (reading.error or "").startswith("credentials")


def test_a_key_file_that_cannot_be_opened_is_our_own_fault(server):
    server.start()
    missing = server.read(server.login(key="nowhere"))
    assert (missing.error or "").startswith("key_file: nowhere")
    (server.place / "broken").write_text("no key")
    assert (server.read(server.login(key="broken")).error or "").startswith("key_file: broken")


def test_a_closed_port_is_told(server):
    assert (server.read(server.login()).error or "").startswith("refused")


def test_no_way_to_a_device_is_told(server):
    login = Login("sw-contoh", "127.0.0.1", "cisco_ios", Credential("ssh-ro", username="root"), port=0)
    assert (server.read(login).error or "").split(":")[0] in ("refused", "unreachable", "failed")


def test_a_hung_sshd_ends_by_its_limit_and_tells_that_it_does_not_greet(server):
    server.start()
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    reading = server.read(server.login(), timeout=0.5)
    assert not reading.answered
    assert (reading.error or "").startswith("no_answer")


def test_a_session_past_its_limit_is_ended_with_its_process_and_what_was_read_is_kept(server):
    server.start(script={**SLOW_LOG, "slow": {"show logging": 60}})

    async def one():
        reader = SshReader(server.place / "state", clock=SystemClock(), timeout=30.0)
        try:
            asked = frozenset({"ports", "log"})
            reading = asyncio.create_task(reader.read(server.login(), wanted=asked, within_s=8.0))
            await until(lambda: bool(reader.workers()) or reading.done())
            workers = reader.workers()
            return await reading, workers, reader.workers()
        finally:
            reader.close()

    reading, before, after = asyncio.run(one())
    assert reading.answered
    assert (reading.error or "").startswith("slow: logged in, then not finished")
    assert "show interfaces" in reading.output
    assert "show logging" not in reading.output
    assert len(before) == 1
    assert after == []
    assert not any(alive(pid) for pid in before)


def test_one_session_a_device_and_so_many_at_once_and_who_cannot_wait_hears_busy(server):
    server.start(script={**SLOW_LOG, "slow": {"show interfaces": 1}})

    async def many():
        reader = SshReader(server.place / "state", clock=SystemClock(), timeout=6.0, concurrent=2)
        most = 0

        async def watch():
            nonlocal most
            while True:
                most = max(most, len(reader.workers()))
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        try:
            login = server.login()
            others = [Login(f"sw-{n}", login.address, login.platform, login.credential, port=login.port) for n in range(3)]
            first = asyncio.create_task(reader.read(login, wanted=PORTS))
            await asyncio.sleep(0.1)
            impatient = await reader.read(login, wanted=PORTS, within_s=0.2)
            rest = await asyncio.gather(first, *(reader.read(other, wanted=PORTS) for other in others))
            return impatient, rest, most
        finally:
            watching.cancel()
            reader.close()

    impatient, rest, most = asyncio.run(many())
    assert impatient.error == "busy: this device is being read"
    assert all(reading.answered for reading in rest)
    assert most == 2


def test_a_worker_is_used_again_and_replaced_after_its_number_of_jobs(server):
    server.start(platform="linux")

    async def three():
        reader = SshReader(server.place / "state", clock=SystemClock())
        reader._pool = Pool(SystemClock(), jobs_a_worker=2)
        seen = []
        try:
            for _ in range(3):
                assert (await reader.read(server.login(platform="linux"), wanted=PORTS)).answered
                seen.append(reader.workers())
            reader._pool.rest()
            return seen, reader.workers()
        finally:
            reader.close()

    (first, second, third), rested = asyncio.run(three())
    assert len(first) == 1
    assert second == [], "its two jobs were done"
    assert len(third) == 1
    assert third != first
    assert rested == []
    assert not any(alive(pid) for pid in (*first, *third))


def test_a_reading_that_nobody_waits_for_any_more_ends_its_session(server):
    server.start(script={**SLOW_LOG, "slow": {"show interfaces": 60}})

    async def drop():
        reader = SshReader(server.place / "state", clock=SystemClock())
        try:
            reading = asyncio.create_task(reader.read(server.login(), wanted=PORTS))
            await until(lambda: bool(server.sent()))
            (worker,) = reader.workers()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await until(lambda: not alive(worker))
            again = await reader.read(server.login(platform="linux"), wanted=frozenset())
        finally:
            reader.close()
        return again

    assert asyncio.run(drop()).answered


def test_a_closed_reader_leaves_no_process_and_answers_no_more(server):
    server.start(script={**SLOW_LOG, "slow": {"show interfaces": 60}})

    async def cut():
        reader = SshReader(server.place / "state", clock=SystemClock())
        reading = asyncio.create_task(reader.read(server.login(), wanted=PORTS))
        await until(lambda: bool(server.sent()))
        workers = reader.workers()
        reader.close()
        return await reading, workers

    reading, workers = asyncio.run(cut())
    assert (reading.answered, reading.error) == (False, "failed: the worker ended")
    assert len(workers) == 1
    assert not any(alive(pid) for pid in workers)


def test_an_old_device_needs_the_legacy_profile(server):
    old = "KexAlgorithms diffie-hellman-group14-sha1\nHostKeyAlgorithms ssh-rsa\nCiphers aes128-cbc\nMACs hmac-sha1\n"
    server.start("host_rsa", extra=f"{old}PubkeyAcceptedAlgorithms ssh-rsa,ssh-ed25519\n")
    modern = server.read(server.login())
    assert (modern.error or "").startswith("algorithms: no acceptable ")
    for key in ("user", "user_rsa"):  # an old server knows signatures with SHA-1 only
        assert server.read(server.login(key=key, profile="legacy"), wanted=PORTS).answered


@pytest.mark.parametrize(
    "lacking", ["KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "HostKeyAlgorithms ssh-rsa"]
)
def test_each_lacking_algorithm_is_named(server, lacking):
    server.start("host_rsa", extra=f"{lacking}\n")
    assert (server.read(server.login()).error or "").startswith("algorithms")


ENABLE = {"prompt": "sw-contoh>", "enabled": "sw-contoh#", "secret": "enable-rahasia-contoh", "answers": SLOW_LOG["answers"]}


def test_the_enable_mode_is_entered_only_where_the_credential_has_its_secret(server):
    server.start(script=ENABLE)
    plain = server.read(server.login(), wanted=PORTS)
    assert (plain.answered, "enable" in server.sent()) == (True, False)
    wrong = server.read(server.login(secrets={"enable_secret": Secret("salah-contoh")}), wanted=PORTS)
    assert (wrong.error or "").startswith("enable")
    right = server.read(server.login(secrets={"enable_secret": Secret("enable-rahasia-contoh")}), wanted=PORTS)
    assert right.answered, right.error
    assert "enable" in server.sent()
    assert "enable-rahasia-contoh" not in repr(right)


def test_a_password_opens_a_device_and_a_wrong_one_is_told(server):
    server.start()
    for password, key in (("kata-sandi-contoh", None), ("salah", "credentials")):
        credential = Credential("ssh-ro", username="netwatch", password=Secret(password))
        login = Login("sw-contoh", "127.0.0.1", "cisco_ios", credential, port=server.port)
        assert (server.read(login, wanted=PORTS).error or None) in ((key,) if key else (None,))


def test_what_a_device_echoes_of_our_secrets_is_covered(server):
    text = "Gi0/1 is up, line protocol is up\n  Description: enable-rahasia-contoh\n"
    server.start(script={"prompt": "sw-contoh#", "answers": {"show interfaces": text}})
    reading = server.read(server.login(secrets={"enable_secret": Secret("enable-rahasia-contoh")}), wanted=PORTS)
    assert reading.answered
    assert "enable-rahasia-contoh" not in repr(reading)
    assert "***" in reading.output["show interfaces"]


def test_no_secret_reaches_a_reading_an_error_or_an_argument_list(server, capfd):
    server.start(script={**SLOW_LOG, "slow": {"show interfaces": 1}})
    secrets = {"password": Secret("sangat-rahasia-1"), "passphrase": Secret("sangat-rahasia-2")}
    login = server.login(key="stranger", secrets=secrets)

    async def one():
        reader = SshReader(server.place / "state", clock=SystemClock())
        try:
            reading = asyncio.create_task(reader.read(login))
            seen: list[bytes] = []
            while not reading.done():
                seen += [shown_of(pid) for pid in reader.workers()]
                await asyncio.sleep(0.02)
            return await reading, b"".join(seen)
        finally:
            reader.close()

    reading, seen = asyncio.run(one())
    assert not reading.answered
    shown = capfd.readouterr()
    assert b"netwatch.probe.ssh.worker" in seen
    assert "sangat-rahasia" not in repr(reading) + shown.out + shown.err + seen.decode(errors="replace")
    assert shown.err == ""

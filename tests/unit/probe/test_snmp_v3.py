"""SNMPv3 with real agents, by both engines: every protocol, every wrong log-in, restarts and replaced devices."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from netwatch.clock import SystemClock
from netwatch.probe.snmp import Agent, SnmpError, SnmpReader, client_for
from netwatch.probe.snmp.engines import ENGINES
from netwatch.probe.snmp.walk import Walker
from netwatch.settings import Secret
from tests.unit.probe.snmp_daemons import SNMPD, Snmpd, snmpsim

NAMES = ["pysnmp", "gufo"]
AUTHENTICATION = {"md5": "MD5", "sha": "SHA", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
PRIVACY = {"des": "DES", "aes": "AES", "aes192": "AES-192", "aes256": "AES-256", "aes192c": "AES192C", "aes256c": "AES256C"}
SYS_NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
SYS_UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
AUTH_KEY, PRIVACY_KEY = Secret("kunci-contoh-1"), Secret("kunci-contoh-2")
RECORDINGS = Path(__file__).parents[4] / "shared" / "devices" / "snmp"
needs_snmpd = pytest.mark.skipif(SNMPD is None, reason="the program `snmpd` is missing (Debian package snmpd)")


def users() -> list[str]:
    """Write a user for every way to log in, named after it."""
    lines = ["createUser open", "rouser open noauth"]
    for auth, auth_name in AUTHENTICATION.items():
        lines += [f"createUser {auth} {auth_name} {AUTH_KEY.reveal()}", f"rouser {auth} auth"]
        for privacy, name in PRIVACY.items():
            lines += [f"createUser {auth}-{privacy} {auth_name} {AUTH_KEY.reveal()} {name} {PRIVACY_KEY.reveal()}"]
            lines += [f"rouser {auth}-{privacy} priv"]
    return lines


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory):
    agent = Snmpd(tmp_path_factory.mktemp("snmpd"), users())
    agent.start()
    yield agent
    agent.stop()


@pytest_asyncio.fixture(params=NAMES)
async def client(request):
    made = ENGINES[request.param]()
    yield made
    made.close()


def agent_at(port: int, auth: str | None = None, privacy: str | None = None, **other) -> Agent:
    """Return the agent as the user who is named after his protocols."""
    facts = {
        "username": f"{auth}-{privacy}" if privacy else auth or "open",
        "auth_protocol": auth,
        "auth_key": AUTH_KEY if auth else None,
        "privacy_protocol": privacy,
        "privacy_key": PRIVACY_KEY if privacy else None,
        "timeout": 2.0,
        "retries": 1,
        "version": "3",
    }
    return Agent("sw", "127.0.0.1", port=port, **facts | other)


async def error_of(asked) -> SnmpError:
    with pytest.raises(SnmpError) as caught:
        await asked
    return caught.value


@needs_snmpd
@pytest.mark.asyncio
@pytest.mark.parametrize(("auth", "privacy"), [(None, None), *((a, p) for a in AUTHENTICATION for p in (None, *PRIVACY))])
async def test_every_protocol_is_spoken(client, snmpd, auth, privacy):
    assert await client.get(agent_at(snmpd.port, auth, privacy), [SYS_NAME]) == {SYS_NAME: b"sw-contoh"}


@needs_snmpd
@pytest.mark.asyncio
@pytest.mark.parametrize("login", [(), ("sha",), ("sha256", "aes")])
async def test_a_whole_agent_is_read(client, snmpd, login):
    reading = await SnmpReader(client, clock=SystemClock()).read(agent_at(snmpd.port, *login), None)
    assert (reading.answered, reading.error, reading.name) == (True, None, "sw-contoh")
    assert "lo" in {port.name for port in reading.ports}


@needs_snmpd
@pytest.mark.asyncio
@pytest.mark.parametrize("login", [("sha",), ("sha256", "aes")])
async def test_missing_objects_are_no_refusal_and_the_end_of_the_view_is_no_failure(client, snmpd, login):
    agent = agent_at(snmpd.port, *login)
    nothing = [(1, 3, 6, 1, 2, 1, 1, 99, number) for number in range(3)]
    assert await client.get(agent, nothing) == dict.fromkeys(nothing)
    assert await client.get(agent, [*nothing, SYS_NAME]) == {**dict.fromkeys(nothing), SYS_NAME: b"sw-contoh"}
    for bulk in (True, False):
        walked = await Walker(client).walk(replace(agent, bulk=bulk), (1, 3, 7))
        assert (walked.rows, walked.partial) == ({}, None)


@needs_snmpd
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"auth": "sha", "username": "tidak-ada"}, "unknownUserName"),
        ({"auth": "sha", "auth_key": Secret("bukan-kuncinya")}, "wrongDigest"),
        ({"auth": "sha", "username": "sha256"}, "wrongDigest"),
        ({"auth": "sha", "privacy": "aes", "username": "sha"}, "unsupportedSecurityLevel"),
        ({"auth": "sha", "username": "sha-aes"}, "authorizationError"),
        ({"username": "sha"}, "authorizationError"),
    ],
    ids=["user", "key", "protocol", "level too high", "level too low", "no key"],
)
async def test_a_wrong_login_is_said_at_once(client, snmpd, wrong, said):
    """Not silence, and not after the retries: the agent says it in its first answer."""
    agent = agent_at(snmpd.port, **wrong, timeout=20.0)
    began = time.monotonic()
    error = await error_of(client.get(agent, [SYS_NAME]))
    assert (error.key, error.status) == ("credential", said)
    assert time.monotonic() - began < agent.timeout


@needs_snmpd
@pytest.mark.asyncio
@pytest.mark.parametrize(
    "wrong", [{"privacy_key": Secret("bukan-kuncinya")}, {"privacy_protocol": "des"}], ids=["key", "protocol"]
)
async def test_a_wrong_privacy_key_is_told_from_a_dead_agent(client, snmpd, wrong):
    """The agent cannot read the question and says nothing, but it told its clock a moment before."""
    error = await error_of(client.get(agent_at(snmpd.port, "sha", "aes", **{"timeout": 1.0, **wrong}), [SYS_NAME]))
    assert error.key == "credential"
    assert "privacy key" in str(error)


@pytest.mark.asyncio
async def test_a_dead_agent_is_a_timeout(client):
    error = await error_of(client.get(agent_at(1, "sha", "aes", timeout=0.2), [SYS_NAME]))
    assert error.key == "timeout"


@needs_snmpd
@pytest.mark.asyncio
async def test_after_a_wrong_key_the_right_one_works(client, snmpd):
    right = agent_at(snmpd.port, "sha", "aes")
    await error_of(client.get(replace(right, auth_key=Secret("bukan-kuncinya")), [SYS_NAME]))
    assert await client.get(right, [SYS_NAME]) == {SYS_NAME: b"sw-contoh"}


@needs_snmpd
@pytest.mark.asyncio
@pytest.mark.parametrize("login", [("sha",), ("sha256", "aes")])
@pytest.mark.parametrize("change", ["restarted", "restarted twice", "replaced", "memory lost"])
async def test_an_agent_that_restarts_or_is_replaced_is_read_again(client, tmp_path, login, change):
    """boots + 1, or another engine id, or the same engine id with its boots forgotten: asked anew who it is, not "down"."""
    agent = Snmpd(tmp_path, users())
    fixed = ("exactEngineID 0x80001f8804636f6e746f68",) if change == "memory lost" else ()
    try:
        for _ in range(3 if change == "memory lost" else 1):
            agent.start(*fixed)
            asked = agent_at(agent.port, *login)
            before = await client.get(asked, [SYS_NAME])
            agent.stop()
        if change in ("replaced", "memory lost"):
            agent.forget()
        if change == "restarted twice":
            agent.start()
            agent.stop()
        agent.start(*fixed)
        assert await client.get(asked, [SYS_NAME]) == before == {SYS_NAME: b"sw-contoh"}
        assert len((await Walker(client).walk(asked, (1, 3, 6, 1, 2, 1, 1))).rows) > 5
    finally:
        agent.stop()


@needs_snmpd
@pytest.mark.asyncio
async def test_two_logins_with_one_username_do_not_meet(client, snmpd, tmp_path):
    """Two makes of device with one `netwatch`, each with its own keys."""
    other = Snmpd(tmp_path, [f"createUser sha SHA {PRIVACY_KEY.reveal()}", "rouser sha auth"])
    other.start()
    try:
        one, two = agent_at(snmpd.port, "sha"), replace(agent_at(other.port, "sha", auth_key=PRIVACY_KEY), device="sw-2")
        for _ in range(2):
            answers = await asyncio.gather(client.get(one, [SYS_NAME]), client.get(two, [SYS_NAME]))
            assert answers == [{SYS_NAME: b"sw-contoh"}] * 2
    finally:
        other.stop()


@needs_snmpd
@pytest.mark.asyncio
@pytest.mark.parametrize("version", ["1", "2c"])
async def test_the_same_agent_answers_to_its_community(client, snmpd, version):
    agent = agent_at(snmpd.port, version=version, community=Secret("kota"))
    assert await client.get(agent, [SYS_NAME]) == {SYS_NAME: b"sw-contoh"}
    assert (await error_of(client.get(replace(agent, community=Secret("desa"), timeout=0.2), [SYS_NAME]))).key == "timeout"


@needs_snmpd
@pytest.mark.asyncio
async def test_no_key_is_in_any_error_or_description(client, snmpd):
    agent = agent_at(snmpd.port, "sha", "aes", auth_key=Secret("rahasia-satu"), privacy_key=Secret("rahasia-dua"))
    error = await error_of(client.get(agent, [SYS_NAME]))
    shown = repr(agent) + repr(error) + str(error) + repr(error.__cause__) + repr(error.__context__)
    assert "rahasia" not in shown


@pytest.fixture(scope="module")
def simulator():
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings lie beside the project, in shared/devices")
    with snmpsim([RECORDINGS / "ruijie.snmprec", RECORDINGS / "zxr10_5928.snmprec"]) as port:
        yield port


def simulated(port: int, **other) -> Agent:
    facts = {"username": "netwatch", "auth_protocol": "sha", "auth_key": Secret("authpass12345"), "privacy_protocol": "aes"}
    return Agent("sw", "127.0.0.1", port=port, version="3", privacy_key=Secret("privpass12345"), timeout=2.0, **facts | other)


@pytest.mark.asyncio
@pytest.mark.parametrize("engine", ["auto", "pysnmp"])
async def test_a_context_is_asked_by_the_engine_that_has_contexts(simulator, engine):
    client = client_for()
    agent = simulated(simulator, context="ruijie", engine=engine)
    reading = await SnmpReader(client, clock=SystemClock(), deadline=60).read(agent, None)
    client.close()
    assert (reading.answered, reading.error, reading.engine) == (True, None, "pysnmp")
    assert (reading.object_id, len(reading.ports)) == ("1.3.6.1.4.1.4881.1.1.10.1.150", 57)


@pytest.mark.asyncio
async def test_gufo_says_that_it_has_no_contexts(simulator):
    client = client_for()
    reading = await SnmpReader(client, clock=SystemClock()).read(simulated(simulator, context="ruijie", engine="gufo"))
    client.close()
    assert not reading.answered
    assert "engine: pysnmp" in reading.error


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["ruijie", "zxr10_5928"])
async def test_a_simulated_device_is_read_alike_by_both_engines(simulator, name):
    readings = []
    for engine in NAMES:
        client = ENGINES[engine]()
        agent = Agent("sw", "127.0.0.1", port=simulator, community=Secret(name), timeout=2.0)
        readings.append(await SnmpReader(client, clock=SystemClock(), deadline=60).read(agent, None))
        client.close()
    one, two = readings
    assert (one.answered, one.ports, one.object_id, one.uptime_s) == (True, two.ports, two.object_id, two.uptime_s)
    assert len(one.ports) > 40


@pytest.mark.asyncio
async def test_an_unknown_community_of_the_simulator_is_silence(simulator, client):
    agent = Agent("sw", "127.0.0.1", port=simulator, community=Secret("tidak-ada"), timeout=0.2, retries=0)
    assert (await error_of(client.get(agent, [SYS_NAME]))).key == "timeout"
